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
