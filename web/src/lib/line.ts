// The line to the server: the device is registered and its events are read, from a cursor on, for as long as
// the page lives. A lost line comes back by itself.
import { ConnectError, Code } from "@connectrpc/connect";
import type { EventsResponse } from "../gen/ringtrip/v1/ringtrip_pb";
import { plain, type PhoneClient } from "./api";

export type LineState = "connecting" | "ready" | "lost";

export interface LineOptions {
  phone: PhoneClient;
  device: string;
  name: string;
  onEvent(event: EventsResponse): void;
  onNextCallId(id: string): void;
  onState(state: LineState, trouble: string): void;
  /** Waits, or returns early when {@link Line.nudge} is called. Tests give their own. */
  pause?(ms: number): Promise<void>;
}

/** A silent stream is taken for dead: the server pings every few seconds. */
const silence = 20_000;

export class Line {
  /** The sequence number of the last event that was handled. */
  cursor = 0n;
  #closed = new AbortController();
  #wake: () => void = () => {};
  #failures = 0;

  constructor(private readonly options: LineOptions) {}

  /** Runs until close. */
  async run(): Promise<void> {
    const { phone, device, name, onState } = this.options;
    const stop = this.#closed.signal;
    while (!stop.aborted) {
      onState(this.#failures ? "lost" : "connecting", "");
      try {
        const registered = await phone.registerDevice({ deviceId: device, name, platform: "web" }, { signal: stop });
        if (registered.nextCallId) this.options.onNextCallId(registered.nextCallId);
        await this.#read();
        this.#failures ||= 1; // the server closed the stream in good order: come back soon
      } catch (error) {
        if (stop.aborted) return;
        this.#failures++;
        onState("lost", plain(error));
        if (ConnectError.from(error).code === Code.Unauthenticated) return;
      }
      await this.#pause(Math.min(5000, 200 * 2 ** Math.min(this.#failures, 6)) * (0.7 + 0.6 * Math.random()));
    }
  }

  async #read(): Promise<void> {
    const quiet = new AbortController();
    let timer = 0;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silence) as unknown as number;
    };
    const signal = AbortSignal.any([this.#closed.signal, quiet.signal]);
    heard();
    try {
      for await (const event of this.options.phone.events({ deviceId: this.options.device, cursor: this.cursor, foreground: true }, { signal })) {
        heard();
        if (event.seq && event.seq <= this.cursor) continue; // had it
        if (event.event.case === "hello") {
          this.#failures = 0;
          if (event.event.value.cursor < this.cursor) this.cursor = 0n; // the server has begun anew
          this.options.onState("ready", "");
        }
        this.options.onEvent(event);
        if (event.seq) this.cursor = event.seq;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.options.pause) return this.options.pause(ms);
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  /** Tries again now, as when the browser says that it is online. */
  nudge(): void {
    this.#wake();
  }

  close(): void {
    this.#closed.abort();
    this.#wake();
  }
}
