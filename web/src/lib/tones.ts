// The sounds of a telephone, as samples to be played in a loop or once.

type Part = { hz: number[]; level: number; for: number };

/** Sine tones one after the other, with soft edges. */
export function tones(rate: number, parts: Part[]): Float32Array<ArrayBuffer> {
  const lengths = parts.map((p) => Math.round(p.for * rate));
  const out = new Float32Array(lengths.reduce((a, b) => a + b, 0));
  let start = 0;
  parts.forEach((part, i) => {
    const length = lengths[i]!;
    const ramp = 0.012 * rate;
    for (let n = 0; n < length; n++) {
      const gain = part.level * Math.min(1, n / ramp, (length - n) / ramp);
      for (const hz of part.hz) out[start + n]! += gain * Math.sin((2 * Math.PI * hz * n) / rate);
    }
    start += length;
  });
  return out;
}

/** What a caller hears while it rings over there: two sines, two seconds on, four off. */
export const ringback: Part[] = [{ hz: [440, 480], level: 0.035, for: 2 }, { hz: [], level: 0, for: 4 }];

/** What rings here when somebody calls. */
export const ring: Part[] = [
  ...Array.from({ length: 10 }, (_, i) => ({ hz: i % 2 ? [784, 988] : [659, 784], level: 0.04, for: 0.11 })),
  { hz: [], level: 0, for: 1.9 },
];

const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477, 1633];

/** The tones of a key, ITU-T Q.23, quietly: for the ear of who presses it. */
export function key(digit: string): Part[] {
  const i = "123A456B789C*0#D".indexOf(digit);
  return [{ hz: [rows[i >> 2]!, columns[i & 3]!], level: 0.04, for: 0.12 }];
}
