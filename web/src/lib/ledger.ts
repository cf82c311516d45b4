// The ledger of a call: fetched while the call lives and shortly after, and laid out as lanes on an elastic axis
// of time, where a gap of milliseconds is as readable as one of minutes.
import { CallState, EndReason, Stage, type GetLedgerResponse, type LedgerEntry } from "../gen/ringtrip/v1/ringtrip_pb";
import { plain, type OpsClient } from "./api";
import { reason } from "./words";

/** What a call is doing between two marks; how its lane is drawn. */
export type Doing = "wait" | "wake" | "ring" | "talk" | "hold" | "none";

export interface Mark {
  seq: number;
  stage: Stage;
  /** Milliseconds since the call started, by the server's clock. */
  at: number;
  /** The same by the device's clock, if the device said. */
  deviceAt: number | null;
  reason: EndReason;
  detail: string;
}

export interface Lane {
  /** The device, "" for the call as a whole. */
  device: string;
  name: string;
  marks: Mark[];
}

export interface Ledger {
  callId: string;
  state: CallState;
  reason: EndReason;
  caller: string;
  callee: string;
  /** When it started, milliseconds since 1970, server's clock. */
  startedAt: number;
  lanes: Lane[];
  /** All marks in the order in which they happened. */
  all: { lane: Lane; mark: Mark }[];
}

/** Sorts a ledger into lanes: the call first, then the devices in the given order, then others as they come. */
export function read(response: GetLedgerResponse, order: string[] = []): Ledger {
  const entries = [...response.entries].sort((a, b) => Number(a.seq - b.seq));
  const startedAt = Math.min(...entries.map((e) => (e.at ? ms(e.at) : Infinity)));
  const lanes: Lane[] = [];
  const all: Ledger["all"] = [];
  for (const e of entries) {
    let lane = lanes.find((l) => l.device === e.deviceId);
    if (!lane) lanes.push((lane = { device: e.deviceId, name: e.deviceId ? e.deviceName || e.deviceId : "Call", marks: [] }));
    if (e.deviceName) lane.name = e.deviceName;
    const mark = toMark(e, startedAt);
    lane.marks.push(mark);
    all.push({ lane, mark });
  }
  const rank = (l: Lane) => (l.device === "" ? -1 : order.includes(l.device) ? order.indexOf(l.device) : order.length);
  lanes.sort((a, b) => rank(a) - rank(b));
  for (const lane of lanes) lane.marks.sort((a, b) => a.at - b.at || a.seq - b.seq);
  all.sort((a, b) => a.mark.at - b.mark.at || a.mark.seq - b.mark.seq);
  return {
    callId: response.callId, state: response.state, reason: response.reason, startedAt,
    caller: response.caller?.name || response.caller?.userId || "", callee: response.callee?.name || response.callee?.userId || "",
    lanes, all,
  };
}

function toMark(e: LedgerEntry, startedAt: number): Mark {
  return {
    seq: Number(e.seq), stage: e.stage, reason: e.reason, detail: e.detail,
    at: e.at ? ms(e.at) - startedAt : 0,
    deviceAt: e.deviceAt ? ms(e.deviceAt) - startedAt : null,
  };
}

/** Milliseconds since 1970 with their fraction. */
function ms(t: { seconds: bigint; nanos: number }): number {
  return Number(t.seconds) * 1000 + t.nanos / 1e6;
}

const doings: Partial<Record<Stage, Doing>> = {
  [Stage.STARTED]: "wait", [Stage.PUSHED]: "wait", [Stage.ACCEPTED]: "wait", [Stage.STREAMED]: "wait", [Stage.PUSH_FAILED]: "wait",
  [Stage.WOKE]: "wake", [Stage.REPORTED]: "wake", [Stage.RINGING]: "ring", [Stage.ANSWERED]: "talk",
  [Stage.HELD]: "hold", [Stage.RESUMED]: "talk", [Stage.ENDED]: "none", [Stage.CALL_ENDED]: "none",
};

/** How far along a leg is: a mark that comes late must not turn it back. */
const rank: Record<Doing, number> = { wait: 0, wake: 1, ring: 2, talk: 3, hold: 3, none: 4 };

export interface Stretch {
  doing: Doing;
  from: Mark;
  /** null: still. */
  to: Mark | null;
}

/** What a lane does from mark to mark. The lane of the call as a whole follows its furthest leg. */
export function stretches(ledger: Ledger, lane: Lane): Stretch[] {
  const whole = lane.device === "";
  const ofLegsOnly = [Stage.ENDED, Stage.WOKE, Stage.REPORTED];
  const marks = whole ? ledger.all.filter((x) => x.lane === lane || !ofLegsOnly.includes(x.mark.stage)).map((x) => x.mark) : lane.marks;
  const out: Stretch[] = [];
  let doing: Doing = "none";
  let begun = false;
  for (const mark of marks) {
    let next = doings[mark.stage];
    // The caller's own device has media marks only: it has been on the call since its first one.
    if (!next && !begun) next = "talk";
    if (!next || (begun && (rank[next] < rank[doing] || next === doing))) continue;
    if (out.length) out[out.length - 1]!.to ??= mark;
    if (next !== "none") out.push({ doing: next, from: mark, to: null });
    doing = next;
    begun = true;
  }
  // A lane that has no end of its own ends with the call.
  const last = out[out.length - 1];
  if (last && ledger.state === CallState.ENDED) last.to ??= ledger.all.find((x) => x.mark.stage === Stage.CALL_ENDED)?.mark ?? last.from;
  return out;
}

