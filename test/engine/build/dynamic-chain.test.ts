/** Keys that a rule gives, and keys that hang on given ones: what is built, in which order, and what is said of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Task, TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import type { Built, RigOptions } from '../../rig.ts';
import { Rig } from '../../rig.ts';

const SYMBOL = 'symbol: { keys: { rule: universe, pointer: /symbols } }';
const MANIFEST = `version: 1
configs: [config.yaml]
dimensions:
  ${SYMBOL}
  month: { every: month, from: "2024-01-01T00:00:00Z", to: "2024-02-29T23:59:00Z" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  universe: { in: { json: universe.json }, out: { json: made/universe.json }, task: copy }
  sources: { for: [symbol], in: { json: "list/\${symbol}.json" }, out: { json: "sources/\${symbol}.json" }, task: copy }
  archive:
    for: [symbol, file]
    in: { entry: { rule: sources, pointer: "/files/\${file}" } }
    out: { zip: "raw/\${symbol}/\${file}.zip" }
    task: fetch
  bars: { for: [symbol, month], in: { zips: { rule: archive } }, out: { bars: "bars/\${symbol}/\${month}" }, task: copy }
  report: { in: { bars: { rule: bars } }, out: { text: report.txt }, task: names }
`;

const copy: Task['run'] = (ctx) => {
  const paths = Object.keys(ctx.inputs).flatMap((name) => ctx.inputs[name] ?? []);
  const text = paths.map((path) => readFileSync(path, 'utf8')).join('');
  if (text === 'absent') return { absent: 'nothing is listed' };
  writeFileSync(Object.values(ctx.outputs)[0] ?? '', text);
  return undefined;
};

const fetch = (ctx: TaskContext): void =>
  writeFileSync(ctx.outputs['zip'] ?? '', JSON.stringify(ctx.values['entry'] ?? null));

/** The members of the fan-in, in order, and what of it has failed. */
const names = (ctx: TaskContext): void => {
  const members = (ctx.members['bars'] ?? []).map(({ partition }) => Object.values(partition.keys).join('/'));
  const failed = (ctx.failed['bars'] ?? []).map(({ target }) => `no ${target}`);
  writeFileSync(ctx.outputs['text'] ?? '', [...members, ...failed].join('\n'));
};

const builtins = fakeTasks({ copy, fetch, names });

function market(options: RigOptions = { builtins }): Rig {
  const rig = new Rig({ 'pipeline.yaml': MANIFEST, 'config.yaml': '' }, options);
  universe(rig, 'b', 'a');
  list(rig, 'a', { '2024-01': 1, '2024-02': 2 });
  list(rig, 'b', { '2024-01': 3 });
  return rig;
}

function universe(rig: Rig, ...symbols: readonly string[]): void {
  rig.write('universe.json', JSON.stringify({ symbols }));
}

function list(rig: Rig, symbol: string, files: Readonly<Record<string, number>>): void {
  rig.write(`list/${symbol}.json`, JSON.stringify({ files }));
}

const ALL_OF_A = ['archive/a/2024-01', 'archive/a/2024-02', 'bars/a/2024-01', 'bars/a/2024-02', 'sources/a'];
const ALL_OF_B = ['archive/b/2024-01', 'bars/b/2024-01', 'bars/b/2024-02', 'sources/b'];

function sorted(...ids: readonly (string | readonly string[])[]): readonly string[] {
  return ids.flat().sort();
}

