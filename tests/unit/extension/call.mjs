// Calls functions of the extension's modules: `node call.mjs FOLDER MODULE FUNCTION`, lists of arguments on stdin, one
// a line. Prints each result as JSON. `tokens` is ours: it runs a stream parser over a text as CodeMirror does.

import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, name, wanted] = process.argv.slice(2);
const require = createRequire(path.join(folder, "package.json"));
const esbuild = require("esbuild");
const { outputFiles } = await esbuild.build({
  entryPoints: [path.join(folder, "src", name)], bundle: true, write: false, format: "esm", platform: "node",
});
const module = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);

async function tokens(text) {
  const { StringStream } = await import(pathToFileURL(require.resolve("@codemirror/language")));
  const parser = module.maxima;
  const state = parser.startState(2);
  const found = [];
  for (const line of text.split("\n")) {
    const stream = new StringStream(line, 4, 2);
    while (!stream.eol()) {
      stream.start = stream.pos;
      const kind = parser.token(stream, state);
      if (stream.pos === stream.start) throw new Error(`no progress at ${stream.pos} of ${line}`);
      if (kind) found.push([kind, stream.current()]);
    }
  }
  return { found, indent: parser.indent(state, "", { unit: 2 }) };
}

const call = wanted === "tokens" ? tokens : module[wanted];
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await call(...JSON.parse(line))));
}
