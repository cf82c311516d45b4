// The system log of a simulated iPhone, line by line: who speaks, what was said, and for the lines that say why
// something did not go as it should, what that means in plain words.

/** What kind of trouble a line tells of. */
export type Trouble = "killed" | "dropped" | "violation" | "timeout" | "refused" | "failed";

export interface Reason {
  kind: Trouble;
  /** For people who do not know the system's words. */
  means: string;
}

export interface LogLine {
  /** Counts up; a line keeps it for ever. */
  id: number;
  /** Seconds since the world began, as text. */
  at: string;
  /** A, P, C, O, R, L, U, N or SYS. */
  channel: string;
  text: string;
  /** Bundle id of the app that it is about, "" if none. */
  app: string;
  /** The whole line. */
  raw: string;
  reason?: Reason;
}

/** Who speaks in a channel. */
export const channels: Record<string, { name: string; means: string }> = {
  SYS: { name: "System", means: "What the call system does: launch, ring, screen, audio, kill" },
  U: { name: "User", means: "What the user presses" },
  N: { name: "Network", means: "Pushes and the network" },
  A: { name: "App", means: "What the app asks of the system" },
  P: { name: "Provider", means: "The system calls the app's CXProviderDelegate" },
  C: { name: "Completions", means: "Answers to reports and transactions" },
  O: { name: "Observer", means: "The system calls CXCallObserverDelegate" },
  R: { name: "PushKit", means: "The system calls PKPushRegistryDelegate" },
  L: { name: "App life", means: "UIApplicationDelegate and notices of the audio session" },
};

