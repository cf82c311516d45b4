import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError, Code, createRouterTransport } from "@connectrpc/connect";
import {
  CallSchema, CallState, EndReason, EventsResponseSchema, LegState, LedgerEntrySchema, MediaKind, OpsService, PhoneService, Role, Stage,
  type Call, type EventsResponse, type LedgerEntry,
} from "../src/gen/ringtrip/v1/ringtrip_pb";
import type { Config } from "../src/lib/config";
import type { Outside } from "../src/lib/page";
import { level, melody, recognise, signatureOf } from "../src/lib/signature";
import type { Recent, Screen } from "../src/screen";

const alice = { userId: "alice", name: "Alice", handle: "alice" };
const bob = { userId: "bob", name: "Bob", handle: "bob" };
const device = "alice-web-mock";
const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A phone: enough of one to draw and to talk to. */
class MockPhone {
  locked = true;
  online = true;
  running = false;
  focus = "";
  blocked = false;
  front = false;
  inRecents = false;
  connectedAt = 0;
  muted = false;
  held = false;
  speaker = false;
  digits = "";
  missed = 0;
  recents: Recent[] = [];
  state: "none" | "ringing" | "answered" = "none";
  pc: RTCPeerConnection | null = null;
  session = "";
  samples: (() => Float32Array) | null = null;

  constructor(readonly id: string, readonly name: string) {}

  screen(): Screen {
    const ringing = this.state === "ringing";
    const call = this.state !== "none";
    const button = (id: string, label: string, enabled = true, on = false) => ({ id, label, enabled, on });
    return {
      kind: ringing ? (this.locked ? "incoming-full" : "incoming-banner") : call ? (this.connectedAt ? "in-call" : "connecting") : this.locked ? "lock" : this.inRecents ? "recents" : this.front ? "app" : "home",
      time: new Date().toISOString(), phone: this.name, os: "26.4", locale: "en_US", locked: this.locked, online: this.online,
      focus: this.focus || undefined, front: this.front ? "dev.ringtrip.demo" : undefined,
      apps: [{ bundleId: "dev.ringtrip.demo", name: "Ringtrip", colour: "#12211c", state: this.running ? (this.front && !this.locked ? "foreground" : "background") : "not running" }],
      call: call
        ? {
            uuid: "", caller: "Alice", handle: "alice", app: "Ringtrip", bundleId: "dev.ringtrip.demo", outgoing: false, video: false,
            status: ringing ? "Ringtrip Audio…" : this.held ? "on hold" : this.connectedAt ? "" : "connecting…",
            connectedAt: this.connectedAt ? new Date(this.connectedAt).toISOString() : "0001-01-01T00:00:00Z",
            inApp: false, muted: this.muted, held: this.held, speaker: this.speaker, audio: !!this.connectedAt, digits: this.digits,
            buttons: ringing
              ? [button("decline", "Decline"), button("answer", "Accept")]
              : [button("mute", "mute", true, this.muted), button("keypad", "keypad"), button("speaker", "speaker", true, this.speaker), button("hold", "hold", true, this.held), button("end", "End")],
          }
        : undefined,
      missed: this.missed, recents: this.recents, notices: [], others: [], dialogs: [], route: this.speaker ? "Speaker" : "Receiver", routes: ["Receiver", "Speaker"],
      beforeFirstUnlock: false, microphone: !!this.connectedAt, airplane: false, lowPower: false,
    };
  }
}

export class Mock {
  readonly config: Config = {
    caller: { user: "alice", name: "Alice", device, token: "caller" }, callee: { user: "bob", name: "Bob" }, ops_token: "ops",
    phones: [{ id: "bob-1", name: "Bob's iPhone" }, { id: "bob-2", name: "Bob's work iPhone" }],
    signature: { caller: signatureOf("alice"), phones: { "bob-1": signatureOf("bob-1"), "bob-2": signatureOf("bob-2") } },
  };
  readonly outside: Outside;
  #phones = this.config.phones.map((p) => new MockPhone(p.id, p.name));
  #call: Call | null = null;
  #ledger: LedgerEntry[] = [];
  #seq = 0n;
  #push: (e: EventsResponse) => void = () => {};
  #sse: (type: string, data: object) => void = () => {};
  #ctx: AudioContext | null = null;

