// Signature voices: melodies by which each end tells from the sound alone whom it hears. The same definition as
// Go's package media/audio has; test/signature.json holds the two together.
//
// A signature is a word of four notes, sung over and over. Each place in the word has eight notes of its own;
// three notes are the number in base 8 and the fourth checks them.

/** A signature's number, 0 … 511. */
export type Signature = number;

const signatures = 512;
const places = 4;
const perPlace = 8;
const noteTime = 0.1; // seconds
const breath = 0.08;
const noteLevel = 0.14; // amplitude
const edge = 0.005; // seconds: nothing clicks
const lowest = 420; // Hz
const step = 75; // Hz

function noteHz(place: number, digit: number): number {
  return lowest + step * (digit * places + place);
}

function word(id: number): number[] {
  const w = [id & 7, (id >> 3) & 7, (id >> 6) & 7];
  return [...w, (3 * w[0]! + 5 * w[1]! + 7 * w[2]! + 1) & 7];
}

/** The signature of a name, such as a device ID: always the same one for the same name (FNV-1a). */
export function signatureOf(name: string): Signature {
  let h = 0x811c9dc5;
  for (const b of new TextEncoder().encode(name)) h = Math.imul(h ^ b, 0x01000193) >>> 0;
  return h % signatures;
}

/** One round of a signature, to be played in a loop. rate is in samples a second. */
export function melody(id: Signature, rate: number): Float32Array<ArrayBuffer> {
  const note = Math.floor(noteTime * rate);
  const out = new Float32Array(places * note + Math.floor(breath * rate));
  const ramp = edge * rate;
  word(((id % signatures) + signatures) % signatures).forEach((digit, place) => {
    const w = (2 * Math.PI * noteHz(place, digit)) / rate;
    for (let n = 0; n < note; n++) {
      const near = Math.min(n, note - 1 - n);
      const gain = near < ramp ? 0.5 - 0.5 * Math.cos((Math.PI * (near + 0.5)) / ramp) : 1;
      out[place * note + n] = noteLevel * gain * Math.sin(w * n);
    }
  });
  return out;
}

const low = 8000; // Hz: listening is done at this rate
const hop = low / 50; // 20 ms
const span = 2 * hop;
const minPurity = 0.6;
const silence = 0.001; // -60 dB
const maxGap = 15; // hops between two notes of one word

const coefficients = Float64Array.from({ length: places * perPlace }, (_, i) => 2 * Math.cos((2 * Math.PI * noteHz(i % places, Math.floor(i / places))) / low));
const hann = Float64Array.from({ length: span }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / span));
const hannSum = hann.reduce((s, v) => s + v, 0);
const hannSquares = hann.reduce((s, v) => s + v * v, 0);

/**
 * Tells whose signature the samples are, null if nobody's: speech, music, tones and noise are nobody. It wants
 * half a second at least, more makes it surer; the last word that was whole counts.
 */
export function recognise(samples: Float32Array, rate: number): Signature | null {
  const x = slow(samples, rate);
  let found: Signature | null = null;
  let note = -1, run = 0, place = -1, when = 0, collected = 0;
  const digits = [0, 0, 0, 0];
  for (let at = 0, n = 0; at + span <= x.length; at += hop, n++) {
    const now = loudest(x, at);
    run = now === note ? run + 1 : 1;
    note = now;
    if (note < 0 || run !== 2) continue; // nothing, not sure yet, or the same note still
    const here = note % places;
    if (here !== (place + 1) % places || n - when > maxGap) collected = 0;
    place = here;
    when = n;
    digits[here] = Math.floor(note / places);
    if (++collected < places) continue;
    const id = digits[0]! | (digits[1]! << 3) | (digits[2]! << 6);
    found = word(id).every((d, i) => d === digits[i]) ? id : null;
  }
  return found;
}

const windowed = new Float64Array(span);

/** The note that fills the 40 ms from `at` on, or -1 (Goertzel's algorithm, over the 32 notes). */
function loudest(x: Float64Array, at: number): number {
  let energy = 0;
  for (let i = 0; i < span; i++) {
    const v = x[at + i]! * hann[i]!;
    windowed[i] = v;
    energy += v * v;
  }
  energy /= hannSquares;
  if (Math.sqrt(energy) < silence) return -1;
  let best = -1, most = minPurity;
  for (let note = 0; note < coefficients.length; note++) {
    const c = coefficients[note]!;
    let s1 = 0, s2 = 0;
    for (let i = 0; i < span; i++) {
      const s = windowed[i]! + c * s1 - s2;
      s2 = s1;
      s1 = s;
    }
    const purity = (2 * (s1 * s1 + s2 * s2 - c * s1 * s2)) / (hannSum * hannSum) / energy;
    if (purity > most) [best, most] = [note, purity];
  }
  return best;
}

/** Brings samples down to 8 kHz, by averages. */
function slow(samples: Float32Array, rate: number): Float64Array {
  const ratio = rate / low;
  const out = new Float64Array(Math.floor(samples.length / ratio));
  for (let i = 0; i < out.length; i++) {
    const from = Math.floor(i * ratio), to = Math.floor((i + 1) * ratio);
    let sum = 0;
    for (let k = from; k < to; k++) sum += samples[k]!;
    out[i] = sum / Math.max(1, to - from);
  }
  return out;
}

/** The RMS level of samples: 0 silence … 1 full scale. */
export function level(samples: Float32Array): number {
  let sum = 0;
  for (const v of samples) sum += v * v;
  return samples.length ? Math.sqrt(sum / samples.length) : 0;
}
