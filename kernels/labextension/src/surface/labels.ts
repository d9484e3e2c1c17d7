/** Where the names of axes stand: none is cut at the sheet's edge. */

const EDGE = 4;
const BEFORE: Record<string, number> = { left: 0, center: 0.5, right: 1 };

/** How far a text of this width, which is to stand at `x`, has to move so that all of it is within `room`. */
export function moved(x: number, width: number, align: string, room: number): number {
  const left = x - width * (BEFORE[align] ?? 0);
  return Math.max(EDGE, Math.min(room - EDGE - width, left)) - left;
}

/** Write the name of an axis at a place; of an `upright` one from below to above where it has no room beside the axis. */
export function name(context: CanvasRenderingContext2D, text: string, x: number, y: number, room: number, upright: boolean): void {
  const width = Math.min(context.measureText(text).width, room - 2 * EDGE);
  const by = moved(x, width, context.textAlign, room);
  context.save();
  if (upright && by !== 0) {
    context.translate(Math.max(EDGE + 6, Math.min(room - EDGE - 6, x)), y);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, 0, 0);
  } else {
    context.fillText(text, x + by, y + Math.min(24, Math.abs(by) / 2), width); // clear of the axis that it comes nearer to
  }
  context.restore();
}