describe('keys that a rule gives', () => {
  it('become targets when it is built, and other keys when those are; fan-ins keep the order they came in', async () => {
    const rig = market();
    const built = await rig.build();
    expect(built.failures).toEqual({});
    expect(built.ran).toEqual(sorted('universe', 'report', ALL_OF_A, ALL_OF_B));
    expect(rig.read('report.txt').split('\n')).toEqual(['b/2024-01', 'b/2024-02', 'a/2024-01', 'a/2024-02']);
    expect([rig.read('bars/a/2024-02'), rig.read('bars/b/2024-02')]).toEqual(['2', '']);
    expect((await rig.build()).ran).toEqual([]);
    universe(rig, 'a', 'b');
    expect((await rig.build()).ran).toEqual(['report', 'universe']);
    expect(rig.read('report.txt').split('\n')[0]).toBe('a/2024-01');
  });

  it('go on key by key: one whose own keys are late keeps no other waiting', async () => {
    let release = (): void => undefined;
    const fetched = new Promise<void>((resolve) => {
      release = resolve;
    });
    const late: Task['run'] = async (ctx) => {
      if (ctx.target === 'sources/b') await fetched;
      return copy(ctx);
    };
    const rig = market({ builtins: fakeTasks({ copy: late, fetch, names }) });
    const built = await rig.build([], {
      onEvent: (event) => {
        // Everything of `a` but the report is over before `b` has been listed.
        if (event.type === 'target-finished' && event.target === 'bars/a/2024-02') release();
      },
    });
    expect(built.ran).toEqual(sorted('universe', 'report', ALL_OF_A, ALL_OF_B));
  });

  it('are the same as keys that the manifest lists, for one that hangs on none', async () => {
    const given = market();
    const listed = market();
    listed.edit('pipeline.yaml', (text) => text.replace(SYMBOL, 'symbol: [b, a]'));
    const [one, other] = [await given.build(), await listed.build()];
    expect(one.outcomes).toEqual(other.outcomes);
    for (const path of ['report.txt', 'bars/a/2024-01']) expect(given.read(path)).toBe(listed.read(path));
    // Nor does it make anything stale to change from one to the other.
    listed.write('pipeline.yaml', MANIFEST);
    expect((await listed.build()).ran).toEqual([]);
  });

  it('are given whenever something is for them, also by a rule that is built on request only', async () => {
    const rig = market();
    rig.edit('pipeline.yaml', (text) =>
      text.replace('universe.json }, task: copy }', 'universe.json }, task: copy, default: false }'),
    );
    expect(Object.keys(await rig.states())).toEqual([
      'universe',
      'sources/*',
      'archive/*',
      'bars/*',
      'report',
    ]);
    expect((await rig.build('@stale')).ran).toEqual(sorted('universe', 'report', ALL_OF_A, ALL_OF_B));
    universe(rig, 'a');
    expect(await rig.states('report')).toEqual({ report: 'pending' });
    expect((await rig.build()).ran).toEqual(['report', 'universe']);
  });

  it('may be told by a map of the config', async () => {
    const rig = market();
    rig.edit('pipeline.yaml', (text) => text.replace(SYMBOL, 'symbol: ${symbols}'));
    rig.write('config.yaml', 'symbols: { keys: { rule: universe, pointer: /symbols } }\n');
    expect((await rig.build()).ran).toEqual(sorted('universe', 'report', ALL_OF_A, ALL_OF_B));
    expect((await rig.build([], { set: ['symbols=[a]'] })).outcomes).toMatchObject({
      'bars/a/2024-01': 'fresh',
      report: 'executed',
    });
    expect(rig.read('report.txt')).toBe('a/2024-01\na/2024-02');
  });

  it('may be the members of a map, of which each target reads its own', async () => {
    const rig = market();
    rig.edit('pipeline.yaml', (text) =>
      text
        .replace(
          '{ json: "list/${symbol}.json" }',
          '{ json: { rule: universe, pointer: "/symbols/${symbol}" } }',
        )
        .replace('"sources/${symbol}.json" }, task: copy', '"sources/${symbol}.json" }, task: value'),
    );
    const value = (ctx: TaskContext): void =>
      writeFileSync(ctx.outputs['json'] ?? '', JSON.stringify({ files: ctx.values['json'] }));
    const asked = { builtins: fakeTasks({ copy, fetch, names, value }) };
    const put = (symbols: unknown): void => rig.write('universe.json', JSON.stringify({ symbols }));
    put({ a: { '2024-01': 1, '2024-02': 2 }, b: { '2024-01': 3 } });
    expect((await rig.build([], asked)).ran).toEqual(sorted('universe', 'report', ALL_OF_A, ALL_OF_B));
    put({ a: { '2024-01': 1, '2024-02': 2 }, b: { '2024-01': 4 }, c: {} });
    expect((await rig.build([], asked)).ran).toEqual(
      sorted(
        'universe',
        'report',
        'sources/b',
        'archive/b/2024-01',
        'bars/b/2024-01',
        'sources/c',
        'bars/c/2024-01',
        'bars/c/2024-02',
      ),
    );
  });
});

