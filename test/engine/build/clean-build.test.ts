/** A build equals a clean build: what earlier manifests left, and what a task may see beside contents. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Task, TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const SOURCES = { 'in/a.txt': 'one\n', 'in/b.txt': 'two\n' };
const UPPER =
  'upper: { for: [symbol], in: { text: "in/${symbol}.txt" }, out: { text: "out/${symbol}.txt" }, run: "tr a-z A-Z < ${in.text} > ${out.text}" }';
const ALL = 'all: { in: { texts: "out/*.txt" }, out: { all: all.txt }, run: "cat ${in.texts} > ${out.all}" }';
const ONE = 'one: { in: { text: out/b.txt }, out: { one: one.txt }, run: "cat ${in.text} > ${out.one}" }';

function manifest(rules: readonly string[], symbols = '[a, b]'): string {
  return `version: 1\ndimensions: { symbol: ${symbols} }\nrules:\n${rules.map((rule) => `  ${rule}\n`).join('')}`;
}

function put(ctx: TaskContext, text: string): void {
  for (const output of Object.values(ctx.outputs)) writeFileSync(output, text);
}

/** The input as it is; a source that says `no` is absent. */
const copy: Task['run'] = (ctx) => {
  const text = readFileSync(String(ctx.inputs['text']), 'utf8');
  if (text.startsWith('no')) return { absent: 'not published' };
  put(ctx, text);
  return undefined;
};

describe('what a target that is gone left behind', () => {
  it('is not matched by a glob', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER, ALL]) });
    await rig.build();
    expect(rig.read('all.txt')).toBe('ONE\nTWO\n');
    rig.write('pipeline.yaml', manifest([UPPER, ALL], '[a]'));
    expect((await rig.build()).ran).toEqual(['all']);
    expect(rig.read('all.txt')).toBe('ONE\n');
    rig.write('pipeline.yaml', manifest([UPPER, ALL]));
    expect((await rig.build()).restored).toEqual(['all']);
    expect(rig.read('all.txt')).toBe('ONE\nTWO\n');
  });

  it('is not matched by a glob when the rule writes elsewhere now, however long ago that was', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER, ALL]) });
    await rig.build();
    for (const folder of ['first', 'second', 'out/new-']) {
      rig.write('pipeline.yaml', manifest([UPPER.replace('out/$', `${folder}$`), ALL]));
      await rig.build();
    }
    expect(rig.read('all.txt')).toBe('ONE\nTWO\n');
  });

  it('is matched once the user has put something else there', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER, ALL]) });
    await rig.build();
    rig.write('pipeline.yaml', manifest([UPPER, ALL], '[a]'));
    rig.write('out/b.txt', 'mine\n');
    await rig.build();
    expect(rig.read('all.txt')).toBe('ONE\nmine\n');
  });

  it('is no input by its path either, and the failure says whose it was', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER, ONE]) });
    await rig.build();
    rig.write('pipeline.yaml', manifest([UPPER, ONE], '[a]'));
    expect((await rig.build()).failures).toEqual({
      one: {
        code: 'input-missing',
        message: 'one: input "text" is out/b.txt, which upper/b left behind and no rule makes any more',
        hint: 'name the path that is made now, or copy the file to one that no rule ever made',
      },
    });
  });

  it('gives way where a folder is wanted now, or a file', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER]) });
    await rig.build();
    rig.write('pipeline.yaml', manifest([UPPER.replace('.txt" }, run', '.txt/data" }, run')]));
    expect((await rig.build()).failures).toEqual({});
    expect(rig.read('out/b.txt/data')).toBe('TWO\n');
    rig.write('pipeline.yaml', manifest([UPPER]));
    expect((await rig.build()).failures).toEqual({});
    expect(rig.read('out/b.txt')).toBe('TWO\n');
  });

  it('stays when the user has changed it, and the target fails', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER]) });
    await rig.build();
    rig.write('out/b.txt', 'mine\n');
    rig.write('pipeline.yaml', manifest([UPPER.replace('.txt" }, run', '.txt/data" }, run')]));
    expect(Object.keys((await rig.build()).failures)).toEqual(['upper/b']);
    expect(rig.read('out/b.txt')).toBe('mine\n');
  });
});

describe('what a target has left that is absent now', () => {
  it('is not matched by a glob', async () => {
    const builtins = fakeTasks({ copy });
    const rule = UPPER.replace(/run: .*$/, 'task: copy }');
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([rule, ALL]) }, { builtins });
    await rig.build();
    rig.write('in/b.txt', 'no\n');
    await rig.build();
    expect(rig.read('all.txt')).toBe('one\n');
  });
});

