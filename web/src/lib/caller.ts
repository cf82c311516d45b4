// The telephone of this page: it calls, is called, and keeps one call at a time. No framework: whoever wants to
// draw it subscribes to its state.
//
// The state of the call is the server's: every v1.Call is the whole truth, and one with a higher revision
// replaces what was known (level-triggered). Media is one leg a device; until the answer all legs are silent.
import { ConnectError, Code } from "@connectrpc/connect";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { CallProblemSchema, CallState, EndReason, LegState as LegWord, MediaKind, Role, Stage, type Call, type EventsResponse } from "../gen/ringtrip/v1/ringtrip_pb";
import { plain, transient, type PhoneClient } from "./api";
import { Leg } from "./leg";
import { Line, type LineState } from "./line";
import { ending } from "./words";

/** What the local sound must be able to do. */
export interface Voice {
  /** Makes the sound ready, inside a user gesture. Never rejects. */
  prepare(): Promise<void>;
  track(): MediaStreamTrack | null;
  onTrack(listener: (track: MediaStreamTrack | null) => void): void;
  /** Whether sound may be sent. */
  open(on: boolean): void;
  release(): void;
}

/** What hears the far end. */
export interface Ear {
  listen(stream: MediaStream | null): void;
  silence(on: boolean): void;
  ringback(on: boolean): void;
  ring(on: boolean): void;
  key(digit: string): void;
  /** Calls back once, when the first sound of the stream is heard. */
  onFirstSound(listener: () => void): void;
}

export interface CallerDeps {
  phone: PhoneClient;
  device: string;
  name: string;
  voice: Voice;
  ear: Ear;
  newPeer(config: RTCConfiguration): RTCPeerConnection;
  now?(): number;
  /** Waits before the line is tried again; tests do not. */
  pause?(ms: number): Promise<void>;
}

export type Phase = "idle" | "starting" | "calling" | "ringing" | "incoming" | "talking" | "ended";

export interface CallerState {
  line: LineState;
  trouble: string;
  phase: Phase;
  callId: string;
  call: Call | null;
  /** The far end's name. */
  other: string;
  muted: boolean;
  held: boolean;
  remoteHeld: boolean;
  media: "none" | "connecting" | "connected" | "lost";
  /** Digits sent in this call. */
  keys: string;
  /** When the call was answered, in milliseconds of this page's clock; 0: not. */
  answeredAt: number;
  /** How long it was talked, ms; 0 until the end. */
  talked: number;
  /** How it ended, as a sentence. */
  ending: string;
  /** The last thing that went wrong, as a sentence. */
  problem: string;
}

const fresh = {
  phase: "idle" as Phase, callId: "", call: null, other: "", muted: false, held: false, remoteHeld: false,
  media: "none" as const, keys: "", answeredAt: 0, talked: 0, ending: "", problem: "",
};

export class Caller {
  state: CallerState = { line: "connecting", trouble: "", ...fresh };
  readonly line: Line;
  #listeners = new Set<(state: CallerState) => void>();
  #legs = new Map<string, Leg>();
  #queues = new Map<string, Promise<unknown>>(); // what is posted to one device stays in order
  #nextCallId = "";
  #skew = 0; // server's clock minus ours, ms
  #mine = false; // this end asked for the end
  #talking: Leg | null = null;
  #marked = new Set<Stage>();