describe('a key that comes or goes', () => {
  it('brings its own targets and no others', async () => {
    const rig = market();
    await rig.build();
    universe(rig, 'b', 'c', 'a');
    list(rig, 'c', { '2024-02': 4 });
    expect((await rig.build()).ran).toEqual([
      'archive/c/2024-02',
      'bars/c/2024-01',
      'bars/c/2024-02',
      'report',
      'sources/c',
      'universe',
    ]);
    expect(rig.read('report.txt').split('\n').slice(2, 4)).toEqual(['c/2024-01', 'c/2024-02']);
  });

  it('takes its targets with it; what it left is nobody’s source, and is taken up when it comes back', async () => {
    const rig = market();
    rig.edit(
      'pipeline.yaml',
      (text) =>
        `${text}  globbed: { in: { bars: "bars/*/2024-01" }, out: { text: globbed.txt }, task: copy }\n`,
    );
    await rig.build();
    expect(rig.read('globbed.txt')).toBe('13');
    universe(rig, 'a');
    const built = await rig.build();
    expect(built.ran).toEqual(['globbed', 'report', 'universe']);
    expect(Object.keys(built.outcomes).filter((id) => id.includes('/b'))).toEqual([]);
    expect([rig.read('report.txt'), rig.read('globbed.txt')]).toEqual(['a/2024-01\na/2024-02', '1']);
    expect(rig.has('bars/b/2024-01')).toBe(true);
    universe(rig, 'b', 'a');
    expect((await rig.build()).restored).toEqual(['globbed', 'report', 'universe']);
    expect(rig.read('globbed.txt')).toBe('13');
  });

  it('may leave none at all', async () => {
    const rig = market();
    await rig.build();
    universe(rig);
    expect((await rig.build()).outcomes).toEqual({ universe: 'executed', report: 'executed' });
    expect(rig.read('report.txt')).toBe('');
    expect(await rig.states()).toEqual({ universe: 'fresh', report: 'fresh' });
  });
});

