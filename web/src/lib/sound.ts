// The sound of this page: what it says (a microphone or the test voice) and what it hears (the far end, and the
// tones of a telephone).
import { level, melody, recognise, type Signature } from "./signature";
import { key, ring, ringback, tones } from "./tones";
import type { Ear, Voice } from "./caller";

/** One AudioContext for the page, made when it is first needed. Browsers let it run after a user gesture. */
let shared: AudioContext | null = null;
function context(): AudioContext {
  shared ??= new AudioContext({ latencyHint: "interactive" });
  if (shared.state !== "running") void shared.resume().catch(() => {});
  return shared;
}

function looped(samples: Float32Array<ArrayBuffer>, loop: boolean): AudioBufferSourceNode {
  const ctx = context();
  const buffer = ctx.createBuffer(1, samples.length, ctx.sampleRate);
  buffer.copyToChannel(samples, 0);
  const node = ctx.createBufferSource();
  node.buffer = buffer;
  node.loop = loop;
  return node;
}

/** Listens in: the level of the last 85 ms and whose signature there is in the last 0.7 s. */
class Tap {
  readonly #long = new AnalyserNode(context(), { fftSize: 32768 });
  readonly #short = new AnalyserNode(context(), { fftSize: 4096 });
  readonly #samples = new Float32Array(this.#long.fftSize);

  constructor(source: AudioNode) {
    source.connect(this.#long);
    source.connect(this.#short);
  }

  level(): number {
    const samples = this.#samples.subarray(0, this.#short.fftSize);
    this.#short.getFloatTimeDomainData(samples);
    return level(samples);
  }

  recognise(): Signature | null {
    this.#long.getFloatTimeDomainData(this.#samples);
    return recognise(this.#samples, context().sampleRate);
  }
}

export type VoiceKind = "mic" | "test";

/** What this page says. */
export class PageVoice implements Voice {
  kind: VoiceKind = "mic";
  /** Why the test voice speaks though nobody chose it. */
  problem = "";
  #track: MediaStreamTrack | null = null;
  #tap: Tap | null = null;
  #undo: () => void = () => {};
  #open = false;
  #listeners = new Set<(track: MediaStreamTrack | null) => void>();
  #changed = new Set<() => void>();
  #preparing: Promise<void> | null = null;

  constructor(private readonly signature: Signature) {}

  /** Chooses what speaks at first: `asked` if somebody did, a microphone if there seems to be one. */
  async choose(asked: string | null): Promise<void> {
    if (asked === "test" || asked === "mic") {
      this.kind = asked;
    } else {
      const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
      if (!devices?.some((d) => d.kind === "audioinput")) {
        this.kind = "test";
        this.problem = "There is no microphone here, so the test voice speaks.";
      }
    }
    this.#tell();
  }

  /** Changes over, also in a call. */
  async use(kind: VoiceKind): Promise<void> {
    if (kind === this.kind && !this.problem) return;
    this.kind = kind;
    this.problem = "";
    this.#tell();
    if (this.#track || this.#preparing) {
      this.release();
      await this.prepare();
    }
  }

  prepare(): Promise<void> {
    context();
    if (this.#track?.readyState === "live") return Promise.resolve();
    return (this.#preparing ??= this.#prepare().finally(() => (this.#preparing = null)));
  }

  async #prepare(): Promise<void> {
    if (this.kind === "mic") {
      try {
        const stream = await navigator.mediaDevices.getUserMedia({
          audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
        });
        if ((this.kind as VoiceKind) !== "mic") {
          stream.getTracks().forEach((t) => t.stop()); // somebody changed their mind meanwhile
        } else {
          const source = context().createMediaStreamSource(stream);
          this.#tap = new Tap(source);
          this.#take(stream.getAudioTracks()[0]!, () => {
            source.disconnect();
            stream.getTracks().forEach((t) => t.stop());
          });
          return;
        }
      } catch (error) {
        this.kind = "test";
        this.problem = refused(error);
        this.#tell();
      }
    }
    const player = looped(melody(this.signature, context().sampleRate), true);
    const out = context().createMediaStreamDestination();
    this.#tap = new Tap(player);
    player.connect(out);
    player.start();
    this.#take(out.stream.getAudioTracks()[0]!, () => {
      player.stop();
      player.disconnect();
    });
  }