  constructor() {
    const transport = createRouterTransport(({ service }) => {
      service(PhoneService, {
        registerDevice: () => ({ nextCallId: crypto.randomUUID() }),
        events: (request, context) => this.#events(request.cursor, context.signal),
        start: (request) => {
          if (request.callee !== "bob") throw new ConnectError(`nobody is called ${request.callee}`, Code.NotFound);
          return { call: this.#start(request.callId), nextCallId: crypto.randomUUID() };
        },
        cancel: () => ({ call: this.#end(EndReason.CANCELLED) }),
        end: () => ({ call: this.#end(EndReason.HUNGUP) }),
        hold: (request) => {
          this.#mark(request.on ? Stage.HELD : Stage.RESUMED, device);
          return { call: this.#change({ held: request.on }) };
        },
        ack: (request) => {
          for (const m of request.marks) this.#mark(m.stage, request.deviceId, EndReason.UNSPECIFIED, "", Date.now() - 1);
          return {};
        },
        sendMedia: ({ message }) => {
          void this.#media(message!.toDevice, message!.kind, message!.data);
          return {};
        },
        getCall: () => ({ call: this.#call ?? undefined }),
      });
      service(OpsService, { getLedger: () => ({ callId: this.#call?.id, state: this.#call?.state, reason: this.#call?.reason, caller: alice, callee: bob, entries: this.#ledger }) });
    });
    this.outside = {
      dial: () => transport,
      phones: {
        events: () => {
          const target = new EventTarget();
          this.#sse = (type, data) => target.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
          setTimeout(() => {
            target.dispatchEvent(new Event("open"));
            for (const p of this.#phones) this.#show(p, "starts, locked");
          });
          return { addEventListener: (t, l) => target.addEventListener(t, l as EventListener), close() {} };
        },
        fetch: async (url, init) => {
          const [, , , id, action] = String(url).split("/");
          const problem = this.#act(this.#phones.find((p) => p.id === id)!, action!, JSON.parse(String(init?.body ?? "{}")));
          return problem ? new Response(JSON.stringify({ error: problem }), { status: 409 }) : new Response(null, { status: 204 });
        },
      },
    };
    setInterval(() => {
      for (const p of this.#phones) {
        const s = p.samples?.();
        const who = s ? recognise(s, this.#ctx!.sampleRate) : null;
        if (s) this.#sse("hear", { phone: p.id, level: level(s.subarray(-4800)), recognised: who === this.config.signature.caller ? "caller" : "", digits: p.digits });
      }
    }, 200);
  }

  async *#events(cursor: bigint, signal: AbortSignal) {
    const queue: EventsResponse[] = [];
    let wake = () => {};
    this.#push = (e) => {
      queue.push(e);
      wake();
    };
    signal.addEventListener("abort", () => wake());
    yield create(EventsResponseSchema, { event: { case: "hello", value: { serverTime: timestampFromMs(Date.now()), calls: this.#call ? [this.#call] : [], cursor } } });
    while (!signal.aborted) {
      while (queue.length) yield queue.shift()!;
      await new Promise<void>((done) => ((wake = done), setTimeout(done, 5000)));
      yield create(EventsResponseSchema, { event: { case: "ping", value: {} } });
    }
  }

  #event(event: EventsResponse["event"]) {
    this.#push(create(EventsResponseSchema, { seq: ++this.#seq, event }));
  }

  #mark(stage: Stage, deviceId = "", reason = EndReason.UNSPECIFIED, detail = "", deviceAt = 0) {
    const name = this.#phones.find((p) => p.id === deviceId)?.name ?? (deviceId ? "Alice's browser" : "");
    const now = performance.timeOrigin + performance.now();
    this.#ledger.push(create(LedgerEntrySchema, { seq: BigInt(this.#ledger.length + 1), stage, deviceId, deviceName: name, at: stamp(now), deviceAt: deviceAt ? stamp(deviceAt) : undefined, reason, detail }));
  }

  #change(change: MessageInitShape<typeof CallSchema>): Call {
    this.#call = create(CallSchema, { ...(this.#call as Call), ...change, rev: (this.#call?.rev ?? 0n) + 1n } as MessageInitShape<typeof CallSchema>);
    this.#event({ case: "call", value: this.#call });
    return this.#call;
  }

  #leg(p: MockPhone, state: LegState, reason = EndReason.UNSPECIFIED) {
    const legs = this.#call!.legs.map((l) => (l.deviceId === p.id ? { ...l, state, reason } : l));
    return { legs, ringing: legs.some((l) => l.state === LegState.RINGING) };
  }

  #start(id: string): Call {
    this.#call = null;
    this.#ledger = [];
    this.#mark(Stage.STARTED);
    const call = this.#change({
      id: id || crypto.randomUUID(), state: CallState.RINGING, role: Role.CALLER, caller: alice, callee: bob, createdAt: timestampFromMs(Date.now()), callerDevice: device,
      legs: this.#phones.map((p) => ({ deviceId: p.id, deviceName: p.name, state: LegState.CREATED })),
    });
    for (const p of this.#phones) void this.#ring(p, call.id);
    return call;
  }

  async #ring(p: MockPhone, id: string) {
    const mine = () => this.#call?.id === id && this.#call.state === CallState.RINGING;
    const slow = p.id === "bob-2" ? 2.2 : 1;
    await wait(4 * slow);
    this.#mark(Stage.PUSHED, p.id);
    await wait(18 * slow);
    if (!p.online) return this.#mark(Stage.PUSH_FAILED, p.id, EndReason.UNREACHABLE, "the device is offline");
    this.#mark(Stage.ACCEPTED, p.id, 0, "apns-id 8f2c41d0");
    await wait((p.running ? 25 : 140) * slow);
    if (!mine()) return;
    p.running = true;
    this.#mark(Stage.WOKE, p.id, 0, p.running ? "" : "", Date.now());
    await wait(6);
    this.#mark(Stage.REPORTED, p.id, 0, "", Date.now());
    if (p.blocked || p.focus) {
      this.#mark(Stage.ENDED, p.id, p.blocked ? EndReason.BLOCKED : EndReason.DO_NOT_DISTURB);
      this.#change(this.#leg(p, LegState.ENDED));
      if (p.blocked) this.#end(EndReason.BLOCKED);
      return;
    }
    await wait(12);
    if (!mine()) return;
    this.#mark(Stage.RINGING, p.id, 0, "", Date.now());
    p.state = "ringing";
    this.#change(this.#leg(p, LegState.RINGING));
    this.#show(p, "reportNewIncomingCall: rings");
    await this.#warm(p);
  }

  async #warm(p: MockPhone) {
    this.#ctx ??= new AudioContext();
    const ctx = this.#ctx;
    const pc = (p.pc = new RTCPeerConnection());
    p.session = crypto.randomUUID();
    const buffer = ctx.createBuffer(1, melody(this.config.signature.phones[p.id]!, ctx.sampleRate).length, ctx.sampleRate);
    buffer.copyToChannel(melody(this.config.signature.phones[p.id]!, ctx.sampleRate), 0);
    const player = new AudioBufferSourceNode(ctx, { buffer, loop: true });
    const out = ctx.createMediaStreamDestination();
    player.connect(out);
    player.start();
    out.stream.getAudioTracks()[0]!.enabled = false;
    pc.addTrack(out.stream.getAudioTracks()[0]!, out.stream);
    const say = (kind: MediaKind, data: string) => this.#event({ case: "media", value: { $typeName: "ringtrip.v1.MediaMessage", callId: this.#call!.id, fromDevice: p.id, toDevice: device, session: p.session, kind, data } });
    pc.onicecandidate = (e) => say(MediaKind.CANDIDATE, e.candidate ? JSON.stringify(e.candidate) : "");
    pc.ontrack = (e) => {
      const element = new Audio();
      element.srcObject = new MediaStream([e.track]);
      element.muted = true;
      const tap = new AnalyserNode(ctx, { fftSize: 32768 });
      ctx.createMediaStreamSource(element.srcObject).connect(tap);
      p.samples = () => {
        const s = new Float32Array(tap.fftSize);
        tap.getFloatTimeDomainData(s);
        return s;
      };
    };
    await pc.setLocalDescription();
    say(MediaKind.OFFER, pc.localDescription!.sdp);
  }

  async #media(to: string, kind: MediaKind, data: string) {
    const p = this.#phones.find((p) => p.id === to);
    if (!p?.pc) return;
    if (kind === MediaKind.ANSWER) await p.pc.setRemoteDescription({ type: "answer", sdp: data });
    if (kind === MediaKind.CANDIDATE && data) await p.pc.addIceCandidate(JSON.parse(data));
    if (kind === MediaKind.BYE) this.#silence(p);
  }

  #silence(p: MockPhone) {
    p.pc?.close();
    p.pc = p.samples = null;
    this.#sse("hear", { phone: p.id, level: 0, recognised: "", digits: "" });
  }

  async #answer(p: MockPhone) {
    for (const other of this.#phones) {
      if (other === p || other.state !== "ringing") continue;
      other.state = "none";
      this.#mark(Stage.ENDED, other.id, EndReason.ANSWERED_ELSEWHERE);
      this.#show(other, "reportCall endedAt: answeredElsewhere");
    }
    p.state = "answered";
    this.#mark(Stage.ANSWERED, p.id);
    this.#change({ ...this.#leg(p, LegState.ANSWERED), state: CallState.ANSWERED, answeredBy: p.id, answeredByName: p.name, answeredAt: timestampFromMs(Date.now()) });
    this.#show(p, "user answer");
    this.#mark(Stage.MEDIA_CONNECTED, p.id);
    await wait(30);
    this.#mark(Stage.AUDIO_ACTIVE, p.id, 0, "", Date.now());
    p.pc?.getSenders().forEach((s) => s.track && (s.track.enabled = true));
    p.connectedAt = Date.now();
    this.#show(p, "didActivate audio session");
    await wait(45);
    this.#mark(Stage.FIRST_MEDIA, p.id, 0, "", Date.now());
  }

  #end(reason: EndReason): Call {
    if (!this.#call || this.#call.state === CallState.ENDED) return this.#call!;
    for (const p of this.#phones) {
      if (p.state === "none") continue;
      const answered = p.state === "answered";
      p.recents = [{ name: "Alice", handle: { type: 1, value: "alice" }, app: "dev.ringtrip.demo", appName: "Ringtrip", outgoing: false, missed: !answered, video: false, when: new Date().toISOString(), duration: p.connectedAt ? (Date.now() - p.connectedAt) * 1e6 : 0 }, ...p.recents];
      if (!answered && reason !== EndReason.DECLINED) p.missed++;
      p.state = "none";
      p.connectedAt = 0;
      p.digits = "";
      p.muted = p.held = p.speaker = false;
      this.#silence(p);
      this.#mark(Stage.ENDED, p.id, reason);
      this.#show(p, `call ended`);
    }
    this.#mark(Stage.CALL_ENDED, "", reason);
    return this.#change({ state: CallState.ENDED, reason, ringing: false, endedAt: timestampFromMs(Date.now()) });
  }

  #show(p: MockPhone, line: string) {
    this.#sse("screen", { phone: p.id, screen: p.screen() });
    this.#sse("log", { phone: p.id, line: `+${(performance.now() / 1000).toFixed(3)} ${p.id} SYS ${line} [dev.ringtrip.demo]` });
  }

  #act(p: MockPhone, action: string, body: { on?: boolean; digits?: string; index?: number }): string {
    const on = !!body.on;
    if (p.locked && ["home", "open", "recents", "recent", "swipe"].includes(action)) return "the phone is locked";
    switch (action) {
      case "answer": void this.#answer(p); break;
      case "decline": this.#end(EndReason.DECLINED); break;
      case "end": this.#end(EndReason.HUNGUP); break;
      case "mute": p.muted = on; break;
      case "hold": p.held = on; this.#change({ remoteHeld: on }); break;
      case "keys": p.digits += body.digits; break;
      case "speaker": p.speaker = on; break;
      case "lock": p.locked = true; break;
      case "unlock": p.locked = false; break;
      case "home": p.front = p.inRecents = false; break;
      case "open": p.front = p.running = true; p.inRecents = false; break;
      case "recents": p.inRecents = true; p.missed = 0; break;
      case "recent": return "the mock can't call back";
      case "swipe": case "crash": p.running = p.front = false; break;
      case "relaunch": p.running = true; break;
      case "focus": p.focus = on ? "Do Not Disturb" : ""; break;
      case "block": p.blocked = on; break;
      case "offline": p.online = !on; break;
    }
    this.#show(p, `user ${action}`);
    return "";
  }
}

function stamp(ms: number) {
  return { $typeName: "google.protobuf.Timestamp" as const, seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.floor((ms % 1000) * 1e6) };
}