  constructor(private readonly deps: CallerDeps) {
    this.line = new Line({
      phone: deps.phone, device: deps.device, name: deps.name, pause: deps.pause,
      onEvent: (e) => this.#event(e),
      onNextCallId: (id) => (this.#nextCallId = id),
      onState: (line, trouble) => this.#set({ line, trouble }),
    });
    deps.voice.onTrack((track) => {
      for (const leg of this.#legs.values()) leg.send(track);
      this.#gate();
    });
    deps.ear.onFirstSound(() => this.#mark(Stage.FIRST_MEDIA));
  }

  subscribe(listener: (state: CallerState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.state);
    return () => this.#listeners.delete(listener);
  }

  /** Whether there is a call that is not over. */
  get live(): boolean {
    return this.state.phase !== "idle" && this.state.phase !== "ended";
  }

  // ---- what a person does -------------------------------------------------------------------------------

  /** Calls a user. */
  async call(callee: string, as?: { name?: string; callerName?: string }): Promise<void> {
    if (this.live || !callee.trim()) return;
    const callId = this.#nextCallId || ""; // empty: the server makes one
    this.#nextCallId = "";
    this.#mine = false;
    this.#marked.clear();
    this.#set({ ...fresh, phase: "starting", callId, other: as?.name || callee });
    void this.deps.voice.prepare();
    try {
      const { call, nextCallId } = await this.deps.phone.start({
        deviceId: this.deps.device, callId, idempotencyKey: callId ? "" : unique(), callee: callee.trim(), callerName: as?.callerName ?? "",
      });
      this.#nextCallId = nextCallId;
      if (call) {
        if (this.state.callId === "") this.#set({ callId: call.id });
        this.#apply(call);
        if (this.#mine && call.id === this.state.callId) await this.#stop(call.id, false);
      }
    } catch (error) {
      const known = problemCall(error);
      if (known) this.#apply(known);
      if (this.live && this.state.call === null) this.#over({ problem: plain(error), ending: "The call did not start" });
    }
  }

  /** Answers a call that comes in. */
  async answer(): Promise<void> {
    const { phase, callId } = this.state;
    if (phase !== "incoming") return;
    void this.deps.voice.prepare();
    await this.#ask(() => this.deps.phone.answer({ callId, deviceId: this.deps.device }));
  }

  /** Cancels, declines or hangs up, whichever fits. This end is over at once, the server is told. */
  async hangUp(): Promise<void> {
    const { phase, callId, call } = this.state;
    if (!this.live) return;
    this.#mine = true;
    const reason = phase === "talking" ? EndReason.HUNGUP : phase === "incoming" ? EndReason.DECLINED : EndReason.CANCELLED;
    this.#over({ ending: ending({ reason, answeredByName: "" }, this.state.other, true) });
    if (phase === "incoming") await this.#ask(() => this.deps.phone.decline({ callId, deviceId: this.deps.device, reason: EndReason.DECLINED }), 4);
    else if (call) await this.#stop(callId, phase === "talking");
    // else: Start is under way; it stops the call as soon as it is known
  }

  setMuted(on: boolean): void {
    if (this.state.phase !== "talking") return;
    this.#set({ muted: on });
    this.#gate();
  }

  async setHeld(on: boolean): Promise<void> {
    const { phase, callId } = this.state;
    if (phase !== "talking") return;
    if (on) this.#set({ held: true }); // silent at once; sound comes back when the server has agreed
    this.#gate();
    const ok = await this.#ask(() => this.deps.phone.hold({ callId, deviceId: this.deps.device, on }));
    if (!ok && callId === this.state.callId) this.#set({ held: this.state.call?.held ?? false });
    this.#gate();
  }

  /** Sends DTMF digits: 0-9 * # A-D. */
  keys(digits: string): void {
    if (this.state.phase !== "talking") return;
    for (const d of digits.toUpperCase().replace(/[^0-9*#A-D]/g, "")) {
      this.deps.ear.key(d);
      if (this.#talking?.dtmf(d)) this.#set({ keys: (this.state.keys + d).slice(-24) });
    }
  }

  dismiss(): void {
    this.#set({ problem: "" });
  }

  /** The page goes away: best effort, nothing waits for an answer. */
  leave(): void {
    if (this.live) void this.hangUp();
    this.line.close();
    void this.deps.phone.unregisterDevice({ deviceId: this.deps.device }).catch(() => {});
  }

  /** The leg that talks, or all of them: for statistics. */
  legs(): Leg[] {
    return this.#talking ? [this.#talking] : [...this.#legs.values()];
  }

  // ---- what the server says -----------------------------------------------------------------------------

  #event(e: EventsResponse): void {
    switch (e.event.case) {
      case "hello": {
        const hello = e.event.value;
        if (hello.serverTime) this.#skew = timestampMs(hello.serverTime) - this.#now();
        if (hello.nextCallId) this.#nextCallId = hello.nextCallId;
        for (const call of hello.calls) this.#apply(call);
        const { call } = this.state;
        const older = call?.createdAt && hello.serverTime && timestampMs(call.createdAt) < timestampMs(hello.serverTime);
        if (this.live && older && !hello.calls.some((c) => c.id === call.id)) {
          this.#over({ ending: "The server does not know this call any more" });
        }
        return;
      }
      case "call":
        this.#apply(e.event.value);
        return;
      case "media": {
        const m = e.event.value;
        if (m.callId === this.state.callId && this.live) this.#media(m.fromDevice, m.session, m.kind, m.data);
        return;
      }
    }
  }

  #apply(call: Call): void {
    const s = this.state;
    if (call.id !== s.callId) {
      if (call.state === CallState.RINGING && call.role === Role.CALLEE) this.#incoming(call);
      return;
    }
    if (s.call && call.rev < s.call.rev) return;
    if (call.state === CallState.ENDED && call.reason === EndReason.REPLACED && call.replacedBy) {
      void this.#replaced(call);
      return;
    }
    const first = s.call?.state !== CallState.ENDED;
    const far = call.role === Role.CALLEE ? call.caller : call.callee;
    const answeredAt = call.answeredAt ? timestampMs(call.answeredAt) - this.#skew : 0;
    this.#set({
      call, held: call.held, remoteHeld: call.remoteHeld,
      other: far?.name || s.other || far?.userId || "",
      answeredAt: s.answeredAt || answeredAt,
    });
    if (call.state === CallState.ENDED) {
      if (s.phase !== "ended") this.#over({ ending: ending(call, this.state.other, this.#mine) });
      else if (first) this.#set({ ending: ending(call, this.state.other, this.#mine) });
      return;
    }
    if (!this.live) return; // this end hung up; the server is yet to know
    if (call.state === CallState.ANSWERED) {
      if (s.phase !== "talking") this.#set({ phase: "talking", answeredAt: this.state.answeredAt || this.#now(), media: "connecting" });
      this.deps.ear.ringback(false);
      this.deps.ear.ring(false);
      this.#choose();
    } else if (call.role === Role.CALLER) {
      this.#set({ phase: call.ringing ? "ringing" : "calling" });
      this.deps.ear.ringback(call.ringing);
    }
    this.#gate();
  }

  /** Somebody calls. A second call while one is live is busy, on this device only. */
  #incoming(call: Call): void {
    if (this.live) {
      void this.deps.phone.decline({ callId: call.id, deviceId: this.deps.device, reason: EndReason.BUSY, thisDevice: true }).catch(() => {});
      return;
    }
    this.#mine = false;
    this.#marked.clear();
    this.#set({ ...fresh, phase: "incoming", callId: call.id });
    this.#apply(call);
    this.#mark(Stage.WOKE, Stage.REPORTED, Stage.RINGING);
    this.deps.ear.ring(true);
    const leg = this.#open(call.callerDevice, unique());
    leg.offer();
  }

  /** Both called at once: go on with the call that the server kept. */
  async #replaced(call: Call): Promise<void> {
    this.#closeLegs(true);
    this.deps.ear.ringback(false);
    this.#set({ ...fresh, phase: "calling", callId: call.replacedBy, other: this.state.other });
    await this.#ask(() => this.deps.phone.getCall({ callId: call.replacedBy, deviceId: this.deps.device }), 3);
    const kept = this.state.call;
    if (kept?.role === Role.CALLEE && kept.state === CallState.RINGING) {
      // Who calls somebody who calls has answered already.
      this.#set({ phase: "incoming" });
      this.#open(kept.callerDevice, unique()).offer();
      await this.answer();
    }
  }

  // ---- media --------------------------------------------------------------------------------------------

  #media(device: string, session: string, kind: MediaKind, data: string): void {
    let leg = this.#legs.get(device);
    if (leg && leg.session !== session) {
      if (kind !== MediaKind.OFFER || data === "") return; // of a leg that is over
      leg.close(false); // the app over there was started anew
      leg = undefined;
    }
    if (!leg) {
      if (kind === MediaKind.BYE || this.state.call?.role === Role.CALLEE) return;
      leg = this.#open(device, session);
    }
    leg.receive(kind, data);
    this.#choose();
  }

