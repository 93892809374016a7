import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builtins as ourBuiltins, tasks as ourTasks } from '../../../src/compose.ts';
import type { Action, Rule } from '../../../src/engine/manifest/model.ts';
import { builtinsFrom, traceRegistered } from '../../../src/engine/run/builtins.ts';
import type { Builtins, CodeIdentity } from '../../../src/engine/run/code.ts';
import { Code, identityOf } from '../../../src/engine/run/code.ts';
import { StatMemo } from '../../../src/engine/state/memo.ts';
import type { Task } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { put, rejection, scratch } from '../state/scratch.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const PLACE = { file: 'pipeline.yaml', line: 1, column: 1, length: 1, text: '' };

type Module = Extract<Action, { kind: 'module' }>;

function module(path = 'tasks/t.ts'): Module {
  return { kind: 'module', path, place: PLACE };
}

/** A rule as far as code goes. */
function rule(action: Action): Rule {
  return {
    name: 'r',
    place: PLACE,
    for: [],
    inputs: [],
    outputs: [],
    action,
    params: [],
    settings: {},
    pool: 'cpu',
    retries: 0,
    timeoutMs: undefined,
    deadlineMs: undefined,
    disk: undefined,
    leaves: [],
    sweepAfterMs: undefined,
    partitions: 'all',
    refreshAfterMs: undefined,
    source: false,
    intermediate: false,
    default: true,
    reads: [],
  };
}

function codeOf(workspace: string, builtins: Builtins = new Map()): Code {
  return new Code(builtins, workspace, new StatMemo(join(workspace, '.pipeline/memo'), workspace));
}

async function identify(workspace: string, action: Action = module()): Promise<CodeIdentity> {
  const found = await codeOf(workspace).identify(rule(action));
  if (!found.ok) throw new Error(found.message, { cause: found.cause });
  if (found.identity === undefined) throw new Error('it has no identity');
  return found.identity;
}

async function complaint(files: Readonly<Record<string, string>>, path?: string): Promise<string> {
  const found = await codeOf(scratch(files)).identify(rule(module(path)));
  if (found.ok) throw new Error('it was identified');
  return found.message;
}

/** What `run` gives back when it is called with nothing. */
async function answer(task: Task): Promise<unknown> {
  return task.run({} as Parameters<Task['run']>[0]);
}

const says = (text: string): string => `export default { version: 1, run() { return ${text}; } };\n`;

