// The emulated carrier behind /demo/carrier: who is in its rooms and calls, its webhooks as they pass, a telephone.

/** One webhook that the server answered. */
export interface Hook {
  at: string;
  /** Its path below the carrier's own, "" if it has none. */
  hook: string;
  says: string;
  status: number;
}

/** How the carrier stands. */
export interface CarrierState {
  open: string[];
  hooks: Hook[];
  /** Webhooks in all. */
  seen: number;
  down: boolean;
  /** What the telephone does: dialing, hears, rings, talks, over; "" if it has not been used. */
  telephone: string;
  why: string;
  refused: number;
  /** The newest call's id, "" if there was none. */
  call: string;
}

export const noCarrier: CarrierState = { open: [], hooks: [], seen: 0, down: false, telephone: "", why: "", refused: 0, call: "" };

/** What a webhook is about, in a few words: the vendor's own word for the event, wherever that carrier puts it. */
export function about(h: Hook): string {
  let fields: Record<string, unknown> = {};
  try {
    fields = JSON.parse(h.says) as Record<string, unknown>;
  } catch {
    fields = Object.fromEntries(new URLSearchParams(h.says));
  }
  const said = ["event", "type", "eventType", "status", "CallStatus", "DialCallStatus", "twi_message_type", "endpoint_type"].map((k) => fields[k]).find((v) => typeof v === "string" || typeof v === "number");
  return String(said ?? "").replaceAll("_", " ").replaceAll(".", " ");
}

/** What a room or a call at the carrier is, for people: ids are cut. */
export function short(open: string): string {
  return open.replace(/\b([0-9a-f]{8})-[0-9a-f-]{27}\b/g, "$1…").replace(/\b(CA[0-9a-f]{6})[0-9a-f]{26}\b/g, "$1…");
}

/** What the telephone does, as a sentence. */
export function telephoneSays(state: string, why: string): string {
  switch (state) {
    case "dialing":
      return "Calling";
    case "hears":
      return "Hears it ring";
    case "rings":
      return "Rings";
    case "talks":
      return "Talks";
    case "over":
      return why ? `Over: ${why}` : "Over";
    default:
      return "In the telephone network";
  }
}
