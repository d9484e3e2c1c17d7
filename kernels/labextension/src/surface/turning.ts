/** How a reader's hand changes the look: pure, so that mouse, fingers and keys agree. */

import type { Look } from "./paint";

const DEGREES_PER_PIXEL = 0.5;
const STEP = 5;
const CLOSER = 1.15;

/** Turned by a drag of so many pixels: the surface follows the hand. */
export function dragged(look: Look, right: number, down: number): Look {
  return turned(look, -right * DEGREES_PER_PIXEL, -down * DEGREES_PER_PIXEL);
}

/** Nearer (above 1) or farther, within reason. */
export function zoomed(look: Look, by: number): Look {
  return { ...look, zoom: Math.min(8, Math.max(0.3, look.zoom * by)) };
}

/** The look after a key, or null where the key is not ours. `first` is where Home leads back to. */
export function pressed(look: Look, key: string, first: Look): Look | null {
  switch (key) {
    case "ArrowLeft":
      return turned(look, STEP, 0);
    case "ArrowRight":
      return turned(look, -STEP, 0);
    case "ArrowUp":
      return turned(look, 0, STEP);
    case "ArrowDown":
      return turned(look, 0, -STEP);
    case "+":
    case "=":
      return zoomed(look, CLOSER);
    case "-":
      return zoomed(look, 1 / CLOSER);
    case "Home":
    case "0":
      return first;
    default:
      return null;
  }
}

function turned(look: Look, azimuth: number, elevation: number): Look {
  return {
    ...look,
    azimuth: (((look.azimuth + azimuth) % 360) + 360) % 360,
    elevation: Math.min(180, Math.max(0, look.elevation + elevation)),
  };
}
