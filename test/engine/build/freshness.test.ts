/** Freshness beyond plain files: intermediates, volatile sources, dynamic keys, keyed inputs, run numbers, time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

function joinInputs(ctx: TaskContext): void {
  const texts = Object.keys(ctx.inputs)
    .flatMap((name) => ctx.inputs[name] ?? [])
    .map((path) => readFileSync(path, 'utf8'));
  for (const output of Object.values(ctx.outputs)) writeFileSync(output, texts.join(''));
}

describe('an intermediate', () => {
  const files = {
    'pipeline.yaml': `
version: 1
rules:
  raw: { in: { text: in.txt }, out: { text: cache/raw.txt }, run: "cat \${in.text} > \${out.text}", intermediate: true }
  mid: { in: { text: { rule: raw } }, out: { text: cache/mid.txt }, run: "cat \${in.text} > \${out.text}", intermediate: true }
  end: { in: { text: { rule: mid } }, out: { text: end.txt }, run: "cat \${in.text} \${in.text} > \${out.text}" }
`,
    'in.txt': 'one\n',
  };

  it('may be deleted while what it was for is fresh', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.remove('cache');
    expect((await rig.build()).ran).toEqual([]);
    expect(await rig.states()).toEqual({ raw: 'fresh', mid: 'fresh', end: 'fresh' });
    expect(rig.has('cache')).toBe(false);
  });

  it('is made again, with all before it, when a consumer needs it, and ends once', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.remove('cache');
    rig.remove('end.txt');
    const built = await rig.build();
    expect(built.ran).toEqual(['end', 'mid', 'raw']);
    expect(built.events.filter(({ type }) => type === 'target-finished')).toHaveLength(3);
    expect(rig.read('end.txt')).toBe('one\none\n');
  });
});

describe('an intermediate that is read by key', () => {
  it('is made again when it is gone, for without it nothing can be said', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
rules:
  keys: { in: { text: in.json }, out: { json: cache/keys.json }, run: "cat \${in.text} > \${out.json}", intermediate: true }
  end: { in: { a: { rule: keys, pointer: /a } }, out: { text: end.txt }, run: "cat \${in.a} > \${out.text}" }
`,
      'in.json': '{"a":1,"b":1}',
    });
    expect((await rig.build()).ran).toEqual(['end', 'keys']);
    rig.remove('cache');
    expect((await rig.build()).ran).toEqual(['keys']);
    rig.write('in.json', '{"a":1,"b":2}');
    expect((await rig.build()).ran).toEqual(['keys']);
    rig.write('in.json', '{"a":2,"b":2}');
    expect((await rig.build()).ran).toEqual(['end', 'keys']);
  });

  it('fails its reader with a clear message when it is no JSON', async () => {
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  end: { in: { a: "in.json#/a" }, out: { text: end.txt }, run: "true" }\n',
      'in.json': '{oops',
    });
    const failure = (await rig.build()).failures['end'];
    expect(failure?.code).toBe('input-malformed');
    expect(failure?.message).toMatch(/^end: input "a" is read by key, and in\.json is not JSON: /);
  });
});

describe('an input of no members', () => {
  it('makes its target run when it becomes one of values: a task can tell', async () => {
    const rig = new Rig({
      'tell.mjs': `import { writeFileSync } from 'node:fs';
export default { version: 1, run(ctx) {
  writeFileSync(ctx.outputs.o, JSON.stringify([ctx.inputs, ctx.values]));
} };
`,
      'pipeline.yaml': `version: 1
as_of: "2024-02-01T23:59:00Z"
dimensions: { day: { every: day, from: "2024-01-30T00:00:00Z" } }
rules:
  part: { for: [day], out: { o: "part/\${day}" }, run: "echo 1 > \${out.o}", partitions: open }
  all: { in: { parts: { rule: part } }, out: { o: all.json }, task: ./tell.mjs }
`,
    });
    await rig.build();
    const before = rig.read('all.json');
    rig.edit('pipeline.yaml', (text) => text.replace('{ rule: part }', '{ rule: part, pointer: "" }'));
    expect((await rig.build()).ran).toEqual(['all']);
    expect(rig.read('all.json')).not.toBe(before);
  });
});

describe('a long chain', () => {
  it('of a target a day, each reading the one before, is linked and built', async () => {
    const builtins = fakeTasks({
      count: (ctx) => {
        const before = ctx.inputs['before'];
        const sum = typeof before === 'string' ? Number(readFileSync(before, 'utf8')) : 0;
        writeFileSync(ctx.outputs['n'] ?? '', String(sum + 1));
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
dimensions: { day: { every: day, from: "2023-01-01T00:00:00Z" } }
rules:
  sum:
    for: [day]
    in: { before: { rule: sum, offset: { day: -1 }, optional: true } }
    out: { n: "sum/\${day}" }
    task: count
`,
      },
      { builtins, asOf: '2023-12-31T23:59:00Z' },
    );
    expect((await rig.build('sum/2023-12-31')).ran).toHaveLength(365);
    expect(rig.read('sum/2023-12-31')).toBe('365');
    // 150 years: deeper than a call stack.
    const deep = await rig.states('sum/2023-12-31', { set: [], asOf: '2023-12-31T23:59:00Z' });
    expect(deep).toEqual({ 'sum/2023-12-31': 'fresh' });
    rig.edit('pipeline.yaml', (text) => text.replace('2023-01-01', '1873-01-01'));
    expect(await rig.states('sum/2023-12-31')).toEqual({ 'sum/2023-12-31': 'pending' });
  });
});

describe('a volatile source', () => {
  function asked(): { rig: Rig; answers: string[] } {
    const answers: string[] = [];
    const builtins = fakeTasks({
      ask: (ctx) => writeFileSync(ctx.outputs['text'] ?? '', answers.at(-1) ?? 'nothing'),
      use: joinInputs,
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
rules:
  ask: { out: { text: ask.txt }, task: ask, source: true, refresh: { after: 1h } }
  use: { in: { text: { rule: ask } }, out: { text: use.txt }, task: use }
`,
      },
      { builtins },
    );
    return { rig, answers };
  }
  const later = new Date(Date.now() + 2 * 3_600_000).toISOString();

  it('is asked again when its time has come; unchanged, it was checked and nothing else runs', async () => {
    const { rig } = asked();
    await rig.build();
    expect((await rig.build()).outcomes).toEqual({ ask: 'fresh', use: 'fresh' });
    expect((await rig.build([], { now: later })).outcomes).toEqual({ ask: 'checked', use: 'fresh' });
  });

  it('is asked by --refresh, and never by --offline or status', async () => {
    const { rig, answers } = asked();
    await rig.build();
    answers.push('news');
    expect((await rig.build([], { now: later, offline: true })).ran).toEqual([]);
    const [status] = await rig.status('ask', { now: later });
    expect(status).toMatchObject({ state: 'fresh', reasons: [{ kind: 'due', name: 'ask' }] });
    expect((await rig.build([], { refresh: true })).outcomes).toEqual({ ask: 'executed', use: 'executed' });
    expect(rig.read('use.txt')).toBe('news');
  });

  it('fails offline when it has never been asked', async () => {
    const { rig } = asked();
    const built = await rig.build([], { offline: true });
    expect(built.failures['ask']).toEqual({
      code: 'offline',
      message: 'ask must be asked for (new), and --offline forbids it',
      hint: 'build once without --offline',
    });
    expect(built.outcomes['use']).toBe('blocked');
  });

  it('counts its version and not its code', async () => {
    const { rig } = asked();
    await rig.build();
    const run = (ctx: TaskContext): void => writeFileSync(ctx.outputs['text'] ?? '', 'nothing');
    const mended = fakeTasks({ ask: { run, source: 'mended client' }, use: joinInputs });
    expect((await rig.build([], { builtins: mended })).ran).toEqual([]);
    const raised = fakeTasks({ ask: { run, version: 2 }, use: joinInputs });
    expect((await rig.build([], { builtins: raised })).ran).toEqual(['ask']);
    const other = fakeTasks({ ask: { run, version: 2 }, use: { run: joinInputs, source: 'v2' } });
    expect(await rig.status('use', { builtins: other })).toMatchObject([
      { state: 'stale', reasons: [{ kind: 'code', name: 'tasks/use.ts' }] },
    ]);
    expect((await rig.build([], { builtins: other })).ran).toEqual(['use']);
  });
});

describe('dynamic keys', () => {
  function archive(): { rig: Rig; list: (listing: Record<string, unknown>) => void } {
    const builtins = fakeTasks({
      choose: joinInputs,
      fetch: (ctx) => writeFileSync(ctx.outputs['zip'] ?? '', JSON.stringify(ctx.values['entry'])),
      month: joinInputs,
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
dimensions:
  symbol: [a, b]
  month: { every: month, from: "2024-01-01T00:00:00Z", to: "2024-03-31T23:59:00Z" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  sources: { for: [symbol], in: { list: "list/\${symbol}.json" }, out: { sources: "sources/\${symbol}.json" }, task: choose }
  archive:
    for: [symbol, file]
    in: { entry: { rule: sources, pointer: "/files/\${file}" } }
    out: { zip: "raw/\${symbol}-\${file}.zip" }
    task: fetch
  bars: { for: [symbol, month], in: { zips: { rule: archive } }, out: { bars: "bars/\${symbol}-\${month}" }, task: month }
`,
      },
      { builtins },
    );
    const list = (files: Record<string, unknown>): void =>
      rig.write('list/a.json', JSON.stringify({ files }));
    list({ '2024-01': 1, '2024-02-01': 2, '2024-02-02': 3 });
    rig.write('list/b.json', JSON.stringify({ files: { '2024-03': 9 } }));
    return { rig, list };
  }

  it('become targets once the rule that gives them is built; months take what lies in them, in order', async () => {
    const { rig } = archive();
    const built = await rig.build();
    expect(built.failures).toEqual({});
    expect(built.ran.filter((target) => target.startsWith('archive'))).toEqual([
      'archive/a/2024-01',
      'archive/a/2024-02-01',
      'archive/a/2024-02-02',
      'archive/b/2024-03',
    ]);
    expect(rig.read('bars/a-2024-02')).toBe('23');
    expect(rig.read('bars/a-2024-03')).toBe('');
  });

  it('rebuild only the entry that changed and what reads it', async () => {
    const { rig, list } = archive();
    await rig.build();
    list({ '2024-01': 1, '2024-02-01': 2, '2024-02-02': 4 });
    expect((await rig.build()).ran).toEqual(['archive/a/2024-02-02', 'bars/a/2024-02', 'sources/a']);
    list({ '2024-01': 1, '2024-02': 5 });
    expect((await rig.build()).ran).toEqual(['archive/a/2024-02', 'bars/a/2024-02', 'sources/a']);
    expect(rig.read('bars/a-2024-02')).toBe('5');
  });

  it('are unknown to status before that, and known after', async () => {
    const { rig } = archive();
    expect(await rig.states('archive')).toEqual({ 'archive/a/*': 'unknown', 'archive/b/*': 'unknown' });
    await rig.build();
    expect(await rig.states('archive/b')).toEqual({ 'archive/b/2024-03': 'fresh' });
  });

  it('stop their own symbol alone when they cannot be had, and say why', async () => {
    const { rig } = archive();
    rig.write('list/b.json', '{"files": 7}');
    const built = await rig.build();
    expect(built.outcomes).toMatchObject({
      'sources/b': 'failed',
      'bars/b/2024-01': 'blocked',
      'bars/a/2024-01': 'executed',
    });
    expect(built.failures['sources/b']).toEqual({
      code: 'keys-malformed',
      message: 'sources/b: sources/b.json#/files must hold the keys of "file", a list or a map: found 7',
      hint: 'mend the task or recipe that writes them, or the `pointer` of the dimension',
    });
    expect((await rig.build()).outcomes['sources/b']).toBe('failed');
    expect((await rig.states('sources'))['sources/b']).toBe('failed');
    rig.write('list/b.json', '{"files": {"2024-01": 1, "../x": 2}}');
    expect((await rig.build()).failures['sources/b']?.message).toBe(
      'sources/b: "../x" cannot be keys of "file": a key names a part of a path',
    );
    rig.write('list/b.json', '{"files": {"2024-01": 1}}');
    expect((await rig.build()).outcomes['bars/b/2024-01']).toBe('executed');
  });

  it('are read again from an intermediate that is gone', async () => {
    const { rig } = archive();
    rig.edit('pipeline.yaml', (text) => text.replace('task: choose }', 'task: choose, intermediate: true }'));
    await rig.build();
    rig.remove('sources');
    expect((await rig.build()).ran).toEqual(['sources/a', 'sources/b']);
  });

  it('may be selected before they are known', async () => {
    const { rig } = archive();
    const built = await rig.build('archive/a/2024-02-01');
    expect(built.ran).toEqual(['archive/a/2024-02-01', 'sources/a']);
  });
});

describe('run numbers', () => {
  it('name a folder by as-of and fingerprint, and latest points at the last one', async () => {
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
rules:
  reports:
    in: { text: in.txt }
    params: { as_of: "\${as_of}" }
    out: { csv: "reports/runs/\${run_id}/r.csv" }
    run: "cat \${in.text} > \${out.csv}"
`,
        'in.txt': 'x\n',
      },
      { asOf: '2024-05-06T23:59:00Z' },
    );
    const first = await rig.build();
    const runId = first.events.flatMap((event) => (event.type === 'build-finished' ? [event.runId] : []))[0];
    expect(runId).toMatch(/^2024-05-06-[0-9a-f]{8}$/);
    expect(rig.read(`reports/runs/${runId}/r.csv`)).toBe('x\n');
    expect(rig.read('reports/latest/r.csv')).toBe('x\n');
    rig.remove('reports/latest');
    expect((await rig.build()).ran).toEqual([]);
    expect(rig.read('reports/latest/r.csv')).toBe('x\n');
    rig.write('in.txt', 'y\n');
    await rig.build();
    expect(rig.read('reports/latest/r.csv')).toBe('y\n');
    expect(rig.read(`reports/runs/${runId}/r.csv`)).toBe('x\n');
  });
});

describe('time partitions', () => {
  const files = {
    'pipeline.yaml': `
version: 1
dimensions: { month: { every: month, from: "2024-01-15T00:00:00Z" } }
rules:
  m: { for: [month], out: { text: "m/\${month}.txt" }, run: "echo \${month.start} \${month.end} > \${out.text}" }
`,
  };

  it('are clipped to the first minute and the as-of; a later as-of rebuilds open ones only', async () => {
    const rig = new Rig(files);
    const first = await rig.build([], { asOf: '2024-02-10T11:59:00Z' });
    expect(first.ran).toEqual(['m/2024-01', 'm/2024-02']);
    expect(rig.read('m/2024-01.txt')).toBe('2024-01-15T00:00:00Z 2024-02-01T00:00:00Z\n');
    expect(rig.read('m/2024-02.txt')).toBe('2024-02-01T00:00:00Z 2024-02-10T12:00:00Z\n');
    const next = await rig.build([], { asOf: '2024-03-01T00:00:00Z' });
    expect(next.ran).toEqual(['m/2024-02', 'm/2024-03']);
  });

  it('are narrowed by time', async () => {
    const rig = new Rig(files);
    const between = { start: Date.UTC(2024, 2, 1), end: Date.UTC(2024, 2, 2) };
    const built = await rig.build([], { asOf: '2024-05-31T23:59:00Z', between });
    expect(built.ran).toEqual(['m/2024-03']);
  });
});

describe('status', () => {
  it('calls pending what hangs on something stale, and stale what is so for its own reasons', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  a: { in: { text: in.txt }, out: { text: a.txt }, run: "cat \${in.text} > \${out.text}" }
  b: { in: { text: { rule: a } }, out: { text: b.txt }, run: "cat \${in.text} > \${out.text}" }
  c: { in: { text: { rule: b } }, out: { text: c.txt }, params: { n: "\${n}" }, run: "cat \${in.text} > \${out.text}; echo \${params.n} >> \${out.text}" }
`,
      'config.yaml': 'n: 1\n',
      'in.txt': 'x\n',
    });
    expect(await rig.states()).toEqual({ a: 'stale', b: 'stale', c: 'stale' });
    await rig.build();
    rig.write('in.txt', 'y\n');
    rig.write('config.yaml', 'n: 2\n');
    const [a, b, c] = await rig.status();
    expect(a).toMatchObject({ state: 'stale', reasons: [{ kind: 'input', name: 'text in.txt' }] });
    expect(b).toEqual({ target: 'b', state: 'pending', reasons: [{ kind: 'upstream', name: 'a' }] });
    expect(c).toMatchObject({ state: 'stale' });
    expect(c?.reasons).toContainEqual({ kind: 'param', name: 'params.n', was: '1', is: '2' });
  });

  it('calls pending a fan-in over keys that something stale has given', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
dimensions: { k: { keys: { rule: list, pointer: /keys } } }
rules:
  list: { in: { json: in.json }, out: { json: list.json }, run: "cat \${in.json} > \${out.json}" }
  each: { for: [k], out: { text: "each/\${k}.txt" }, run: "echo \${k} > \${out.text}" }
  all: { in: { texts: { rule: each } }, out: { text: all.txt }, run: "cat \${in.texts} > \${out.text}" }
`,
      'in.json': '{"keys":["a"]}',
    });
    await rig.build();
    rig.write('in.json', '{"keys":["a","b"]}');
    expect(await rig.states()).toEqual({ list: 'stale', 'each/a': 'fresh', all: 'pending' });
    expect((await rig.build()).ran).toEqual(['all', 'each/b', 'list']);
  });

  it('calls pending, not stale, what has read other bytes than its stale producer left since', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
rules:
  one: { in: { text: in.txt }, out: { text: one.txt }, run: "cat \${in.text} > \${out.text}" }
  two: { in: { text: { rule: one } }, out: { text: two.txt }, run: "cat \${in.text} > \${out.text}" }
`,
      'in.txt': '1',
    });
    await rig.build();
    rig.write('in.txt', '2');
    await rig.build('one');
    rig.write('in.txt', '1');
    expect(await rig.states()).toEqual({ one: 'stale', two: 'pending' });
    expect((await rig.build()).outcomes).toEqual({ one: 'restored', two: 'fresh' });
  });

  it('writes nothing', async () => {
    const rig = new Rig({
      'pipeline.yaml': 'version: 1\nrules:\n  a: { out: { text: a.txt }, run: "echo 1 > ${out.text}" }\n',
    });
    await rig.status();
    expect(rig.has('.pipeline')).toBe(false);
  });
});
