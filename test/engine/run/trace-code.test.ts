import { cpSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { packageVersion } from '../../../src/engine/run/package-version.ts';
import type { TracedCode } from '../../../src/engine/run/trace-code.ts';
import { traceCode } from '../../../src/engine/run/trace-code.ts';
import { put, scratch } from '../state/scratch.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

async function trace(folder: string, entry = 'tasks/t.ts'): Promise<TracedCode> {
  const traced = await traceCode(join(folder, entry), folder);
  if (!traced.ok) throw new Error(traced.message);
  return traced.code;
}

async function filesOf(files: Readonly<Record<string, string>>, entry?: string): Promise<readonly string[]> {
  return (await trace(scratch(files), entry)).files.map(([name]) => name);
}

async function complaint(files: Readonly<Record<string, string>>, entry = 'tasks/t.ts'): Promise<string> {
  const folder = scratch(files);
  const traced = await traceCode(join(folder, entry), folder);
  if (traced.ok) throw new Error('it was traced');
  return traced.message;
}

const TASK = 'export default { version: 1, run() {} };\n';

describe('the files of a task', () => {
  it('are those that it imports, however deep, with the digests of their bytes', async () => {
    const a = "import './b.ts';\nexport const a = 1; // é\n";
    const folder = scratch({
      'tasks/t.ts': `import { a } from '../lib/a.ts';\na;\n${TASK}`,
      'lib/a.ts': a,
      'lib/b.ts': 'export {};\n',
      'lib/unrelated.ts': 'export {};\n',
    });
    const { files } = await trace(folder);
    expect(files.map(([name]) => name)).toEqual(['lib/a.ts', 'lib/b.ts', 'tasks/t.ts']);
    expect(files[0]?.[1]).toBe(sha256(a));
  });

  it('leave out what is imported for its types alone', async () => {
    const files = {
      'tasks/t.ts': [
        "import type { A } from './types.ts';",
        "import { type B } from './more-types.ts';",
        "import { C } from './unused.ts';",
        "import { used, type D } from './used.ts';",
        "export type { A } from './again.ts';",
        'const c: C = used; export const x: [A, B, D] | undefined = c;',
        TASK,
      ].join('\n'),
      'tasks/types.ts': 'export type A = 1;',
      'tasks/more-types.ts': 'export type B = 1;',
      'tasks/unused.ts': 'export type C = unknown;',
      'tasks/used.ts': 'export const used: any = 1; export type D = 1;',
      'tasks/again.ts': 'export type A = 1;',
    };
    expect(await filesOf(files)).toEqual(['tasks/t.ts', 'tasks/used.ts']);
  });

  it('include what is imported for its effect, whatever package.json says of effects', async () => {
    const files = {
      'package.json': '{"type":"module","sideEffects":false}',
      'tasks/t.ts': `import './effect.ts';\n${TASK}`,
      'tasks/effect.ts': 'globalThis.effect = 1;\n',
    };
    const folder = scratch(files);
    const { files: traced, bundle } = await trace(folder);
    expect(traced.map(([name]) => name)).toEqual(['tasks/effect.ts', 'tasks/t.ts']);
    expect(bundle).toContain('globalThis.effect = 1');
  });

  it('include what is imported later, re-exported, required and read as JSON', async () => {
    const files = {
      'tasks/t.ts': [
        "import table from './table.json' with { type: 'json' };",
        "export * from './re-exported.ts';",
        "export const later = () => import('./later.ts');",
        'export const size = table.size;',
        TASK,
      ].join('\n'),
      'tasks/table.json': '{"size":2}',
      'tasks/re-exported.ts': 'export const r = 1;',
      'tasks/later.ts': 'export const l = 1;',
    };
    expect(await filesOf(files)).toEqual([
      'tasks/later.ts',
      'tasks/re-exported.ts',
      'tasks/t.ts',
      'tasks/table.json',
    ]);
  });

  it('may import each other in a circle', async () => {
    const files = {
      'tasks/t.ts': `import './a.ts';\n${TASK}`,
      'tasks/a.ts': "import './b.ts'; export const a = 1;",
      'tasks/b.ts': "import './a.ts'; import './t.ts'; export const b = 1;",
    };
    expect(await filesOf(files)).toEqual(['tasks/a.ts', 'tasks/b.ts', 'tasks/t.ts']);
  });

  it('may be .ts, .mts, .js and .mjs, and lie beside the workspace', async () => {
    const files = {
      'ws/tasks/t.mjs': `import './a.mts';\nimport './b.js';\nimport '../../shared/c.ts';\n${TASK}`,
      'ws/tasks/a.mts': 'export const a: number = 1;',
      'ws/tasks/b.js': 'export const b = 1;',
      'shared/c.ts': 'export const c: number = 1;',
    };
    const { files: traced } = await trace(join(scratch(files), 'ws'), 'tasks/t.mjs');
    expect(traced.map(([name]) => name)).toEqual([
      '../shared/c.ts',
      'tasks/a.mts',
      'tasks/b.js',
      'tasks/t.mjs',
    ]);
  });

  it('may be named by the imports field of package.json', async () => {
    const files = {
      'package.json': '{"type":"module","imports":{"#lib/*":"./lib/*"}}',
      'tasks/t.ts': `import '#lib/a.ts';\n${TASK}`,
      'lib/a.ts': 'export const a = 1;',
    };
    const { files: traced, packages } = await trace(scratch(files));
    expect(traced.map(([name]) => name)).toEqual(['lib/a.ts', 'tasks/t.ts']);
    expect(packages).toEqual([]);
  });

  it('do not hang on a tsconfig.json, which is none of them', async () => {
    const files = {
      'tasks/t.ts': `import { C } from './types.ts';\nexport const x: C = 1;\n${TASK}`,
      'tasks/types.ts': 'export type C = number;',
    };
    const strict = { 'tsconfig.json': '{"compilerOptions":{"verbatimModuleSyntax":true,"target":"es5"}}' };
    const broken = { 'tsconfig.json': '{' };
    const [plain, ...others] = await Promise.all(
      [files, { ...files, ...strict }, { ...files, ...broken }].map((each) => trace(scratch(each))),
    );
    for (const other of others) expect(other.files).toEqual(plain?.files);
  });
});

describe('the code of a task is another', () => {
  const FILES = {
    'tasks/t.ts': `import { a } from '../lib/a.ts';\na;\n${TASK}`,
    'lib/a.ts': 'export const a = 1;\n',
    'tasks/other.ts': 'export default 1;\n',
  };

  it('after a comment in what it imports, and not after one elsewhere', async () => {
    const folder = scratch(FILES);
    const before = await trace(folder);
    put(join(folder, 'tasks/other.ts'), '// a comment\nexport default 1;\n');
    expect((await trace(folder)).files).toEqual(before.files);
    put(join(folder, 'lib/a.ts'), '// a comment\nexport const a = 1;\n');
    expect((await trace(folder)).files).not.toEqual(before.files);
  });

  it('but not in another folder', async () => {
    const folder = scratch(FILES);
    const before = await trace(folder);
    const moved = scratch();
    cpSync(folder, join(moved, 'elsewhere é'), { recursive: true });
    expect((await trace(join(moved, 'elsewhere é'))).files).toEqual(before.files);
  });
});

describe('the packages of a task', () => {
  it('are those that its files import, by name', async () => {
    const folder = scratch({
      'tasks/t.ts': [
        "import { parse } from 'csv-parse/sync';",
        "import { z } from 'zod';",
        "import { DuckDBInstance } from '@duckdb/node-api';",
        "import { readFileSync } from 'node:fs';",
        "import { join } from 'path';",
        "import { posix } from 'node:path/posix';",
        "import type { Dispatcher } from 'undici';",
        "export const later = () => import('yauzl');",
        'export const all = [parse, z, DuckDBInstance, readFileSync, join, posix];',
        TASK,
      ].join('\n'),
    });
    expect((await trace(folder)).packages).toEqual(['@duckdb/node-api', 'csv-parse', 'yauzl', 'zod']);
  });

  it('have the version that lies nearest, walking up', () => {
    const folder = scratch({
      'node_modules/near/package.json': '{"version":"1.0.0"}',
      'a/node_modules/near/package.json': '{"version":"2.0.0"}',
      'node_modules/@scope/name/package.json': '{"version":"3.0.0"}',
      'node_modules/versionless/package.json': '{"name":"versionless"}',
      'node_modules/broken/package.json': '{',
      'a/b/x': '',
    });
    const from = join(folder, 'a/b');
    expect(
      ['near', '@scope/name', 'versionless', 'broken', 'nothing-of-that-name'].map((name) =>
        packageVersion(name, from),
      ),
    ).toEqual(['2.0.0', '3.0.0', 'without a version', 'without a version', undefined]);
    expect(packageVersion('near', folder)).toBe('1.0.0');
  });
});

describe('a task that imports the contract', () => {
  const CONTRACT_TASK = `import { defineTask, sha256 } from 'pipeline/task';\nexport default defineTask({ version: 1, run() { sha256('x'); } });\n`;

  it('depends on our version, not on our files', async () => {
    const { files, packages, bundle } = await trace(scratch({ 'tasks/t.ts': CONTRACT_TASK }));
    expect(files.map(([name]) => name)).toEqual(['tasks/t.ts']);
    expect(packages).toEqual(['pipeline']);
    expect(bundle).toContain('node:crypto');
    expect(packageVersion('pipeline', '/')).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('does so wherever it lies, within our own folder too', async () => {
    for (const above of [PROJECT, join(PROJECT, 'test')]) {
      const folder = scratch({ 'tasks/t.ts': CONTRACT_TASK }, above);
      for (const root of [folder, PROJECT]) {
        const traced = await traceCode(join(folder, 'tasks/t.ts'), root);
        if (!traced.ok) throw new Error(traced.message);
        expect(traced.code.files.length).toBe(1);
        expect(traced.code.packages).toEqual(['pipeline']);
      }
    }
  });

  it('for its types alone depends on nothing of ours', async () => {
    const files = {
      'tasks/t.ts': `import type { Task } from 'pipeline/task';\nexport const t: Task | 0 = 0;\n${TASK}`,
    };
    expect((await trace(scratch(files))).packages).toEqual([]);
  });

  it('by a path, as our own tasks do, depends on its files', async () => {
    const traced = await traceCode(join(PROJECT, 'tasks/binance/sources.ts'), PROJECT);
    if (!traced.ok) throw new Error(traced.message);
    const names = traced.code.files.map(([name]) => name);
    for (const name of [
      'src/engine/task.ts',
      'src/engine/hash.ts',
      'src/engine/json.ts',
      'tasks/binance/sources.ts',
    ])
      expect(names).toContain(name);
    expect(names.filter((name) => !/^(tasks|src\/engine)\//.test(name))).toEqual([]);
    expect(traced.code.packages).not.toContain('pipeline');
  });
});

describe('code that cannot be traced', () => {
  it('because of its syntax is placed', async () => {
    expect(await complaint({ 'tasks/t.ts': 'export default {\n  version: 1,,\n};\n' })).toBe(
      'tasks/t.ts:2:14: Expected identifier but found ","',
    );
  });

  it('in what it imports is placed there, by characters and not bytes', async () => {
    const files = {
      'tasks/t.ts': `import '../lib/a.ts';\n${TASK}`,
      'lib/a.ts': "export const a = 'é😀' +;\n",
    };
    expect(await complaint(files)).toBe('lib/a.ts:1:25: Unexpected ";"');
  });

  it('in a file that asks for its own URL is placed too', async () => {
    const files = {
      'tasks/t.ts': `import '../lib/a.ts';\n${TASK}`,
      'lib/a.ts': 'export const url = import.meta.url;\nexport const a = ;\n',
    };
    expect(await complaint(files)).toBe('lib/a.ts:2:18: Unexpected ";"');
  });

  it('since an import leads nowhere is placed, every one', async () => {
    const files = {
      'tasks/t.ts': `import { a } from './nowhere.ts';\nimport '../lib/b.ts';\na;\n${TASK}`,
      'lib/b.ts': "import '../lib/gone.js';\n",
    };
    expect(await complaint(files)).toBe(
      'lib/b.ts:1:8: Could not resolve "../lib/gone.js"\ntasks/t.ts:1:19: Could not resolve "./nowhere.ts"',
    );
  });

  it('since a name is not exported is placed', async () => {
    const files = {
      'tasks/t.js': `import { a } from './a.js';\na;\n${TASK}`,
      'tasks/a.js': 'export const b = 1;\n',
    };
    expect(await complaint(files, 'tasks/t.js')).toBe(
      'tasks/t.js:1:10: No matching export in "tasks/a.js" for import "a"',
    );
  });

  it('since JSON is none is placed', async () => {
    const files = { 'tasks/t.ts': `import x from './x.json';\nx;\n${TASK}`, 'tasks/x.json': '{"a":}' };
    expect(await complaint(files)).toBe('tasks/x.json:1:6: Unexpected "}" in JSON');
  });

  it('since there is no such file names it', async () => {
    expect(await complaint({}, 'tasks/gone.ts')).toBe('Could not resolve "tasks/gone.ts"');
  });
});

describe('what is bundled', () => {
  it('is what was digested, even when a file changes at that moment', async () => {
    const folder = scratch({
      'tasks/t.ts': `import { a } from './a.ts';\nglobalThis.seen = a;\n${TASK}`,
      'tasks/a.ts': 'export const a = 1;\n',
    });
    const versions = [1, 2].map((version) => `export const a = ${version};\n`);
    for (let round = 0; round < 20; round++) {
      const tracing = trace(folder);
      for (let at = 0; at < 10; at++) {
        put(join(folder, 'new'), versions[at % 2] ?? '');
        renameSync(join(folder, 'new'), join(folder, 'tasks/a.ts'));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { files, bundle } = await tracing;
      const digest = files.find(([name]) => name === 'tasks/a.ts')?.[1];
      const digested = versions.findIndex((text) => sha256(text) === digest) + 1;
      expect(bundle).toContain(`var a = ${digested};`);
    }
  });

  it('may be reached by a link, and counts where it really lies', async () => {
    const folder = scratch({
      'tasks/t.ts': `import './linked.ts';\n${TASK}`,
      'lib/real.ts': 'export const x = 1;',
    });
    symlinkSync('../lib/real.ts', join(folder, 'tasks/linked.ts'));
    expect((await trace(folder)).files.map(([name]) => name)).toEqual(['lib/real.ts', 'tasks/t.ts']);
  });
});