describe('keys that cannot be had', () => {
  const omitting = (rig: Rig): void =>
    rig.edit('pipeline.yaml', (text) =>
      text.replace('bars: { rule: bars }', 'bars: { rule: bars, failed: omit }'),
    );
  const ends = ({ outcomes }: Built, end: string): readonly string[] =>
    Object.entries(outcomes).flatMap(([target, outcome]) => (outcome === end ? [target] : []));

  it('stop their own symbol alone', async () => {
    const rig = market();
    omitting(rig);
    rig.write('list/b.json', '{"files": 7}');
    const built = await rig.build();
    expect(built.failures).toEqual({
      'sources/b': {
        code: 'keys-malformed',
        message: 'sources/b: sources/b.json#/files must hold the keys of "file", a list or a map: found 7',
        hint: 'mend the task or recipe that writes them, or the `pointer` of the dimension',
      },
    });
    expect(ends(built, 'blocked')).toEqual(['bars/b/2024-01', 'bars/b/2024-02']);
    expect(sorted(ends(built, 'executed'))).toEqual(sorted('universe', 'report', ALL_OF_A));
    expect(rig.read('report.txt')).toBe('a/2024-01\na/2024-02\nno bars/b/2024-01\nno bars/b/2024-02');
  });

  it('stop all that is for them when they are the first, and are named once', async () => {
    const rig = market();
    rig.edit(
      'pipeline.yaml',
      (text) => `${text}  apart: { in: { x: list/a.json }, out: { text: apart.txt }, task: copy }\n`,
    );
    rig.write('universe.json', '{"symbols": "a"}');
    const built = await rig.build();
    expect(built.outcomes).toEqual({ universe: 'failed', report: 'blocked', apart: 'executed' });
    expect(built.failures['universe']?.message).toBe(
      'universe: made/universe.json#/symbols must hold the keys of "symbol", a list or a map: found "a"',
    );
    expect(await rig.states()).toEqual({
      universe: 'failed',
      'sources/*': 'unknown',
      'archive/*': 'unknown',
      'bars/*': 'unknown',
      report: 'blocked',
      apart: 'fresh',
    });
    omitting(rig);
    expect((await rig.build()).outcomes['report']).toBe('executed');
    expect(rig.read('report.txt')).toBe('no bars/*');
    universe(rig, 'a');
    expect((await rig.build()).ran).toEqual(sorted('universe', 'report', ALL_OF_A));
  });

  it('are built where they can be keys; what gives others that cannot has failed', async () => {
    const rig = market();
    universe(rig, 'a', '../b');
    const built = await rig.build();
    expect(ends(built, 'executed')).toEqual(expect.arrayContaining([...ALL_OF_A, 'report']));
    expect(built.failures).toEqual({
      universe: {
        code: 'keys-malformed',
        message: 'universe: "../b" cannot be keys of "symbol": a key names a part of a path',
        hint: 'mend the task or recipe that writes them, or the `pointer` of the dimension',
      },
    });
  });

  it('are absent with what gives them', async () => {
    const rig = market();
    rig.write('universe.json', 'absent');
    const built = await rig.build();
    expect(built.outcomes).toEqual({ universe: 'absent', report: 'executed' });
    expect(rig.read('report.txt')).toBe('');
  });

  it('leave what was built before as it is', async () => {
    const rig = market();
    await rig.build();
    rig.write('universe.json', '{');
    expect((await rig.build()).outcomes).toEqual({ universe: 'failed', report: 'blocked' });
    expect(rig.read('report.txt').split('\n')).toHaveLength(4);
    universe(rig, 'b', 'a');
    expect((await rig.build()).restored).toEqual(['universe']);
  });
});