describe('a task module', () => {
  for (const [path, text] of [
    ['tasks/t.ts', "const x: string = 'ts';\nexport default { version: 1, run(): string { return x; } };"],
    ['tasks/t.mts', "const x: string = 'mts';\nexport default { version: 1, run(): string { return x; } };"],
    ['tasks/t.js', says("'js'")],
    ['tasks/t.mjs', says("'mjs'")],
  ] as const) {
    it(`may be ${path}, in a workspace with or without a package.json`, async () => {
      for (const files of [
        {},
        { 'package.json': '{"type":"commonjs"}' },
        { 'package.json': '{"type":"module"}' },
      ]) {
        const workspace = scratch({ ...files, [path]: text });
        const code = codeOf(workspace);
        expect(await answer(await code.load(module(path)))).toBe(path.split('.').at(-1));
        expect((await identify(workspace, module(path))).version).toBe(1);
      }
    });
  }

  it('may import the contract, JSON, a package of the workspace, and others of its own kind', async () => {
    const workspace = scratch({
      'package.json': '{"type":"module"}',
      'node_modules/dep/package.json':
        '{"name":"dep","version":"1.2.3","type":"module","exports":"./index.js"}',
      'node_modules/dep/index.js': "export const dep = 'dep';",
      'tasks/t.ts': [
        "import { defineTask, sha256 } from 'pipeline/task';",
        "import { dep } from 'dep';",
        "import table from './table.json' with { type: 'json' };",
        "import { lib } from '../lib/lib.mts';",
        "export default defineTask({ version: 7, run: () => [sha256('abc').slice(0, 8), dep, table.a, lib] as never });",
      ].join('\n'),
      'tasks/table.json': '{"a":[1]}',
      'lib/lib.mts': "export const lib: string = 'lib';",
    });
    expect(await answer(await codeOf(workspace).load(module()))).toEqual(['ba7816bf', 'dep', [1], 'lib']);
    const { files, version } = await identify(workspace);
    expect(version).toBe(7);
    expect(files.map(([name]) => name)).toEqual([
      'lib/lib.mts',
      'tasks/t.ts',
      'tasks/table.json',
      'dep',
      'pipeline',
    ]);
    expect(files).toContainEqual(['dep', '1.2.3']);
  });

  it('may lie beside the workspace, by a relative or an absolute path', async () => {
    const folder = scratch({ 'shared/t.ts': says("'shared'"), 'ws/pipeline.yaml': '' });
    for (const path of ['../shared/t.ts', join(folder, 'shared/t.ts')])
      expect(await answer(await codeOf(join(folder, 'ws')).load(module(path)))).toBe('shared');
  });

  it('finds the files beside each of its parts', async () => {
    const workspace = scratch({
      'tasks/t.ts': [
        "import { readFileSync } from 'node:fs';",
        "import { lib } from '../lib/lib.ts';",
        "const own = readFileSync(new URL('./data.txt', import.meta.url), 'utf8');",
        'export default { version: 1, run: () => [own, lib, import.meta.dirname, import.meta.filename] };',
      ].join('\n'),
      'tasks/data.txt': 'of tasks',
      'lib/lib.ts': [
        "import { readFileSync } from 'node:fs';",
        "export const lib: string = readFileSync(new URL('./data.txt', import.meta.url), 'utf8');",
      ].join('\n'),
      'lib/data.txt': 'of lib',
    });
    expect(await answer(await codeOf(workspace).load(module()))).toEqual([
      'of tasks',
      'of lib',
      join(workspace, 'tasks'),
      join(workspace, 'tasks/t.ts'),
    ]);
  });

  it('that throws shows its own file and line', async () => {
    const workspace = scratch({
      'tasks/t.ts': `interface Long {\n  a: 1;\n}\nexport default {\n  version: 1,\n  run(_: Long) {\n    throw new Error('boom');\n  },\n};\n`,
    });
    // A process of its own: under test, stacks are rewritten by the test runner.
    const script = `
      import { Code } from ${JSON.stringify(join(PROJECT, 'src/engine/run/code.ts'))};
      import { StatMemo } from ${JSON.stringify(join(PROJECT, 'src/engine/state/memo.ts'))};
      const code = new Code(new Map(), process.argv[1], new StatMemo('', process.argv[1]));
      const task = await code.load({ kind: 'module', path: 'tasks/t.ts' });
      try { task.run(); } catch (thrown) { console.log(thrown.stack.split('\\n').slice(0, 2).join('\\n')); }`;
    const ran = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script, workspace],
      {
        cwd: PROJECT,
        encoding: 'utf8',
      },
    );
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toMatch(/^Error: boom\n/);
    expect(ran.stdout).toContain(`${workspace}/tasks/t.ts:7:11`);
  });
});

describe('the digest of a task module', () => {
  const FILES = {
    'tasks/t.ts': `import { a } from '../lib/a.ts';\nimport { dep } from 'dep';\nexport default { version: 1, run: () => [a, dep] };\n`,
    'lib/a.ts': 'export const a = 1;\n',
    'tasks/other.ts': says('0'),
    'node_modules/dep/package.json':
      '{"name":"dep","version":"1.0.0","type":"module","exports":"./index.js"}',
    'node_modules/dep/index.js': 'export const dep = 1;',
  };

  it('changes with a comment in what it imports, not with one elsewhere', async () => {
    const workspace = scratch(FILES);
    const before = await identify(workspace);
    put(join(workspace, 'tasks/other.ts'), '// a comment\n');
    expect((await identify(workspace)).digest).toBe(before.digest);
    put(join(workspace, 'lib/a.ts'), '// a comment\nexport const a = 1;\n');
    expect((await identify(workspace)).digest).not.toBe(before.digest);
    put(join(workspace, 'lib/a.ts'), FILES['lib/a.ts']);
    expect((await identify(workspace)).digest).toBe(before.digest);
  });

  it('changes with the version of a package', async () => {
    const workspace = scratch(FILES);
    const before = await identify(workspace);
    const file = join(workspace, 'node_modules/dep/package.json');
    put(file, readFileSync(file, 'utf8').replace('1.0.0', '1.0.1'));
    const after = await identify(workspace);
    expect(after.digest).not.toBe(before.digest);
    expect(after.files).toContainEqual(['dep', '1.0.1']);
  });

  it('is the same in another place, and there the module finds its own place', async () => {
    const files = {
      ...FILES,
      'tasks/t.ts': `import { a } from '../lib/a.ts';\nexport default { version: 1, run: () => [a, import.meta.url] };\n`,
    };
    const workspace = scratch(files);
    const before = await identify(workspace);
    const elsewhere = scratch();
    cpSync(workspace, join(elsewhere, 'copied'), { recursive: true });
    renameSync(workspace, join(elsewhere, 'moved'));
    for (const name of ['copied', 'moved']) {
      const there = join(elsewhere, name);
      expect((await identify(there)).digest).toBe(before.digest);
      expect(await answer(await codeOf(there).load(module()))).toEqual([1, `file://${there}/tasks/t.ts`]);
    }
  });

  it('is that of what runs, even when the module is edited meanwhile', async () => {
    const workspace = scratch({ 'tasks/t.ts': says("'before'") });
    const code = codeOf(workspace);
    const first = await code.identify(rule(module()));
    put(join(workspace, 'tasks/t.ts'), says("'after'"));
    expect(await answer(await code.load(module()))).toBe('before');
    expect(await code.identify(rule(module()))).toEqual(first);
    expect(await answer(await codeOf(workspace).load(module()))).toBe('after');
  });
});

