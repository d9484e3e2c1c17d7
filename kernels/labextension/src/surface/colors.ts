/** Colours: from a palette by value, and lighter or darker ones. */

export type Color = readonly [number, number, number];

/** Read `#rrggbb`. */
export function read(text: string): Color {
  const value = Number.parseInt(text.slice(1), 16) || 0;
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Write a colour as CSS wants it. */
export function css([red, green, blue]: Color, alpha = 1): string {
  return `rgba(${Math.round(red)},${Math.round(green)},${Math.round(blue)},${alpha})`;
}

/** Between two colours: all of `one` at 0, all of `other` at 1. */
export function mix(one: Color, other: Color, share: number): Color {
  return [0, 1, 2].map((i) => (one[i] ?? 0) * (1 - share) + (other[i] ?? 0) * share) as unknown as Color;
}

/** The colour at `place`, 0 to 1, of an evenly spaced palette. */
export function graded(palette: readonly Color[], place: number): Color {
  const at = Math.min(1, Math.max(0, place)) * (palette.length - 1);
  const below = Math.min(Math.floor(at), palette.length - 2);
  return mix(palette[below] ?? [0, 0, 0], palette[below + 1] ?? [0, 0, 0], at - below);
}
