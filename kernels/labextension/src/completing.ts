/** In cells of Maxima completions keep the kernel's order: the reader's own names first, then the commonest. JupyterLab's is the alphabet's. */

import { CompleterModel, ICompletionProviderManager } from "@jupyterlab/completer";
import type { Completion, CompletionContext } from "@jupyterlab/completer";
import { inOrder, inserted } from "./order";

const RANK = 1010; // JupyterLab asks the provider of the highest rank for the model: the debugger's has 1000, the kernel's 550

class KernelsOrder extends CompleterModel {
  private texts: readonly string[] = [];

  constructor(private readonly context: CompletionContext) {
    super();
  }

  override setCompletionItems(items: Completion[]): void {
    this.texts = items.map(inserted);
    super.setCompletionItems(items);
  }

  override completionItems(): Completion[] {
    const items = super.completionItems();
    return this.context.editor?.model.mimeType === "text/x-maxima" ? inOrder(items, this.texts, this.query) : items;
  }
}

/** It proposes nothing itself. */
const provider = {
  identifier: "maximalab:order",
  rank: RANK,
  isApplicable: () => Promise.resolve(false),
  fetch: () => Promise.resolve({ start: 0, end: 0, items: [] }),
  modelFactory: (context: CompletionContext) => Promise.resolve(new KernelsOrder(context)),
};

export const completing = {
  id: "maximalab:completing",
  description: "Completions of Maxima in the kernel's order.",
  autoStart: true,
  optional: [ICompletionProviderManager],
  activate(_app: unknown, manager: ICompletionProviderManager | null): void {
    manager?.registerProvider(provider);
  },
};
