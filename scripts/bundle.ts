/**
 * After compilation: joins the compiled modules, and the packages that every command loads, into a few files. To find,
 * open and link some two hundred modules took 0.1 s of each command (measured), more than all else that a build with
 * nothing to do does. What is imported lazily stays a file of its own.
 */
import { readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';
import { build, transform } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };
import { projectFolder } from '../src/compose.ts';

const folder = join(projectFolder(), 'dist/src');
/**
 * What every command loads, and DuckDB's half in JavaScript: its 124 files took each thread that computes 0.1 s. Others
 * are in CommonJS, have native code, or are rarely needed.
 */
const JOINED: ReadonlySet<string> = new Set(['@duckdb/node-api', 'commander', 'yaml', 'zod']);
const CHUNK = /^chunk-\w+\.js(?:\.map)?$/;

/** Modules find files by where they lie: they are told the place that they were compiled to, not that of their chunk. */
const places: Plugin = {
  name: 'places',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/dist\/(?:src|tasks)\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      // Not by replacing text: it may stand in a string.
      const { code } = await transform(text, { loader: 'js', define: { 'import.meta.url': '__place' } });
      const place = `new URL(${JSON.stringify(`./${relative(folder, path)}`)}, import.meta.url).href`;
      return { contents: `const __place = ${place};\n${code}`, loader: 'js' };
    });
  },
};

for (const name of readdirSync(folder)) if (CHUNK.test(name)) rmSync(join(folder, name));

await build({
  entryPoints: ['main.js', 'thread.js', 'looker.js'].map((name) => join(folder, name)),
  outdir: folder,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  chunkNames: 'chunk-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  plugins: [places],
  external: Object.keys(packageJson.dependencies).filter((name) => !JOINED.has(name)),
  // Packages in CommonJS ask for Node's own modules by it.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
