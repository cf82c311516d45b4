// A caller among fakes: a server whose every word the test says, and peer connections that only take notes.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import {
  CallSchema, CallState, EventsResponseSchema, MediaKind, PhoneService, Role, type Call, type EventsResponse, type MediaMessage,
} from "../src/gen/ringtrip/v1/ringtrip_pb";
import { phoneClient } from "../src/lib/api";
import { Caller } from "../src/lib/caller";

export const start = 1_790_000_000_000; // the server's clock

export class FakePeer {
  notes: string[] = [];
  localDescription: { type: string; sdp: string } | null = null;
  remoteDescription: { type: string; sdp: string } | null = null;
  signalingState = "stable";
  connectionState = "new";
  closed = false;
  direction = "";
  track: unknown = null;
  tones: string[] = [];
  onicecandidate: ((e: { candidate: { candidate: string; toJSON(): object } | null }) => void) | null = null;
  ontrack: ((e: { streams: unknown[]; track: unknown }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  #sender = {
    replaceTrack: async (track: unknown) => void (this.track = track),
    dtmf: { canInsertDTMF: true, toneBuffer: "", insertDTMF: (tones: string) => void this.tones.push(tones) },
  };

  constructor(readonly config: RTCConfiguration) {}

  addTransceiver(track: unknown) {
    this.track = track;
    return { sender: this.#sender };
  }
  getTransceivers() {
    return [{ receiver: { track: { kind: "audio" } }, sender: this.#sender, set direction(_: string) {} }];
  }
  async setRemoteDescription(d: { type: string; sdp: string }) {
    if (d.sdp === "bad") throw new Error("bad SDP");
    this.remoteDescription = d;
    this.signalingState = d.type === "offer" ? "have-remote-offer" : "stable";
    this.notes.push(`remote ${d.type} ${d.sdp}`);
  }
  async setLocalDescription() {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.localDescription = { type, sdp: `our ${type}` };
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
    this.notes.push(`local ${type}`);
  }
  async addIceCandidate(c: { candidate: string }) {
    if (!this.remoteDescription) throw new Error("a candidate before its description");
    this.notes.push(`candidate ${c.candidate}`);
  }
  restartIce() {
    this.notes.push("restart");
  }
  close() {
    this.closed = true;
  }
  become(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

export class Rig {
  /** Requests, in order, by method. */
  asked: { method: string; request: any }[] = [];
  media: MediaMessage[] = [];
  peers: FakePeer[] = [];
  streams = 0;
  /** What the next requests of a method fail with. */
  fail: Record<string, ConnectError | undefined> = {};
  /** Holds Start's answer back until it is called. */
  letStart: (() => void) | null = null;
  holdStart = false;
  open = false; // whether sound may be sent
  silent = true; // whether the far end is silenced
  hearing: unknown = null;
  ringback = false;
  ringing = false;
  pauses = 0;
  readonly caller: Caller;
  call: Call | null = null;
  #seq = 0n;
  #queue: (EventsResponse | Error)[] = [];
  #wake = () => {};
  #firstSound = () => {};
  #onTrack: (t: any) => void = () => {};

  constructor() {
    const note = (method: string, request: unknown) => {
      this.asked.push({ method, request });
      const error = this.fail[method];
      if (error) throw error;
    };
    const transport = createRouterTransport(({ service }) => {
      service(PhoneService, {
        registerDevice: (r) => (note("register", r), { nextCallId: "c1" }),
        unregisterDevice: (r) => (note("unregister", r), {}),
        events: (r, context) => (note("events", r), this.#events(context.signal)),
        start: async (r) => {
          note("start", r);
          if (this.holdStart) await new Promise<void>((go) => (this.letStart = go));
          return { call: this.is({ id: r.callId || "made" }, false), nextCallId: "c2" };
        },
        ack: (r) => (note("ack", r), {}),
        answer: (r) => (note("answer", r), { call: this.is({ state: CallState.ANSWERED, answeredBy: "alice-web" }, false) }),
        decline: (r) => (note("decline", r), {}),
        cancel: (r) => (note("cancel", r), {}),
        end: (r) => (note("end", r), {}),
        hold: (r) => (note("hold", r), { call: this.is({ held: r.on }, false) }),
        getCall: (r) => (note("getCall", r), { call: this.call ?? undefined }),
        sendMedia: (r) => {
          note("media", r);
          this.media.push(r.message!);
          return {};
        },
      });
    });
    this.caller = new Caller({
      phone: phoneClient(transport), device: "alice-web", name: "Alice's browser", now: () => start,
      pause: async () => void this.pauses++,
      newPeer: (config) => {
        const peer = new FakePeer(config);
        this.peers.push(peer);
        return peer as unknown as RTCPeerConnection;
      },
      voice: {
        prepare: async () => this.#onTrack("the track"), track: () => null, onTrack: (l) => void (this.#onTrack = l),
        open: (on) => void (this.open = on), release: () => {},
      },
      ear: {
        listen: (s) => void (this.hearing = s), silence: (on) => void (this.silent = on), ringback: (on) => void (this.ringback = on),
        ring: (on) => void (this.ringing = on), key: () => {}, onFirstSound: (l) => void (this.#firstSound = l),
      },
    });
    void this.caller.line.run();
  }

  async *#events(signal: AbortSignal) {
    this.streams++;
    while (!signal.aborted) {
      while (this.#queue.length) {
        const next = this.#queue.shift()!;
        if (next instanceof Error) throw next;
        yield next;
      }
      await new Promise<void>((wake) => {
        this.#wake = wake;
        signal.addEventListener("abort", () => wake());
      });
    }
  }

  #say(e: EventsResponse | Error) {
    this.#queue.push(e);
    this.#wake();
  }

  /** Says an event; seq 0 takes the next one. */
  event(event: MessageInitShape<typeof EventsResponseSchema>["event"], seq?: bigint) {
    this.#say(create(EventsResponseSchema, { seq: seq ?? ++this.#seq, event }));
  }

  hello(calls: Call[] = [], at = start) {
    this.event({ case: "hello", value: { serverTime: timestampFromMs(at), calls, cursor: this.#seq } }, 0n);
  }

  /** Breaks the stream. */
  cut() {
    this.#say(new ConnectError("cut", Code.Unavailable));
  }

  /** Changes the call and, unless told not to, says so. */
  is(change: MessageInitShape<typeof CallSchema>, say = true): Call {
    const { $typeName, ...was } = this.call ?? create(CallSchema, {
      state: CallState.RINGING, role: Role.CALLER, callerDevice: "alice-web", callee: { userId: "bob", name: "Bob" }, caller: { userId: "alice", name: "Alice" },
      createdAt: timestampFromMs(start),
      legs: [{ deviceId: "bob-1", deviceName: "Bob's iPhone" }, { deviceId: "bob-2", deviceName: "Bob's iPad" }],
    });
    this.call = create(CallSchema, { ...was, rev: was.rev + 1n, ...change } as MessageInitShape<typeof CallSchema>);
    if (say) this.event({ case: "call", value: this.call });
    return this.call;
  }

  said(fromDevice: string, kind: MediaKind, data: string, session = `of ${fromDevice}`) {
    this.event({ case: "media", value: { callId: this.call!.id, fromDevice, toDevice: "alice-web", session, kind, data } });
  }

  /** What was posted to a device, as "KIND data". */
  posted(device: string): string[] {
    return this.media.filter((m) => m.toDevice === device).map((m) => `${MediaKind[m.kind]} ${m.data}`.trim());
  }

  methods(): string[] {
    return this.asked.map((a) => a.method).filter((m) => m !== "media" && m !== "register" && m !== "events" && m !== "ack");
  }

  hears() {
    this.#firstSound();
  }

  /** Lets everything that is under way come to rest. */
  async rest(): Promise<void> {
    for (let i = 0; i < 30; i++) await new Promise<void>((done) => setImmediate(done));
  }

  /** A caller that is on the line. */
  static async ready(): Promise<Rig> {
    const rig = new Rig();
    rig.hello();
    await rig.rest();
    return rig;
  }

  /** … and calls Bob. */
  static async calling(): Promise<Rig> {
    const rig = await Rig.ready();
    await rig.caller.call("bob", { name: "Bob" });
    await rig.rest();
    return rig;
  }
}
