// Packs a folder as a zip in the browser, and finds the material.toml of a zip, without sending anything.
"use strict";

const packing = (function makePacking() {
  const LEFT_OUT = new Set([
    ".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini",
  ]);
  const MOST_BYTES = 64 * 1024 * 1024;
  const MOST_FILES = 1000;
  const DESCRIPTION = "material.toml";

  const table = new Uint32Array(256).map((_, start) => {
    let value = start;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    }
    return value;
  });

  function checksum(bytes) {
    let value = 0xffffffff;
    for (const byte of bytes) {
      value = table[(value ^ byte) & 0xff] ^ (value >>> 8);
    }
    return (value ^ 0xffffffff) >>> 0;
  }

  // One record of a zip: numbers of two or four bytes, little end first.
  function record(signature, numbers) {
    const size = numbers.reduce((sum, [width]) => sum + width, 4);
    const view = new DataView(new ArrayBuffer(size));
    view.setUint32(0, signature, true);
    let at = 4;
    for (const [width, value] of numbers) {
      if (width === 2) {
        view.setUint16(at, value, true);
      } else {
        view.setUint32(at, value, true);
      }
      at += width;
    }
    return view.buffer;
  }

  // `files` are [path, File]; the top folder of all of them is left away. Nothing is compressed.
  async function pack(files) {
    const kept = files.filter(([path]) => !path.split("/").some((part) => LEFT_OUT.has(part)));
    const total = kept.reduce((sum, [, file]) => sum + file.size, 0);
    if (kept.length > MOST_FILES || total > MOST_BYTES) {
      throw new Error("large");
    }
    const parts = [];
    const list = [];
    let description = null;
    let at = 0;
    for (const [path, file] of kept) {
      const name = new TextEncoder().encode(path);
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (path === DESCRIPTION) {
        description = bytes;
      }
      const common = [
        [2, 20], [2, 0x800], [2, 0], [2, 0], [2, 0x21],
        [4, checksum(bytes)], [4, bytes.length], [4, bytes.length], [2, name.length], [2, 0],
      ];
      const head = record(0x04034b50, common);
      parts.push(head, name, bytes);
      list.push(record(0x02014b50, [[2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), name);
      at += head.byteLength + name.length + bytes.length;
    }
    if (description === null) {
      throw new Error("noDescription");
    }
    const size = list.reduce((sum, part) => sum + part.byteLength, 0);
    const end = record(0x06054b50, [
      [2, 0], [2, 0], [2, kept.length], [2, kept.length], [4, size], [4, at], [2, 0],
    ]);
    return { zip: new Blob([...parts, ...list, end], { type: "application/zip" }), description };
  }

  async function view(file, from, to) {
    return new DataView(await file.slice(Math.max(0, from), to).arrayBuffer());
  }

  async function inflated(bytes) {
    if (typeof DecompressionStream === "undefined") {
      throw new Error("oldBrowser");
    }
    try {
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
      return new Uint8Array(await new Response(stream).arrayBuffer());
    } catch {
      throw new Error("noZip");
    }
  }

  // Where the list of a zip's files lies: from its last record.
  async function listOf(file) {
    const from = Math.max(0, file.size - 22 - 65535);
    const tail = await view(file, from, file.size);
    for (let at = tail.byteLength - 22; at >= 0; at -= 1) {
      if (tail.getUint32(at, true) === 0x06054b50) {
        const size = tail.getUint32(at + 12, true);
        const start = tail.getUint32(at + 16, true);
        if (start + size <= file.size) {
          return view(file, start, start + size);
        }
      }
    }
    throw new Error("noZip");
  }

  async function look(file) {
    if (file.size > MOST_BYTES) {
      throw new Error("large");
    }
    const list = await listOf(file);
    let found = null;
    for (let at = 0; at + 46 <= list.byteLength && list.getUint32(at, true) === 0x02014b50;) {
      const length = list.getUint16(at + 28, true);
      if (at + 46 + length > list.byteLength) {
        throw new Error("noZip");
      }
      const name = new TextDecoder().decode(new Uint8Array(list.buffer, list.byteOffset + at + 46, length));
      const parts = name.split("/");
      const fits = parts.at(-1) === DESCRIPTION && !LEFT_OUT.has(parts[0]);
      if (fits && (parts.length === 1 || (parts.length === 2 && found === null))) {
        found = {
          method: list.getUint16(at + 10, true), packed: list.getUint32(at + 20, true), at: list.getUint32(at + 42, true),
        };
      }
      at += 46 + length + list.getUint16(at + 30, true) + list.getUint16(at + 32, true);
    }
    if (found === null) {
      throw new Error("noDescription");
    }
    const head = await view(file, found.at, found.at + 30);
    if (head.byteLength < 30 || head.getUint32(0, true) !== 0x04034b50) {
      throw new Error("noZip");
    }
    const from = found.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const bytes = new Uint8Array(await file.slice(from, from + found.packed).arrayBuffer());
    return { zip: file, description: found.method === 0 ? bytes : await inflated(bytes) };
  }

  // What was dropped, as [path, File]: folders are walked through.
  async function walk(entry, within) {
    const path = within + entry.name;
    if (entry instanceof File) {
      return [[path, entry]];
    }
    if (entry.isFile) {
      return [[path, await new Promise((done, failed) => { entry.file(done, failed); })]];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, failed) => { reader.readEntries(done, failed); });
      if (some.length === 0) {
        return found;
      }
      for (const one of some) {
        found.push(...(LEFT_OUT.has(one.name) ? [] : await walk(one, `${path}/`)));
      }
      if (found.length > MOST_FILES) {
        throw new Error("large");
      }
    }
  }

  function withoutTop(files) {
    const tops = new Set(files.map(([path]) => path.split("/")[0]));
    const alone = tops.size === 1 && files.every(([path]) => path.includes("/"));
    return alone ? files.map(([path, file]) => [path.slice(path.indexOf("/") + 1), file]) : files;
  }

  async function ofFiles(files) {
    if (files.length === 1 && files[0][0].toLowerCase().endsWith(".zip")) {
      return look(files[0][1]);
    }
    return pack(withoutTop(files));
  }

  return { ofFiles, walk };
})();
