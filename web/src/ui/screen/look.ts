// What the parts of a phone's screen share: icons, names and the clock.
import { date, type ScreenCall } from "../../screen";
import { clock } from "../../lib/words";
import type { IconName } from "../Icon.svelte";

/** Does something to the phone. */
export type Act = (action: string, body?: object) => void;

export const icons: Record<string, IconName> = {
  mute: "muted", keypad: "keypad", speaker: "speaker", hold: "hold", video: "video", end: "hangup", answer: "call", decline: "hangup",
  "end-and-accept": "call", "hold-and-accept": "call", "end-held-and-accept": "call", swap: "swap", merge: "merge", split: "split", translate: "translate",
  more: "more", "add-call": "add",
};

/** Buttons that are on or off, and so are pressed with what they are to become. */
export const toggles = new Set(["mute", "speaker", "hold", "translate"]);

const ports: Record<string, { name: string; icon: IconName }> = {
  Receiver: { name: "iPhone", icon: "call" },
  Speaker: { name: "Speaker", icon: "speaker" },
  Headphones: { name: "Headphones", icon: "headphones" },
  HeadsetMic: { name: "Headset", icon: "headphones" },
  BluetoothHFP: { name: "Bluetooth headset", icon: "bluetooth" },
  BluetoothA2DPOutput: { name: "Bluetooth speaker", icon: "bluetooth" },
  BluetoothLE: { name: "Bluetooth LE", icon: "bluetooth" },
  CarAudio: { name: "CarPlay", icon: "car" },
  AirPlay: { name: "AirPlay", icon: "speaker" },
  USBAudio: { name: "USB audio", icon: "headphones" },
};

/** An output port of AVAudioSession as the route menu names it. */
export function port(p: string): { name: string; icon: IconName } {
  return ports[p] ?? { name: p, icon: "speaker" };
}

/** Whether there is more to choose from than the speaker button can say. */
export const manyRoutes = (routes: string[]) => routes.some((r) => r !== "Receiver" && r !== "Speaker") && routes.length > 1;

/** The first letters of a name, "#" for a number. */
export const initials = (name: string) => name.match(/(?<=^|\s)\p{L}/gu)?.slice(0, 2).join("").toUpperCase() || "#";

/** The line under the caller's name: the system's words, else the running timer. */
export function lineOf(call: ScreenCall, now: number): string {
  const began = date(call.connectedAt);
  return call.status || (began ? clock(now - began.getTime()) : "");
}

/** Who a call is with; a group says how many. */
export function nameOf(call: ScreenCall): string {
  const n = call.members?.length ?? 0;
  return n > 1 && call.members![0]!.caller === call.caller ? `${call.caller} & ${n - 1} other${n > 2 ? "s" : ""}` : call.caller;
}

/** How long ago something was, in the fewest letters. */
export function ago(when: string, now: number): string {
  const d = date(when);
  if (!d) return "";
  const s = (now - d.getTime()) / 1000;
  return s < 60 ? "now" : s < 3600 ? `${Math.floor(s / 60)}m` : s < 86400 ? `${Math.floor(s / 3600)}h` : `${Math.floor(s / 86400)}d`;
}
