/**
 * The renderer of SVG: as JupyterLab's own, an image; but one with its words for who cannot see it, not wider than the
 * page, and shown in a notebook that is not trusted, too. Within an image nothing runs and nothing is fetched.
 */

import { Widget } from "@lumino/widgets";

const TYPE = "image/svg+xml";

interface Model {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What the metadata of an SVG may say. */
interface Told {
  readonly alt?: unknown;
  readonly unconfined?: unknown;
}

class PictureWidget extends Widget {
  constructor() {
    super();
    this.addClass("jp-RenderedSVG");
    this.node.dataset["mimeType"] = TYPE;
  }

  renderModel({ data, metadata }: Model): Promise<void> {
    const { alt, unconfined } = (metadata[TYPE] ?? {}) as Told;
    const image = new Image();
    image.src = `data:${TYPE},${encodeURIComponent(named(String(data[TYPE])))}`;
    image.alt = typeof alt === "string" ? alt : "";
    if (unconfined !== true) {
      Object.assign(image.style, { maxWidth: "100%", height: "auto" });
    }
    this.node.replaceChildren(image);
    return Promise.resolve();
  }
}

/** A picture without a namespace is none to a browser. */
export function named(svg: string): string {
  return /<svg[^>]+xmlns=/.test(svg) ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
}

export const picture = {
  id: "maximalab:picture",
  description: "SVG with its words, without trust.",
  rendererFactory: {
    safe: true,
    mimeTypes: [TYPE],
    defaultRank: 80, // JupyterLab's own
    createRenderer: () => new PictureWidget(),
  },
  dataType: "string",
};
