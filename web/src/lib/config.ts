// What GET /demo/config says.
import type { Signature } from "./signature";

export interface Config {
  caller: { user: string; name: string; device: string; token: string };
  callee: { user: string; name: string };
  /** Somebody else who calls the callee, from a phone that the page does not draw. */
  second?: { id: string; user: string; name: string };
  ops_token: string;
  phones: { id: string; name: string }[];
  /** The voices: what this page plays as its test voice, and by what it knows each phone's. */
  signature: { caller: Signature; phones: Record<string, Signature> };
}

export async function loadConfig(fetch = globalThis.fetch): Promise<Config> {
  const response = await fetch("/demo/config", { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`GET /demo/config: ${response.status} ${response.statusText}`);
  return (await response.json()) as Config;
}
