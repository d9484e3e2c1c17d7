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

  /** The token of what runs cells; not there before JupyterLab 4.2. */
  export const INotebookCellExecutor: object | undefined;

  /** What JupyterLab does itself. */
  export function runCell(options: RunOptions): Promise<boolean>;
}
