/** Inputs that are other while a target runs than before and after: what it has read is not known, and it runs again. */
import { linkSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const put = (ctx: TaskContext, text = 'x'): void => writeFileSync(ctx.outputs['text'] ?? '', text);

/** `linked` leads there from now on. */
function relink(rig: Rig, to: string): void {
  rmSync(rig.path('linked'), { force: true });
  symlinkSync(to, rig.path('linked'));
}

describe('an input that is other and again what it was while its target runs', () => {
  const UP = 'version: 1\nrules:\n  up: { in: { text: IN }, out: { text: out.txt }, task: upper }\n';

  /** What the task has read in each of its runs; `meanwhile` is done before it reads and undone after, in the first. */
  function restless(
    input: string,
    files: Readonly<Record<string, string>>,
    meanwhile: (rig: Rig) => () => void,
    read = input,
  ): { readonly rig: Rig; readonly seen: string[] } {
    const seen: string[] = [];
    const builtins = fakeTasks({
      upper: async (ctx) => {
        // Nobody edits within the tick of the clock in which a build begins.
        await sleep(30);
        const undo = seen.length === 0 ? meanwhile(rig) : () => undefined;
        seen.push(rig.has(read) ? rig.read(read) : 'nothing');
        undo();
        put(ctx, seen.at(-1)?.toUpperCase());
      },
    });
    const rig = new Rig({ 'pipeline.yaml': UP.replace('IN', input), ...files }, { builtins });
    return { rig, seen };
  }

  it.each<[string, string, Readonly<Record<string, string>>, (rig: Rig) => () => void, string?]>([
    [
      'written over and back',
      'in.txt',
      { 'in.txt': 'one' },
      (rig) => {
        rig.write('in.txt', 'two');
        return () => rig.write('in.txt', 'one');
      },
    ],
    [
      'of the same size, its mtime put back',
      'in.txt',
      { 'in.txt': 'one' },
      (rig) => {
        rig.editUnseen('in.txt', 'two');
        return () => rig.editUnseen('in.txt', 'one');
      },
    ],
    [
      'replaced by another file and back',
      'in.txt',
      { 'in.txt': 'one', 'other.txt': 'two' },
      (rig) => {
        renameSync(rig.path('in.txt'), rig.path('kept.txt'));
        renameSync(rig.path('other.txt'), rig.path('in.txt'));
        return () => {
          rig.write('in.txt', 'one');
        };
      },
    ],
    [
      'deleted and put back',
      'in.txt',
      { 'in.txt': 'one' },
      (rig) => {
        rig.remove('in.txt');
        return () => rig.write('in.txt', 'one');
      },
    ],
    [
      'reached by a link that led elsewhere meanwhile',
      'linked/in.txt',
      { 'a/in.txt': 'one', 'b/in.txt': 'two' },
      (rig) => {
        relink(rig, 'b');
        return () => relink(rig, 'a');
      },
    ],
    [
      'a folder, in which there was another file meanwhile',
      'in',
      { 'in/deep/a': 'one' },
      (rig) => {
        rig.write('in/deep/b', 'two');
        return () => rig.remove('in/deep/b');
      },
      'in/deep/b',
    ],
  ])('poisons nothing: %s', async (_, input, files, meanwhile, read) => {
    const { rig, seen } = restless(input, files, meanwhile, read);
    if (input === 'linked/in.txt') relink(rig, 'a');
    expect((await rig.build()).ran).toEqual(['up']);
    const [first, ...later] = seen;
    expect(later).toEqual([read === undefined ? 'one' : 'nothing']);
    expect(first).not.toBe(later[0]);
    expect(rig.read('out.txt')).toBe(seen.at(-1)?.toUpperCase());
    expect((await rig.build()).ran).toEqual([]);
  });

  it('costs one more run when it was only touched, and none when it got another name', async () => {
    for (const [act, runs] of [
      [(rig: Rig) => rig.touch('in.txt'), 2],
      [(rig: Rig) => linkSync(rig.path('in.txt'), rig.path('other.txt')), 1],
    ] as const) {
      const { rig, seen } = restless('in.txt', { 'in.txt': 'one' }, (each) => {
        act(each);
        return () => undefined;
      });
      expect((await rig.build()).failures).toEqual({});
      expect(seen).toHaveLength(runs);
    }
  });

  it('is no cause for alarm where an output is kept that shares its file', async () => {
    // While `slow` reads in.txt, the old output of `link`, which is the same file, is held, kept and replaced.
    let go = (): void => undefined;
    const replaced = new Promise<void>((resolve) => {
      go = resolve;
    });
    let runs = 0;
    let second = false;
    const builtins = fakeTasks({
      slow: async (ctx) => {
        runs++;
        if (second) await replaced;
        put(ctx, readFileSync(String(ctx.inputs['text']), 'utf8'));
      },
      link: async (ctx) => {
        await sleep(30);
        if (second) put(ctx, 'two');
        else linkSync(String(ctx.inputs['text']), String(ctx.outputs['text']));
      },
      after: (ctx) => {
        put(ctx);
        go();
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `version: 1
rules:
  slow: { in: { text: in.txt, more: more.txt }, out: { text: slow.txt }, task: slow }
  link: { in: { text: in.txt, more: more.txt }, out: { text: link.txt }, task: link }
  after: { in: { text: { rule: link } }, out: { text: after.txt }, task: after }
`,
        'in.txt': 'one',
        'more.txt': '1',
      },
      { builtins },
    );
    await rig.build();
    expect(statSync(rig.path('link.txt')).ino).toBe(statSync(rig.path('in.txt')).ino);
    rig.write('more.txt', '2');
    [second, runs] = [true, 0];
    expect((await rig.build()).ran).toEqual(['after', 'link', 'slow']);
    expect(runs).toBe(1);
  });
});

describe('inputs learnt while running', () => {
  const ONE = 'version: 1\nrules:\n  one: { out: { text: x.txt }, task: include }\n';

  /** Reads `read`, which it learns of, and then something is done to it, in its first run. */
  function including(
    read: string,
    files: Readonly<Record<string, string>>,
    then: (rig: Rig) => void,
  ): { readonly rig: Rig; readonly seen: string[] } {
    const seen: string[] = [];
    const builtins = fakeTasks({
      include: async (ctx) => {
        seen.push(rig.has(read) ? rig.read(read) : 'nothing');
        await sleep(30);
        if (seen.length === 1) then(rig);
        put(ctx, seen.at(-1));
        return { discovered: [read] };
      },
    });
    const rig = new Rig({ 'pipeline.yaml': ONE, ...files }, { builtins });
    return { rig, seen };
  }

  it.each<[string, Readonly<Record<string, string>>, (rig: Rig) => void, string]>([
    ['was deleted', { 'sub/included.txt': '1' }, (rig) => rig.remove('sub/included.txt'), 'nothing'],
    ['was deleted with its folder', { 'sub/included.txt': '1' }, (rig) => rig.remove('sub'), 'nothing'],
    [
      'was moved away, and an old file put in its place',
      { 'sub/included.txt': '1', 'b/included.txt': '2' },
      (rig) => {
        renameSync(rig.path('sub'), rig.path('a'));
        symlinkSync('b', rig.path('sub'));
      },
      '2',
    ],
    [
      'came only afterwards, and left again',
      { 'sub/other.txt': '1' },
      (rig) => {
        rig.write('sub/included.txt', '1');
        rig.remove('sub/included.txt');
      },
      'nothing',
    ],
  ])('are not known where one %s while the task ran: it runs again', async (_, files, then, last) => {
    const { rig, seen } = including('sub/included.txt', files, then);
    await sleep(30);
    expect((await rig.build()).ran).toEqual(['one']);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(last);
    expect(rig.read('x.txt')).toBe(last);
    expect((await rig.build()).ran).toEqual([]);
  });

  it('may bear a date of the future', async () => {
    const { rig, seen } = including('included.txt', { 'included.txt': '1' }, () => undefined);
    rig.touch('included.txt', new Date('2100-01-01T00:00:00Z'));
    await sleep(30);
    expect((await rig.build()).failures).toEqual({});
    expect(seen).toEqual(['1']);
    expect((await rig.build()).ran).toEqual([]);
  });

  it('fail their target, which names them, when they never come to rest', async () => {
    const builtins = fakeTasks({
      include: async (ctx) => {
        await sleep(20);
        rig.touch('included.txt');
        put(ctx);
        return { discovered: ['included.txt'] };
      },
    });
    const rig = new Rig({ 'pipeline.yaml': ONE, 'included.txt': '1' }, { builtins });
    expect((await rig.build()).failures['one']).toEqual({
      code: 'input-unstable',
      message: 'one: its inputs changed while it ran, 6 times in a row: included.txt',
      hint: 'wait until whatever writes them has finished',
    });
  });
});
