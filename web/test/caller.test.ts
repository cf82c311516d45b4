import assert from "node:assert/strict";
import { test as plain } from "node:test";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { CallProblemSchema, CallState, EndReason, LegState, MediaKind, Role, Stage } from "../src/gen/ringtrip/v1/ringtrip_pb";
import { iceServers } from "../src/lib/caller";
import { Rig, start } from "./rig";

const { OFFER, ANSWER, CANDIDATE, BYE } = MediaKind;
const candidate = (name: string) => JSON.stringify({ candidate: name, sdpMid: "0" });

/** A test whose rigs are closed in the end. */
function test(name: string, make: () => Promise<Rig>, body: (rig: Rig) => Promise<void>) {
  plain(name, async () => {
    const rig = await make();
    try {
      await body(rig);
    } finally {
      rig.caller.line.close();
      for (const leg of rig.caller.legs()) leg.close(false);
    }
  });
}

test("the call has the id that the server gave beforehand", Rig.calling, async (rig) => {
  const { request } = rig.asked.find((a) => a.method === "start")!;
  assert.deepEqual([request.callId, request.callee, request.deviceId], ["c1", "bob", "alice-web"]);
  assert.equal(rig.caller.state.phase, "calling");
});

test("an offer is answered at once, silently, and nothing is heard before the call is answered", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "offer 1");
  await rig.rest();
  assert.deepEqual(rig.posted("bob-1"), ["ANSWER our answer"]);
  rig.peers[0]!.ontrack!({ streams: ["the sound of bob-1"], track: null });
  assert.equal(rig.open, false);
  assert.equal(rig.silent, true);
  assert.equal(rig.hearing, null);
});

test("candidates go both ways as they come; those before the description wait for it", Rig.calling, async (rig) => {
  rig.said("bob-1", CANDIDATE, candidate("early"));
  rig.said("bob-1", OFFER, "offer");
  rig.said("bob-1", CANDIDATE, candidate("late"));
  rig.said("bob-1", CANDIDATE, "{not JSON");
  rig.said("bob-1", CANDIDATE, "");
  await rig.rest();
  assert.deepEqual(rig.peers[0]!.notes, ["remote offer offer", "local answer", "candidate early", "candidate late", "candidate "]);
  rig.peers[0]!.onicecandidate!({ candidate: { candidate: "ours", toJSON: () => ({ candidate: "ours" }) } });
  rig.peers[0]!.onicecandidate!({ candidate: null });
  await rig.rest();
  assert.deepEqual(rig.posted("bob-1"), ["ANSWER our answer", 'CANDIDATE {"candidate":"ours"}', "CANDIDATE"]);
});

test("an offer that comes twice is answered twice and applied once; a bad one changes nothing", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "offer");
  rig.said("bob-1", OFFER, "offer");
  rig.said("bob-1", OFFER, "bad");
  await rig.rest();
  assert.deepEqual(rig.posted("bob-1"), ["ANSWER our answer", "ANSWER our answer"]);
  assert.deepEqual(rig.peers[0]!.notes, ["remote offer offer", "local answer"]);
});

test("the answer keeps one leg, closes the others and opens the sound", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "1");
  rig.said("bob-2", OFFER, "2");
  await rig.rest();
  rig.is({ ringing: true });
  await rig.rest();
  assert.equal(rig.ringback, true);
  assert.equal(rig.caller.state.phase, "ringing");
  rig.peers[1]!.ontrack!({ streams: ["the sound of bob-2"], track: null });
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-2", answeredByName: "Bob's iPad", answeredAt: timestampFromMs(start + 50) });
  await rig.rest();
  assert.deepEqual([rig.peers[0]!.closed, rig.peers[1]!.closed], [true, false]);
  assert.deepEqual(rig.posted("bob-1"), ["ANSWER our answer", "BYE"]);
  assert.deepEqual([rig.open, rig.silent, rig.hearing, rig.ringback, rig.caller.state.phase], [true, false, "the sound of bob-2", false, "talking"]);
});

test("a leg that the server has ended is not told so again", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "1");
  rig.said("bob-2", OFFER, "2");
  await rig.rest();
  const legs = [{ deviceId: "bob-1", state: LegState.ENDED, reason: EndReason.ANSWERED_ELSEWHERE }, { deviceId: "bob-2", state: LegState.ANSWERED }];
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-2", legs: legs as never });
  await rig.rest();
  assert.equal(rig.peers[0]!.closed, true);
  assert.deepEqual(rig.posted("bob-1"), ["ANSWER our answer"]);
});

test("an offer that comes after the answer is as good", Rig.calling, async (rig) => {
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  assert.equal(rig.caller.state.media, "connecting");
  rig.said("bob-1", OFFER, "offer");
  await rig.rest();
  rig.peers[0]!.ontrack!({ streams: ["sound"], track: null });
  rig.peers[0]!.become("connected");
  assert.deepEqual([rig.hearing, rig.open, rig.caller.state.media], ["sound", true, "connected"]);
});

