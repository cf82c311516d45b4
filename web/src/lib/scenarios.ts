// The scenarios of the simulated iPhone: what GET /demo/scenarios says, a player that goes through a recording, and
// the address that leads back to the same place.
import type { Screen } from "../screen";
import { parseLine, type LogLine } from "./syslog";

/** callkittest.Info. */
export interface Info {
  id: string;
  title: string;
  /** D, T, W, O or I, see confidence. */
  conf: string;
  rules?: string[];
  file: string;
  line: number;
  /** The profiles that it applies to, oldest first. */
  os: string[];
  variants?: string[];
}

/** callkittest.Failure. */
export interface Failure {
  line: number;
  want: string;
  why: string;
  got?: string[];
}

/** callkittest.Frame. */
export interface Frame {
  /** Nanoseconds since the world began. */
  at: number;
  section: string;
  line: number;
  text: string;
  log: string[];
  met: number[];
  screen: Screen | null;
}

/** callkittest.Recording. */
export interface Recording {
  id: string;
  title: string;
  variant?: string;
  os: string;
  conf: string;
  note?: string;
  rules?: string[];
  file: string;
  line: number;
  source: string;
  ok: boolean;
  failures?: Failure[];
  frames: Frame[];
}

/** callkittest.Rule, as far as the page needs it. */
export interface Rule {
  id: string;
  text: string;
  source: string;
}

/** iossim.KnobInfo, as far as the page needs it. */
export interface Knob {
  name: string;
  default: string;
  /** The valid ones; none: a duration, a number or a version. */
  values?: string[];
  probes?: string[];
  doc: string;
}

/** How sure a scenario is. */
export const confidence: Record<string, string> = {
  D: "Apple's documentation says so", T: "An engineer of Apple said so", W: "Said at a WWDC", O: "Observed by others", I: "Inferred",
};

/** What to play. */
export interface Choice {
  id: string;
  /** "" for the newest that it applies to. */
  os: string;
  variant: string;
  /** Settings of the simulated iPhone besides the scenario's own, as name=value. */
  knobs: string[];
  /** The frame to stand at; -1 where the play begins. */
  step: number;
}

