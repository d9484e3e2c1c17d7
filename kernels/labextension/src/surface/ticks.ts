/** Round numbers along an axis. */

const FEWEST = 2;
const STEPS = [10, 5, 2, 1];

/** Multiples of `step` from `low` to `high`. */
function multiples(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Round numbers from `low` to `high`: about `wanted` at most, two at least, for one alone says nothing of a scale. */
export function ticks(low: number, high: number, wanted = 5): number[] {
  const power = 10 ** Math.floor(Math.log10(high - low));
  let best: number[] = [];
  for (const step of [1, 0.1, 0.01].flatMap((part) => STEPS.map((each) => each * part * power))) {
    const found = multiples(low, high, step);
    if (best.length >= FEWEST && found.length > wanted + 1) {
      break;
    }
    best = found;
  }
  return best;
}

/** A tick as people write it. */
export function written(value: number): string {
  const rounded = Number(value.toPrecision(6));
  const size = Math.abs(rounded);
  return size !== 0 && (size >= 1e6 || size < 1e-4) ? rounded.toExponential() : String(rounded);
}