  #take(track: MediaStreamTrack, undo: () => void): void {
    this.#track = track;
    this.#undo = undo;
    track.enabled = this.#open;
    this.#listeners.forEach((l) => l(track));
  }

  track(): MediaStreamTrack | null {
    return this.#track;
  }

  onTrack(listener: (track: MediaStreamTrack | null) => void): void {
    this.#listeners.add(listener);
  }

  /** Calls back when the kind of voice changes. */
  onChange(listener: () => void): void {
    this.#changed.add(listener);
    listener();
  }

  #tell(): void {
    this.#changed.forEach((l) => l());
  }

  open(on: boolean): void {
    this.#open = on;
    if (this.#track) this.#track.enabled = on;
  }

  /** The level of what is sent. */
  level(): number {
    return this.#open && this.#tap ? this.#tap.level() : 0;
  }

  /** Gives the microphone back. */
  release(): void {
    this.#undo();
    this.#undo = () => {};
    this.#track?.stop();
    this.#track = null;
    this.#tap = null;
  }
}

function refused(error: unknown): string {
  switch ((error as DOMException | undefined)?.name) {
    case "NotAllowedError":
      return "The microphone was not allowed, so the test voice speaks.";
    case "NotFoundError":
      return "There is no microphone here, so the test voice speaks.";
    case "NotReadableError":
      return "Another program has the microphone, so the test voice speaks.";
    default:
      return "The microphone can't be used here, so the test voice speaks.";
  }
}

/** What this page hears. */
export class PageEar implements Ear {
  /** Whose signature is heard, by its number; null: nobody's. */
  hears: Signature | null = null;
  #element: HTMLAudioElement;
  #tap: Tap | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #silent = true;
  #playing: Record<"ringback" | "ring", AudioBufferSourceNode | null> = { ringback: null, ring: null };
  #first: () => void = () => {};
  #waiting = false;
  #lastHeard = 0;
  #lastTried = 0;

  constructor() {
    // A far end's track gives no samples to WebAudio in Chromium unless an element plays it too.
    this.#element = document.createElement("audio");
    this.#element.autoplay = true;
    this.#element.muted = true;
    setInterval(() => this.#listen(), 25);
  }

  listen(stream: MediaStream | null): void {
    this.#source?.disconnect();
    this.#source = this.#tap = null;
    this.hears = null;
    this.#element.srcObject = stream;
    if (!stream) return;
    void this.#element.play().catch(() => {});
    this.#source = context().createMediaStreamSource(stream);
    this.#tap = new Tap(this.#source);
    this.#waiting = true;
  }

  #listen(): void {
    if (!this.#tap || this.#silent) {
      this.hears = null;
      return;
    }
    if (this.#waiting && this.#tap.level() > 0.001) {
      this.#waiting = false;
      this.#first();
    }
    const now = performance.now();
    if (now - this.#lastTried < 110) return;
    this.#lastTried = now;
    const heard = this.#tap.recognise();
    if (heard !== null) {
      this.hears = heard;
      this.#lastHeard = now;
    } else if (now - this.#lastHeard > 900) this.hears = null;
  }

  onFirstSound(listener: () => void): void {
    this.#first = listener;
  }

  silence(on: boolean): void {
    this.#silent = on;
    this.#element.muted = on;
  }

  /** The level of what is heard. */
  level(): number {
    return this.#silent || !this.#tap ? 0 : this.#tap.level();
  }

  ringback(on: boolean): void {
    this.#play("ringback", on);
  }

  ring(on: boolean): void {
    this.#play("ring", on);
  }

  #play(what: "ringback" | "ring", on: boolean): void {
    if (on === !!this.#playing[what]) return;
    this.#playing[what]?.stop();
    this.#playing[what] = null;
    if (!on) return;
    const node = looped(tones(context().sampleRate, what === "ring" ? ring : ringback), true);
    node.connect(context().destination);
    node.start();
    this.#playing[what] = node;
  }

  key(digit: string): void {
    const node = looped(tones(context().sampleRate, key(digit)), false);
    node.connect(context().destination);
    node.start();
  }
}
