// Builds the prebuilt extension into the folder that is named: `node build.mjs FOLDER`. Why not webpack: docs/decisions.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.resolve(process.argv[2] ?? "dist");

// What the front end lends us at run time stays out of the bundle: src/sharing.ts fetches it.
const lent = {
  name: "lent",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@(codemirror|jupyterlab|lumino)\// }, ({ path: name }) => ({ path: name, namespace: "lent" }));
    onLoad({ filter: /.*/, namespace: "lent" }, ({ path: name }) => ({
      contents: `module.exports = require("./sharing.ts").lent(${JSON.stringify(name)});`,
      resolveDir: path.join(here, "src"),
    }));
  },
};

const { outputFiles } = await build({
  entryPoints: [path.join(here, "src", "container.ts")],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  plugins: [lent],
  write: false,
});
const code = outputFiles[0].contents;
const hash = createHash("sha256").update(code).digest("hex").slice(0, 16);
const load = `static/remoteEntry.${hash}.js`; // the name that JupyterLab expects; the hash makes browsers fetch a new one
const { name, version, description, license } = JSON.parse(await readFile(path.join(here, "package.json"), "utf8"));
const manifest = {
  name,
  version,
  description,
  license,
  jupyterlab: { _build: { load, extension: "./language", mimeExtension: "./surface" } },
};

await rm(target, { recursive: true, force: true });
await mkdir(path.join(target, "static"), { recursive: true });
await writeFile(path.join(target, load), code);
// For exports to HTML and PDF, which have to do without the network (kernels/maximalab_export).
await copyFile(path.join(here, "node_modules", "mathjax", "es5", "tex-svg-full.js"), path.join(target, "static", "mathjax.js"));
await writeFile(path.join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
const source = { packageManager: "python", packageName: "maximalab-kernels" };
await writeFile(path.join(target, "install.json"), `${JSON.stringify(source, null, 2)}\n`);
console.log(`${path.join(target, load)}: ${Math.round(code.length / 1024)} KiB`);