/** Reads the part of the address after #. Null: it is not about scenarios. */
export function fromHash(hash: string): Choice | null {
  const q = new URLSearchParams(hash.replace(/^#/, ""));
  if (!q.has("scenario") && !q.has("scenarios")) return null;
  const step = q.get("step");
  return { id: q.get("scenario") ?? "", os: q.get("os") ?? "", variant: q.get("variant") ?? "", knobs: q.getAll("knob"), step: step && /^\d{1,6}$/.test(step) ? Number(step) : -1 };
}

/** The address of a choice. */
export function toHash(c: Choice): string {
  if (!c.id) return "#scenarios";
  const q = new URLSearchParams({ scenario: c.id });
  if (c.os) q.set("os", c.os);
  if (c.variant) q.set("variant", c.variant);
  for (const k of c.knobs) q.append("knob", k);
  if (c.step >= 0) q.set("step", String(c.step));
  return `#${q}`;
}

async function get<T>(url: string, fetch: typeof globalThis.fetch): Promise<T> {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  const body = (await response.json().catch(() => ({}))) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `GET ${url}: ${response.status} ${response.statusText}`);
  return body;
}

export function list(fetch = globalThis.fetch): Promise<{ scenarios: Info[]; knobs: Knob[]; rules: Rule[] }> {
  return get("/demo/scenarios", fetch);
}

export function record(c: Choice, fetch = globalThis.fetch): Promise<Recording> {
  const q = new URLSearchParams();
  if (c.os) q.set("os", c.os);
  if (c.variant) q.set("variant", c.variant);
  for (const k of c.knobs) q.append("knob", k);
  return get<Recording>(`/demo/scenarios/${encodeURIComponent(c.id)}${q.size ? `?${q}` : ""}`, fetch);
}

/** Those that contain all words and pass the filters; "" lets everything pass. */
export function search(all: Info[], words: string, file = "", rule = "", os = ""): Info[] {
  const want = words.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((s) => {
    const text = `${s.id} ${s.title} ${s.file} ${(s.rules ?? []).join(" ")} ${(s.variants ?? []).join(" ")}`.toLowerCase();
    return (!file || s.file === file) && (!rule || s.rules?.includes(rule)) && (!os || s.os.includes(os)) && want.every((w) => text.includes(w));
  });
}

/** Sorts "R9" before "R10" and "14.5" before "16". */
export const byNumber = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

/** How fast: virtual seconds in a second of ours; Infinity is at once. */
export const speeds = [1, 4, 16, Infinity];

/** What the clock of a player must be able to do. */
export interface Timer {
  set(f: () => void, ms: number): unknown;
  clear(handle: unknown): void;
}

const real: Timer = { set: (f, ms) => setTimeout(f, ms), clear: (h) => clearTimeout(h as number) };

/** A line of a scenario's text, taken apart for drawing. */
export interface SourceLine {
  n: number;
  /** The section that it stands in: given, when, then, never, ends; "" before the first. */
  section: string;
  indent: string;
  word: string;
  rest: string;
  /** At the margin: a keyword. */
  head: boolean;
}

export function sourceLines(r: Pick<Recording, "source" | "line">): SourceLine[] {
  let section = "";
  return r.source.replace(/\n+$/, "").split("\n").map((t, i) => {
    const [, indent = "", word = "", rest = ""] = /^(\s*)(\S*)(.*)$/.exec(t) ?? [];
    const head = !indent && !!word && !word.startsWith("#");
    if (head) section = ["given", "when", "then", "never", "ends"].includes(word) ? word : "";
    return { n: r.line + i, section, indent, word, rest, head };
  });
}

/** Goes through the frames of a recording, by hand or by itself. */
export class Player {
  /** The frame that is shown. */
  step: number;
  playing = false;
  speed = 4;
  /** Where the play begins: the last frame of what was given. */
  readonly begin: number;
  readonly lines: LogLine[][];
  readonly source: SourceLine[];
  #handle: unknown = null;

  constructor(readonly recording: Recording, step: number, private readonly changed: () => void, private readonly timer: Timer = real) {
    const frames = recording.frames;
    this.begin = Math.max(0, frames.findIndex((f) => f.section !== "given") - 1);
    let id = 0;
    this.source = sourceLines(recording);
    this.lines = frames.map((f) => f.log.map((l) => parseLine(l, ++id)));
    this.step = step >= 0 ? Math.min(step, this.last) : this.begin;
  }

  get last(): number {
    return this.recording.frames.length - 1;
  }

  get frame(): Frame {
    return this.recording.frames[this.step]!;
  }

  /** The screen as it is; a frame without one shows the one before it. */
  get screen(): Screen | null {
    for (let i = this.step; i >= 0; i--) if (this.recording.frames[i]!.screen) return this.recording.frames[i]!.screen;
    return null;
  }

  /** The log up to here. */
  get log(): LogLine[] {
    return this.lines.slice(0, this.step + 1).flat();
  }

  /** The lines of the file that came true up to here; at the end also what never happened and what then holds. */
  get met(): Set<number> {
    const met = new Set(this.recording.frames.slice(0, this.step + 1).flatMap((f) => f.met));
    if (this.step < this.last) return met;
    const failed = new Set((this.recording.failures ?? []).map((f) => f.line));
    for (const l of this.source) {
      if ((l.section === "never" || l.section === "ends") && !l.head && l.word && !l.word.startsWith("#") && !failed.has(l.n) && !/\sif [a-z]\S*=/i.test(l.rest)) met.add(l.n);
    }
    return met;
  }

  /** The line of the file that is carried out, 0 for none in the file; at the end, where it says what holds. */
  get line(): number {
    if (this.frame.section !== "end") return this.frame.line;
    return (this.source.find((l) => l.head && l.section === "ends") ?? this.source.find((l) => l.head && l.section === "never"))?.n ?? this.frame.line;
  }

  /** How long the frame that is shown stays, in milliseconds of ours: what happens at once is told one by one. */
  get stays(): number {
    const next = this.recording.frames[this.step + 1];
    return next ? Math.max((next.at - this.frame.at) / 1e6, 600) / this.speed : 0;
  }

  go(step: number): void {
    this.#stop();
    this.step = Math.max(0, Math.min(step, this.last));
    this.playing = false;
    this.changed();
  }

  play(): void {
    this.#stop();
    if (this.step >= this.last) this.step = this.begin;
    this.playing = true;
    this.#next();
    this.changed();
  }

  pause(): void {
    this.#stop();
    this.playing = false;
    this.changed();
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    if (this.playing) this.play();
    else this.changed();
  }

  close(): void {
    this.#stop();
    this.playing = false;
  }

  #stop(): void {
    if (this.#handle !== null) this.timer.clear(this.#handle);
    this.#handle = null;
  }

  #next(): void {
    if (this.speed === Infinity) this.step = this.last;
    if (this.step >= this.last) {
      this.playing = false;
      return;
    }
    this.#handle = this.timer.set(() => {
      this.#handle = null;
      this.step++;
      this.#next();
      this.changed();
    }, this.stays);
  }
}
