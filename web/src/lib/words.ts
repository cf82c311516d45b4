// What the wire says in numbers, in words for people.
import { EndReason, Stage, type Call } from "../gen/ringtrip/v1/ringtrip_pb";

/** A stage of the ledger in one or two words, and in a sentence for those who ask. */
export const stages: Record<Stage, { name: string; means: string }> = {
  [Stage.UNSPECIFIED]: { name: "Unknown", means: "Something this page does not know yet." },
  [Stage.STARTED]: { name: "Started", means: "The server has stored the call." },
  [Stage.PUSHED]: { name: "Pushed", means: "A VoIP push was handed to the sender." },
  [Stage.ACCEPTED]: { name: "Accepted", means: "The push service took the push." },
  [Stage.PUSH_FAILED]: { name: "Push failed", means: "The push service refused the push or could not be reached." },
  [Stage.WOKE]: { name: "Woke", means: "The app on the phone has the push or the offer." },
  [Stage.REPORTED]: { name: "Reported", means: "The app told the phone's call system." },
  [Stage.RINGING]: { name: "Ringing", means: "The phone shows the ring." },
  [Stage.ANSWERED]: { name: "Answered", means: "This phone won the call." },
  [Stage.AUDIO_ACTIVE]: { name: "Audio", means: "The phone's system lent the app its audio session." },
  [Stage.FIRST_MEDIA]: { name: "First media", means: "The first sound of the far end was heard." },
  [Stage.HELD]: { name: "Held", means: "One side put the call on hold." },
  [Stage.RESUMED]: { name: "Resumed", means: "The call was taken off hold." },
  [Stage.ENDED]: { name: "Ended", means: "The call is over for this phone." },
  [Stage.CALL_ENDED]: { name: "Call ended", means: "The call is over." },
  [Stage.STREAMED]: { name: "Offered", means: "The call was offered over the phone's open stream; no push was needed." },
  [Stage.ALERT_SENT]: { name: "Alert sent", means: "A notification of the missed call was handed to the sender." },
  [Stage.ALERT_ACCEPTED]: { name: "Alert accepted", means: "The push service took the notification of the missed call." },
  [Stage.ALERT_FAILED]: { name: "Alert failed", means: "The push service refused the notification of the missed call, or could not be reached." },
  [Stage.CALLER_LEFT]: { name: "Caller left", means: "The caller has left the group call; this call goes on without it." },
  [Stage.MEDIA_CONNECTED]: { name: "Connected", means: "The media path between the two ends is up." },
  [Stage.CARRIER]: { name: "Carrier", means: "The carrier of the sound said something, or was told something." },
};

const reasons: Record<EndReason, string> = {
  [EndReason.UNSPECIFIED]: "",
  [EndReason.HUNGUP]: "hung up",
  [EndReason.CANCELLED]: "cancelled before the answer",
  [EndReason.DECLINED]: "declined",
  [EndReason.BUSY]: "busy on another call",
  [EndReason.UNANSWERED]: "no answer",
  [EndReason.ANSWERED_ELSEWHERE]: "answered on another phone",
  [EndReason.DECLINED_ELSEWHERE]: "declined on another phone",
  [EndReason.BUSY_ELSEWHERE]: "busy on another phone",
  [EndReason.BLOCKED]: "the caller is blocked",
  [EndReason.DO_NOT_DISTURB]: "Do Not Disturb is on",
  [EndReason.UNREACHABLE]: "could not be reached",
  [EndReason.MEDIA_FAILED]: "the sound could not get through",
  [EndReason.REPLACED]: "both called at once; the other call goes on",
  [EndReason.EXPIRED]: "the push came too late",
  [EndReason.CRASHED]: "the app crashed",
  [EndReason.SERVER_ENDED]: "ended by the server",
};

/** Why a leg or a call ended, as the second half of a sentence. */
export function reason(r: EndReason): string {
  return reasons[r] ?? `reason ${r}`;
}

/**
 * Why a call ended, as a sentence for the person at this end. `mine` says that this end hung up.
 * `other` is the far end's name.
 */
export function ending(call: Pick<Call, "reason" | "answeredByName">, other: string, mine: boolean): string {
  switch (call.reason) {
    case EndReason.HUNGUP:
      return mine ? "You hung up" : `${other} hung up`;
    case EndReason.CANCELLED:
      return mine ? "You cancelled the call" : `${other} gave up`;
    case EndReason.DECLINED:
      return mine ? "You declined" : `${other} declined`;
    case EndReason.BUSY:
      return `${other} is on another call`;
    case EndReason.UNANSWERED:
      return `${other} did not answer`;
    case EndReason.ANSWERED_ELSEWHERE:
      return call.answeredByName ? `Answered on ${call.answeredByName}` : "Answered on another device";
    case EndReason.DECLINED_ELSEWHERE:
      return "Declined on another device";
    case EndReason.BUSY_ELSEWHERE:
      return "Busy on another device";
    case EndReason.BLOCKED:
      return `${other} does not take your calls`;
    case EndReason.DO_NOT_DISTURB:
      return `${other} does not want to be disturbed now`;
    case EndReason.UNREACHABLE:
      return `${other} could not be reached`;
    case EndReason.MEDIA_FAILED:
      return "The sound could not get through";
    case EndReason.REPLACED:
      return `${other} called at the same moment; that call goes on`;
    case EndReason.EXPIRED:
      return "The call came too late";
    case EndReason.CRASHED:
      return mine ? "This page lost the call" : `The app of ${other} crashed`;
    case EndReason.SERVER_ENDED:
      return "The server ended the call";
    default:
      return "The call is over";
  }
}

/** A span as people read it: 0 ms, 12 ms, 1.24 s, 1:02.5. ms may be negative. */
export function span(ms: number): string {
  const sign = ms < 0 ? "−" : "";
  const n = Math.abs(ms);
  if (n < 999.5) return `${sign}${Math.round(n)} ms`;
  if (n < 59_995) return `${sign}${(n / 1000).toFixed(n < 9_995 ? 2 : 1)} s`;
  const s = Math.round(n / 1000);
  return `${sign}${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** A talk time as telephones show it: 00:07, 12:34, 1:02:03. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  return (h ? `${h}:` : "") + `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}
