/** Mouse, fingers, wheel and keys on a canvas. */

import type { Look } from "./paint";
import { dragged, pressed, zoomed } from "./turning";

/** Let a reader turn what `canvas` shows. `change` is told each new look; `first` is where Home leads. */
export function listen(canvas: HTMLCanvasElement, first: Look, change: (look: Look) => void): void {
  let look = first;
  const fingers = new Map<number, { x: number; y: number }>();
  const take = (next: Look) => {
    look = next;
    change(look);
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) {
      return;
    }
    const apart = spread(fingers);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size > 1) {
      take(zoomed(look, apart > 0 ? spread(fingers) / apart : 1));
    } else {
      take(dragged(look, event.clientX - before.x, event.clientY - before.y));
    }
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
  canvas.addEventListener("dblclick", () => take(first));
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement === canvas) {
      event.preventDefault(); // a notebook that is scrolled over a surface goes on scrolling
      take(zoomed(look, Math.exp(-event.deltaY / 500)));
    }
  });
  canvas.addEventListener("keydown", (event) => {
    const next = event.ctrlKey || event.metaKey || event.altKey ? null : pressed(look, event.key, first);
    if (next !== null) {
      event.preventDefault();
      event.stopPropagation(); // the arrows would move to another cell
      take(next);
    }
  });
}

function spread(fingers: ReadonlyMap<number, { x: number; y: number }>): number {
  const [one, other] = [...fingers.values()];
  return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
}
