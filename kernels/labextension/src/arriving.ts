/** Whether a notebook's kernel is still to come. */

import type { Session } from "@jupyterlab/notebook";

/** Whether a kernel that needs no choice of the reader's is on its way. */
export function underWay(session: Session): boolean {
  const { name, shouldStart, canStart } = session.kernelPreference;
  const specs = session.specsManager.specs; // none before the server has told which kernels it has
  const known = name !== undefined && (!specs || name in specs.kernelspecs);
  const waits = !session.isDisposed && !session.isReady && !session.session?.kernel;
  return known && waits && shouldStart !== false && canStart !== false;
}