  #open(device: string, session: string): Leg {
    const leg: Leg = new Leg({
      device, session, ice: iceServers(this.state.call?.mediaCredentials),
      track: this.deps.voice.track(),
      newPeer: this.deps.newPeer,
      post: (kind, data) => this.#post(device, session, kind, data),
      onStream: (stream) => {
        streams.set(leg, stream);
        if (leg === this.#talking) this.deps.ear.listen(stream);
      },
      onState: (state) => {
        if (state === "closed" && this.#legs.get(device) === leg) this.#legs.delete(device);
        if (leg === this.#talking) {
          if (state !== "closed") this.#set({ media: state });
          else if (this.live) this.#set({ media: "lost" });
          if (state === "connected") this.#mark(Stage.MEDIA_CONNECTED);
        }
      },
    });
    this.#legs.set(device, leg);
    return leg;
  }

  /** After the answer one leg talks and the others are closed. */
  #choose(): void {
    const call = this.state.call;
    if (this.state.phase !== "talking" || !call) return;
    const winner = call.role === Role.CALLEE ? call.callerDevice : call.answeredBy;
    for (const [device, leg] of [...this.#legs]) {
      if (device === winner) continue;
      const told = call.legs.some((l) => l.deviceId === device && l.state === LegWord.ENDED);
      leg.close(!told);
    }
    const leg = this.#legs.get(winner);
    if (!leg || leg === this.#talking) return;
    this.#talking = leg;
    this.#set({ media: leg.state === "closed" ? "lost" : leg.state });
    if (leg.state === "connected") this.#mark(Stage.MEDIA_CONNECTED);
    const stream = streams.get(leg);
    if (stream) this.deps.ear.listen(stream);
    this.#gate();
  }

  /** Sound flows only in an answered call that nobody here holds. */
  #gate(): void {
    const { phase, muted, held } = this.state;
    const talking = phase === "talking";
    this.deps.voice.open(talking && !muted && !held);
    this.deps.ear.silence(!talking || held);
  }

  #closeLegs(bye: boolean): void {
    for (const leg of [...this.#legs.values()]) leg.close(bye);
    this.#legs.clear();
    this.#talking = null;
    this.deps.ear.listen(null);
  }

  #post(device: string, session: string, kind: MediaKind, data: string): void {
    const { callId } = this.state;
    const message = { callId, fromDevice: this.deps.device, toDevice: device, session, kind, data };
    const over = () => kind !== MediaKind.BYE && (this.state.callId !== callId || !this.live || this.#legs.get(device)?.session !== session);
    const send = async () => over() || retry(() => this.deps.phone.sendMedia({ message }), 3).catch(() => {});
    this.#queues.set(device, (this.#queues.get(device) ?? Promise.resolve()).then(send));
  }

  // ---- the rest -----------------------------------------------------------------------------------------

  #over(what: Partial<CallerState>): void {
    this.deps.ear.ringback(false);
    this.deps.ear.ring(false);
    const { answeredAt } = this.state;
    this.#set({ phase: "ended", talked: answeredAt ? Math.max(0, this.#now() - answeredAt) : 0, muted: false, held: false, remoteHeld: false, media: "none", ...what });
    this.#gate();
    this.#closeLegs(false); // that the call is over, the far end hears from the server
    this.deps.voice.release();
  }

  async #stop(callId: string, answered: boolean): Promise<void> {
    const request = { callId, deviceId: this.deps.device };
    const end = () => this.deps.phone.end({ ...request, reason: EndReason.HUNGUP });
    if (answered) await this.#ask(end, 4);
    // An answer may have been faster than the cancel.
    else if (!(await this.#ask(() => this.deps.phone.cancel(request), 4, false))) await this.#ask(end, 4, false);
  }

  /** Asks the server for something about the call and takes the call it answers with. */
  async #ask(request: () => Promise<{ call?: Call }>, tries = 2, complain = true): Promise<boolean> {
    try {
      const { call } = await retry(request, tries);
      if (call) this.#apply(call);
      return true;
    } catch (error) {
      const known = problemCall(error);
      if (known) this.#apply(known);
      if (complain && this.live) this.#set({ problem: plain(error) });
      return false;
    }
  }

  /** Tells the ledger how far this device has come, each stage once a call. */
  #mark(...stages: Stage[]): void {
    const { callId } = this.state;
    const news = stages.filter((s) => !this.#marked.has(s));
    if (!callId || !news.length) return;
    news.forEach((s) => this.#marked.add(s));
    const now = this.#now();
    const at = { seconds: BigInt(Math.floor(now / 1000)), nanos: Math.floor((now % 1000) * 1e6) };
    void this.deps.phone.ack({ callId, deviceId: this.deps.device, marks: news.map((stage) => ({ stage, at })) }).catch(() => {});
  }

  #now(): number {
    return this.deps.now?.() ?? performance.timeOrigin + performance.now();
  }

  #set(change: Partial<CallerState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener(this.state);
  }
}

/** The far end's sound of each leg, kept until its leg is chosen. */
const streams = new WeakMap<Leg, MediaStream>();

/** A call's media credentials as the browser wants them. Bad ones are the same as none. */
export function iceServers(credentials: Uint8Array | undefined): RTCConfiguration {
  if (!credentials?.length) return {};
  try {
    const { iceServers } = JSON.parse(new TextDecoder().decode(credentials)) as RTCConfiguration;
    return Array.isArray(iceServers) ? { iceServers } : {};
  } catch {
    return {};
  }
}

/** A name that nobody else has. crypto.randomUUID is for pages from https and localhost only. */
function unique(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The truth about the call that an error carries. */
function problemCall(error: unknown): Call | undefined {
  return ConnectError.from(error).findDetails(CallProblemSchema)[0]?.call;
}

async function retry<T>(request: () => Promise<T>, tries: number): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await request();
    } catch (error) {
      if (n >= tries || !transient(error) || ConnectError.from(error).code === Code.Canceled) throw error;
      await new Promise((done) => setTimeout(done, 150 * 2 ** n));
    }
  }
}