describe('the cache of task modules', () => {
  it('notices a new file that an import means from then on', async () => {
    const workspace = scratch({
      'tasks/t.ts': "import { x } from './part.js';\nexport default { version: 1, run() { return x; } };\n",
      'tasks/part.ts': "export const x = 'from part.ts';\n",
    });
    expect(await answer(await codeOf(workspace).load(module()))).toBe('from part.ts');
    put(join(workspace, 'tasks/part.js'), "export const x = 'from part.js';\n");
    expect(await answer(await codeOf(workspace).load(module()))).toBe('from part.js');
  });

  it('spares an unchanged module the tracing: it is not even looked for', async () => {
    const workspace = scratch({ 'tasks/t.ts': says('1') });
    await sleep(80);
    const before = await identify(workspace);
    // A bundle that says something else shows that it is the cached one that runs.
    const [bundle = ''] = readdirSync(join(workspace, '.pipeline/code')).filter((name) =>
      name.endsWith('.mjs'),
    );
    const other = scratch({ 'x.mjs': says("'from the cache'") });
    cpSync(join(other, 'x.mjs'), join(workspace, '.pipeline/code', bundle.replace('.mjs', '0.mjs')));
    const index = join(workspace, '.pipeline/code/index.json');
    writeFileSync(index, readFileSync(index, 'utf8').replace(bundle, bundle.replace('.mjs', '0.mjs')));
    expect(await identify(workspace)).toEqual(before);
    expect(await answer(await codeOf(workspace).load(module()))).toBe('from the cache');
  });

  for (const [what, text] of [
    ['cut short', '[["tasks/t.ts",{"files":[["tasks/t.ts"'],
    ['of another shape', '{}'],
    ['of another version', '[["tasks/t.ts",{"files":{},"bundle":"x.mjs"}]]'],
    ['empty', ''],
  ] as const) {
    it(`is ignored when it is ${what}`, async () => {
      const workspace = scratch({ 'tasks/t.ts': says('1') });
      const before = await identify(workspace);
      writeFileSync(join(workspace, '.pipeline/code/index.json'), text);
      expect(await identify(workspace)).toEqual(before);
    });
  }

  it('is made anew when its bundles are gone', async () => {
    const workspace = scratch({ 'tasks/t.ts': says('1') });
    const before = await identify(workspace);
    for (const name of readdirSync(join(workspace, '.pipeline/code')))
      if (name.endsWith('.mjs')) rmSync(join(workspace, '.pipeline/code', name));
    expect(await identify(workspace)).toEqual(before);
    expect(await answer(await codeOf(workspace).load(module()))).toBe(1);
  });

  it('never trusts half a bundle that a crash left', async () => {
    const workspace = scratch({ 'tasks/t.ts': says('1') });
    await identify(workspace);
    const names = readdirSync(join(workspace, '.pipeline/code')).filter((name) => name.endsWith('.mjs'));
    for (const name of names) {
      const bundle = readFileSync(join(workspace, '.pipeline/code', name), 'utf8');
      put(join(workspace, '.pipeline/code', name), bundle.slice(0, 10));
    }
    rmSync(join(workspace, '.pipeline/code/index.json'));
    await identify(workspace);
    for (const name of names)
      expect(readFileSync(join(workspace, '.pipeline/code', name), 'utf8').length).toBeGreaterThan(10);
  });

  it('may be one that cannot be written, as long as the bundle is there', async () => {
    const workspace = scratch({ 'tasks/t.ts': says('1') });
    const before = await identify(workspace);
    const index = join(workspace, '.pipeline/code/index.json');
    rmSync(index);
    put(join(index, 'in-the-way'), '');
    expect(await identify(workspace)).toEqual(before);
    expect(await answer(await codeOf(workspace).load(module()))).toBe(1);
  });

  it('is said to be in the way when it cannot be written', async () => {
    const workspace = scratch({ 'tasks/t.ts': says('1'), '.pipeline': 'mine' });
    const found = await codeOf(workspace).identify(rule(module()));
    expect(found).toMatchObject({
      ok: false,
      message: `${workspace}/.pipeline is a file, and the state of builds is kept in a folder of that name: move it away`,
    });
  });
});

