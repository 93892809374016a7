/** What fails, what it blocks, and what goes on: bad input never stops the good. */
import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const CONFIG = { 'config.yaml': 'symbols: [a, b, c]\n' };

function copy(ctx: TaskContext): void {
  const from = ctx.inputs['text'];
  writeFileSync(ctx.outputs['text'] ?? '', readFileSync(typeof from === 'string' ? from : '', 'utf8'));
}

/** check[symbol] refuses texts that say BAD; pass[symbol] copies; all reads what is left. */
function market(allInput: string): Rig {
  const builtins = fakeTasks({
    check: (ctx) => {
      const text = readFileSync(String(ctx.inputs['text']), 'utf8');
      if (text.includes('BAD')) {
        return {
          failed: {
            code: 'bad-text',
            message: `in/${ctx.partition.keys['symbol']}.txt:1: BAD`,
            hint: 'mend it',
          },
        };
      }
      if (text.includes('NONE')) return { absent: 'not-published', recheckAfter: 3_600_000 };
      copy(ctx);
      return undefined;
    },
    pass: copy,
    all: (ctx) => {
      const members = (ctx.members['parts'] ?? []).map(({ path }) => readFileSync(path, 'utf8'));
      const failed = (ctx.failed['parts'] ?? []).map(
        ({ target, code, roots }) => `${target} ${code} ${roots.join()}`,
      );
      const absent = (ctx.absent['parts'] ?? []).map(({ target, reason }) => `${target} ${reason}`);
      writeFileSync(ctx.outputs['text'] ?? '', JSON.stringify({ members, failed, absent }));
    },
  });
  return new Rig(
    {
      ...CONFIG,
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
dimensions: { symbol: "\${symbols}" }
rules:
  check: { for: [symbol], in: { text: "in/\${symbol}.txt" }, out: { text: "check/\${symbol}.txt" }, task: check }
  pass: { for: [symbol], in: { text: { rule: check } }, out: { text: "pass/\${symbol}.txt" }, task: pass }
  all: { in: { parts: ${allInput} }, out: { text: all.json }, task: all }
`,
      'in/a.txt': 'A',
      'in/b.txt': 'BAD',
      'in/c.txt': 'C',
    },
    { builtins },
  );
}

describe('a target that fails', () => {
  it('blocks what needs it, and nothing else', async () => {
    const rig = market('{ rule: pass }');
    const built = await rig.build();
    expect(built.outcomes).toEqual({
      'check/a': 'executed',
      'check/b': 'failed',
      'check/c': 'executed',
      'pass/a': 'executed',
      'pass/b': 'blocked',
      'pass/c': 'executed',
      all: 'blocked',
    });
    expect(built.failures['check/b']).toEqual({
      code: 'bad-text',
      message: 'in/b.txt:1: BAD',
      hint: 'mend it',
    });
  });

  it('is left out of a fan-in that says so, which is told of it and its root', async () => {
    const rig = market('{ rule: pass, failed: omit }');
    await rig.build();
    expect(rig.json('all.json')).toEqual({
      members: ['A', 'C'],
      failed: ['pass/b bad-text check/b'],
      absent: [],
    });
  });

  it('is tried again by the next build, keeps its dependents from running twice, and heals', async () => {
    const rig = market('{ rule: pass, failed: omit }');
    await rig.build();
    const again = await rig.build();
    expect(again.outcomes['check/b']).toBe('failed');
    expect(again.ran).toEqual([]);
    rig.write('in/b.txt', 'B');
    expect((await rig.build()).ran).toEqual(['all', 'check/b', 'pass/b']);
    expect(rig.json('all.json')).toEqual({ members: ['A', 'B', 'C'], failed: [], absent: [] });
  });

  it('leaves its last good output in place', async () => {
    const rig = market('{ rule: pass, failed: omit }');
    rig.write('in/b.txt', 'B');
    await rig.build();
    rig.write('in/b.txt', 'BAD');
    const built = await rig.build();
    expect(built.ran).toEqual(['all']);
    expect(rig.read('check/b.txt')).toBe('B');
    expect(rig.read('pass/b.txt')).toBe('B');
    rig.write('in/b.txt', 'B');
    expect((await rig.build()).outcomes['pass/b']).toBe('fresh');
  });

  it('is named by status, with what it blocks', async () => {
    const rig = market('{ rule: pass }');
    await rig.build();
    expect(await rig.states()).toEqual({
      'check/a': 'fresh',
      'check/b': 'failed',
      'check/c': 'fresh',
      'pass/a': 'fresh',
      'pass/b': 'blocked',
      'pass/c': 'fresh',
      all: 'blocked',
    });
    const status = await rig.status('check/b');
    expect(status.map(({ reasons }) => reasons.map(({ kind }) => kind))).toEqual([['failed']]);
  });

  it('stops new work with fail-fast', async () => {
    const rig = market('{ rule: pass }');
    rig.write('in/a.txt', 'BAD');
    const built = await rig.build([], { failFast: true, jobs: 1 });
    expect(Object.values(built.outcomes)).toEqual(['failed']);
  });

  it('is what @failed selects', async () => {
    const rig = market('{ rule: pass }');
    await rig.build();
    const built = await rig.build('@failed');
    expect(built.outcomes).toEqual({ 'check/b': 'failed' });
  });
});

describe('an input that is not there', () => {
  it('fails its target with a message that names input and path', async () => {
    const rig = market('{ rule: pass, failed: omit }');
    rig.remove('in/c.txt');
    const built = await rig.build();
    expect(built.failures['check/c']).toEqual({
      code: 'input-missing',
      message: 'check/c: input "text" is not there: in/c.txt, and no rule makes it',
      hint: 'put the file in place, or mark the input `optional: true`',
    });
    expect(built.outcomes['all']).toBe('executed');
  });
});

describe('an absent result', () => {
  it('makes single consumers absent, is left out of fan-ins with its reason, and is no failure', async () => {
    const rig = market('{ rule: pass }');
    rig.write('in/b.txt', 'NONE');
    const built = await rig.build();
    expect(built.outcomes).toMatchObject({ 'check/b': 'absent', 'pass/b': 'absent', all: 'executed' });
    expect(rig.json('all.json')).toEqual({
      members: ['A', 'C'],
      failed: [],
      absent: ['pass/b not-published'],
    });
    expect((await rig.build()).ran).toEqual([]);
    expect(await rig.states()).toMatchObject({ 'check/b': 'absent', 'pass/b': 'absent', all: 'fresh' });
  });

  it('is asked for again when its time has come, and not before', async () => {
    const rig = market('{ rule: pass }');
    rig.write('in/b.txt', 'NONE');
    await rig.build();
    const soon = new Date(Date.now() + 1_800_000).toISOString();
    const late = new Date(Date.now() + 3_700_000).toISOString();
    expect(
      (await rig.build([], { now: soon })).events.filter(({ type }) => type === 'target-started'),
    ).toEqual([]);
    const asked = (await rig.build([], { now: late })).events.filter(
      (event) => event.type === 'target-started',
    );
    expect(asked.map(({ target }) => target)).toEqual(['check/b']);
    const offline = await rig.build([], { now: late, offline: true });
    expect(offline.events.filter(({ type }) => type === 'target-started')).toEqual([]);
  });
});

describe('retries', () => {
  it('are made for passing trouble, so many as the rule says, and told as events', async () => {
    let runs = 0;
    const builtins = fakeTasks({
      flaky: (ctx) => {
        runs++;
        if (runs < 2) return { failed: { code: 'reset', message: 'connection reset', transient: true } };
        writeFileSync(ctx.outputs['text'] ?? '', 'x');
        return undefined;
      },
    });
    const rig = new Rig(
      { 'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, task: flaky, retries: 1 }\n' },
      { builtins },
    );
    const built = await rig.build();
    expect(built.outcomes).toEqual({ one: 'executed' });
    const retries = built.events.filter((event) => event.type === 'target-retry');
    expect(retries.map(({ attempt, message }) => [attempt, message])).toEqual([[1, 'connection reset']]);
  });

  it('are not made for what will not pass', async () => {
    let runs = 0;
    const builtins = fakeTasks({
      broken: () => {
        runs++;
        return { failed: { code: 'bad', message: 'bad' } };
      },
    });
    const rig = new Rig(
      { 'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, task: broken, retries: 3 }\n' },
      { builtins },
    );
    await rig.build();
    expect(runs).toBe(1);
  });
});

describe('shell recipes and modules that go wrong', () => {
  function one(line: string, files: Readonly<Record<string, string>> = {}): Rig {
    return new Rig({
      'pipeline.yaml': `version: 1\nrules:\n  one: { out: { text: out/x.txt }, ${line} }\n`,
      ...files,
    });
  }

  it('say the exit code and keep the last lines of output', async () => {
    const built = await one('run: "echo first; echo trouble >&2; exit 3"').build();
    expect(built.failures['one']).toEqual({
      code: 'recipe-failed',
      message: 'the recipe ended with exit code 3: echo first; echo trouble >&2; exit 3',
      log: ['first', 'trouble'],
    });
  });

  it('fail when an output was not written', async () => {
    const built = await one('run: "true"').build();
    expect(built.failures['one']?.message).toBe(
      'one: the task ended without writing output "text" (out/x.txt)',
    );
  });

  it('fail when they take too long', async () => {
    const built = await one('run: "sleep 20", timeout: 200ms').build();
    expect(built.failures['one']).toEqual({
      code: 'timeout',
      message: 'one took longer than its limit of 200 ms',
      hint: 'raise `timeout` of the rule',
    });
  });

  it('keep the stack of what a task threw, and its cause', async () => {
    const built = await one('task: ./t.ts', {
      't.ts':
        "export default { version: 1, run() { throw new Error('outer', { cause: new Error('inner') }); } };\n",
    }).build();
    expect(built.failures['one']?.message).toBe('one: outer');
    expect(built.failures['one']?.stack).toMatch(/t\.ts:1[\s\S]*caused by: Error: inner/);
  });

  it('say where a module does not compile, and build the rest', async () => {
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  one: { out: { text: one.txt }, task: ./t.ts }\n  two: { out: { text: two.txt }, run: "echo 2 > ${out.text}" }\n',
      't.ts': 'export default {\n',
    });
    const built = await rig.build();
    expect(built.outcomes).toEqual({ one: 'failed', two: 'executed' });
    expect(built.failures['one']?.code).toBe('task-unusable');
    expect(built.failures['one']?.message).toMatch(/^t\.ts:2:1: /);
  });

  it('leave nothing half-written in the workspace', async () => {
    const rig = one('run: "echo half > ${out.text}; exit 1"');
    await rig.build();
    expect(rig.has('out')).toBe(false);
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(rig.path('.pipeline/tmp'))).toEqual([]);
  });

  it('write nothing into the outputs of others, however late they do', async () => {
    const stray = async ({ outputs, target }: TaskContext): Promise<void> => {
      const [file = ''] = Object.values(outputs);
      await appendFile(file, target);
      // Nobody awaits it: its target is long done, and another has not begun.
      if (target === 'first') void sleep(100).then(() => appendFile(file, ' late').catch(() => undefined));
    };
    const rig = new Rig(
      {
        'pipeline.yaml': `version: 1
rules:
  first: { out: { text: first/data.txt }, task: stray }
  nap: { out: { text: nap.txt }, run: "sleep 0.3; echo 1 > \${out.text}" }
  second: { in: { nap: { rule: nap } }, out: { text: second/data.txt }, task: stray }
`,
      },
      { builtins: fakeTasks({ stray }) },
    );
    expect((await rig.build()).ran).toEqual(['first', 'nap', 'second']);
    expect([rig.read('first/data.txt'), rig.read('second/data.txt')]).toEqual(['first', 'second']);
  });

  it('is trouble with the disk, and no bug, where that has no room for what the task writes', async () => {
    const full = (): never => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    const rig = new Rig(
      { 'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: one.txt }, task: full }\n' },
      { builtins: fakeTasks({ full }) },
    );
    expect((await rig.build()).failures).toEqual({
      one: {
        code: 'cannot-write',
        message: 'one: its outputs cannot be written: ENOSPC: no space left on device, write',
        hint: 'the disk is full: free some space and build again',
      },
    });
  });
});