const reasons: [RegExp, Trouble, string][] = [
  [/kill .*push not reported, check 1/, "killed", "The app took a VoIP push and reported no call before its handler returned. iOS ends such an app at once and counts a strike."],
  [/kill .*push not reported, check 2/, "killed", "Seconds after it handed over the VoIP push, the call service still knew of no call. iOS ends the app and counts a strike."],
  [/exception .*never posted an incoming call/, "killed", "This is the exception that iOS throws in the app: every VoIP push must become a reported call."],
  [/must post an incoming call|failed to post an incoming call/, "killed", "iOS tells the developer why the app is about to be ended: a push came and no call was reported."],
  [/kill .*swiped/, "killed", "The user threw the app out of the app switcher."],
  [/kill .*(restart|reboot)/, "killed", "The phone restarted; nothing runs until the system launches it again."],
  [/kill .*(update|reinstall|uninstall)/, "killed", "The app was replaced or removed, so its process ends. CallKit keeps calls that are up."],
  [/kill .*crash/, "killed", "The app crashed. Its calls stay with the call service for a moment: the next process must take them up or end them."],
  [/kill .*memory/, "killed", "Memory was short and the app was in the background."],
  [/kill .*privacy setting/, "killed", "The user changed a privacy setting; iOS ends the app so that it starts with the new one."],
  [/kill .*usage description/, "killed", "The app touched the microphone without saying in Info.plist what for."],
  [/^dialog .*did not report|^dialog .*not getting VoIP/, "dropped", "From iOS 26 on the system says so to developers, on the phone itself."],
  [/^kill\b/, "killed", "The app's process was ended."],
  [/^strikes \d/, "killed", "So many VoIP pushes were not reported since the app was installed. Too many, and iOS delivers none any more."],
  [/dropped: blocked after repeated/, "dropped", "Too many pushes were not reported: iOS delivers no VoIP pushes to this app until it is installed anew."],
  [/dropped: .*force-quit/, "dropped", "After a force-quit the system does not launch the app for pushes."],
  [/dropped: UIBackgroundModes/, "dropped", "The app lacks the background mode voip, so it is given no VoIP pushes."],
  [/dropped: what had to come before it failed/, "failed", "The app failed or ignored the action before this one, so the system does not go on with the rest."],
  [/push dropped/, "dropped", "The push never reached the app."],
  [/push credentials lost/, "failed", "The token came before anybody listened for it: the app never learns it, and no push can be sent."],
  [/cellular call lost/, "dropped", "No network, no call: the caller hears that the phone can't be reached."],
  [/\blost\b/, "dropped", "It never arrived."],
  [/no token for/, "refused", "Without a token nobody can send the app a VoIP push."],
  [/cellular call silenced/, "refused", "A Focus that does not allow the caller silences calls over the mobile network too."],
  [/waits for the first unlock/, "dropped", "Since the restart nobody has unlocked the phone: what the app needs is still encrypted, so the push waits."],
  [/mute mismatch/, "violation", "Mute in CallKit is only a flag. The app has to silence its own microphone track, or the screen lies."],
  [/violation: CallKit is active in the China store/, "violation", "Apps in China's App Store must not use CallKit; Apple rejects or removes them."],
  [/headset buttons? (is|are )?dead/, "violation", "The app turned the audio session on by its own hand, so the buttons of headsets do not reach CallKit."],
  [/still on hold; the app must resume/, "violation", "Joining a group does not take a call off hold: the app has to do that itself, or the far end hears nothing."],
  [/needs the voice processor/, "violation", "The system's live translation works on sound that went through Apple's voice processor only."],
  [/violation: setActive/, "violation", "With CallKit only the system turns the audio session on and off. An app that does it too loses sound or the mute button."],
  [/violation: audio used/, "violation", "The app's media ran outside didActivate and didDeactivate. On a phone it would be silent, or cut into another app's call."],
  [/violation/, "violation", "The app did what Apple's rules forbid."],
  [/setActive .*(561017449|561015905|560557684|insufficientPriority|cannotInterruptOthers|!pri|!int)/, "refused", "The audio session belongs to a call of higher priority; the app has to wait for didActivate."],
  [/action timed out|timedOut|timeOut/, "timeout", "The app neither fulfilled nor failed the action in time. The system carries on without it."],
  [/ring timeout/, "timeout", "Nobody answered for as long as the system rings."],
  [/extension .*(expired|too long)|serviceExtensionTimeWillExpire/, "timeout", "The extension used up its time."],
  [/incomingcall\/1\b/, "refused", "The app lacks the background mode voip, so it may not report calls."],
  [/incomingcall\/2\b/, "refused", "A call with this UUID is there already; the report still counts as one."],
  [/incomingcall\/3\b/, "refused", "A Focus is on that lets nobody, or not this caller, through. The call is not shown; the report still counts as one."],
  [/incomingcall\/4\b/, "refused", "The user has blocked this caller. The call is not shown; the report still counts as one."],
  [/requesttransaction\/1\b/, "refused", "The app lacks the background mode voip, so it may not ask for calls."],
  [/requesttransaction\/2\b/, "refused", "The app has no CXProvider (any more) that could carry this out."],
  [/requesttransaction\/3\b/, "refused", "The transaction has no action in it."],
  [/requesttransaction\/4\b/, "refused", "The system knows no call with this UUID."],
  [/requesttransaction\/5\b/, "refused", "A call with this UUID is there already."],
  [/requesttransaction\/6\b/, "refused", "This can't be done to a call in this state."],
  [/requesttransaction\/7\b/, "refused", "The app has as many groups of calls as its configuration allows."],
  [/(incomingcall|requesttransaction)\/\d/, "refused", "The system refused what the app asked for."],
  [/log refused|\brefused\b/, "refused", "The system refused what was asked for."],
  [/hold failed/, "failed", "The app failed the hold: both calls stay as they were."],
  [/group failed|translation failed/, "failed", "The app failed the action: nothing changes."],
  [/hold of .* is slow/, "timeout", "The app took too long to hold its call, so the system ended it to make room."],
  [/is ended: .* only one call can be heard/, "refused", "Two calls can't be heard at once, and this one could not be held."],
  [/declining the cellular call ends/, "failed", "Some versions of iOS were seen to end the app's call when the user declines the cellular one."],
  [/end failed/, "failed", "The app failed its end action: iOS leaves the call on the screen."],
  [/reaped/, "failed", "The call had no process behind it any more, so the call service removed it."],
  [/didActivate skipped/, "violation", "The app took the audio session itself, so the system does not call didActivate: media never starts."],
  [/no microphone/, "violation", "This category gives the app no microphone: the far end hears nothing."],
  [/credentials lost|userActivity lost|no activity|does not implement/, "failed", "The system had something for the app, and nobody there to take it."],
  [/\bignored: no call/, "refused", "The system knows no such call (any more)."],
  [/audioDeactivate .*died/, "failed", "Whoever held the audio session died, so the system took it back."],
];

/** Why a line is remarkable; undefined for the usual ones. */
export function reasonOf(channel: string, text: string): Reason | undefined {
  if (channel === "U") return /too late/.test(text) ? { kind: "refused", means: "The button was gone before the finger came down." } : undefined;
  if (channel === "A" && !/^setActive .* failed/.test(text)) return undefined; // what the app asks for; what came of it stands in the other lines
  const said = text.startsWith("dialog ") ? text : text.replace(/"(?:[^"\\]|\\.)*"/g, '""'); // names are anybody's
  const found = reasons.find(([what]) => what.test(said));
  return found && { kind: found[1], means: found[2] };
}

/** Takes a line of the log apart: "+1.234 phone SYS ring … [app]". */
export function parseLine(raw: string, id = 0): LogLine {
  const [, at = "", channel = "", text = raw, app = ""] = /^\+(\S+) \S+ (\S+) (.*?)(?: \[([\w.-]+)\])?$/s.exec(raw) ?? [];
  return { id, at, channel, text, app, raw, reason: reasonOf(channel, text) };
}

/** A text without what tells no two lines apart: of a call's id the last four characters. */
export function short(text: string): string {
  return text.replace(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{8}([0-9a-f]{4})\b/gi, "…$1");
}

/** What a reason is called on a badge. */
export const troubles: Record<Trouble, string> = {
  killed: "killed", dropped: "dropped", violation: "violation", timeout: "timed out", refused: "refused", failed: "failed",
};
