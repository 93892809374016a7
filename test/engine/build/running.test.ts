/** How targets run: pools, interruption, inputs that move, two builds at once, what tasks may leave and learn. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const put = (ctx: TaskContext, text = 'x'): void => writeFileSync(ctx.outputs['text'] ?? '', text);

describe('pools', () => {
  it('bound what runs at once, and so does -j over all of them', async () => {
    const busy = { net: 0, cpu: 0 };
    const most = { net: 0, cpu: 0, all: 0 };
    const count = (pool: 'net' | 'cpu') => async (ctx: TaskContext) => {
      busy[pool]++;
      most[pool] = Math.max(most[pool], busy[pool]);
      most.all = Math.max(most.all, busy.net + busy.cpu);
      await sleep(5);
      busy[pool]--;
      put(ctx);
    };
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
dimensions: { n: [a, b, c, d, e, f, g, h] }
pools: { net: 3, cpu: 2 }
rules:
  down: { for: [n], out: { text: "down/\${n}" }, task: down, pool: net }
  work: { for: [n], out: { text: "work/\${n}" }, task: work, pool: cpu }
`,
      },
      { builtins: fakeTasks({ down: count('net'), work: count('cpu') }) },
    );
    await rig.build([], { jobs: 100 });
    expect(most).toEqual({ net: 3, cpu: 2, all: 5 });
    most.all = 0;
    await rig.build([], { jobs: 1, force: true });
    expect(most.all).toBe(1);
  });
});

describe('interruption', () => {
  it('reaches the task, records nothing of it, and the next build runs it', async () => {
    const abort = new AbortController();
    let runs = 0;
    const builtins = fakeTasks({
      slow: async (ctx) => {
        runs++;
        put(ctx);
        if (runs === 1) {
          abort.abort(new Error('stop'));
          await sleep(60_000, undefined, { signal: ctx.signal });
        }
      },
      after: put,
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
rules:
  slow: { out: { text: slow.txt }, task: slow, retries: 3 }
  after: { in: { text: { rule: slow } }, out: { text: after.txt }, task: after }
`,
      },
      { builtins },
    );
    const built = await rig.build([], { signal: abort.signal });
    expect(built.interrupted).toBe(true);
    expect(built.outcomes).toEqual({});
    expect(rig.has('slow.txt')).toBe(false);
    expect((await rig.build()).ran).toEqual(['after', 'slow']);
  });

  it('ends the children of a recipe', async () => {
    const abort = new AbortController();
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  one: { out: { text: x }, run: "(sleep 30; echo late > late.txt) & echo $! > pid.txt; wait" }\n',
    });
    const building = rig.build([], { signal: abort.signal });
    while (!rig.has('pid.txt') || rig.read('pid.txt') === '') await sleep(10);
    abort.abort(new Error('stop'));
    await building;
    const pid = Number(rig.read('pid.txt'));
    await sleep(50);
    expect(
      existsSync(`/proc/${pid}`) && /State:\s+[^Z]/.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    ).toBe(false);
  });
});

describe('an input that changes while its target runs', () => {
  it('poisons nothing: the target runs again on what stands there now', async () => {
    let runs = 0;
    const builtins = fakeTasks({
      upper: (ctx) => {
        const text = readFileSync(String(ctx.inputs['text']), 'utf8');
        runs++;
        if (runs === 1) writeFileSync(String(ctx.inputs['text']), 'two');
        put(ctx, text.toUpperCase());
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml':
          'version: 1\nrules:\n  up: { in: { text: in.txt }, out: { text: out.txt }, task: upper }\n',
        'in.txt': 'one',
      },
      { builtins },
    );
    expect((await rig.build()).ran).toEqual(['up']);
    expect(runs).toBe(2);
    expect(rig.read('out.txt')).toBe('TWO');
    expect((await rig.build()).ran).toEqual([]);
  });

  it('fails its target when it never comes to rest', async () => {
    let runs = 0;
    const builtins = fakeTasks({
      restless: (ctx) => {
        runs++;
        writeFileSync(String(ctx.inputs['text']), `take ${runs}`);
        put(ctx);
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml':
          'version: 1\nrules:\n  up: { in: { text: in.txt }, out: { text: out.txt }, task: restless }\n',
        'in.txt': 'one',
      },
      { builtins },
    );
    const built = await rig.build();
    expect(built.failures['up']).toEqual({
      code: 'input-unstable',
      message: 'up: its inputs changed while it ran, 6 times in a row: in.txt',
      hint: 'wait until whatever writes them has finished',
    });
  });
});

describe('two builds of one workspace', () => {
  it('take turns; the second is told whom it waits for and finds nothing to do', async () => {
    let runs = 0;
    const builtins = fakeTasks({
      slow: async (ctx) => {
        runs++;
        await sleep(150);
        put(ctx);
      },
    });
    const rig = new Rig(
      { 'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, task: slow }\n' },
      { builtins },
    );
    const [first, second] = await Promise.all([rig.build(), rig.build()]);
    expect(runs).toBe(1);
    expect([...first.ran, ...second.ran]).toEqual(['one']);
    const waited = [...first.events, ...second.events].filter(({ type }) => type === 'lock-waiting');
    expect(waited).toEqual([{ type: 'lock-waiting', holder: 'a test' }]);
  });

  it('or the second leaves at once when it is told not to wait', async () => {
    const builtins = fakeTasks({ slow: async (ctx) => sleep(100).then(() => put(ctx)) });
    const rig = new Rig(
      { 'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, task: slow }\n' },
      { builtins },
    );
    const results = await Promise.all([rig.build([], { wait: false }), rig.build([], { wait: false })]);
    expect(results.map(({ result }) => result).sort()).toEqual(['built', 'locked']);
  });
});

describe('outputs', () => {
  it('may be directories, which lose what is no longer written', async () => {
    let names = ['a', 'sub/b'];
    const builtins = fakeTasks({
      many: (ctx) => {
        for (const name of names) {
          const file = join(ctx.outputs['dir'] ?? '', name);
          mkdirSync(join(file, '..'), { recursive: true });
          writeFileSync(file, name);
        }
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
rules:
  many: { in: { text: in.txt }, out: { dir: "out/many/" }, task: many }
  one: { in: { file: "out/many/sub/b" }, out: { text: one.txt }, run: "cat \${in.file} > \${out.text}" }
`,
        'in.txt': '1',
      },
      { builtins },
    );
    expect((await rig.build()).ran).toEqual(['many', 'one']);
    expect((await rig.build()).ran).toEqual([]);
    names = ['sub/b'];
    rig.write('in.txt', '2');
    // The file that `one` reads is as it was.
    expect((await rig.build()).ran).toEqual(['many']);
    expect(readdirSync(rig.path('out/many'))).toEqual(['sub']);
    rig.write('out/many/sub/b', 'forged');
    expect((await rig.build()).ran).toEqual(['many']);
  });

  it('that stand on a folder of the same name fail with a reason, and stay', async () => {
    const rig = new Rig({
      'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, run: "echo 1 > ${out.text}" }\n',
      'x.txt/keep': 'me',
    });
    const built = await rig.build();
    expect(built.failures['one']).toMatchObject({
      code: 'cannot-write',
      hint: 'a folder stands where a file is wanted: move it away',
    });
    expect(rig.read('x.txt/keep')).toBe('me');
  });
});

describe('inputs learnt while running', () => {
  it('count from then on', async () => {
    const builtins = fakeTasks({
      include: (ctx) => {
        put(ctx, readFileSync(join(ctx.workspace, 'included.txt'), 'utf8'));
        return { discovered: ['included.txt'] };
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, task: include }\n',
        'included.txt': '1',
      },
      { builtins },
    );
    await rig.build();
    expect((await rig.build()).ran).toEqual([]);
    rig.write('included.txt', '2');
    expect((await rig.build()).ran).toEqual(['one']);
    expect(rig.read('x.txt')).toBe('2');
  });
});

describe('paths and globs', () => {
  const files = {
    'pipeline.yaml': `
version: 1
dimensions: { s: [a, b] }
rules:
  make: { for: [s], in: { text: "in/\${s}.txt" }, out: { text: "texts/\${s}.txt" }, run: "cat \${in.text} > \${out.text}" }
  named: { in: { text: texts/a.txt }, out: { text: named.txt }, run: "cat \${in.text} > \${out.text}" }
  all: { in: { texts: "texts/*.txt" }, out: { text: all.txt }, run: "cat \${in.texts} > \${out.text}" }
`,
    'in/a.txt': 'a',
    'in/b.txt': 'b',
  };

  it('that another rule outputs are the same edge as its name', async () => {
    const rig = new Rig(files);
    expect((await rig.build('named')).ran).toEqual(['make/a', 'named']);
    expect((await rig.build('all')).ran).toEqual(['all', 'make/b']);
    expect(rig.read('all.txt')).toBe('ab');
  });

  it('take files from outside along, in order, and notice when they come and go', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('texts/aa.txt', '-');
    expect((await rig.build()).ran).toEqual(['all']);
    expect(rig.read('all.txt')).toBe('a-b');
    rig.remove('texts/aa.txt');
    expect((await rig.build()).restored).toEqual(['all']);
    expect(rig.read('all.txt')).toBe('ab');
  });
});

describe('selections', () => {
  const files = {
    'pipeline.yaml': `
version: 1
dimensions: { s: [a, b] }
aliases: { everything: [end] }
rules:
  one: { for: [s], out: { text: "one/\${s}" }, run: "echo \${s} > \${out.text}" }
  two: { for: [s], in: { text: { rule: one } }, out: { text: "two/\${s}" }, run: "cat \${in.text} > \${out.text}" }
  end: { in: { texts: { rule: two } }, out: { text: end.txt }, run: "cat \${in.texts} > \${out.text}" }
  extra: { out: { text: extra.txt }, run: "echo > \${out.text}", default: false }
`,
  };

  it.each([
    ['two/a', ['one/a', 'two/a']],
    ['one/a+', ['end', 'one/a', 'one/b', 'two/a', 'two/b']],
    ['everything', ['end', 'one/a', 'one/b', 'two/a', 'two/b']],
    ['extra', ['extra']],
    ['@stale', ['end', 'one/a', 'one/b', 'two/a', 'two/b']],
  ])('%s builds what it names and all that needs', async (selector, expected) => {
    expect((await new Rig(files).build(selector)).ran).toEqual(expected);
  });

  it('leave out rules that are built on request', async () => {
    expect((await new Rig(files).build()).outcomes['extra']).toBeUndefined();
  });

  it('by output path find the target that makes it', async () => {
    expect((await new Rig(files).build('two/a', { force: true })).ran).toEqual(['one/a', 'two/a']);
    const rig = new Rig(files);
    expect((await rig.build('end.txt')).ran).toContain('end');
  });

  it('with --force run the selected targets and not what they need', async () => {
    const rig = new Rig(files);
    await rig.build();
    expect((await rig.build('two', { force: true })).ran).toEqual(['two/a', 'two/b']);
  });
});

describe('status', () => {
  it('without selectors tells of all that a build goes through, also of what is built only where it is needed', async () => {
    const rig = new Rig({
      'pipeline.yaml': `version: 1
dimensions: { letter: [a, b] }
rules:
  part: { for: [letter], out: { text: "part/\${letter}" }, run: "echo 1 > \${out.text}", default: false }
  end: { in: { part: part/b }, out: { text: end.txt }, run: "cat \${in.part} > \${out.text}" }
`,
    });
    const { outcomes } = await rig.build();
    expect(Object.keys(outcomes).sort()).toEqual(['end', 'part/b']);
    expect(await rig.states()).toEqual({ 'part/b': 'fresh', end: 'fresh' });
    expect(await rig.states('end')).toEqual({ end: 'fresh' });
  });
});

describe('a damaged state folder', () => {
  it('is taken for none: everything is checked, nothing is wrong', async () => {
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  one: { in: { t: in.txt }, out: { text: x.txt }, run: "cat ${in.t} > ${out.text}" }\n',
      'in.txt': '1',
    });
    await rig.build();
    rig.write('.pipeline/memo', 'nonsense');
    expect((await rig.build()).ran).toEqual([]);
    rmSync(rig.path('.pipeline'), { recursive: true });
    expect((await rig.build()).ran).toEqual(['one']);
  });
});
