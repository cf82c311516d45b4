import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { level, melody, recognise, signatureOf } from "../src/lib/signature";

// Written by Go's package media/audio, see signature_test.go.
const golden = JSON.parse(readFileSync("test/signature.json", "utf8")) as {
  every: number; names: Record<string, number>; melodies: { id: number; length: number; samples: number[] }[];
};

/** A signature as it is heard: over and over, from somewhere on. */
function heard(id: number, rate: number, seconds: number, from = 0): Float32Array {
  const round = melody(id, rate);
  return Float32Array.from({ length: seconds * rate }, (_, i) => round[(i + from) % round.length]!);
}

test("names have the signatures that Go gives them", () => {
  for (const [name, id] of Object.entries(golden.names)) assert.equal(signatureOf(name), id, name);
});

test("melodies are Go's, sample for sample", () => {
  for (const { id, length, samples } of golden.melodies) {
    const ours = melody(id, 48_000);
    assert.equal(ours.length, length);
    samples.forEach((s, i) => assert(Math.abs(ours[i * golden.every]! * 32767 - s) <= 2, `signature ${id}, sample ${i * golden.every}: ${ours[i * golden.every]! * 32767}, want ${s}`));
  }
});

test("every signature is recognised, wherever listening begins, at any usual rate", () => {
  for (let id = 0; id < 512; id += 7) {
    for (const rate of [48_000, 44_100]) assert.equal(recognise(heard(id, rate, 0.7, Math.floor(id * 0.041 * rate)), rate), id, `signature ${id} at ${rate}`);
  }
});

test("a quiet signature under noise is recognised", () => {
  let seed = 1;
  const noise = () => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32 - 0.5) * 2;
  assert.equal(recognise(heard(300, 48_000, 0.7).map((v) => v * 0.05 + noise() * 0.002), 48_000), 300);
});

test("silence, noise, a tone and two voices at once are nobody", () => {
  let seed = 7;
  const noise = () => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32 - 0.5) * 0.4;
  const samples = (f: (i: number) => number) => Float32Array.from({ length: 33_600 }, (_, i) => f(i));
  assert.equal(recognise(samples(() => 0), 48_000), null);
  assert.equal(recognise(samples(noise), 48_000), null);
  assert.equal(recognise(samples((i) => 0.2 * Math.sin((2 * Math.PI * 440 * i) / 48_000)), 48_000), null);
  const a = heard(5, 48_000, 0.7), b = heard(400, 48_000, 0.7);
  assert.equal(recognise(samples((i) => a[i]! + b[i]!), 48_000), null);
});

test("levels are RMS", () => {
  assert.equal(level(new Float32Array(0)), 0);
  assert(Math.abs(level(Float32Array.from({ length: 4800 }, (_, i) => Math.sin(i / 7))) - Math.SQRT1_2) < 0.01);
});