describe('status of given keys', () => {
  it('calls unknown what is for keys that nobody has given yet', async () => {
    const rig = market();
    expect(await rig.states()).toEqual({
      universe: 'stale',
      'sources/*': 'unknown',
      'archive/*': 'unknown',
      'bars/*': 'unknown',
      report: 'stale',
    });
    expect(await rig.status('bars')).toEqual([
      { target: 'bars/*', state: 'unknown', reasons: [{ kind: 'upstream', name: 'universe' }] },
    ]);
    await rig.build('sources/a');
    expect(await rig.states(['archive', 'bars/*/2024-01'])).toEqual({
      'archive/b/*': 'unknown',
      'archive/a/2024-01': 'stale',
      'archive/a/2024-02': 'stale',
      'bars/b/2024-01': 'stale',
      'bars/a/2024-01': 'stale',
    });
  });

  it('calls pending what reads all of them while others may come: by rule, by glob and by path', async () => {
    const rig = market();
    rig.edit(
      'pipeline.yaml',
      (text) => `${text}  globbed: { in: { bars: "bars/*/2024-01" }, out: { text: globbed.txt }, task: copy }
  within: { for: [symbol], in: { zips: "raw/\${symbol}/*.zip" }, out: { text: "within/\${symbol}" }, task: copy }
  path: { in: { one: "bars/b/2024-01" }, out: { text: path.txt }, task: copy }
  own: { for: [symbol], in: { one: "sources/\${symbol}.json" }, out: { text: "own/\${symbol}" }, task: copy }
  other: { for: [symbol], in: { b: { rule: bars, where: { symbol: b, month: 2024-01 } } }, out: { text: "other/\${symbol}" }, task: copy }
  month: { for: [month], in: { bars: { rule: bars } }, out: { text: "month/\${month}" }, task: copy }
`,
    );
    await rig.build();
    const notFresh = async (): Promise<Readonly<Record<string, string>>> =>
      Object.fromEntries(Object.entries(await rig.states()).filter(([, state]) => state !== 'fresh'));
    expect(await notFresh()).toEqual({});
    universe(rig, 'a');
    expect(await notFresh()).toEqual({
      universe: 'stale',
      report: 'pending',
      globbed: 'pending',
      path: 'pending',
      'other/b': 'pending',
      'other/a': 'pending',
      'month/2024-01': 'pending',
      'month/2024-02': 'pending',
    });
    universe(rig, 'b', 'a');
    list(rig, 'b', { '2024-01': 3, '2024-02': 5 });
    expect(await notFresh()).toEqual({
      'sources/b': 'stale',
      'archive/b/2024-01': 'pending',
      'bars/b/2024-01': 'pending',
      'bars/b/2024-02': 'pending',
      report: 'pending',
      globbed: 'pending',
      'within/b': 'pending',
      path: 'pending',
      'own/b': 'pending',
      'other/b': 'pending',
      'other/a': 'pending',
      'month/2024-01': 'pending',
      'month/2024-02': 'pending',
    });
    const built = await rig.build();
    expect(built.ran).toEqual(
      sorted(
        'archive/b/2024-02',
        'bars/b/2024-02',
        'month/2024-02',
        'own/b',
        'report',
        'sources/b',
        'within/b',
      ),
    );
  });

  it('says why a key’s targets are there to be built', async () => {
    const rig = market();
    await rig.build();
    universe(rig, 'b', 'a', 'c');
    list(rig, 'c', {});
    await rig.build('universe');
    expect(await rig.status('sources')).toEqual([
      { target: 'sources/b', state: 'fresh', reasons: [] },
      { target: 'sources/a', state: 'fresh', reasons: [] },
      { target: 'sources/c', state: 'stale', reasons: [{ kind: 'new', name: 'sources/c' }] },
    ]);
  });
});