describe('a module that is no task', () => {
  const wrong: readonly (readonly [what: string, text: string, message: string])[] = [
    [
      'without a default export',
      'export const version = 1;',
      'tasks/t.ts must default-export a task: { version: 1, async run(ctx) { … } }; found no default export',
    ],
    [
      'that exports null',
      'export default null;',
      'tasks/t.ts must default-export a task: { version: 1, async run(ctx) { … } }; found null',
    ],
    [
      'that exports a function',
      'export default () => 1;',
      'tasks/t.ts must default-export a task: { version: 1, async run(ctx) { … } }; found a function',
    ],
    [
      'without run',
      'export default { version: 1 };',
      'tasks/t.ts must default-export a task: { version: 1, async run(ctx) { … } }; found an object without run()',
    ],
    [
      'whose run is no function',
      "export default { version: 1, run: 'x' };",
      'tasks/t.ts must default-export a task: { version: 1, async run(ctx) { … } }; found an object without run()',
    ],
    [
      'without a version',
      'export default { run() {} };',
      'tasks/t.ts: the task needs a "version", a number that you raise when its outputs change',
    ],
    [
      'whose version is no number',
      "export default { version: '1', run() {} };",
      'tasks/t.ts: the task needs a "version", a number that you raise when its outputs change',
    ],
    [
      'whose version is not a number that counts',
      'export default { version: Number.NaN, run() {} };',
      'tasks/t.ts: the task needs a "version", a number that you raise when its outputs change',
    ],
    ['with a syntax error', 'export default {', 'tasks/t.ts:1:17: Expected identifier but found end of file'],
    [
      'with an import that leads nowhere',
      "import './gone.ts';\nexport default {};",
      'tasks/t.ts:1:8: Could not resolve "./gone.ts"',
    ],
    ['that throws', "throw new Error('boom');", 'tasks/t.ts cannot be loaded: boom'],
    ['that throws something odd', "throw 'boom';", 'tasks/t.ts cannot be loaded: boom'],
  ];
  for (const [what, text, message] of wrong) {
    it(`is told: one ${what}`, async () => {
      expect(await complaint({ 'tasks/t.ts': text })).toBe(message);
    });
  }

  it('is told: one that imports a package which is not installed', async () => {
    const message = await complaint({ 'tasks/t.ts': `import 'no-such-package';\n${says('1')}` });
    expect(message).toContain('tasks/t.ts cannot be loaded: ');
    expect(message).toContain('no-such-package');
  });

  it('keeps what it threw as the cause', async () => {
    const workspace = scratch({ 'tasks/t.ts': "throw new TypeError('boom', { cause: 'deeper' });" });
    const code = codeOf(workspace);
    const found = await code.identify(rule(module()));
    expect(found).toMatchObject({
      ok: false,
      cause: { name: 'TypeError', message: 'boom', cause: 'deeper' },
    });
    expect(await rejection(code.load(module()))).toMatchObject({
      message: 'tasks/t.ts cannot be loaded: boom',
      cause: { name: 'TypeError', message: 'boom', cause: 'deeper' },
    });
  });

  it('can be mended', async () => {
    const workspace = scratch({ 'tasks/t.ts': 'export default {' });
    expect((await codeOf(workspace).identify(rule(module()))).ok).toBe(false);
    put(join(workspace, 'tasks/t.ts'), says('1'));
    expect((await codeOf(workspace).identify(rule(module()))).ok).toBe(true);
  });
});

