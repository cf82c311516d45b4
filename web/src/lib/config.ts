// What GET /demo/config says.
import type { Signature } from "./signature";

export interface Config {
  caller: { user: string; name: string; device: string; token: string };
  callee: { user: string; name: string };
  /** Somebody else who calls the callee, from a phone that the page does not draw. */
  second?: { id: string; user: string; name: string };
  /** Who carries the calls, if it is not the devices themselves. */
  carrier?: CarrierWords;
  ops_token: string;
  phones: { id: string; name: string }[];
  /** The voices: what this page plays as its test voice, and by what it knows each phone's. */
  signature: { caller: Signature; phones: Record<string, Signature> };
}

/** The emulated carrier: its word, whether it has telephones, our number there and the telephone's. */
export interface CarrierWords {
  name: string;
  pstn: boolean;
  /** The devices have media between themselves: this page can call, too. */
  peer: boolean;
  number: string;
  phone: string;
}

export async function loadConfig(fetch = globalThis.fetch): Promise<Config> {
  const response = await fetch("/demo/config", { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`GET /demo/config: ${response.status} ${response.statusText}`);
  return (await response.json()) as Config;
}
