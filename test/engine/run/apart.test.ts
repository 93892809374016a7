/** Builds whose tasks may run in threads: which of them do, and what becomes of those that do not end well. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Builtins } from '../../../src/engine/run/code.ts';
import { Threads } from '../../../src/engine/run/threads.ts';
import type { TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const ENTRY = new URL('./threads/entry.mjs', import.meta.url);
const here = (ctx: TaskContext): void => writeFileSync(ctx.outputs['out'] ?? '', 'here');

/** Tasks of that name in threads/entry.mjs; run in this process, each writes that it was. */
function able(names: readonly string[], threads: Threads): Builtins {
  const tasks = fakeTasks(Object.fromEntries(names.map((name) => [name, here])));
  return new Map([...tasks].map(([name, task]) => [name, { ...task, threads }]));
}

/** Of tests to which it is all one whether there have been threads before. */
const shared = new Threads(ENTRY);

const ALL = ['writes', 'exits', 'throws', 'hears nothing', 'tidies up when told to', 'fills the disk'];

interface Given {
  readonly keys?: number;
  readonly pools?: string;
  readonly rule?: string;
  readonly threads?: Threads;
  readonly files?: Readonly<Record<string, string>>;
}

/** Rule `many`, of as many targets as there are keys: enough to be worth threads where nothing else is said. */
function rigOf({
  keys = 10,
  pools = '{ cpu: 2, other: 2 }',
  rule = 'task: writes',
  ...given
}: Given = {}): Rig {
  const names = Array.from({ length: keys }, (_, at) => `k${at}`);
  return new Rig(
    {
      'pipeline.yaml': `
version: 1
dimensions: { n: [${names.join(', ')}] }
pools: ${pools}
rules:
  many: { for: [n], out: { out: "out/\${n}" }, ${rule} }
`,
      ...given.files,
    },
    { builtins: able(ALL, given.threads ?? new Threads(ENTRY)) },
  );
}

const written = (rig: Rig): readonly string[] => [...new Set(rig.files('out').map((path) => rig.read(path)))];

describe('targets whose task may run in a thread', () => {
  it('do so where many wait', async () => {
    const rig = rigOf();
    expect((await rig.build()).ran).toHaveLength(10);
    expect(written(rig)).toEqual(['in a thread']);
  });

  it('stay where they are while there is little to do', async () => {
    const rig = rigOf({ keys: 3 });
    await rig.build();
    expect(written(rig)).toEqual(['here']);
  });

  it('use threads that are there, however little there is to do', async () => {
    await rigOf({ threads: shared }).build();
    const rig = rigOf({ keys: 1, threads: shared });
    await rig.build();
    expect(written(rig)).toEqual(['in a thread']);
  });

  it('stay where they are with a pool of one, in another pool, and if they are the workspace’s own', async () => {
    const own = `import { writeFileSync } from 'node:fs';
      export default { version: 1, run: (ctx) => writeFileSync(ctx.outputs.out, 'here') };`;
    for (const given of [
      { pools: '{ cpu: 1 }' },
      { rule: 'task: writes, pool: other' },
      { rule: 'task: ./own.mjs', files: { 'own.mjs': own } },
    ]) {
      const rig = rigOf(given);
      expect((await rig.build()).ran).toHaveLength(10);
      expect(written(rig)).toEqual(['here']);
    }
  });

  it('fail alone when their thread dies', async () => {
    const { failures } = await rigOf({ rule: 'task: exits' }).build();
    expect(Object.keys(failures)).toHaveLength(10);
    expect(failures['many/k0']).toMatchObject({
      code: 'task-threw',
      message:
        'many/k0: the thread that ran it was ended: it called `process.exit`, or waits for what never comes',
    });
  });

  it('show what was thrown as if it had been thrown here', async () => {
    const { failures } = await rigOf({ rule: 'task: throws', threads: shared }).build();
    const { code, message, stack } = failures['many/k0'] ?? {};
    expect({ code, message }).toEqual({ code: 'task-threw', message: 'many/k0: no such column' });
    expect(stack).toMatch(/entry\.mjs[\s\S]*\ncaused by: Error: the disk is full\n/);
  });

  it('fail for want of room as if they ran here', async () => {
    const { failures } = await rigOf({ rule: 'task: fills the disk', threads: shared }).build();
    expect(failures['many/k0']).toMatchObject({
      code: 'cannot-write',
      hint: 'the disk is full: free some space and build again',
    });
  });

  it('are ended at their time limit, and do not run on', async () => {
    const threads = new Threads(ENTRY, { graceMs: 20 });
    const { failures } = await rigOf({ rule: 'task: hears nothing, timeout: 20ms', threads }).build();
    expect(failures['many/k3']).toMatchObject({
      code: 'timeout',
      message: 'many/k3 took longer than its limit of 20 ms',
      hint: 'raise `timeout` of the rule',
    });
  });

  it('are interrupted with the build, which records nothing of them', async () => {
    const abort = new AbortController();
    const rig = rigOf({ rule: 'task: tidies up when told to', threads: shared });
    const built = await rig.build([], {
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'target-log') abort.abort(new Error('enough'));
      },
    });
    expect(built).toMatchObject({ interrupted: true, outcomes: {} });
  });
});