test("an app that is started anew gets a new leg; the old one's messages are nobody's", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "old", "s1");
  rig.said("bob-1", OFFER, "new", "s2");
  rig.said("bob-1", CANDIDATE, candidate("of old"), "s1");
  rig.said("bob-1", BYE, "", "s1");
  await rig.rest();
  assert.deepEqual(rig.peers.map((p) => p.closed), [true, false]);
  assert.deepEqual(rig.peers[1]!.notes, ["remote offer new", "local answer"]);
});

test("media of another call is nobody's", Rig.calling, async (rig) => {
  rig.event({ case: "media", value: { callId: "another", fromDevice: "bob-1", session: "s", kind: OFFER, data: "x" } });
  await rig.rest();
  assert.equal(rig.peers.length, 0);
});

test("only a newer revision changes the call", Rig.calling, async (rig) => {
  rig.is({ ringing: true });
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  rig.is({ rev: 1n, state: CallState.RINGING });
  await rig.rest();
  assert.equal(rig.caller.state.phase, "talking");
});

test("mute and hold close the sound, and open it again", Rig.calling, async (rig) => {
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  rig.caller.setMuted(true);
  assert.deepEqual([rig.open, rig.silent], [false, false]);
  rig.caller.setMuted(false);
  assert.equal(rig.open, true);
  const holding = rig.caller.setHeld(true);
  assert.deepEqual([rig.open, rig.silent], [false, true], "silence does not wait for the server");
  await holding;
  await rig.caller.setHeld(false);
  assert.deepEqual([rig.open, rig.silent, rig.caller.state.held], [true, false, false]);
});

test("a hold that fails is taken back and said", Rig.calling, async (rig) => {
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  rig.fail.hold = new ConnectError("the far end can't hold", Code.FailedPrecondition);
  await rig.caller.setHeld(true);
  assert.deepEqual([rig.caller.state.held, rig.open, rig.caller.state.problem], [false, true, "The far end can't hold"]);
});

test("keys are sent one after the other, and nothing else is", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "offer");
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  rig.caller.keys("4x2 #");
  assert.deepEqual(rig.peers[0]!.tones, ["4", "2", "#"]);
  assert.equal(rig.caller.state.keys, "42#");
});

test("hanging up cancels before the answer and ends after it, at once at this end", Rig.calling, async (rig) => {
  const cancelling = rig.caller.hangUp();
  assert.deepEqual([rig.caller.state.phase, rig.caller.state.ending], ["ended", "You cancelled the call"]);
  await cancelling;
  assert.deepEqual(rig.methods(), ["start", "cancel"]);
});

test("hanging up an answered call", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "offer");
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  await rig.caller.hangUp();
  assert.deepEqual(rig.methods(), ["start", "end"]);
  assert.deepEqual([rig.peers[0]!.closed, rig.open, rig.silent, rig.caller.state.ending], [true, false, true, "You hung up"]);
});

test("a cancel that comes after the answer becomes an end", Rig.calling, async (rig) => {
  rig.fail.cancel = new ConnectError("it was answered", Code.FailedPrecondition);
  await rig.caller.hangUp();
  assert.deepEqual(rig.methods(), ["start", "cancel", "end"]);
});

test("hanging up while the call is being started stops it as soon as it is known", Rig.ready, async (rig) => {
  rig.holdStart = true;
  const call = rig.caller.call("bob");
  await rig.rest();
  await rig.caller.hangUp();
  assert.deepEqual(rig.methods(), ["start"]);
  rig.letStart!();
  await call;
  assert.deepEqual(rig.methods(), ["start", "cancel"]);
  assert.equal(rig.caller.state.phase, "ended");
});

test("a call that can't be started says why", Rig.ready, async (rig) => {
  rig.fail.start = new ConnectError("nobody is called bib", Code.NotFound);
  await rig.caller.call("bib");
  assert.deepEqual([rig.caller.state.phase, rig.caller.state.problem], ["ended", "Nobody is called bib"]);
});

for (const [reason, words] of [
  [EndReason.DECLINED, "Bob declined"], [EndReason.UNANSWERED, "Bob did not answer"], [EndReason.BUSY, "Bob is on another call"],
  [EndReason.HUNGUP, "Bob hung up"], [EndReason.UNREACHABLE, "Bob could not be reached"],
] as const) {
  test(`the far end's reason in words: ${words}`, Rig.calling, async (rig) => {
    rig.is({ state: CallState.ENDED, reason });
    await rig.rest();
    assert.deepEqual([rig.caller.state.phase, rig.caller.state.ending], ["ended", words]);
  });
}

