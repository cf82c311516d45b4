// One leg: the media between this page and one device. The callee's device offers, the caller's answers;
// nothing ever waits for ICE gathering (RFC 8838).
import { MediaKind } from "../gen/ringtrip/v1/ringtrip_pb";

export interface LegOptions {
  /** The device at the far end; "" while the callee's side does not know it yet. */
  device: string;
  /** Names the leg between its ends; the side that offers makes it. */
  session: string;
  ice: RTCConfiguration;
  /** What is sent. It may be replaced at any time with {@link Leg.send}. */
  track: MediaStreamTrack | null;
  newPeer(config: RTCConfiguration): RTCPeerConnection;
  /** Delivers to the far end, in order. */
  post(kind: MediaKind, data: string): void;
  /** The far end's sound is there (it may be silent still). */
  onStream(stream: MediaStream): void;
  onState(state: LegState): void;
}

export type LegState = "connecting" | "connected" | "lost" | "closed";

export class Leg {
  readonly device: string;
  readonly session: string;
  readonly pc: RTCPeerConnection;
  state: LegState = "connecting";
  #sender: RTCRtpSender | null = null;
  #track: MediaStreamTrack | null;
  #early: RTCIceCandidateInit[] = []; // candidates that came before their description
  #work: Promise<void> = Promise.resolve(); // descriptions are applied one at a time
  #offer = ""; // the offer that was answered last
  #restart = 0;

  constructor(private readonly options: LegOptions) {
    this.device = options.device;
    this.session = options.session;
    this.#track = options.track;
    this.pc = options.newPeer(options.ice);
    this.pc.onicecandidate = (e) => this.#post(MediaKind.CANDIDATE, e.candidate?.candidate ? JSON.stringify(e.candidate.toJSON()) : e.candidate ? null : "");
    this.pc.ontrack = (e) => options.onStream(e.streams[0] ?? new MediaStream([e.track]));
    this.pc.onconnectionstatechange = () => this.#changed();
  }

  /** Makes an offer, as the callee's side does. */
  offer(): void {
    const transceiver = this.pc.addTransceiver(this.#track ?? "audio", { direction: "sendrecv" });
    this.#sender = transceiver.sender;
    this.#then(async () => {
      await this.pc.setLocalDescription();
      this.#post(MediaKind.OFFER, this.pc.localDescription!.sdp);
    });
  }

  /** Takes what the far end says. Bad messages are ignored: the leg goes on as before. */
  receive(kind: MediaKind, data: string): void {
    if (this.state === "closed") return;
    switch (kind) {
      case MediaKind.OFFER:
        if (data === "") this.#then(() => this.#reoffer());
        else this.#then(() => this.#answer(data));
        return;
      case MediaKind.ANSWER:
        this.#then(async () => {
          if (this.pc.signalingState !== "have-local-offer") return; // said twice
          await this.pc.setRemoteDescription({ type: "answer", sdp: data });
          this.#flush();
        });
        return;
      case MediaKind.CANDIDATE:
        this.#then(() => this.#candidate(data));
        return;
      case MediaKind.BYE:
        this.close(false);
        return;
    }
  }

  async #answer(sdp: string): Promise<void> {
    if (sdp === this.#offer && this.pc.localDescription?.type === "answer") {
      this.#post(MediaKind.ANSWER, this.pc.localDescription.sdp); // the offer came twice: so does the answer
      return;
    }
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    this.#offer = sdp;
    if (!this.#sender) {
      const audio = this.pc.getTransceivers().find((t) => t.receiver.track.kind === "audio");
      if (audio) {
        audio.direction = "sendrecv";
        this.#sender = audio.sender;
        if (this.#track) await audio.sender.replaceTrack(this.#track);
      }
    }
    await this.pc.setLocalDescription();
    this.#post(MediaKind.ANSWER, this.pc.localDescription!.sdp);
    this.#flush();
  }

  async #reoffer(): Promise<void> {
    if (this.pc.signalingState !== "stable") return;
    this.pc.restartIce();
    await this.pc.setLocalDescription();
    this.#post(MediaKind.OFFER, this.pc.localDescription!.sdp);
  }

  async #candidate(data: string): Promise<void> {
    let init: RTCIceCandidateInit;
    try {
      // An empty candidate is the end of candidates.
      init = data === "" ? { candidate: "", sdpMid: "0" } : (JSON.parse(data) as RTCIceCandidateInit);
    } catch {
      return;
    }
    if (!this.pc.remoteDescription) this.#early.push(init);
    else await this.pc.addIceCandidate(init).catch(() => {}); // one bad candidate is no reason to give up
  }

  #flush(): void {
    for (const c of this.#early.splice(0)) void this.pc.addIceCandidate(c).catch(() => {});
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.state === "closed") return;
      try {
        await work();
      } catch (error) {
        if ((this.state as LegState) !== "closed") console.warn("ringtrip: leg of", this.device, error);
      }
    });
  }

  #post(kind: MediaKind, data: string | null): void {
    if (data !== null && this.state !== "closed") this.options.post(kind, data);
  }

  #changed(): void {
    if (this.state === "closed") return;
    const s = this.pc.connectionState;
    if (s === "connected") this.#set("connected");
    else if (s === "failed" || s === "disconnected") {
      this.#set("lost");
      this.#again(s === "failed" ? 0 : 1500);
    }
  }

  /** Asks for new candidates after the network was lost: an empty offer asks the side that offers. */
  #again(after: number): void {
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => {
      if (this.state !== "lost") return;
      if (this.#offer) this.#post(MediaKind.OFFER, "");
      else this.#then(() => this.#reoffer());
      this.#again(4000);
    }, after) as unknown as number;
  }

  #set(state: LegState): void {
    if (this.state === state || this.state === "closed") return;
    this.state = state;
    this.options.onState(state);
  }

  /** Changes what is sent. */
  send(track: MediaStreamTrack | null): void {
    this.#track = track;
    void this.#sender?.replaceTrack(track).catch(() => {});
  }

  /** Sends a DTMF digit (RFC 4733) and reports whether it could. */
  dtmf(digit: string): boolean {
    const dtmf = this.#sender?.dtmf;
    if (!dtmf?.canInsertDTMF) return false;
    dtmf.insertDTMF(dtmf.toneBuffer + digit, 120, 70);
    return true;
  }

  /** Ends the leg; bye tells the far end. */
  close(bye: boolean): void {
    if (this.state === "closed") return;
    if (bye) this.#post(MediaKind.BYE, "");
    clearTimeout(this.#restart);
    this.pc.onicecandidate = this.pc.ontrack = this.pc.onconnectionstatechange = null;
    this.#set("closed");
    this.pc.close();
  }
}
