import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { CallState, EndReason, GetLedgerResponseSchema, Stage } from "../src/gen/ringtrip/v1/ringtrip_pb";
import { conclusion, figures, layout, read, stretches } from "../src/lib/ledger";
import { clock, span } from "../src/lib/words";

type Entry = [at: number, stage: Stage, device?: string, reason?: EndReason];

function ledger(entries: Entry[], state = CallState.ENDED, reason = EndReason.HUNGUP, order?: string[]) {
  const base = 1_790_000_000_000;
  const stamp = (ms: number) => ({ seconds: BigInt(Math.floor((base + ms) / 1000)), nanos: Math.round(((base + ms) % 1000) * 1e6) });
  return read(
    create(GetLedgerResponseSchema, {
      callId: "c", state, reason,
      entries: entries.map(([at, stage, deviceId = "", reason = EndReason.UNSPECIFIED], i) => ({ seq: BigInt(i + 1), stage, deviceId, deviceName: deviceId && `name of ${deviceId}`, at: stamp(at), reason })),
    }),
    order,
  );
}

const whole: Entry[] = [
  [0, Stage.STARTED], [1, Stage.PUSHED, "b"], [1, Stage.PUSHED, "a"], [20.25, Stage.ACCEPTED, "a"], [90, Stage.WOKE, "a"], [90, Stage.REPORTED, "a"], [90, Stage.RINGING, "a"],
  [95, Stage.RINGING, "b"], [2000, Stage.ENDED, "b", EndReason.ANSWERED_ELSEWHERE], [2000, Stage.ANSWERED, "a"], [2040, Stage.AUDIO_ACTIVE, "a"], [2060, Stage.FIRST_MEDIA, "me"],
  [5000, Stage.HELD, "me"], [7000, Stage.RESUMED, "me"], [60_000, Stage.ENDED, "a", EndReason.HUNGUP], [60_000, Stage.CALL_ENDED, "", EndReason.HUNGUP],
];

test("lanes: the call first, devices in the order of the page, others after them", () => {
  assert.deepEqual(ledger(whole, CallState.ENDED, EndReason.HUNGUP, ["a", "b"]).lanes.map((l) => l.device), ["", "a", "b", "me"]);
});

test("times are milliseconds since the start, with their fraction", () => {
  assert.equal(ledger(whole).lanes.find((l) => l.device === "a")!.marks[1]!.at, 20.25);
});

test("figures: first ring, answer to first sound, answer, end", () => {
  assert.deepEqual(figures(ledger(whole)), { toRing: 90, toSound: 60, answeredAt: 2000, endedAt: 60_000 });
  assert.deepEqual(figures(ledger([[0, Stage.STARTED]], CallState.RINGING)), { toRing: null, toSound: null, answeredAt: null, endedAt: null });
});

test("stretches follow a leg from the push to its end, and the call by its furthest leg", () => {
  const l = ledger(whole);
  const of = (device: string) => stretches(l, l.lanes.find((x) => x.device === device)!).map((s) => `${s.doing} ${s.from.at}-${s.to?.at}`);
  assert.deepEqual(of("a"), ["wait 1-90", "wake 90-90", "ring 90-2000", "talk 2000-60000"]);
  assert.deepEqual(of("b"), ["wait 1-95", "ring 95-2000"]);
  assert.deepEqual(of("me"), ["talk 2060-5000", "hold 5000-7000", "talk 7000-60000"]);
  assert.deepEqual(of(""), ["wait 0-90", "ring 90-2000", "talk 2000-5000", "hold 5000-7000", "talk 7000-60000"]);
});

test("a mark that comes late does not turn a lane back", () => {
  const l = ledger([[0, Stage.STARTED], [5, Stage.RINGING, "a"], [9, Stage.ACCEPTED, "a"]], CallState.RINGING);
  assert.deepEqual(stretches(l, l.lanes[1]!).map((s) => [s.doing, s.to]), [["ring", null]]);
});

test("the layout never goes back in time and never lays one label of a lane over another", () => {
  for (const room of [320, 900, 2400]) {
    const l = ledger(whole);
    const { places, width, ticks } = layout(l, room, null);
    for (let i = 1; i < places.length; i++) assert(places[i]!.x >= places[i - 1]!.x);
    for (const lane of l.lanes) {
      const xs = places.filter((p) => p.lane === lane).map((p) => p.x);
      for (let i = 1; i < xs.length; i++) assert(xs[i]! - xs[i - 1]! >= 75.9, `${xs[i - 1]} ${xs[i]}`);
    }
    assert(width >= room && places.at(-1)!.x + 70 <= width);
    for (let i = 1; i < ticks.length; i++) assert(ticks[i]!.x - ticks[i - 1]!.x > 58);
  }
});

test("now is right of all marks while the call lives", () => {
  const l = ledger(whole.slice(0, 8), CallState.RINGING);
  const { x, places } = layout(l, 900, 1500);
  assert(x(null) > places.at(-1)!.x);
  assert.equal(x(places[3]!.mark), places[3]!.x);
});

test("how it ended, in words", () => {
  assert.equal(conclusion(ledger(whole)), "Hung up");
  assert.equal(conclusion(ledger(whole, CallState.ANSWERED)), "");
  assert.equal(conclusion(ledger(whole, CallState.ENDED, EndReason.DO_NOT_DISTURB)), "Do Not Disturb is on");
});

test("an empty ledger is no trouble", () => {
  const l = ledger([], CallState.RINGING);
  assert.deepEqual(layout(l, 300, 10).places, []);
});

test("spans and clocks as people read them", () => {
  assert.deepEqual([0, 12.4, 999.4, 999.6, 1240, 12_400, 61_000, -3].map(span), ["0 ms", "12 ms", "999 ms", "1.00 s", "1.24 s", "12.4 s", "1:01", "−3 ms"]);
  assert.deepEqual([-5, 7_999, 754_000, 3_723_000].map(clock), ["00:00", "00:07", "12:34", "1:02:03"]);
});
