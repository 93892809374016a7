/** What `gc` removes, and above all what it never does. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Collected } from '../../../src/engine/gc/items.ts';
import { orphansOf } from '../../../src/engine/orphans.ts';
import { StateError } from '../../../src/engine/state/workspace-state.ts';
import { survey } from '../../../src/engine/status.ts';
import { fakeTasks } from '../../fake-task.ts';
import type { RigOptions } from '../../rig.ts';
import { Rig } from '../../rig.ts';
import { scratch } from '../state/scratch.ts';
import { collect } from './collecting.ts';

function removed(collected: Collected, kind: string): readonly string[] {
  return collected.removed
    .filter((each) => each.kind === kind)
    .map(({ path }) => path)
    .sort();
}

/** All that is there, with its content. */
function tree(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'latin1')]),
  );
}

async function orphans(rig: Rig, ask: RigOptions = {}): Promise<readonly string[]> {
  const manifest = rig.load(ask);
  if (typeof manifest === 'string') throw new Error(manifest);
  const found = await survey({
    workspace: rig.dir,
    manifest,
    builtins: ask.builtins ?? new Map(),
    selectors: [],
    between: undefined,
    force: false,
    refresh: false,
    now: Date.now(),
  });
  if (found.kind === 'invalid') throw new Error('the request was wrong');
  return orphansOf(found.session).map(({ path, target }) => `${path} of ${target}`);
}

const ONE = {
  'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  one: { out: { text: out/one.txt }, params: { n: "\${n}" }, run: "echo \${params.n} > \${out.text}" }
`,
  'config.yaml': 'n: 1\n',
};

/** A build for each value. */
async function builtWith(rig: Rig, values: readonly number[]): Promise<void> {
  for (const n of values) {
    rig.write('config.yaml', `n: ${n}\n`);
    await rig.build();
  }
}

function storedTexts(rig: Rig): readonly string[] {
  return rig
    .files('.pipeline/store')
    .map((path) => rig.read(path).trim())
    .sort();
}

describe('what a rule wrote that is gone', () => {
  it('stays where the manifest reads it: a config file, and the code of a task', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  made:
    out: { config: made.yaml, task: made.mjs, part: part.mjs, text: made.txt }
    run: "cp kept.yaml \${out.config}; cp kept.mjs \${out.task}; cp kept-part.mjs \${out.part}; echo \${n} > \${out.text}"
`,
      'config.yaml': 'n: 1\n',
      'kept.yaml': 'm: 2\n',
      'kept-part.mjs': 'export const text = "made";\n',
      'kept.mjs':
        'import { writeFileSync } from "node:fs";\nimport { text } from "./part.mjs";\nexport default { version: 1, run: (ctx) => writeFileSync(ctx.outputs.text, text) };\n',
    });
    expect((await rig.build()).failures).toEqual({});
    rig.write(
      'pipeline.yaml',
      `
version: 1
configs: [config.yaml, ./made.yaml]
rules:
  user: { out: { text: out/user.txt }, params: { n: "\${n}", m: "\${m}" }, task: ./made.mjs }
`,
    );
    expect((await rig.build()).failures).toEqual({});
    expect(await orphans(rig)).toEqual(['made.txt of made']);
    expect(removed(await collect(rig, { keepRuns: 0 }), 'orphan')).toEqual(['made.txt']);
    expect((await rig.build()).ran).toEqual([]);
  });
});

