/**
 * The few things of JupyterLab that we use, as its 4.x documentation has them. Its own declarations would bring two
 * hundred packages for these lines.
 */

declare module "@jupyterlab/codemirror" {
  import type { LanguageSupport } from "@codemirror/language";

  interface IEditorLanguage {
    name: string;
    displayName?: string;
    mime: string | readonly string[];
    extensions?: readonly string[];
    load?(): Promise<LanguageSupport>;
  }

  export interface IEditorLanguageRegistry {
    addLanguage(language: IEditorLanguage): void;
  }

  /** The token that a plugin asks for. */
  export const IEditorLanguageRegistry: unique symbol;
}

declare module "@jupyterlab/completer" {
  export interface Completion {
    readonly label: string;
    readonly insertText?: string;
  }

  /** What is asked for, and where. */
  export interface CompletionContext {
    readonly editor?: { readonly model: { readonly mimeType: string } } | null;
  }

  /** What is proposed, and what of it fits to what has been typed since. */
  export class CompleterModel {
    readonly query: string;
    setCompletionItems(items: Completion[]): void;
    completionItems(): Completion[];
  }

  export interface ICompletionProviderManager {
    registerProvider(provider: object): void;
  }

  export const ICompletionProviderManager: unique symbol;
}

declare module "@jupyterlab/notebook" {
  interface Preference {
    name?: string;
    shouldStart?: boolean;
    canStart?: boolean;
  }

  export interface Session {
    readonly isDisposed: boolean;
    readonly isReady: boolean;
    readonly ready: Promise<void>;
    readonly kernelPreference: Preference;
    readonly session: { readonly kernel: unknown } | null;
    readonly specsManager: { readonly specs: { readonly kernelspecs: Record<string, unknown> } | null };
  }

  export interface RunOptions {
    cell: { model: { type: string }; setPrompt(text: string): void };
    sessionContext?: Session | undefined;
  }

  /** What an output is. */
  export interface Model {
    readonly data: Readonly<Record<string, unknown>>;
  }

  /** What shows an output of one type. */
  export interface Renderer {
    readonly node: HTMLElement;
    renderModel(model: Model): Promise<void>;
    /** Of controls, which are a panel. */
    addWidget(widget: Renderer): void;
  }

  export interface Renderers {
    createRenderer(type: string, ...more: unknown[]): Renderer;
  }

  export interface Panel {
    readonly content: { readonly rendermime: Renderers };
  }

  export interface Tracker {
    readonly widgetAdded: { connect(slot: (sender: unknown, panel: Panel) => void): void };
  }

  export const INotebookTracker: unique symbol;

  /** The token of what runs cells; not there before JupyterLab 4.2. */
  export const INotebookCellExecutor: object | undefined;

  /** What JupyterLab does itself. */
  export function runCell(options: RunOptions): Promise<boolean>;
}
