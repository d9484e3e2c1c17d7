/** The container that JupyterLab and Notebook load: what webpack's module federation would make, without webpack. */

import { borrow, offer, type Scope } from "./sharing";

interface Part {
  needs: readonly string[];
  load(): Promise<{ default: unknown }>;
}

const parts: Record<string, Part> = {
  "./language": {
    needs: ["@codemirror/language", "@jupyterlab/codemirror", "@jupyterlab/completer", "@jupyterlab/notebook"],
    load: () => import("./language"),
  },
  "./surface": { needs: ["@lumino/widgets"], load: () => import("./renderers") },
};

const container = {
  init(scope: Scope): void {
    offer(scope);
  },

  async get(name: string): Promise<() => unknown> {
    const part = parts[name];
    if (part === undefined) {
      throw new Error(`maximalab: no module ${name}`);
    }
    await borrow(part.needs);
    const loaded = await part.load();
    const module = { __esModule: true, default: loaded.default };
    return () => module;
  },
};

const page = globalThis as { _JUPYTERLAB?: Record<string, unknown> };
page._JUPYTERLAB = { ...page._JUPYTERLAB, maximalab: container };
