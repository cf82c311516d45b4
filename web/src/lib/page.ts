// Everything on the page that is not drawing, put together. The mock backend gives its own ways out.
import type { Transport } from "@connectrpc/connect";
import { dial, leave, opsClient, phoneClient } from "./api";
import { Caller } from "./caller";
import type { Config } from "./config";
import { LedgerWatch } from "./ledger";
import { Phones, type PhonesDeps } from "./phones";
import { signatureOf } from "./signature";
import { PageEar, PageVoice } from "./sound";

export interface Outside {
  dial(token: string): Transport;
  phones?: PhonesDeps;
}

export class Page {
  readonly caller: Caller;
  readonly voice: PageVoice;
  readonly ear = new PageEar();
  readonly ledger: LedgerWatch;
  readonly phones: Phones;

  constructor(readonly config: Config, outside: Outside = { dial }) {
    const { caller } = config;
    this.voice = new PageVoice(config.signature?.caller ?? signatureOf(caller.user));
    this.ledger = new LedgerWatch(opsClient(outside.dial(config.ops_token)), config.phones.map((p) => p.id));
    this.phones = new Phones(config.phones, outside.phones);
    this.caller = new Caller({
      phone: phoneClient(outside.dial(caller.token)), device: caller.device, name: `${caller.name}'s browser`,
      voice: this.voice, ear: this.ear, newPeer: (c) => new RTCPeerConnection(c),
    });
    this.caller.subscribe((s) => s.call && this.ledger.watch(s.call.id));
  }

  open(): void {
    void this.voice.choose(new URLSearchParams(location.search).get("voice"));
    this.phones.open();
    void this.caller.line.run();
    addEventListener("online", () => this.caller.line.nudge());
    addEventListener("pagehide", () => {
      leave();
      this.caller.leave();
    });
    addEventListener("pageshow", (e) => e.persisted && location.reload()); // back from the cache, without a line
    addEventListener("keydown", (e) => this.#key(e));
  }

  /** Digits on the keyboard are digits on the keypad while a call is on, unless somebody writes text. */
  #key(e: KeyboardEvent): void {
    if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || !/^[0-9*#]$/.test(e.key)) return;
    if (e.target instanceof HTMLInputElement || e.target instanceof HTMLTextAreaElement) return;
    this.caller.keys(e.key);
  }

  /** The name of the phone whose voice is heard, "" if none is. */
  hears(): string {
    const heard = this.ear.hears;
    if (heard === null) return "";
    const phone = this.config.phones.find((p) => this.signatureOfPhone(p.id) === heard);
    return phone?.id ?? `signature ${heard}`;
  }

  /** What people call a user. */
  nameOf(user: string): string {
    return [this.config.caller, this.config.callee].find((p) => p.user === user)?.name || user;
  }

  signatureOfPhone(id: string): number {
    return this.config.signature?.phones?.[id] ?? signatureOf(id);
  }
}