describe('a selector of given keys', () => {
  const of = (...ids: readonly string[]): readonly string[] => sorted('universe', ...ids);
  const JANUARY = ['archive/a/2024-01', 'bars/a/2024-01', 'sources/a'];

  it.each<readonly [string, readonly string[]]>([
    ['bars/a', of(...ALL_OF_A)],
    ['bars/a/2024-01', of(...JANUARY)],
    ['+bars/a/2024-01', of(...JANUARY)],
    ['bars//2024-01..2024-01', of(...JANUARY, 'archive/b/2024-01', 'bars/b/2024-01', 'sources/b')],
    ['bars/*/2024-01..2024-02', of(...ALL_OF_A, ...ALL_OF_B)],
    ['bars/*b/..2024-01', of('archive/b/2024-01', 'bars/b/2024-01', 'sources/b')],
    ['sources', of('sources/a', 'sources/b')],
    ['archive/a', of('archive/a/2024-01', 'archive/a/2024-02', 'sources/a')],
    ['archive/*/2024-02', of('archive/a/2024-02', 'sources/a', 'sources/b')],
    ['raw/a/2024-02.zip', of('archive/a/2024-02', 'sources/a')],
    [
      './bars/b/2024-02',
      of('archive/b/2024-01', 'bars/b/2024-02', 'sources/b').filter((id) => id !== 'archive/b/2024-01'),
    ],
    ['made/universe.json', of()],
    ['@stale', of('report', ...ALL_OF_A, ...ALL_OF_B)],
    ['universe+', of('report', ...ALL_OF_A, ...ALL_OF_B)],
    // The report needs all bars, whichever of them was asked for.
    ['bars/a+', of('report', ...ALL_OF_A, ...ALL_OF_B)],
    ['sources/a+', of('report', ...ALL_OF_A, ...ALL_OF_B)],
  ])('%s builds what it means before the keys are known, and is fresh then', async (selector, ran) => {
    const rig = market();
    const built = await rig.build(selector);
    expect([built.diagnostics, built.ran]).toEqual(['', ran]);
    if (selector !== '@stale')
      expect(new Set(Object.values(await rig.states(selector)))).toEqual(new Set(['fresh']));
    expect((await rig.build(selector)).ran).toEqual([]);
  });

  it('with what needs it takes that along by the keys that both have', async () => {
    const rig = market();
    rig.edit('pipeline.yaml', (text) =>
      text.replace(
        '  report: { in: { bars: { rule: bars } }',
        '  half: { for: [symbol], in: { bars: { rule: bars } }, out: { text: "half/${symbol}" }, task: copy }\n  report: { in: { x: { rule: universe } }',
      ),
    );
    const first = await rig.build('sources/a+');
    expect(first.ran).toEqual(of(...ALL_OF_A, 'half/a'));
    universe(rig, 'b', 'a', 'c');
    list(rig, 'c', { '2024-01': 1 });
    expect((await rig.build('archive/c+')).ran).toEqual(
      of('archive/c/2024-01', 'bars/c/2024-01', 'bars/c/2024-02', 'half/c', 'sources/c'),
    );
  });

  it('of a key that is not given in the end is an error, as it is with listed keys', async () => {
    const rig = market();
    const built = await rig.build([
      'bars/nope',
      'bars/z*',
      'archive/a/2099',
      'raw/nope/2024-01.zip',
      'sources/b',
    ]);
    expect([built.result, built.ran, built.diagnostics]).toMatchInlineSnapshot(`
      [
        "invalid",
        [
          "sources/a",
          "sources/b",
          "universe",
        ],
        "error: no target matches "bars/nope"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      error: no target matches "bars/z*"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      error: no target matches "archive/a/2099"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      error: no target makes "raw/nope/2024-01.zip"
        = run \`pipeline graph\` to see what is made

      4 errors",
      ]
    `);
    expect((await rig.build('bars/nope')).result).toBe('invalid');
    expect((await rig.build([], { between: { start: 0, end: 1 } })).result).toBe('built');
  });

  it('left out, with a time, stands for what has partitions in time, whoever gives them', async () => {
    const between = { start: Date.UTC(2024, 1, 1), end: Date.UTC(2024, 1, 2) };
    const rig = market();
    rig.edit(
      'pipeline.yaml',
      (text) =>
        `${text}  sum: { for: [symbol], in: { bars: { rule: bars } }, out: { text: "sum/\${symbol}" }, task: copy }\n`,
    );
    // Not the sum: it needs all months.
    expect((await rig.build([], { between })).ran).toEqual(
      of('archive/a/2024-02', 'bars/a/2024-02', 'bars/b/2024-02', 'sources/a', 'sources/b'),
    );
    rig.remove('bars');
    expect((await rig.build('sum/b', { between })).ran).toEqual([
      'archive/b/2024-01',
      'bars/b/2024-01',
      'bars/b/2024-02',
      'sum/b',
    ]);
  });

  it('is narrowed by time', async () => {
    const rig = market();
    const between = { start: Date.UTC(2024, 1, 1), end: Date.UTC(2024, 1, 2) };
    expect((await rig.build('bars', { between })).ran).toEqual(
      of('archive/a/2024-02', 'bars/a/2024-02', 'bars/b/2024-02', 'sources/a', 'sources/b'),
    );
  });
});
