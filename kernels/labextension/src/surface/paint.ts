/** Paints a scene on a canvas: the far sides of the box, then everything from the far to the near, then the numbers. */

import type { Axis, Drawing, View } from "./drawing";
import { name } from "./labels";
import type { Scene } from "./scene";
import { looking, type Point, type Spot } from "./space";
import { ticks, written } from "./ticks";

/** How it is looked at: the view, and how much nearer than at first. */
export interface Look extends View {
  zoom: number;
}

/** The canvas, in CSS pixels, and the page's colours. */
export interface Sheet {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  ink: string;
  faint: string;
  font: string;
}

type Project = (point: Point) => Spot;

const CORNERS: readonly (readonly [number, number])[] = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
const MARGIN = { across: 56, down: 40 }; // pixels for numbers and names about the box

/** Paint everything anew. */
export function paint(sheet: Sheet, drawing: Drawing, scene: Scene, look: Look): void {
  const { context, width, height } = sheet;
  context.clearRect(0, 0, width, height);
  const project = looking(look, fitting(sheet, scene.box.half, look) * look.zoom, [width / 2, height / 2]);
  frame(sheet, scene.box.half, project);
  pieces(sheet, scene, project);
  numbers(sheet, drawing, scene.box.half, project, look);
  words(sheet, drawing);
}

/** Pixels to a unit, so that the box and its numbers fill the canvas, however the box is turned. */
function fitting({ width, height }: Sheet, half: Point, look: Look): number {
  const bare = looking(look, 1, [0, 0]);
  const spots = CORNERS.flatMap(([i, j]) => [-1, 1].map((k) => bare([i * half[0], j * half[1], k * half[2]])));
  const across = Math.max(...spots.map(({ x }) => Math.abs(x)));
  const down = Math.max(...spots.map(({ y }) => Math.abs(y)));
  return Math.max(1, Math.min((width / 2 - MARGIN.across) / across, (height / 2 - MARGIN.down) / down));
}

function pieces({ context }: Sheet, scene: Scene, project: Project): void {
  const seen = scene.pieces.map((piece) => {
    const spots = piece.points.map(project);
    const depth = spots.reduce((sum, spot) => sum + spot.depth, 0) / spots.length;
    return { piece, spots, depth: piece.kind === "face" ? depth : depth + 0.02 };
  });
  seen.sort((one, other) => one.depth - other.depth);
  const thin = scene.pieces.length > 2500;
  for (const { piece, spots } of seen) {
    trace(context, spots, piece.kind);
    context.fillStyle = piece.fill;
    context.strokeStyle = thin && piece.kind === "face" ? piece.fill : piece.stroke;
    context.lineWidth = piece.kind === "line" ? 2 : 0.6;
    if (piece.kind !== "line") {
      context.fill();
    }
    context.stroke();
  }
}

function trace(context: CanvasRenderingContext2D, spots: readonly Spot[], kind: string): void {
  context.beginPath();
  const first = spots[0];
  if (kind === "dot" && first !== undefined) {
    context.arc(first.x, first.y, 4, 0, 2 * Math.PI);
    return;
  }
  for (const { x, y } of spots) {
    context.lineTo(x, y);
  }
  if (kind === "face") {
    context.closePath();
  }
}

/** The floor of the box and the three sides behind. */
function frame({ context, faint }: Sheet, half: Point, project: Project): void {
  const corner = ([i, j]: readonly [number, number], k: number) => project([i * half[0], j * half[1], k * half[2]]);
  const nearest = CORNERS.reduce((best, each) => (corner(each, 0).depth > corner(best, 0).depth ? each : best));
  context.strokeStyle = faint;
  context.lineWidth = 1;
  context.beginPath();
  const line = (from: Spot, to: Spot) => {
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
  };
  CORNERS.forEach((each, i) => {
    const next = CORNERS[(i + 1) % 4] ?? each;
    line(corner(each, -1), corner(next, -1));
    if (each !== nearest) {
      line(corner(each, -1), corner(each, 1));
    }
    if (each !== nearest && next !== nearest) {
      line(corner(each, 1), corner(next, 1));
    }
  });
  context.stroke();
}