describe('earlier results', () => {
  it('that the last builds had stay, and older ones go with their contents', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1, 2, 3, 4]);
    expect(storedTexts(rig)).toEqual(['1', '2', '3']);
    const collected = await collect(rig, { keepRuns: 2 });
    expect(removed(collected, 'result')).toEqual(['one', 'one']);
    expect(removed(collected, 'content')).toHaveLength(2);
    expect(storedTexts(rig)).toEqual(['3']);
    rig.write('config.yaml', 'n: 3\n');
    expect((await rig.build()).restored).toEqual(['one']);
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).ran).toEqual(['one']);
  });

  it('all stay while no more builds were made than count', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1, 2, 3]);
    expect((await collect(rig)).removed).toEqual([]);
    expect((await collect(rig, { keepRuns: 3 })).removed).toEqual([]);
    expect(storedTexts(rig)).toEqual(['1', '2']);
  });

  it('all go with --keep-runs 0, but for what the lockfile names', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1]);
    const locked = rig.read('pipeline.lock');
    await builtWith(rig, [2, 3]);
    // As when an earlier commit is checked out.
    rig.write('pipeline.lock', locked);
    await collect(rig, { keepRuns: 0 });
    expect(storedTexts(rig)).toEqual(['1']);
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).restored).toEqual(['one']);
    expect(rig.read('out/one.txt')).toBe('1\n');
  });

  it('of directories stay and go with all their files', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  two: { out: { parts: parts/ }, params: { n: "\${n}" }, run: "mkdir \${out.parts}/deep; echo same > \${out.parts}/same; echo \${params.n} > \${out.parts}/deep/n" }
`,
      'config.yaml': 'n: 1\n',
    });
    await builtWith(rig, [1, 2, 3]);
    await collect(rig, { keepRuns: 2 });
    expect(storedTexts(rig).filter((text) => !text.startsWith('['))).toEqual(['2', 'same']);
    rig.write('config.yaml', 'n: 2\n');
    expect((await rig.build()).restored).toEqual(['two']);
    expect(rig.read('parts/deep/n')).toBe('2\n');
  });

  it('younger than --older-than stay', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1, 2, 3]);
    expect((await collect(rig, { keepRuns: 0, olderThanMs: 3_600_000 })).removed).toEqual([]);
    const now = new Date(Date.now() + 2 * 3_600_000).toISOString();
    const collected = await collect(rig, { keepRuns: 0, olderThanMs: 3_600_000, now });
    expect(removed(collected, 'content')).toHaveLength(2);
  });

  it('go oldest first until the store is no larger than --max-size', async () => {
    const rig = new Rig(ONE);
    for (const n of [1, 2, 3, 4]) {
      await builtWith(rig, [n]);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    const collected = await collect(rig, { keepRuns: 0, maxBytes: 4 });
    expect(removed(collected, 'result')).toEqual(['one']);
    expect(storedTexts(rig)).toEqual(['2', '3']);
    const all = await collect(rig, { keepRuns: 10, maxBytes: 1 });
    expect(all.removed).toEqual([]);
    expect(all.remarks).toEqual([
      'the store is 3 bytes larger than 1: the lockfile and the builds that count name the rest, or it is too young',
    ]);
  });
});

describe('a dry run', () => {
  it('removes nothing, and tells just what then goes', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1, 2, 3]);
    rig.write('.pipeline/code/stale.mjs', '// a bundle of code that is gone');
    const before = tree(rig.dir);
    const told = await collect(rig, { keepRuns: 1, dryRun: true });
    const { '.pipeline/memo': _memo, ...after } = tree(rig.dir);
    const { '.pipeline/memo': _old, ...was } = before;
    expect(after).toEqual(was);
    const done = await collect(rig, { keepRuns: 1 });
    const plain = ({ removed: all, kept }: Collected): unknown => [
      all.map(({ kind, path, files, bytes }) => [kind, path, files, bytes]),
      kept,
    ];
    expect(plain(told)).toEqual(plain(done));
    expect(done.removed.map(({ kind }) => kind).sort()).toEqual([
      'code',
      'content',
      'content',
      'result',
      'result',
    ]);
  });
});

describe('orphans', () => {
  const files = {
    'pipeline.yaml': `
version: 1
configs: [config.yaml]
dimensions: { key: "\${keys}" }
rules:
  each: { for: [key], out: { text: "out/\${key}/text.txt" }, run: "echo \${key} > \${out.text}" }
  all: { in: { texts: { rule: each } }, out: { text: all.txt }, run: "cat \${in.texts} > \${out.text}" }
`,
    'config.yaml': 'keys: [a, b]\n',
  };

  it('of a key that is gone stay while a build that had them counts, then go with their folders', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    expect(await orphans(rig)).toEqual(['out/b/text.txt of each/b']);
    expect((await collect(rig, { keepRuns: 2 })).removed).toEqual([]);
    const collected = await collect(rig, { keepRuns: 1 });
    expect(removed(collected, 'orphan')).toEqual(['out/b/text.txt']);
    expect(collected.removed.filter(({ kind }) => kind === 'orphan')).toMatchObject([{ files: 1, bytes: 2 }]);
    expect([rig.has('out/b'), rig.has('out/a/text.txt')]).toEqual([false, true]);
    expect(await orphans(rig)).toEqual([]);
    expect((await rig.build()).outcomes).toEqual({ all: 'fresh', 'each/a': 'fresh' });
    rig.write('config.yaml', 'keys: [a, b]\n');
    expect((await rig.build()).result).toBe('built');
    expect(rig.read('out/b/text.txt')).toBe('b\n');
  });

  it('that came back stay, however long they had been gone before', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    rig.write('config.yaml', 'keys: [b, a]\n');
    await rig.build();
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    expect(removed(await collect(rig, { keepRuns: 2 }), 'orphan')).toEqual([]);
    expect(removed(await collect(rig, { keepRuns: 1 }), 'orphan')).toEqual(['out/b/text.txt']);
  });

  it('that somebody has changed are his', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    rig.write('out/b/text.txt', 'mine\n');
    expect(await orphans(rig)).toEqual([]);
    expect(removed(await collect(rig, { keepRuns: 0 }), 'orphan')).toEqual([]);
    expect(rig.read('out/b/text.txt')).toBe('mine\n');
  });

  it('leave a folder in which something else lies', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('out/b/mine.txt', 'mine\n');
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    await collect(rig, { keepRuns: 0 });
    expect(rig.files('out')).toEqual(['out/a/text.txt', 'out/b/mine.txt']);
  });

  it('that a line of the lockfile names stay', async () => {
    const rig = new Rig(files);
    await rig.build();
    const locked = rig.read('pipeline.lock');
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    rig.write('pipeline.lock', locked);
    expect(removed(await collect(rig, { keepRuns: 0 }), 'orphan')).toEqual([]);
    expect(rig.has('out/b/text.txt')).toBe(true);
  });

  it('are whole directories as well, but for what is in them that no build made', async () => {
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  parts: { out: { parts: parts/ }, run: "mkdir ${out.parts}/deep; echo 1 > ${out.parts}/deep/1" }\n  rest: { out: { text: rest.txt }, run: "echo 1 > ${out.text}" }\n',
    });
    await rig.build();
    symlinkSync('/nowhere', rig.path('parts/link'));
    rig.edit('pipeline.yaml', (text) => text.replace(/ {2}parts:.*\n/, '').replace('echo 1', 'echo 2'));
    await rig.build();
    expect(await orphans(rig)).toEqual(['parts of parts']);
    await collect(rig, { keepRuns: 1 });
    expect([rig.has('parts/deep'), readlinkSync(rig.path('parts/link'))]).toEqual([false, '/nowhere']);
  });

  it('are outputs at the place that a rule had before', async () => {
    const rig = new Rig(ONE);
    await rig.build();
    rig.edit('pipeline.yaml', (text) => text.replace('out/one.txt', 'out/uno.txt'));
    // Before the next build as well as after it.
    expect(await orphans(rig)).toEqual(['out/one.txt of one']);
    await rig.build();
    expect(await orphans(rig)).toEqual(['out/one.txt of one']);
    expect(removed(await collect(rig, { keepRuns: 2 }), 'orphan')).toEqual([]);
    expect(removed(await collect(rig, { keepRuns: 1 }), 'orphan')).toEqual(['out/one.txt']);
    expect(rig.files('out')).toEqual(['out/uno.txt']);
  });

  it('of numbered runs stay while builds count that had them', async () => {
    const rig = new Rig({
      ...ONE,
      'pipeline.yaml': ONE['pipeline.yaml'].replace('out/one.txt', '"runs/${run_id}/one.txt"'),
    });
    await builtWith(rig, [1, 2, 3]);
    expect(await orphans(rig)).toHaveLength(2);
    const [, old = ''] = (await orphans(rig)).map((each) => each.split(' ')[0] ?? '');
    expect(removed(await collect(rig, { keepRuns: 2 }), 'orphan')).toHaveLength(1);
    expect(rig.files('runs')).toHaveLength(2);
    expect(
      existsSync(join(rig.dir, 'runs/latest/one.txt')) || existsSync(join(rig.dir, 'latest/one.txt')),
    ).toBe(true);
    expect(old).not.toBe('');
    rig.write('config.yaml', 'n: 2\n');
    expect((await rig.build()).restored).toEqual(['one']);
  });

  it('are none of a month that an earlier as-of does not reach', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
dimensions: { month: { every: month, from: "2024-01-01T00:00:00Z" } }
rules:
  each: { for: [month], out: { text: "out/\${month}.txt" }, run: "echo \${month} > \${out.text}" }
`,
    });
    await rig.build([], { asOf: '2024-03-31T23:59:00Z' });
    expect(await orphans(rig, { asOf: '2024-02-29T23:59:00Z' })).toEqual([]);
    expect((await collect(rig, { asOf: '2024-02-29T23:59:00Z', keepRuns: 0 })).removed).toEqual([]);
    rig.edit('pipeline.yaml', (text) => text.replace('2024-01-01', '2024-02-01'));
    expect(await orphans(rig, { asOf: '2024-03-31T23:59:00Z' })).toEqual(['out/2024-01.txt of each/2024-01']);
  });

  it('are none where keys are not known, or cannot be had', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
dimensions: { key: { keys: { rule: keys, pointer: "" } } }
rules:
  keys: { in: { json: in.json }, out: { json: keys.json }, run: "cat \${in.json} > \${out.json}" }
  each: { for: [key], out: { text: "each/\${key}" }, run: "echo \${key} > \${out.text}" }
`,
      'in.json': '["a", "b"]',
    });
    await rig.build();
    rig.remove('in.json');
    await rig.build();
    expect(await orphans(rig)).toEqual([]);
    expect(removed(await collect(rig, { keepRuns: 0 }), 'orphan')).toEqual([]);
    rig.write('in.json', '["a"]');
    await rig.build();
    expect(await orphans(rig)).toEqual(['each/b of each/b']);
    expect(removed(await collect(rig, { keepRuns: 2 }), 'orphan')).toEqual([]);
    expect(removed(await collect(rig, { keepRuns: 1 }), 'orphan')).toEqual(['each/b']);
  });

  it('behind a link out of the workspace stay, and it is said', async () => {
    const far = scratch();
    const rig = new Rig(files);
    symlinkSync(far, rig.path('out'));
    await rig.build();
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    const collected = await collect(rig, { keepRuns: 0 });
    expect(collected.remarks).toEqual(['out/b/text.txt stays: the way there leads out of the workspace']);
    expect(readFileSync(join(far, 'b/text.txt'), 'utf8')).toBe('b\n');
  });

  it('of builds before results were noted stay if they were made since the builds that count', async () => {
    const rig = new Rig(ONE);
    await rig.build();
    rig.edit('pipeline.yaml', (text) => text.replace('out/one.txt', 'out/uno.txt'));
    await rig.build();
    rmSync(rig.path('.pipeline/results'));
    expect(removed(await collect(rig, { keepRuns: 2 }), 'orphan')).toEqual([]);
    expect(removed(await collect(rig, { keepRuns: 1 }), 'orphan')).toEqual(['out/one.txt']);
  });
});

describe('files that tasks leave beside their outputs', () => {
  function raw(): { rig: Rig; builtins: ReturnType<typeof fakeTasks> } {
    const builtins = fakeTasks({
      get: (ctx) => {
        const home = join(ctx.workspace, 'raw/a');
        const final = join(ctx.workspace, ctx.finalOutputs['text'] ?? '');
        mkdirSync(join(home, 'old'), { recursive: true });
        if (existsSync(final)) writeFileSync(join(home, 'old', `${Date.now()}.txt`), readFileSync(final));
        writeFileSync(ctx.outputs['text'] ?? '', JSON.stringify(ctx.params));
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
configs: [config.yaml]
dimensions: { key: [a] }
rules:
  get: { for: [key], out: { text: "raw/\${key}/now.txt" }, params: { n: "\${n}" }, task: get, source: true, leaves: ["raw/\${key}/old/*.txt", "cache/partial/*"] }
`,
        'config.yaml': 'n: 1\n',
      },
      { builtins },
    );
    return { rig, builtins };
  }
  const old = (rig: Rig): readonly string[] => rig.files('raw/a/old').map((path) => rig.read(path));

  it('go when nobody names what they hold', async () => {
    const { rig, builtins } = raw();
    for (const n of [1, 2, 3]) await builtWith(rig, [n]);
    rig.write('cache/partial/x.partial', 'half');
    rig.write('cache/other/x', 'not of these');
    expect(old(rig)).toEqual(['{"n":1}', '{"n":2}']);
    const collected = await collect(rig, { keepRuns: 2, builtins });
    expect(removed(collected, 'left')).toHaveLength(2);
    expect(old(rig)).toEqual(['{"n":2}']);
    expect([rig.has('cache/partial'), rig.has('cache/other/x'), rig.has('raw/a/now.txt')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('stay while the lockfile names what they hold', async () => {
    const { rig, builtins } = raw();
    await builtWith(rig, [1]);
    const locked = rig.read('pipeline.lock');
    await builtWith(rig, [2, 3]);
    rig.write('pipeline.lock', locked);
    await collect(rig, { keepRuns: 0, builtins });
    expect(old(rig)).toEqual(['{"n":1}']);
  });

  it('are none of what a target makes, or has read, whatever the glob says', async () => {
    const builtins = fakeTasks({
      get: (ctx) => {
        mkdirSync(join(ctx.workspace, 'raw'), { recursive: true });
        writeFileSync(join(ctx.workspace, 'raw/answer.txt'), 'answer');
        writeFileSync(ctx.outputs['text'] ?? '', 'text');
        return { kept: ['raw/answer.txt'] };
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml':
          'version: 1\nrules:\n  get: { out: { text: raw/text.txt }, task: get, source: true, leaves: ["raw/*"] }\n',
      },
      { builtins },
    );
    await rig.build();
    rig.write('raw/stray.txt', 'stray');
    expect(removed(await collect(rig, { keepRuns: 0, builtins }), 'left')).toEqual(['raw/stray.txt']);
    expect(rig.files('raw')).toEqual(['raw/answer.txt', 'raw/text.txt']);
  });

  const reading = (rule: string, more: Readonly<Record<string, string>> = {}): Rig =>
    new Rig({
      'pipeline.yaml': `version: 1
configs: [config.yaml]
dimensions: { symbol: [a, b] }
rules:
  each: { for: [symbol], ${rule}, out: { text: "out/\${symbol}.txt" }, run: "cat \${in.text} > \${out.text}" }
  other: { out: { text: other.txt }, run: "echo > \${out.text}", leaves: ["in/*", "real/*"] }
`,
      'config.yaml': 'folder: in\n',
      'in/a.txt': 'a',
      'in/b.txt': 'b',
      ...more,
    });

  it.each([
    ['by name', 'in: { text: "in/${symbol}.txt" }'],
    ['by a name with a detour, from the root', 'in: { text: "${folder}/../${folder}//${symbol}.txt" }'],
    ['by a glob', 'in: { text: "in/*.txt" }'],
    ['by a glob in which a key stands', 'in: { text: "in/${symbol}.*" }'],
  ])('are none of what a rule reads %s, before a build and after it', async (_, input) => {
    const rig = reading(input);
    const left = async (): Promise<readonly string[]> => removed(await collect(rig, { keepRuns: 0 }), 'left');
    rig.write('in/a.tmp', 'stray');
    expect(await left()).toEqual(input.includes('.*') ? [] : ['in/a.tmp']);
    rig.edit('pipeline.yaml', (text) => text.replace('cat', 'echo; cat'));
    await rig.build();
    expect(await left()).toEqual([]);
    expect((await rig.build()).outcomes).toEqual({ 'each/a': 'fresh', 'each/b': 'fresh', other: 'fresh' });
  });

  it('are none of what lies in a folder that is read, or is read by another name', async () => {
    const rig = reading('in: { text: link.txt, folder: in, whole: "folders/${symbol}" }', {
      'real/x.txt': 'x',
      'folders/b/x': 'x',
    });
    symlinkSync('real/x.txt', rig.path('link.txt'));
    symlinkSync('../real', rig.path('folders/a'));
    rig.write('real/y.txt', 'y');
    expect(removed(await collect(rig, { keepRuns: 0 }), 'left')).toEqual([]);
  });

  it('are none of what a record says was read, although no rule says so any more', async () => {
    const rig = reading('in: { text: "in/${symbol}.txt" }');
    await rig.build();
    rig.edit('pipeline.yaml', (text) =>
      text.replace('in: { text: "in/${symbol}.txt" }, ', '').replace('cat ${in.text}', 'echo'),
    );
    expect(removed(await collect(rig, { keepRuns: 0 }), 'left')).toEqual([]);
    await rig.build();
    expect(removed(await collect(rig, { keepRuns: 0 }), 'left')).toEqual(['in/a.txt', 'in/b.txt']);
  });

  it.each([
    ['data/raw (2024)', 'data/raw 2024'],
    ['data/x [ab]', 'data/x a'],
    ['data/{a,b}', 'data/a'],
    ['data/*', 'data/a'],
    ['data/?', 'data/a'],
    ['data/!(x)', 'data/a'],
    ['data/a+', 'data/aa'],
    ['data/+(a)', 'data/aa'],
    ['data/@(a|b)', 'data/a'],
    ['data/a\\b', 'data/ab'],
    ['data/"a"', 'data/a'],
    ['!data', 'data'],
    ['[data]', 'd'],
  ])('lie in the folder %j that the config names, not where it matches', async (root, other) => {
    const rig = new Rig({
      'pipeline.yaml': `version: 1
configs: [config.yaml]
rules:
  one: { out: { text: one.txt }, run: "echo > \${out.text}", leaves: ["\${root}/left/*", "deep/\${root}/*"] }
`,
      'config.yaml': JSON.stringify({ root }),
    });
    for (const folder of [root, other]) {
      rig.write(`${folder}/left/mine.txt`, 'x');
      rig.write(`deep/${folder}/mine.txt`, 'x');
    }
    expect(removed(await collect(rig, { keepRuns: 0 }), 'left')).toEqual(
      [`deep/${root}/mine.txt`, `${root}/left/mine.txt`].sort(),
    );
  });

  it('stay while a build counts that had them, although the same fingerprint had others since', async () => {
    const { rig, builtins } = raw();
    let n = 0;
    const again = fakeTasks({
      get: (ctx) => {
        const final = join(ctx.workspace, ctx.finalOutputs['text'] ?? '');
        mkdirSync(join(ctx.workspace, 'raw/a/old'), { recursive: true });
        if (existsSync(final)) writeFileSync(join(ctx.workspace, `raw/a/old/${n}.txt`), readFileSync(final));
        writeFileSync(ctx.outputs['text'] ?? '', `${++n}`);
      },
    });
    expect([...builtins.keys()]).toEqual([...again.keys()]);
    for (let build = 0; build < 4; build++) await rig.build([], { builtins: again, force: true });
    expect(old(rig)).toEqual(['1', '2', '3']);
    expect(removed(await collect(rig, { keepRuns: 10, builtins: again }), 'left')).toEqual([]);
    await collect(rig, { keepRuns: 3, builtins: again });
    expect(old(rig)).toEqual(['2', '3']);
  });

  describe('when notes of earlier results', () => {
    const RESULTS = '.pipeline/results';
    async function builtThrice(): Promise<ReturnType<typeof raw>> {
      const made = raw();
      for (const n of [1, 2, 3]) await builtWith(made.rig, [n]);
      return made;
    }
    const lost = (rig: Rig, bytes: number, files: string, more: string): string =>
      `${rig.path(RESULTS)}: notes of what earlier builds had are lost, and so ${files} (${bytes} bytes) that one of the last 10 builds may have had: they can go after ${more}, or now with --keep-runs 1`;

    it('are lost stay, with a remark, until as many builds have been made as count', async () => {
      const { rig, builtins } = await builtThrice();
      rig.remove(RESULTS);
      const first = await collect(rig, { builtins });
      expect([first.removed, first.remarks]).toEqual([[], [lost(rig, 14, '2 files stay', '10 more builds')]]);
      // It is not forgotten by those who add notes, nor by gc itself.
      await builtWith(rig, [4]);
      expect((await collect(rig, { builtins })).remarks).toEqual([
        lost(rig, 14, '2 files stay', '9 more builds'),
      ]);
      expect(old(rig)).toHaveLength(3);
      expect((await collect(rig, { builtins, keepRuns: 2 })).removed).toEqual([]);
      await builtWith(rig, [5]);
      const done = await collect(rig, { builtins, keepRuns: 2 });
      expect([removed(done, 'left').length, done.remarks]).toEqual([3, []]);
      expect(old(rig)).toEqual(['{"n":4}']);
    });

    it('are lost, and no build made since, go when only the last build counts', async () => {
      const { rig, builtins } = await builtThrice();
      rig.remove(RESULTS);
      const done = await collect(rig, { builtins, keepRuns: 1 });
      expect([removed(done, 'left').length, done.remarks]).toEqual([2, []]);
    });

    it('have a bad byte stay, and that is remembered when the notes are written anew', async () => {
      const { rig, builtins } = await builtThrice();
      rig.edit(RESULTS, (text) => text.replace('"get/a"', '"get/b"'));
      const damaged = `${rig.path(RESULTS)}: 1 note left out: damaged`;
      for (const dryRun of [true, false]) {
        const { removed: gone, remarks } = await collect(rig, { builtins, dryRun });
        expect([gone, remarks]).toEqual([
          [],
          [damaged, `${lost(rig, 7, '1 file stays', '10 more builds').replace('they can', 'it can')}`],
        ]);
      }
      const again = await collect(rig, { builtins });
      expect([again.removed, again.remarks]).toEqual([
        [],
        [`${lost(rig, 7, '1 file stays', '10 more builds').replace('they can', 'it can')}`],
      ]);
      expect(old(rig)).toHaveLength(2);
    });

    it('are of another version stop it: nothing goes', async () => {
      const { rig, builtins } = await builtThrice();
      rig.edit(RESULTS, (text) => text.replace('results 1', 'results 2'));
      await expect(collect(rig, { builtins, keepRuns: 1 })).rejects.toThrow(
        new StateError(
          `${rig.path(RESULTS)}:1: written by a newer pipeline (results version 2, this one reads 1): use that version, or move the file away to begin new ones`,
        ),
      );
      expect(old(rig)).toHaveLength(2);
    });

    it('never were, as nothing has been replaced yet, go as usual', async () => {
      const { rig, builtins } = raw();
      for (let build = 0; build < 3; build++) await rig.build();
      rig.write('cache/partial/x.partial', 'half');
      const { removed: gone, remarks } = await collect(rig, { builtins });
      expect([gone.map(({ path }) => path), remarks]).toEqual([['cache/partial/x.partial'], []]);
    });
  });

  it('behind a link out of the workspace stay', async () => {
    const far = scratch({ 'x.txt': 'far' });
    const { rig, builtins } = raw();
    await rig.build();
    rmSync(rig.path('raw/a/old'), { recursive: true, force: true });
    symlinkSync(far, rig.path('raw/a/old'));
    await collect(rig, { keepRuns: 0, builtins });
    expect(readFileSync(join(far, 'x.txt'), 'utf8')).toBe('far');
  });
});

describe('gc', () => {
  it('keeps contents and outputs that nobody makes while notes of earlier results are lost', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1, 2]);
    rig.edit('pipeline.yaml', (text) => text.replace('out/one.txt', 'out/uno.txt'));
    await builtWith(rig, [3]);
    rig.remove('.pipeline/results');
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const { removed: gone, kept } = await collect(rig, { keepRuns: 2, now: later, olderThanMs: 1 });
    expect(gone).toEqual([]);
    expect(kept.map(({ kind }) => kind)).toEqual(['content', 'orphan']);
    expect(rig.files('out')).toEqual(['out/one.txt', 'out/uno.txt']);
  });

  it('removes bundles of code that no task has any more', async () => {
    const rig = new Rig({
      'pipeline.yaml': 'version: 1\nrules:\n  say: { out: { text: out.txt }, task: ./say.js }\n',
      'say.js':
        "import { writeFileSync } from 'node:fs';\nexport default { version: 1, run(ctx) { writeFileSync(ctx.outputs.text, 'first'); } };\n",
    });
    await rig.build();
    rig.edit('say.js', (text) => text.replace('first', 'other'));
    await rig.build();
    expect(removed(await collect(rig), 'code')).toHaveLength(1);
    expect(rig.files('.pipeline/code').filter((path) => path.endsWith('.mjs'))).toHaveLength(1);
    expect((await rig.build()).outcomes).toEqual({ say: 'fresh' });
  });

  it('removes the logs of targets that are gone when no build that counts had them', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
dimensions: { key: "\${keys}" }
rules:
  each: { for: [key], out: { text: "out/\${key}.txt" }, run: "echo said; echo 1 > \${out.text}" }
  all: { in: { texts: { rule: each } }, out: { text: all.txt }, run: "cat \${in.texts} > \${out.text}" }
`,
      'config.yaml': 'keys: [a, b]\n',
    });
    await rig.build();
    rig.write('config.yaml', 'keys: [a]\n');
    await rig.build();
    expect(removed(await collect(rig, { keepRuns: 2 }), 'log')).toEqual([]);
    expect(removed(await collect(rig, { keepRuns: 1 }), 'log')).toEqual(['.pipeline/logs/each/b.log']);
    expect(rig.files('.pipeline/logs')).toEqual(['.pipeline/logs/each/a.log']);
  });

  it('removes nothing when the lockfile cannot be read, for what it names is not known', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1, 2, 3]);
    rig.write('pipeline.lock', '<<<<<<< ours\n');
    await expect(collect(rig, { keepRuns: 0 })).rejects.toThrow('pipeline.lock');
    expect(storedTexts(rig)).toEqual(['1', '2']);
  });

  it('broken off after any step leaves a workspace that builds as before', async () => {
    const rig = new Rig(ONE);
    await builtWith(rig, [1, 2, 3]);
    const blobs = rig.files('.pipeline/store');
    // Notes are rewritten first, whole or not at all; then contents go one by one.
    for (const gone of [...blobs, '.pipeline/results']) {
      if (rig.has(gone)) rig.remove(gone);
      for (const n of [1, 2, 3]) {
        await builtWith(rig, [n]);
        expect(rig.read('out/one.txt')).toBe(`${n}\n`);
      }
    }
    expect((await collect(rig)).failures).toEqual([]);
  });
});