export interface Figures {
  /** Start of the call to the first phone that shows its ring, ms. */
  toRing: number | null;
  /** Answer to the first sound that was heard, ms. */
  toSound: number | null;
  answeredAt: number | null;
  endedAt: number | null;
}

/** The numbers people ask for first. */
export function figures(ledger: Ledger): Figures {
  const first = (stage: Stage) => ledger.all.find((x) => x.mark.stage === stage)?.mark.at ?? null;
  const answeredAt = first(Stage.ANSWERED);
  const sound = first(Stage.FIRST_MEDIA);
  return {
    toRing: first(Stage.RINGING),
    toSound: answeredAt !== null && sound !== null ? Math.max(0, sound - answeredAt) : null,
    answeredAt,
    endedAt: first(Stage.CALL_ENDED),
  };
}

/** How a call ended, in a sentence; "" while it lives. */
export function conclusion(ledger: Ledger): string {
  if (ledger.state !== CallState.ENDED) return "";
  const words = reason(ledger.reason);
  return words ? words[0]!.toUpperCase() + words.slice(1) : "Ended";
}

/** The width of a gap in time, in pixels: by its logarithm, so that both 3 ms and 3 minutes can be seen. */
export function gap(dt: number): number {
  return dt <= 0 ? 0 : 8 + 24 * Math.log10(1 + dt / 2);
}

export interface Place {
  mark: Mark;
  lane: Lane;
  x: number;
}

export interface Layout {
  places: Place[];
  ticks: { x: number; at: number }[];
  width: number;
  /** The position of a mark; of now, for null. */
  x(mark: Mark | null): number;
}

/**
 * Lays marks out from left to right: never backwards in time, labels of one lane never over each other. If
 * there is more room than needed (`room`), it is spread evenly.
 */
export function layout(ledger: Ledger, room: number, now: number | null, label = 76): Layout {
  const places: Place[] = [];
  const lastIn = new Map<Lane, number>();
  let x = 0, at = 0;
  const knots: { at: number; x: number }[] = [];
  for (const { lane, mark } of ledger.all) {
    x += gap(mark.at - at);
    const mine = lastIn.get(lane);
    if (mine !== undefined) x = Math.max(x, mine + label);
    at = mark.at;
    lastIn.set(lane, x);
    places.push({ lane, mark, x });
    knots.push({ at, x });
  }
  let end = x;
  if (now !== null && now > at) {
    end = x + gap(now - at);
    knots.push({ at: now, x: end });
  }
  const natural = end + label;
  const stretch = end > 0 && room > natural ? Math.min(2.2, (room - label) / end) : 1;
  for (const p of places) p.x *= stretch;
  for (const k of knots) k.x *= stretch;
  const ticks: Layout["ticks"] = [];
  for (const k of knots) {
    const last = ticks[ticks.length - 1];
    if (!last || (k.x - last.x > 58 && k.at - last.at >= 0.5)) ticks.push({ x: k.x, at: k.at });
  }
  const position = new Map(places.map((p) => [p.mark, p.x]));
  return { places, ticks, width: Math.max(room, end * stretch + label), x: (mark) => (mark && position.get(mark)) ?? end * stretch };
}

/** Fetches the ledger of one call after the other. */
export class LedgerWatch {
  ledger: Ledger | null = null;
  /** Earlier calls of this page, newest first. */
  past: Ledger[] = [];
  trouble = "";
  #callId = "";
  #timer = 0;
  #failures = 0;
  #after = 0; // when the end was seen
  #listeners = new Set<() => void>();

  constructor(private readonly ops: OpsClient, private readonly order: string[] = []) {}

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Follows a call until shortly after its end. */
  watch(callId: string): void {
    if (!callId || callId === this.#callId) return;
    if (this.ledger) this.past = [this.ledger, ...this.past].slice(0, 9);
    this.#callId = callId;
    this.#failures = this.#after = 0;
    this.ledger = null;
    this.trouble = "";
    this.#tell();
    clearTimeout(this.#timer);
    void this.#fetch(callId);
  }

  async #fetch(callId: string): Promise<void> {
    let wait = 250;
    try {
      const response = await this.ops.getLedger({ callId });
      if (callId !== this.#callId) return;
      this.#failures = 0;
      this.trouble = "";
      this.ledger = response.entries.length ? read(response, this.order) : this.ledger;
      const now = performance.now();
      if (response.state === CallState.ENDED) {
        this.#after ||= now;
        if (now - this.#after > 2000) wait = -1;
      }
    } catch (error) {
      if (callId !== this.#callId) return;
      wait = Math.min(3000, 250 * 2 ** this.#failures++);
      if (this.#failures > 2) this.trouble = plain(error);
      if (this.#failures > 12) wait = -1;
    }
    this.#tell();
    if (wait >= 0) this.#timer = setTimeout(() => void this.#fetch(callId), wait) as unknown as number;
  }

  #tell(): void {
    this.#listeners.forEach((l) => l());
  }
}
