import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHash, Player, search, toHash, type Info, type Recording } from "../src/lib/scenarios";
import { parseLine } from "../src/lib/syslog";

const second = 1e9;

function recording(frames: [section: string, at: number, line: number, met?: number[]][]): Recording {
  return {
    id: "S03", title: "answer", os: "26.4", conf: "O", file: "incoming.txt", line: 41, source: "scenario S03 answer\n", ok: true,
    frames: frames.map(([section, at, line, met = []], i) => ({ at: at * second, section, line, text: "x", log: [`+${at.toFixed(3)} phone SYS step ${i}`], met, screen: null })),
  };
}

const whole = recording([["given", 0, 0], ["given", 1, 45], ["when", 1, 48, [51, 52]], ["when", 9, 49], ["end", 12, 0, [55]]]);

/** Time that goes on when it is told to. */
function clock() {
  let now = 0, n = 0;
  const due = new Map<number, { at: number; f: () => void }>();
  return {
    timer: { set: (f: () => void, ms: number) => (due.set(++n, { at: now + ms, f }), n), clear: (h: unknown) => void due.delete(h as number) },
    pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = [...due].filter(([, d]) => d.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
        if (!next) break;
        due.delete(next[0]);
        now = next[1].at;
        next[1].f();
      }
      now = end;
    },
    waiting: () => due.size,
  };
}

test("a player begins where given ends, and steps to both ends but not beyond", () => {
  const p = new Player(whole, -1, () => {}, clock().timer);
  assert.equal(p.step, 1);
  p.go(99);
  assert.equal(p.step, 4);
  assert.deepEqual([...p.met], [51, 52, 55]);
  assert.equal(p.log.length, 5);
  p.go(-3);
  assert.equal(p.step, 0);
  assert.equal(p.log.length, 1);
  assert.equal(new Player(whole, 3, () => {}).step, 3);
  assert.equal(new Player(whole, 1e6, () => {}).step, 4);
});

test("what never happened and what holds is true at the end, and only there, but for what failed", () => {
  const source = "scenario X y\nthen\n  P a\nnever\n  P b\n  P c if k=1\nends\n  screen lock\n  audio active\n";
  const r = { ...whole, source, line: 10, ok: false, failures: [{ line: 18, want: "audio active", why: "at the end it is not so" }], frames: whole.frames.map((f) => ({ ...f, met: [] })) };
  const p = new Player(r, -1, () => {});
  assert.deepEqual([...p.met], []);
  p.go(p.last);
  assert.deepEqual([...p.met], [14, 17]);
  assert.equal(p.line, 16);
});

test("playing keeps the world's time, at the speed that is asked for", () => {
  const c = clock();
  const p = new Player(whole, -1, () => {}, c.timer);
  p.speed = 1;
  p.play();
  c.pass(599);
  assert.equal(p.step, 1, "what happens at once is told one by one");
  c.pass(1);
  assert.equal(p.step, 2);
  c.pass(7999);
  assert.equal(p.step, 2);
  p.setSpeed(4);
  c.pass(2000);
  assert.equal(p.step, 3);
  p.pause();
  c.pass(1e6);
  assert.equal(p.step, 3);
  assert.equal(c.waiting(), 0);
  p.play();
  c.pass(750);
  assert.deepEqual([p.step, p.playing, c.waiting()], [4, false, 0]);
  p.play();
  assert.equal(p.step, 1, "from the end it plays again");
  p.setSpeed(Infinity);
  assert.deepEqual([p.step, p.playing, c.waiting()], [4, false, 0]);
});

test("the address says what is played, and is read back", () => {
  for (const c of [
    { id: "", os: "", variant: "", knobs: [], step: -1 },
    { id: "S36", os: "26.4", variant: "", knobs: ["a=1", "b=2 s"], step: -1 },
    { id: "N-1", os: "", variant: "endAfterFail=true,x=1 s", knobs: [], step: 12 },
  ])
    assert.deepEqual(fromHash(toHash(c)), c);
  assert.equal(fromHash(""), null);
  assert.equal(fromHash("#calls"), null);
  assert.equal(fromHash("#scenario=S1&step=-5")!.step, -1);
});

test("search takes words in any order and the filters together", () => {
  const s = (id: string, title: string, file: string, rules: string[], os: string[]): Info => ({ id, title, file, rules, os, conf: "D", line: 1 });
  const all = [s("S03", "answer", "incoming.txt", ["R40"], ["16", "26.4"]), s("S36", "call waiting, hold and accept", "waiting.txt", ["R60", "R61"], ["26.4"])];
  const ids = (...a: [string, string?, string?, string?]) => search(all, ...a).map((x) => x.id).join();
  assert.equal(ids(""), "S03,S36");
  assert.equal(ids("ACCEPT hold"), "S36");
  assert.equal(ids("s03"), "S03");
  assert.equal(ids("", "waiting.txt"), "S36");
  assert.equal(ids("", "", "R40"), "S03");
  assert.equal(ids("", "", "", "16"), "S03");
  assert.equal(ids("accept", "incoming.txt"), "");
});

test("lines of the log say why in plain words, and only those that have a reason", () => {
  const l = parseLine("+5.123 bob-1 SYS kill pid=102: push not reported, check 1 [com.example.app]", 7);
  assert.deepEqual([l.id, l.at, l.channel, l.app, l.reason?.kind], [7, "5.123", "SYS", "com.example.app", "killed"]);
  assert.ok(/reported no call/.test(l.reason!.means));
  const kinds = (text: string, channel = "SYS") => parseLine(`+0.000 phone ${channel} ${text}`).reason?.kind;
  assert.equal(kinds("log push dropped: the phone is off"), "dropped");
  assert.equal(kinds("log violation: audio used while the session is not lent to the app"), "violation");
  assert.equal(kinds("log action timed out: Answer u1"), "timeout");
  assert.equal(kinds("ring timeout u1"), "timeout");
  assert.equal(kinds("ring u1 caller=\"Bob\" video=0"), undefined);
  assert.equal(kinds("ui in-call u1 name=\"Killian lost\""), undefined, "names are no reasons");
  assert.equal(kinds("report completion u1 nil", "C"), undefined);
  assert.equal(kinds("report completion u1 incomingcall/4", "C"), "refused");
  assert.equal(kinds("setActive true failed: 561017449 insufficientPriority", "A"), "refused");
  assert.equal(kinds("fulfill Answer u1", "A"), undefined);
  assert.equal(parseLine("not a line of the log").text, "not a line of the log");
});
