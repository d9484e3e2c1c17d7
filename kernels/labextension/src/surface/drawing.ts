/** The shape of `application/vnd.maximalab.surface+json`: docs/surface.schema.json says it in full. */

export type Numbers = readonly (number | null)[];

export interface Surface {
  name: string;
  rows: number;
  columns: number;
  x: Numbers;
  y: Numbers;
  z: Numbers;
  values?: Numbers;
  color: string | null;
}

export interface Series {
  name: string;
  x: Numbers;
  y: Numbers;
  z: Numbers;
  color: string;
}

export interface Axis {
  label: string;
  range: readonly [number, number];
}

export interface View {
  /** Degrees about the screen's horizontal axis: 0 is from above, 90 from the side. */
  elevation: number;
  /** Degrees about the z axis. */
  azimuth: number;
}

export interface Drawing {
  version: 1;
  title: string;
  axes: { x: Axis; y: Axis; z: Axis };
  surfaces: readonly Surface[];
  lines?: readonly Series[];
  points?: readonly Series[];
  palette: readonly string[];
  view: View;
  equal: boolean;
}

/** Whether `value` can be drawn; what is newer or broken is left to the picture beside it. */
export function isDrawing(value: unknown): value is Drawing {
  const drawing = value as Partial<Drawing> | null;
  return (
    typeof drawing === "object" &&
    drawing !== null &&
    drawing.version === 1 &&
    Array.isArray(drawing.surfaces) &&
    Array.isArray(drawing.palette) &&
    [drawing.axes?.x, drawing.axes?.y, drawing.axes?.z].every((axis) => Array.isArray(axis?.range)) &&
    typeof drawing.view?.elevation === "number"
  );
}
