/** The plugin that teaches CodeMirror Maxima, in cells and in `.mac` files. */

import { LanguageSupport, StreamLanguage } from "@codemirror/language";
import { IEditorLanguageRegistry } from "@jupyterlab/codemirror";
import { completing } from "./completing";
import { maxima } from "./maxima";
import { standing } from "./standing";
import { plugins } from "./waiting";

interface FileTypes {
  addFileType(type: Record<string, unknown>): unknown;
}

const language = {
  id: "maximalab:language",
  description: "Maxima in editors: colours, brackets, comments, indentation.",
  autoStart: true,
  requires: [IEditorLanguageRegistry],
  activate(app: { docRegistry?: FileTypes }, languages: IEditorLanguageRegistry): void {
    languages.addLanguage({
      name: "maxima",
      displayName: "Maxima",
      mime: ["text/x-maxima", "application/x-maxima"],
      extensions: ["mac", "mc"],
      load: () => Promise.resolve(new LanguageSupport(StreamLanguage.define(maxima))),
    });
    app.docRegistry?.addFileType({
      name: "maxima",
      displayName: "Maxima",
      extensions: [".mac", ".mc"],
      mimeTypes: ["text/x-maxima"],
      fileFormat: "text",
    });
  },
};

export default [language, completing, standing, ...plugins];
