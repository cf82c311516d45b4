// The simulated iPhones behind /demo/phones: what is on their screens, and what a finger does to them.
import type { Screen } from "../screen";
import { noCarrier, type CarrierState } from "./carrier";
import { parseLine, type LogLine } from "./syslog";

export interface PhoneView {
  id: string;
  name: string;
  screen: Screen | null;
  /** The newest lines of the phone's system log. */
  log: LogLine[];
  /** What the phone hears: level 0 … 1, whose voice, which digits. */
  hears: { level: number; recognised: string; digits: string };
  /** The last thing the phone refused, in plain words. */
  problem: string;
}

const keep = 600; // lines of log

/** What an EventSource must be able to do; the mock has its own. */
export interface Events {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface PhonesDeps {
  events(url: string): Events;
  fetch: typeof globalThis.fetch;
}

const browser: PhonesDeps = { events: (url) => new EventSource(url), fetch: (...a) => globalThis.fetch(...a) };

export class Phones {
  phones: PhoneView[];
  online = false;
  /** How the newest call of the second caller stands, in the words of Go's package call. */
  second: { state: string; reason: string } = { state: "", reason: "" };
  /** The emulated carrier, if the demo has one. */
  carrier: CarrierState = noCarrier;
  #listeners = new Set<() => void>();
  #telling = false;
  #lines = 0;

  constructor(phones: { id: string; name: string }[], private readonly deps: PhonesDeps = browser) {
    this.phones = phones.map((p) => ({ ...p, screen: null, log: [], hears: { level: 0, recognised: "", digits: "" }, problem: "" }));
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Follows the phones for as long as the page lives; the browser comes back by itself after a break. */
  open(): void {
    const source = this.deps.events("/demo/phones/events");
    const on = (type: string, take: (data: any) => Partial<PhoneView>) =>
      source.addEventListener(type, (e) => {
        const data = JSON.parse(e.data) as { phone: string };
        this.#change(data.phone, take(data));
      });
    source.addEventListener("open", () => {
      for (const p of this.phones) this.#change(p.id, { log: [] }); // the whole log comes again
      this.#line(true);
    });
    source.addEventListener("error", () => this.#line(false));
    source.addEventListener("second", (e) => {
      this.second = JSON.parse(e.data) as { state: string; reason: string };
      this.#tell();
    });
    source.addEventListener("carrier", (e) => {
      this.carrier = JSON.parse(e.data) as CarrierState;
      this.#tell();
    });
    on("screen", (d: { screen: Screen }) => ({ screen: d.screen }));
    on("log", (d: { phone: string; line: string }) => ({ log: [...(this.find(d.phone)?.log ?? []), parseLine(d.line, ++this.#lines)].slice(-keep) }));
    on("hear", (d: { level: number; recognised: string; digits: string }) => ({ hears: { level: d.level, recognised: d.recognised, digits: d.digits } }));
  }

  find(id: string): PhoneView | undefined {
    return this.phones.find((p) => p.id === id);
  }

  /** Does something to a phone. What it refuses is shown on it for a while, and returned. */
  async act(id: string, action: string, body: object = {}): Promise<string> {
    let problem = "";
    try {
      const response = await this.deps.fetch(`/demo/phones/${encodeURIComponent(id)}/${action}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      if (!response.ok) problem = await said(response);
    } catch {
      problem = "The server can't be reached";
    }
    this.#change(id, { problem });
    if (problem) setTimeout(() => this.find(id)?.problem === problem && this.#change(id, { problem: "" }), 6000);
    return problem;
  }

  /** Does something at the carrier, or with the telephone. Returns what was refused, "" if nothing was. */
  async actCarrier(action: string): Promise<string> {
    try {
      const response = await this.deps.fetch(`/demo/carrier/${action}`, { method: "POST" });
      return response.ok ? "" : await said(response);
    } catch {
      return "The server can't be reached";
    }
  }

  #line(online: boolean): void {
    this.online = online;
    this.#tell();
  }

  #change(id: string, change: Partial<PhoneView>): void {
    this.phones = this.phones.map((p) => (p.id === id ? { ...p, ...change } : p));
    this.#tell();
  }

  /** Tells of many changes at once: a log may come as thousands of lines. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    setTimeout(() => {
      this.#telling = false;
      this.#listeners.forEach((l) => l());
    }, 8);
  }
}

async function said(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error?: string };
    if (error) return error[0]!.toUpperCase() + error.slice(1);
  } catch {
    // not JSON: the status must do
  }
  return `The phone did not do it (${response.status})`;
}