describe('what a task may see beside contents', () => {
  const parts = 'parts: { in: { texts: { rule: upper } }, out: { text: parts.json }, task: partitions }';
  const builtins = fakeTasks({
    partitions: (ctx) => put(ctx, JSON.stringify(ctx.members['texts'] ?? ctx.inputs)),
    params: (ctx) => put(ctx, JSON.stringify(ctx.params)),
  });

  it('counts: the partitions of a fan-in', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER, parts]) }, { builtins });
    await rig.build();
    rig.edit('pipeline.yaml', (text) => text.replaceAll('symbol', 'coin'));
    expect((await rig.build()).ran).toEqual(['parts', 'upper/a', 'upper/b']);
    expect(rig.read('parts.json')).toContain('"keys":{"coin":"a"}');
  });

  it('counts: that an input without members has come', async () => {
    const alone = 'alone: { out: { text: alone.json }, task: partitions }';
    const rig = new Rig({ 'pipeline.yaml': manifest([alone]) }, { builtins });
    await rig.build();
    rig.edit('pipeline.yaml', (text) => text.replace('out:', 'in: { texts: "none/*" }, out:'));
    await rig.build();
    expect(rig.read('alone.json')).toBe('[]');
  });

  it('does not depend on the order in which params are written, nor do they', async () => {
    const rule = (params: string): string => `p: { out: { text: p.json }, task: params, params: ${params} }`;
    const rig = new Rig({ 'pipeline.yaml': manifest([rule('{ a: 1, b: { x: 1, y: [2] } }')]) }, { builtins });
    await rig.build();
    rig.write('pipeline.yaml', manifest([rule('{ b: { y: [2], x: 1 }, a: 1 }')]));
    expect(await rig.states()).toEqual({ p: 'fresh' });
    rig.remove('p.json');
    await rig.build();
    expect(rig.read('p.json')).toBe('{"a":1,"b":{"x":1,"y":[2]}}');
  });

  it('counts: a dollar sign that was the shell’s and is a reference now', async () => {
    const rule = 'p: { in: { x: in/a.txt }, out: { text: p.txt }, run: "echo \'$${in.x}\' > ${out.text}" }';
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([rule]) });
    await rig.build();
    expect(rig.read('p.txt')).toBe('${in.x}\n');
    rig.edit('pipeline.yaml', (text) => text.replace('$$', '$'));
    await rig.build();
    expect(rig.read('p.txt')).toBe('in/a.txt\n');
  });
});

describe('a failure that was taken back', () => {
  it('leaves nothing to do', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([UPPER]) });
    await rig.build();
    rig.write('pipeline.yaml', manifest([UPPER.replace('tr ', 'false; tr ')]));
    expect(Object.keys((await rig.build()).failures).sort()).toEqual(['upper/a', 'upper/b']);
    rig.write('pipeline.yaml', manifest([UPPER]));
    expect(await rig.states()).toEqual({ 'upper/a': 'fresh', 'upper/b': 'fresh' });
    expect((await rig.build()).ran).toEqual([]);
  });
});

describe('a file in a directory that a rule makes', () => {
  const tree = (name: string, more = ''): readonly string[] => [
    `tree: { in: { text: in/a.txt }, out: { tree: tree/ }, run: "cp \${in.text} \${out.tree}/${name}"${more} }`,
    `leaf: { in: { text: tree/${name} }, out: { text: leaf.txt }, run: "cp \${in.text} \${out.text}" }`,
  ];

  it('is made again when the directory is an intermediate that is gone', async () => {
    const rules = tree('x', ', intermediate: true');
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest(rules) });
    await rig.build();
    rig.remove('tree');
    expect(await rig.states()).toEqual({ tree: 'stale', leaf: 'pending' });
    const built = await rig.build();
    expect({ ran: built.ran, failures: built.failures }).toEqual({ ran: ['tree'], failures: {} });
  });

  it('is not known to be missing while the directory is stale', async () => {
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest(tree('x')) });
    await rig.build();
    rig.write('pipeline.yaml', manifest(tree('y')));
    expect(await rig.states()).toEqual({ tree: 'stale', leaf: 'pending' });
    expect((await rig.build()).failures).toEqual({});
  });
});

describe('an input learnt while running', () => {
  const rule = 'g: { in: { text: in/a.txt }, out: { text: g.txt }, task: include }';

  it('that changes meanwhile makes the target run again', async () => {
    let edits = 1;
    const builtins = fakeTasks({
      include: (ctx) => {
        put(ctx, rig.read('z.txt'));
        if (edits-- > 0) rig.write('z.txt', 'new');
        return { discovered: ['z.txt'] };
      },
    });
    const rig = new Rig({ ...SOURCES, 'z.txt': 'old', 'pipeline.yaml': manifest([rule]) }, { builtins });
    await sleep(30);
    await rig.build();
    expect(rig.read('g.txt')).toBe('new');
    expect((await rig.build()).ran).toEqual([]);
  });

  it('must be declared when a rule makes it, for nobody waits for it otherwise', async () => {
    const builtins = fakeTasks({
      include: (ctx) => {
        put(ctx, rig.has('out/b.txt') ? rig.read('out/b.txt') : '');
        return { discovered: [rig.path('out/b.txt')] };
      },
    });
    const rig = new Rig({ ...SOURCES, 'pipeline.yaml': manifest([rule]) }, { builtins });
    expect((await rig.build()).failures).toEqual({});
    rig.write('pipeline.yaml', manifest([rule, UPPER]));
    expect((await rig.build()).failures).toEqual({
      g: {
        code: 'undeclared-input',
        message: 'g has read out/b.txt, which upper/b makes: whether that is built first is left to chance',
        hint: 'declare it among the inputs of rule "g": { rule: upper }',
      },
    });
    rig.edit('pipeline.yaml', (text) => text.replace('text: in/a.txt', 'text: out/b.txt'));
    expect((await rig.build()).failures).toEqual({});
    expect(rig.read('g.txt')).toBe('TWO\n');
  });
});
