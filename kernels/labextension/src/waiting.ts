/**
 * Runs a cell once its notebook has its kernel. JupyterLab itself lets a cell that is run earlier come to nothing, and may
 * start a second kernel for it.
 */

import { INotebookCellExecutor, runCell } from "@jupyterlab/notebook";
import type { RunOptions, Session } from "@jupyterlab/notebook";
import { underWay } from "./arriving";

const LONGEST_MS = 60_000; // a kernel that has not started by then will not; JupyterLab asks for another one

/** Resolves when the session has its kernel, or when it has lasted too long. */
async function arrival(session: Session): Promise<void> {
  let timer = 0;
  const tooLong = new Promise<void>((resolve) => {
    timer = window.setTimeout(resolve, LONGEST_MS);
  });
  await Promise.race([session.ready, tooLong]);
  window.clearTimeout(timer);
}

const executor = {
  async runCell(options: RunOptions): Promise<boolean> {
    const session = options.sessionContext;
    if (options.cell.model.type === "code" && session && underWay(session)) {
      options.cell.setPrompt("*");
      await arrival(session);
    }
    return runCell(options);
  },
};

/** Takes the place of JupyterLab's own executor; a front end that knows none (before 4.2) has no use for it. */
export const plugins = INotebookCellExecutor
  ? [
      {
        id: "maximalab:waiting",
        description: "Cells that are run before their kernel is there wait for it.",
        autoStart: true,
        provides: INotebookCellExecutor,
        activate: () => executor,
      },
    ]
  : [];
