// iossim.Screen as JSON, by hand; a Go test checks that no field is missing. Dates are RFC 3339, the year 1
// stands for "none"; durations are nanoseconds.

export type ScreenKind =
  | "off" | "lock" | "home" | "app" | "recents" | "incoming-full" | "incoming-banner" | "connecting" | "in-call" | "call-waiting" | "call-failed";

export interface Screen {
  kind: ScreenKind;
  /** By the phone's clock, at the moment when it was drawn. */
  time: string;
  phone: string;
  os: string;
  locale: string;
  locked: boolean;
  focus?: string;
  online: boolean;
  /** Bundle id of the app behind or on the screen. */
  front?: string;
  /** Asks the user to unlock. */
  prompt?: string;
  apps: AppIcon[];
  /** The call that the screen is about; on home, app and lock it is a pill. */
  call?: ScreenCall;
  /** The other calls, oldest first: on hold, or going on during call waiting. */
  others: ScreenCall[];
  /** Alerts over everything else. */
  dialogs: string[];
  /** The output port in use. */
  route: string;
  /** The output ports that could be chosen. */
  routes: string[];
  beforeFirstUnlock: boolean;
  airplane: boolean;
  /** The orange dot: an app uses the microphone. */
  microphone: boolean;
  lowPower: boolean;
  /** Badge of the Phone app. */
  missed: number;
  recents: Recent[];
  /** What alert pushes show, newest first. */
  notifications?: Notification[];
  /** What the system did to apps, the last 20. */
  notices: string[];
}

/** An alert push as the user sees it. */
export interface Notification {
  /** Bundle id. */
  app: string;
  title: string;
  body: string;
  /** By the phone's clock. */
  when: string;
}

export interface AppIcon {
  bundleId: string;
  name: string;
  colour?: string;
  /** not running, launching, foreground, background, suspended */
  state: string;
  badge?: string;
  /** Pushes that were not reported. */
  strikes?: number;
}

export interface ScreenCall {
  uuid: string;
  caller: string;
  handle: string;
  app: string;
  bundleId: string;
  outgoing: boolean;
  video: boolean;
  /** In the system's words; empty while a timer runs. */
  status: string;
  /** Where the timer began, by the phone's clock. */
  connectedAt?: string;
  /** Drawn by the app, which is in the foreground. */
  inApp: boolean;
  muted: boolean;
  held: boolean;
  speaker: boolean;
  /** The call has the audio session. */
  audio: boolean;
  /** What is wrong if the app sends other than muted says, for a second. */
  mismatch?: string;
  digits?: string;
  /** A call of the Phone app over the mobile network. */
  cellular?: boolean;
  /** "de→en" while live translation is on. */
  translating?: string;
  /** The calls of a group, of which this is the first. */
  members?: Member[];
  buttons: Button[];
}

export interface Member {
  uuid: string;
  caller: string;
  /** split, end */
  buttons: Button[];
}

export interface Button {
  /** answer, decline, end, mute, keypad, speaker, hold, video, more, translate; with several calls also end-and-accept,
   *  hold-and-accept, end-held-and-accept, swap, merge; of a group's member split, end */
  id: string;
  label: string;
  enabled: boolean;
  on?: boolean;
}

export interface Recent {
  name: string;
  handle: { type: number; value: string };
  /** Bundle id. */
  app: string;
  appName: string;
  outgoing: boolean;
  missed: boolean;
  video: boolean;
  /** Start, by the phone's clock. */
  when: string;
  /** 0 if it was never connected. */
  duration: number;
}

/** A date of the phone, null for none. */
export function date(s: string | undefined): Date | null {
  if (!s || s.startsWith("0001-")) return null;
  const d = new Date(s);
  return Number.isNaN(d.getTime()) ? null : d;
}
