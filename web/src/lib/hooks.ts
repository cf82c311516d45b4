// Test hooks: what a browser test may ask the page. They only read.
import { CallState, EndReason, Stage } from "../gen/ringtrip/v1/ringtrip_pb";
import type { Page } from "./page";
import type { Player } from "./scenarios";

export interface Hooks {
  /** Where the telephone stands: phase, call id, server's state and reason by name, muted, held, media, keys. */
  state(): object;
  /** The id of the phone whose voice is heard now, "" if none is. Told from the sound alone. */
  hears(): string;
  /** The level of what is heard and of what is said, 0 silence … 1 full scale (RMS). */
  level(): { heard: number; said: number };
  /** Counters of the leg that talks, summed up from RTCPeerConnection.getStats(). */
  stats(): Promise<{ legs: number; connection: string; packetsSent: number; packetsReceived: number; packetsLost: number; bytesReceived: number }>;
  /** The ledger of the current call as the page has it, with stages and reasons by name; null before the first. */
  ledger(): object | null;
  /** What each phone shows and hears. */
  phones(): object[];
  /** How the second caller's newest call stands. */
  second(): object;
  /** Where the scenario's player stands; null while there is none. */
  scenario(): object | null;
}

export function hooks(page: Page, player: () => Player | null): Hooks {
  return {
    state() {
      const { call, ...s } = page.caller.state;
      return {
        ...s, voice: page.voice.kind, state: call ? CallState[call.state] : "", reason: call ? EndReason[call.reason] : "",
        answeredBy: call?.answeredBy ?? "", legs: call?.legs.map((l) => l.deviceId) ?? [],
      };
    },
    hears: () => page.hears(),
    level: () => ({ heard: page.ear.level(), said: page.voice.level() }),
    async stats() {
      const sum = { legs: 0, connection: "", packetsSent: 0, packetsReceived: 0, packetsLost: 0, bytesReceived: 0 };
      for (const leg of page.caller.legs()) {
        sum.legs++;
        sum.connection = leg.pc.connectionState;
        (await leg.pc.getStats()).forEach((r) => {
          if (r.type === "outbound-rtp") sum.packetsSent += r.packetsSent ?? 0;
          if (r.type !== "inbound-rtp") return;
          sum.packetsReceived += r.packetsReceived ?? 0;
          sum.packetsLost += r.packetsLost ?? 0;
          sum.bytesReceived += r.bytesReceived ?? 0;
        });
      }
      return sum;
    },
    ledger() {
      const l = page.ledger.ledger;
      return (
        l && {
          callId: l.callId, state: CallState[l.state], reason: EndReason[l.reason],
          entries: l.all.map(({ lane, mark }) => ({ device: lane.device, stage: Stage[mark.stage], at: mark.at, deviceAt: mark.deviceAt, reason: EndReason[mark.reason], detail: mark.detail })),
        }
      );
    },
    phones: () => page.phones.phones.map((p) => ({ id: p.id, screen: p.screen, hears: p.hears, problem: p.problem })),
    second: () => page.phones.second,
    scenario() {
      const p = player();
      return p && { id: p.recording.id, os: p.recording.os, variant: p.recording.variant ?? "", ok: p.recording.ok, step: p.step, last: p.last, line: p.line, playing: p.playing, screen: p.screen };
    },
  };
}

declare global {
  interface Window {
    ringtrip?: Hooks;
  }
}
