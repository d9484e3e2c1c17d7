/** What there is to draw: faces, curves and points in the box, made once; turning only looks at them anew. */

import { type Color, css, graded, mix, read } from "./colors";
import type { Drawing, Series, Surface } from "./drawing";
import { type Box, boxOf, type Point } from "./space";

/** One thing that is painted whole, the farther before the nearer. */
export interface Piece {
  kind: "face" | "line" | "dot";
  points: readonly Point[];
  fill: string;
  stroke: string;
}

export interface Scene {
  box: Box;
  pieces: readonly Piece[];
}

const LIGHT: Point = [-0.35, -0.45, 0.82];
const WHITE: Color = [255, 255, 255];
const BLACK: Color = [0, 0, 0];

/** Everything of a drawing, in the box. */
export function sceneOf(drawing: Drawing): Scene {
  const box = boxOf(drawing);
  const paint = painter(drawing);
  const pieces = drawing.surfaces.flatMap((surface) => faces(surface, box, paint));
  for (const line of drawing.lines ?? []) {
    pieces.push(...segments(line, box));
  }
  for (const { x, y, z, color } of drawing.points ?? []) {
    const spots = z.map((_, i) => box.place(x[i], y[i], z[i])).filter((spot) => spot !== null);
    pieces.push(...spots.map((spot) => ({ kind: "dot" as const, points: [spot], fill: color, stroke: color })));
  }
  return { box, pieces };
}

/** The palette's colour for a value, over the range of all values that it colours. */
function painter({ surfaces, palette }: Drawing): (value: number) => Color {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { color, values, z } of surfaces) {
    for (const value of color === null ? (values ?? z) : []) {
      if (value !== null) {
        [low, high] = [Math.min(low, value), Math.max(high, value)];
      }
    }
  }
  const colors = palette.map(read);
  return (value) => graded(colors, high > low ? (value - low) / (high - low) : 0.5);
}

function faces(surface: Surface, box: Box, paint: (value: number) => Color): Piece[] {
  const { rows, columns } = surface;
  const places = grid(surface, box);
  const values = surface.values ?? surface.z;
  const found: Piece[] = [];
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      const corners = [at, at + 1, at + columns + 1, at + columns].filter((i) => places[i] !== null);
      if (corners.length >= 3) {
        const points = corners.map((i) => places[i] as Point);
        const own = surface.color === null ? paint(mean(corners.map((i) => values[i] ?? 0))) : null;
        found.push(face(points, own, surface.color));
      }
    }
  }
  return found;
}

function face(points: Point[], own: Color | null, single: string | null): Piece {
  if (own === null) {
    const line = read(single ?? "#000000");
    return { kind: "face", points, fill: css(mix(line, WHITE, 0.82)), stroke: css(line) };
  }
  const lit = mix(own, BLACK, 0.32 * (1 - brightness(points)));
  return { kind: "face", points, fill: css(lit), stroke: css(mix(lit, BLACK, 0.3)) };
}

/** How much a face looks to the light, from either side: 0 to 1. */
function brightness([one, two, three]: Point[]): number {
  if (one === undefined || two === undefined || three === undefined) {
    return 1;
  }
  const [a, b] = [minus(two, one), minus(three, one)];
  const normal: Point = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const length = Math.hypot(...normal) || 1;
  return Math.abs((normal[0] * LIGHT[0] + normal[1] * LIGHT[1] + normal[2] * LIGHT[2]) / length);
}

function minus(one: Point, other: Point): Point {
  return [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

/** The places of a surface's points, row by row; x and y may be given once for all rows or columns. */
export function grid({ rows, columns, x, y, z }: Surface, box: Box): (Point | null)[] {
  const whole = rows * columns;
  return Array.from({ length: whole }, (_, i) =>
    box.place(
      x[x.length === whole ? i : i % columns],
      y[y.length === whole ? i : Math.floor(i / columns)],
      z[i],
    ),
  );
}

function segments({ x, y, z, color }: Series, box: Box): Piece[] {
  const places = z.map((_, i) => box.place(x[i], y[i], z[i]));
  const found: Piece[] = [];
  for (let i = 0; i + 1 < places.length; i++) {
    const [from, to] = [places[i], places[i + 1]];
    if (from && to) {
      found.push({ kind: "line", points: [from, to], fill: color, stroke: color });
    }
  }
  return found;
}
