/** The renderer of `application/vnd.maximalab.surface+json`: surfaces that a reader turns. */

import { Widget } from "@lumino/widgets";
import { type Drawing, isDrawing } from "./drawing";
import { listen } from "./hands";
import { type Look, paint } from "./paint";
import { type Scene, sceneOf } from "./scene";

const TYPE = "application/vnd.maximalab.surface+json";
const SIZE = { width: 600, height: 460 };

const HELP = {
  en: "Drag to turn, or use the arrow keys; + and − zoom; double click or Home: the first view",
  uk: "Обертайте мишею або стрілками; + і − змінюють масштаб; подвійне клацання або Home — початковий вигляд",
};

interface Model {
  readonly data: Readonly<Record<string, unknown>>;
}

class SurfaceWidget extends Widget {
  private drawing: Drawing | null = null;
  private scene: Scene | null = null;
  private look: Look = { elevation: 60, azimuth: 30, zoom: 1 };
  private waiting = 0;

  constructor() {
    super();
    this.addClass("maximalab-surface");
  }

  /** Show what `model` holds; fails where it is none of ours, and the front end then says so. */
  renderModel(model: Model): Promise<void> {
    const drawing = model.data[TYPE];
    if (!isDrawing(drawing)) {
      return Promise.reject(new Error(`${TYPE}: not of version 1`));
    }
    this.drawing = drawing;
    this.scene = sceneOf(drawing);
    this.look = { ...drawing.view, zoom: 1 };
    const canvas = sheet(drawing.title);
    this.node.replaceChildren(canvas);
    listen(canvas, this.look, (look) => {
      this.look = look;
      this.draw(canvas);
    });
    new ResizeObserver(() => this.draw(canvas)).observe(canvas);
    this.draw(canvas);
    return Promise.resolve();
  }

  /** Paint before the next frame, once, however often it is asked for. */
  private draw(canvas: HTMLCanvasElement): void {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => {
      const context = canvas.getContext("2d");
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      if (context === null || this.drawing === null || this.scene === null || width === 0) {
        return;
      }
      const density = window.devicePixelRatio || 1;
      canvas.width = width * density;
      canvas.height = height * density;
      context.scale(density, density);
      const style = getComputedStyle(canvas);
      const faint = style.getPropertyValue("--jp-border-color1") || "#bdbdbd";
      const font = `12px ${style.fontFamily}`;
      paint({ context, width, height, ink: style.color, faint, font }, this.drawing, this.scene, this.look);
      canvas.dataset["view"] = [this.look.elevation, this.look.azimuth, this.look.zoom].map((each) => each.toFixed(1)).join(" ");
    });
  }
}

function sheet(title: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const language = navigator.language.startsWith("uk") ? "uk" : "en";
  canvas.tabIndex = 0;
  canvas.title = HELP[language];
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", [title, HELP[language]].filter(Boolean).join(". "));
  Object.assign(canvas.style, {
    width: `${SIZE.width}px`,
    maxWidth: "100%",
    aspectRatio: `${SIZE.width} / ${SIZE.height}`,
    cursor: "grab",
    touchAction: "none",
    color: "var(--jp-ui-font-color1, #212121)",
    fontFamily: "var(--jp-ui-font-family, sans-serif)",
  });
  return canvas;
}

const extension = {
  id: "maximalab:surface",
  description: "Surfaces of Maxima that can be turned.",
  rendererFactory: {
    safe: true,
    mimeTypes: [TYPE],
    defaultRank: 40, // before the picture of the same surface
    createRenderer: () => new SurfaceWidget(),
  },
  dataType: "json",
};

export default extension;
