/** A workspace with a file of every kind that a backup keeps or leaves out, built; and the commands, with a clock that stands. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { Rig } from '../rig.ts';
import type { Ran } from './cli.ts';
import { cli } from './cli.ts';

const NOW = Date.parse('2026-11-23T15:40:00Z');

export const FILES = {
  'pipeline.yaml': `version: 1
configs: [config.yaml]
as_of: "2024-03-31T23:59:00Z"
dimensions: { key: "\${keys}" }
rules:
  fetched: { for: [key], out: { raw: "raw/\${key}.txt" }, source: true, leaves: ["raw/old/*", "cache/part/*"], run: "echo \${key} > \${out.raw}" }
  halfway: { for: [key], in: { raw: { rule: fetched } }, out: { text: "cache/\${key}.txt" }, intermediate: true, run: "cat \${in.raw} > \${out.text}" }
  each: { for: [key], in: { text: { rule: halfway }, own: in.txt }, out: { folder: "out/\${key}/", none: "empty/\${key}/" }, run: "mkdir -p \${out.folder} \${out.none}; cat \${in.text} \${in.own} > \${out.folder}/text" }
  total: { in: { all: { rule: each, output: folder } }, out: { text: "runs/\${run_id}/total.txt" }, run: "cat out/*/text > \${out.text}" }
`,
  'config.yaml': 'keys: [a, b]\n',
  'in.txt': 'mine\n',
  'raw/old/a.txt': 'an older one\n',
  'cache/part/b': 'cut short',
};

/** A rule whose task is a module that imports another one, for the end of the manifest. */
export const MODULES = {
  'pipeline.yaml': `${FILES['pipeline.yaml']}  words: { out: { text: words.txt }, task: ./tasks/words.ts }\n`,
  'tasks/words.ts': `import { writeFileSync } from 'node:fs';
import { words } from './lib/words.ts';
export default { version: 1, run: async (ctx: { outputs: { text: string } }) => writeFileSync(ctx.outputs.text, words) };
`,
  'tasks/lib/words.ts': `export const words = 'of a module';\n`,
};

/** Built once for all tests of a file, and copied. */
let template: string | undefined;
afterAll(() => template && rmSync(template, { recursive: true, force: true }));

export async function built(): Promise<{ readonly rig: Rig; readonly place: Rig }> {
  if (template === undefined) {
    template = mkdtempSync(join(tmpdir(), 'pipeline-template-'));
    const first = new Rig(FILES);
    expect((await cli(['-C', first.dir, 'build'])).code).toBe(0);
    cpSync(first.dir, template, { recursive: true, verbatimSymlinks: true });
  }
  const rig = new Rig();
  cpSync(template, rig.dir, { recursive: true, verbatimSymlinks: true });
  return { rig, place: new Rig() };
}

export const backup = (rig: Rig, place: Rig, ...args: readonly string[]): Promise<Ran> =>
  cli(['-C', rig.dir, 'backup', place.path('b'), ...args], { now: () => NOW });

export const restore = (into: Rig, place: Rig, ...args: readonly string[]): Promise<Ran> =>
  cli(['-C', into.dir, 'restore', place.path('b'), ...args]);

export const objects = (place: Rig): readonly string[] => place.files('b/objects');

/** Of a table, without its padding. */
export const cells = (out: string, place: Rig): readonly string[] =>
  out
    .replaceAll(place.path('b'), 'DIR')
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().replace(/ {2,}/g, ' | '));
