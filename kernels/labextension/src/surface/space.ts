/** From the drawing's numbers to points of a box about the origin, and from there to the screen. */

import type { Axis, Drawing, View } from "./drawing";

export type Point = readonly [number, number, number];

/** On the screen, right and down; `depth` grows towards the reader. */
export interface Spot {
  x: number;
  y: number;
  depth: number;
}

export interface Box {
  /** Half the box's size along each axis. */
  half: Point;
  /** The place of a point, or null where it has no value or lies outside. */
  place(x: number | null | undefined, y: number | null | undefined, z: number | null | undefined): Point | null;
}

const FLAT = 0.7; // how tall a box is beside its width, where the axes have units of their own
const OUTSIDE = 1e-9;

/** The box that the ranges span. */
export function boxOf({ axes, equal }: Drawing): Box {
  const spans = [axes.x, axes.y, axes.z].map(({ range }) => range[1] - range[0]) as [number, number, number];
  const widest = Math.max(...spans);
  const half: Point = equal ? [spans[0] / widest, spans[1] / widest, spans[2] / widest] : [1, 1, FLAT];
  return {
    half,
    place(x, y, z) {
      const [i, j, k] = [along(axes.x, x), along(axes.y, y), along(axes.z, z)];
      return i === null || j === null || k === null ? null : [i * half[0], j * half[1], k * half[2]];
    },
  };
}

/** Where on an axis, from -1 to 1. */
function along({ range }: Axis, value: number | null | undefined): number | null {
  if (value === null || value === undefined) {
    return null;
  }
  const place = (2 * (value - range[0])) / (range[1] - range[0]) - 1;
  return Math.abs(place) > 1 + OUTSIDE ? null : place;
}

/** How to look at the box: gnuplot's `set view`, so that the first view is that of the picture. */
export function looking(view: View, scale: number, centre: readonly [number, number]): (point: Point) => Spot {
  const [azimuth, elevation] = [radians(view.azimuth), radians(view.elevation)];
  const [ca, sa, ce, se] = [Math.cos(azimuth), Math.sin(azimuth), Math.cos(elevation), Math.sin(elevation)];
  return ([x, y, z]) => {
    const right = x * ca + y * sa;
    const back = y * ca - x * sa;
    return { x: centre[0] + scale * right, y: centre[1] - scale * (back * ce + z * se), depth: z * ce - back * se };
  };
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