test("an error that carries the truth about the call is believed", Rig.calling, async (rig) => {
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  const over = rig.is({ state: CallState.ENDED, reason: EndReason.HUNGUP }, false);
  rig.fail.hold = new ConnectError("it is over", Code.FailedPrecondition, undefined, [{ desc: CallProblemSchema, value: { code: "already_ended", call: over } }]);
  await rig.caller.setHeld(true);
  assert.deepEqual([rig.caller.state.phase, rig.caller.state.ending], ["ended", "Bob hung up"]);
});

test("a lost line comes back where it was, and nothing is taken twice", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "offer");
  await rig.rest();
  const { cursor } = rig.caller.line;
  rig.cut();
  await rig.rest();
  assert.equal(rig.pauses, 1);
  const again = rig.asked.filter((a) => a.method === "events").at(-1)!.request as { cursor: bigint; foreground: boolean };
  assert.deepEqual([again.cursor, again.foreground], [cursor, true]);
  rig.hello([rig.call!]);
  rig.event({ case: "media", value: { callId: rig.call!.id, fromDevice: "bob-1", session: "of bob-1", kind: OFFER, data: "other" } }, cursor);
  await rig.rest();
  assert.deepEqual(rig.peers[0]!.notes, ["remote offer offer", "local answer"]);
  assert.equal(rig.caller.state.line, "ready");
});

test("a call that the server does not know any more is over; one that is younger than the Hello is not", Rig.calling, async (rig) => {
  rig.hello([], start - 10);
  await rig.rest();
  assert.equal(rig.caller.state.phase, "calling");
  rig.hello([], start + 5000);
  await rig.rest();
  assert.equal(rig.caller.state.phase, "ended");
});

test("somebody calls: it rings, offers, says so in one go, and answers", Rig.ready, async (rig) => {
  rig.is({ id: "in", role: Role.CALLEE, caller: { userId: "bob", name: "Bob" }, callerDevice: "bob-1", legs: [] });
  await rig.rest();
  assert.deepEqual([rig.caller.state.phase, rig.caller.state.other, rig.ringing], ["incoming", "Bob", true]);
  const acks = rig.asked.filter((a) => a.method === "ack").map((a) => (a.request as { marks: { stage: Stage }[] }).marks.map((m) => m.stage));
  assert.deepEqual(acks, [[Stage.WOKE, Stage.REPORTED, Stage.RINGING]]);
  assert.deepEqual(rig.posted("bob-1"), ["OFFER our offer"]);
  await rig.caller.answer();
  rig.said("bob-1", ANSWER, "their answer", rig.media[0]!.session);
  await rig.rest();
  assert.deepEqual([rig.caller.state.phase, rig.ringing, rig.open], ["talking", false, true]);
  assert.deepEqual(rig.peers[0]!.notes, ["local offer", "remote answer their answer"]);
});

test("a second call is busy, on this device only", Rig.calling, async (rig) => {
  const { call } = rig;
  rig.is({ id: "second", role: Role.CALLEE, caller: { userId: "eve" }, callerDevice: "eve-1" });
  await rig.rest();
  const { request } = rig.asked.find((a) => a.method === "decline") as { request: { callId: string; reason: EndReason; thisDevice: boolean } };
  assert.deepEqual([request.callId, request.reason, request.thisDevice], ["second", EndReason.BUSY, true]);
  assert.equal(rig.caller.state.callId, call!.id);
});

test("the first sound is marked once", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "offer");
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  rig.peers[0]!.become("connected");
  rig.hears();
  rig.hears();
  await rig.rest();
  const marks = rig.asked.filter((a) => a.method === "ack").flatMap((a) => (a.request as { marks: { stage: Stage }[] }).marks.map((m) => Stage[m.stage]));
  assert.deepEqual(marks, ["MEDIA_CONNECTED", "FIRST_MEDIA"]);
});

test("a leg that is lost asks the side that offers for a new offer", Rig.calling, async (rig) => {
  rig.said("bob-1", OFFER, "offer");
  rig.is({ state: CallState.ANSWERED, answeredBy: "bob-1" });
  await rig.rest();
  rig.peers[0]!.become("failed");
  assert.equal(rig.caller.state.media, "lost");
  await new Promise((done) => setTimeout(done, 1));
  await rig.rest();
  assert.deepEqual(rig.posted("bob-1"), ["ANSWER our answer", "OFFER"]);
});

test("bad media credentials are the same as none", Rig.ready, async () => {
  const bytes = (s: string) => new TextEncoder().encode(s);
  assert.deepEqual(iceServers(bytes('{"iceServers":[{"urls":"stun:s"}]}')), { iceServers: [{ urls: "stun:s" }] });
  for (const bad of ["", "{", "null", "[]", '{"iceServers":7}']) assert.deepEqual(iceServers(bytes(bad)), {});
});