/** Ticks and labels: x and y along the floor's near edges, z along the leftmost upright one. */
function numbers(sheet: Sheet, drawing: Drawing, half: Point, project: Project, look: Look): void {
  const nearer = (one: Point, other: Point) => project(one).depth > project(other).depth;
  const side = look.elevation > 90 ? -1 : 1;
  const y = nearer([0, -half[1], 0], [0, half[1], 0]) ? -half[1] : half[1];
  const x = nearer([-half[0], 0, 0], [half[0], 0, 0]) ? -half[0] : half[0];
  scale(sheet, drawing.axes.x, (t) => project([t * half[0], y, -half[2]]), (t) => project([t * half[0], y * 1.1, -half[2] - 0.04 * side]));
  scale(sheet, drawing.axes.y, (t) => project([x, t * half[1], -half[2]]), (t) => project([x * 1.1, t * half[1], -half[2] - 0.04 * side]));
  if (Math.abs(Math.sin((look.elevation * Math.PI) / 180)) < 0.15) {
    return; // seen from above: the z axis is a point
  }
  const [i, j] = CORNERS.reduce((best, each) => (leftOf(project, half, each) < leftOf(project, half, best) ? each : best));
  const upright = (t: number) => project([i * half[0], j * half[1], t * half[2]]);
  scale(sheet, drawing.axes.z, upright, (t) => ({ ...upright(t), x: upright(t).x - 10 }));
}

function leftOf(project: Project, half: Point, [i, j]: readonly [number, number]): number {
  return project([i * half[0], j * half[1], 0]).x;
}

/** One axis: its ticks, their numbers at `beside`, its name beyond them. */
function scale(sheet: Sheet, axis: Axis, on: (t: number) => Spot, beside: (t: number) => Spot): void {
  const { context, ink, font } = sheet;
  const [low, high] = axis.range;
  const [from, to] = [on(-1), on(1)];
  const room = Math.hypot(to.x - from.x, to.y - from.y);
  const away = { x: beside(0).x - on(0).x, y: beside(0).y - on(0).y };
  const length = Math.hypot(away.x, away.y) || 1;
  const [dx, dy] = [away.x / length, away.y / length];
  context.fillStyle = context.strokeStyle = ink;
  context.lineWidth = 1;
  context.font = font;
  context.textAlign = dx < -0.4 ? "right" : dx > 0.4 ? "left" : "center";
  context.textBaseline = dy > 0.5 ? "top" : dy < -0.5 ? "bottom" : "middle";
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  let widest = 0;
  for (const value of ticks(low, high, Math.max(2, Math.min(6, Math.floor(room / 45))))) {
    const spot = on((2 * (value - low)) / (high - low) - 1);
    context.moveTo(spot.x, spot.y);
    context.lineTo(spot.x + 4 * dx, spot.y + 4 * dy);
    context.fillText(written(value), spot.x + 7 * dx, spot.y + 7 * dy);
    widest = Math.max(widest, context.measureText(written(value)).width);
  }
  context.stroke();
  const beyond = 20 + Math.abs(dx) * widest;
  context.font = `italic ${font}`;
  name(context, axis.label, on(0).x + beyond * dx, on(0).y + beyond * dy, sheet.width, Math.abs(to.y - from.y) > Math.abs(to.x - from.x));
}

/** The title above, and the names of surfaces and curves that have a colour of their own. */
function words({ context, width, ink, font }: Sheet, drawing: Drawing): void {
  context.font = font;
  context.fillStyle = ink;
  context.textBaseline = "top";
  context.textAlign = "center";
  context.fillText(drawing.title, width / 2, 6);
  context.textAlign = "right";
  const named = [...drawing.surfaces, ...(drawing.lines ?? []), ...(drawing.points ?? [])].filter(({ name }) => name !== "");
  named.slice(0, 8).forEach(({ name, color }, i) => {
    const y = 6 + 16 * i;
    context.fillStyle = ink;
    context.fillText(name, width - 28, y, width / 2);
    if (color !== null) {
      context.fillStyle = color;
      context.fillRect(width - 22, y + 2, 14, 8);
    }
  });
}
