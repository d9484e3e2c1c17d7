/**
 * Shows what stands in for controls, a picture and a word on what to do, where a notebook was saved without their state:
 * JupyterLab's widgets say *model not found* there.
 */

import { INotebookTracker } from "@jupyterlab/notebook";
import type { Model, Panel, Renderer, Renderers, Tracker } from "@jupyterlab/notebook";

const VIEW = "application/vnd.jupyter.widget-view+json";
const INSTEAD = "text/html";
const LOST = "Error displaying widget: model not found"; // in the words of @jupyter-widgets/jupyterlab-manager 5

/** A renderer of controls that gives way to the HTML beside them where they are lost. */
function givingWay(renderer: Renderer, create: Renderers["createRenderer"]): Renderer {
  const render = renderer.renderModel.bind(renderer);
  renderer.renderModel = async (model: Model): Promise<void> => {
    await render(model);
    if (renderer.node.textContent === LOST && model.data[INSTEAD] !== undefined) {
      const instead = create(INSTEAD);
      await instead.renderModel(model);
      renderer.node.textContent = "";
      renderer.addWidget(instead); // formulas are set once it is attached
    }
  };
  return renderer;
}

/** Each notebook has renderers of its own. */
function watch({ content: { rendermime } }: Panel): void {
  const create = rendermime.createRenderer.bind(rendermime);
  rendermime.createRenderer = (type, ...more) => {
    const renderer = create(type, ...more);
    return type === VIEW ? givingWay(renderer, create) : renderer;
  };
}

export const standing = {
  id: "maximalab:standing",
  description: "A picture where controls were not saved.",
  autoStart: true,
  optional: [INotebookTracker],
  activate(_app: unknown, tracker: Tracker | null): void {
    tracker?.widgetAdded.connect((_, panel) => {
      watch(panel);
    });
  },
};
