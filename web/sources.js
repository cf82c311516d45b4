// What the page is built from. The build writes the SHA-256 of every such file into dist/sources.sha256, in
// the format of sha256sum(1); a Go test compares them with the tree, so that a stale dist can't be committed.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const roots = ["index.html", "package.json", "package-lock.json", "public", "sources.js", "src", "svelte.config.js", "tsconfig.json", "vite.config.ts"];

/** Lists the files below path, in the order of their bytes. */
function walk(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") return [path];
    throw error;
  }
  return entries.flatMap((e) => (e.isDirectory() ? walk(`${path}/${e.name}`) : [`${path}/${e.name}`]));
}

/** Makes the list of sources as sha256sum writes it. */
export function listing(dir) {
  const here = process.cwd();
  process.chdir(dir);
  try {
    return roots
      .flatMap(walk)
      .sort((a, b) => (a < b ? -1 : 1))
      .map((f) => `${createHash("sha256").update(readFileSync(f)).digest("hex")}  ${f}\n`)
      .join("");
  } finally {
    process.chdir(here);
  }
}

/** A Vite plugin that writes the list beside what was built. */
export function sources() {
  let root, out;
  return {
    name: "ringtrip-sources",
    apply: "build",
    configResolved(config) {
      root = config.root;
      out = join(config.root, config.build.outDir);
    },
    closeBundle() {
      mkdirSync(out, { recursive: true });
      writeFileSync(join(out, "sources.sha256"), listing(root));
    },
  };
}
