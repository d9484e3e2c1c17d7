/** Maxima's words, one by one, for CodeMirror. Comments nest, and a `:lisp` line is no Maxima. */

import type { StreamParser, StringStream } from "@codemirror/language";

const KEYWORDS = new Set(
  "if then else elseif for from thru step next in while unless do and or not return go local block lambda".split(" "),
);
const CONSTANTS = new Set("true false unknown inf minf infinity und ind zeroa zerob %e %i %pi %phi %gamma done".split(" "));
const NAME = /^(?:[\p{L}%_]|\\.)(?:[\p{L}\p{N}%_]|\\.)*/u;
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:[edbl][+-]?\d+)?/i;
const OPERATOR = /^(?::=|::=|::|<=|>=|->|!!|'''|''|\^\^|\*\*|[-+*/^.:=#<>!'@,|~])/;
const DEFINED = /^\s*(?:(?:\([^()]*\)|\[[^[\]]*\])\s*::?=|::?(?!=))/;
const CALLED = /^\s*\(/;
const OPENING = "([{";
const CLOSING = ")]}";

/** Where the parser stands at the end of a line. */
export interface State {
  /** How many comments are open. */
  comments: number;
  inString: boolean;
  /** How many brackets are open. */
  depth: number;
  /** Whether the statement that was begun goes on. */
  open: boolean;
}

export const maxima: StreamParser<State> = {
  name: "maxima",
  startState: () => ({ comments: 0, inString: false, depth: 0, open: false }),
  copyState: (state) => ({ ...state }),
  token,
  indent(state, textAfter, context) {
    if (state.comments > 0 || state.inString) {
      return null;
    }
    const closes = CLOSING.includes(textAfter.charAt(0)) && textAfter !== "";
    const levels = closes ? state.depth - 1 : Math.max(state.depth, state.open ? 1 : 0);
    return Math.max(0, levels) * context.unit;
  },
  languageData: {
    commentTokens: { block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", '"'] },
    indentOnInput: /^\s*[)\]}]$/,
    wordChars: "%_",
  },
};

function token(stream: StringStream, state: State): string | null {
  if (state.comments > 0) {
    return comment(stream, state);
  }
  if (state.inString) {
    return string(stream, state);
  }
  if (stream.eatSpace()) {
    return null;
  }
  if (!state.open && stream.match(/^:lisp(-quiet)?\b.*/)) {
    return "meta";
  }
  if (!state.open && stream.match(/^\?\??!?[ \t].*/)) {
    return "meta";
  }
  if (stream.match("/*")) {
    state.comments = 1;
    return comment(stream, state);
  }
  return word(stream, state);
}

function comment(stream: StringStream, state: State): string {
  while (state.comments > 0 && !stream.eol()) {
    if (stream.match("/*")) {
      state.comments++;
    } else if (stream.match("*/")) {
      state.comments--;
    } else {
      stream.next();
    }
  }
  return "comment";
}

function string(stream: StringStream, state: State): string {
  while (!stream.eol()) {
    const char = stream.next();
    if (char === "\\") {
      stream.next();
    } else if (char === '"') {
      state.inString = false;
      break;
    }
  }
  return "string";
}

function word(stream: StringStream, state: State): string | null {
  const char = stream.peek() ?? "";
  if (char === ";" || char === "$") {
    stream.next();
    state.open = false;
    state.depth = 0; // a terminator ends the statement, whatever was left open
    return "punctuation";
  }
  state.open = true;
  if (char === '"') {
    stream.next();
    state.inString = true;
    return string(stream, state);
  }
  if (OPENING.includes(char) || CLOSING.includes(char)) {
    stream.next();
    state.depth = Math.max(0, state.depth + (OPENING.includes(char) ? 1 : -1));
    return "bracket";
  }
  if (stream.match(NUMBER)) {
    return "number";
  }
  return name(stream) ?? operator(stream);
}

function name(stream: StringStream): string | null {
  if (stream.match(/^\?[\w*+-]+/)) {
    return "variableName.special"; // a name of Lisp
  }
  const match = stream.match(NAME) as RegExpMatchArray | null;
  if (match === null) {
    return null;
  }
  if (KEYWORDS.has(match[0])) {
    return "keyword";
  }
  if (CONSTANTS.has(match[0])) {
    return "atom";
  }
  if (/^%[iot]\d+$/.test(match[0])) {
    return "labelName";
  }
  if (stream.match(DEFINED, false)) {
    return "variableName.definition";
  }
  return stream.match(CALLED, false) ? "variableName.standard" : "variableName";
}

function operator(stream: StringStream): string | null {
  if (stream.match(OPERATOR)) {
    return stream.current().includes(":") ? "definitionOperator" : "operator";
  }
  stream.next();
  return null;
}