describe('built-in tasks and recipes', () => {
  it('bring their identity along, or have none', async () => {
    const code = codeOf(scratch(), fakeTasks({ one: { run: () => undefined, version: 3, source: 'a' } }));
    const builtin: Action = { kind: 'builtin', name: 'one', place: PLACE };
    expect(await code.identify(rule(builtin))).toMatchObject({ ok: true, identity: { version: 3 } });
    expect(await answer(await code.load(builtin))).toBeUndefined();
    const template = { parts: ['true'], source: 'true', place: PLACE };
    expect(await code.identify(rule({ kind: 'run', template }))).toEqual({ ok: true, identity: undefined });
  });

  it('are all known, or the manifest has a bug', async () => {
    const gone: Action = { kind: 'builtin', name: 'gone', place: PLACE };
    expect(await rejection(codeOf(scratch()).identify(rule(gone)))).toEqual(
      new Error('the manifest let an unknown task through: "gone"'),
    );
  });

  it('have a digest of their files and of the versions of their packages', () => {
    const one = identityOf([['a.ts', '1']], [['zod', '4.0.0']], 1);
    expect(identityOf([['a.ts', '1']], [['zod', '4.0.0']], 2).digest).toBe(one.digest);
    expect(identityOf([['a.ts', '2']], [['zod', '4.0.0']], 1).digest).not.toBe(one.digest);
    expect(identityOf([['a.ts', '1']], [['zod', '4.0.1']], 1).digest).not.toBe(one.digest);
    expect(one.files).toEqual([
      ['a.ts', '1'],
      ['zod', '4.0.0'],
    ]);
  });

  it('that cannot be traced say so', async () => {
    const registry = {
      one: { module: 'tasks/gone.ts', load: async () => ({ default: { version: 1, run() {} } }) },
    };
    const folder = scratch();
    const one = builtinsFrom(registry, folder, join(folder, 'code.json')).get('one');
    expect(await rejection(one?.identify() ?? Promise.resolve())).toEqual(
      new Error('tasks/gone.ts cannot be traced: Could not resolve "tasks/gone.ts"'),
    );
  });
});

describe('our own tasks', () => {
  it('have the same identity compiled and from source', async () => {
    const folder = scratch({ 'package.json': readFileSync(join(PROJECT, 'package.json'), 'utf8') });
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    const dist = join(folder, 'dist');
    spawnSync(
      process.execPath,
      [
        join(PROJECT, 'node_modules/typescript/bin/tsc'),
        ...[
          '-p',
          join(PROJECT, 'tsconfig.build.json'),
          '--noCheck',
          '--declaration',
          'false',
          '--outDir',
          dist,
        ],
      ],
      { cwd: PROJECT },
    );
    const shipped: Record<string, unknown> = {};
    for (const [name, registered] of Object.entries(ourTasks))
      shipped[name] = await traceRegistered(registered, PROJECT);
    put(join(dist, 'tasks/code.json'), JSON.stringify(shipped));

    const script = `
      const { builtins } = await import(${JSON.stringify(join(dist, 'src/compose.js'))});
      const found = {};
      for (const [name, task] of builtins()) found[name] = await task.identify();
      console.log(JSON.stringify(found));`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(ran.stderr).toBe('');
    const fromSource: Record<string, CodeIdentity> = {};
    for (const [name, task] of ourBuiltins()) fromSource[name] = await task.identify();
    expect(JSON.parse(ran.stdout)).toEqual(fromSource);
    expect(Object.keys(fromSource).length).toBeGreaterThan(3);
    for (const { files } of Object.values(fromSource)) {
      expect(files.map(([name]) => name)).toContain('src/engine/task.ts');
      expect(files.filter(([, digestOrVersion]) => digestOrVersion === 'not installed')).toEqual([]);
    }

    // The compiled tool says what is wrong with what was shipped.
    put(join(dist, 'tasks/code.json'), '{}');
    const wrong = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(wrong.stderr).toContain(
      `${dist}/tasks/code.json does not know task "${Object.keys(ourTasks)[0]}": the tool was not built whole; run npm run build`,
    );
  });
});
