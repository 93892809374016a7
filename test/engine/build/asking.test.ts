/** What tasks that ask the world outside can say, and what becomes of it: tries and deadlines, half answers, answers that age. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Task, TaskContext, TaskFailure } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const put = (ctx: TaskContext, text = 'x'): void => writeFileSync(ctx.outputs['text'] ?? '', text);

const ASK = (more = ''): string => `
version: 1
rules:
  ask: { out: { text: ask.txt }, task: ask${more} }
  read: { in: { text: { rule: ask } }, out: { text: read.txt }, task: copy }
`;

const copy: Task['run'] = (ctx) => {
  put(ctx, readFileSync(String(ctx.inputs['text']), 'utf8'));
};

const BUSY: TaskFailure = { code: 'busy', message: 'the host is busy', hint: 'wait', transient: true };

function rigWith(run: Task['run'], more = '', offline = false): Rig {
  const builtins = new Map(fakeTasks({ ask: run, copy }));
  const ask = builtins.get('ask');
  if (ask !== undefined && offline)
    builtins.set('ask', { ...ask, load: async () => ({ version: 1, offline: true, run }) });
  return new Rig({ 'pipeline.yaml': ASK(more) }, { builtins });
}

describe('tries', () => {
  it('are numbered, and the last one is known as such', async () => {
    const seen: string[] = [];
    const rig = rigWith((ctx) => {
      seen.push(`${ctx.attempt} ${ctx.isLastTry(BUSY) ? 'and the last' : 'and more'}`);
      return { failed: BUSY };
    }, ', retries: 2');
    const built = await rig.build('ask');
    expect(seen).toEqual(['1 and more', '2 and more', '3 and the last']);
    expect(built.failures['ask']).toEqual({ code: 'busy', message: 'the host is busy', hint: 'wait' });
  });

  it('wait as long as the failure asks for', async () => {
    const rig = rigWith(
      (ctx) => (ctx.attempt === 1 ? { failed: { ...BUSY, retryAfterMs: 321 } } : put(ctx)),
      ', retries: 1, deadline: 1m',
    );
    const { events, ran } = await rig.build('ask');
    const waits = events.flatMap((event) => (event.type === 'target-retry' ? [event.waitMs] : []));
    expect(waits).toEqual([321]);
    expect(ran).toEqual(['ask']);
  });

  it('end at once where the next one would pass the deadline', async () => {
    let tries = 0;
    let last: boolean | undefined;
    const rig = rigWith((ctx) => {
      tries++;
      const failed = { ...BUSY, retryAfterMs: 3_600_000 };
      last = ctx.isLastTry(failed);
      return { failed };
    }, ', retries: 5, deadline: 15m');
    const { failures } = await rig.build('ask');
    expect({ tries, last }).toEqual({ tries: 1, last: true });
    expect(failures['ask']).toEqual({
      code: 'busy',
      message: 'the host is busy',
      hint: "wait; another try would pass the rule's deadline of 900 s",
    });
  });
});

describe('an answer that is not all that it should be', () => {
  const half: Task['run'] = (ctx) => {
    put(ctx, 'half');
    return { incomplete: BUSY };
  };

  it('is tried again first, then kept: consumers are built of it, and the target counts as failed', async () => {
    const rig = rigWith(half, ', retries: 1');
    const { outcomes, failures, events } = await rig.build();
    expect(outcomes).toEqual({ ask: 'failed', read: 'executed' });
    expect(failures['ask']).toEqual({ code: 'busy', message: 'the host is busy', hint: 'wait' });
    expect(rig.read('read.txt')).toBe('half');
    expect(events.filter(({ type }) => type === 'target-retry')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'build-finished', failed: 1, executed: 1 });
  });

  it('has failed, and is asked for by the next build; what it brings reaches the consumers', async () => {
    let whole = false;
    const rig = rigWith((ctx) => (whole ? put(ctx, 'whole') : half(ctx)));
    await rig.build();
    expect(await rig.status()).toEqual([
      {
        target: 'ask',
        state: 'failed',
        reasons: [{ kind: 'failed', name: 'busy', is: 'the host is busy' }],
      },
      { target: 'read', state: 'pending', reasons: [{ kind: 'upstream', name: 'ask' }] },
    ]);
    expect((await rig.build()).outcomes).toEqual({ ask: 'failed', read: 'fresh' });
    whole = true;
    expect((await rig.build()).outcomes).toEqual({ ask: 'executed', read: 'executed' });
    expect(rig.read('read.txt')).toBe('whole');
    expect((await rig.build()).ran).toEqual([]);
  });

  it('is not asked for offline, and what there is of it serves', async () => {
    const rig = rigWith(half, ', source: true');
    await rig.build();
    rig.remove('read.txt');
    const { outcomes, failures } = await rig.build([], { offline: true });
    expect(outcomes).toEqual({ ask: 'failed', read: 'executed' });
    expect(failures['ask']).toEqual({
      code: 'offline',
      message: 'ask must be asked for (failed), and --offline forbids it',
      hint: 'build once without --offline',
    });
    expect(rig.read('read.txt')).toBe('half');
  });

  it('is asked for again by @failed', async () => {
    const rig = rigWith(half);
    await rig.build();
    expect((await rig.build('@failed')).outcomes).toEqual({ ask: 'failed' });
  });
});

describe('an answer that may change', () => {
  it('is asked for again when it is due, and was checked when it is the same', async () => {
    const rig = rigWith((ctx) => {
      put(ctx);
      return { recheckAfter: 30 * 86_400_000 };
    });
    await rig.build();
    expect((await rig.build()).ran).toEqual([]);
    const later = new Date(Date.now() + 31 * 86_400_000).toISOString();
    expect(await rig.states([], { now: later })).toEqual({ ask: 'fresh', read: 'fresh' });
    expect((await rig.build([], { now: later, offline: true })).ran).toEqual([]);
    expect((await rig.build([], { now: later })).outcomes).toEqual({ ask: 'checked', read: 'fresh' });
  });
});

describe('source files that a task keeps beside its outputs', () => {
  const keep: Task['run'] = (ctx) => {
    const path = join(ctx.workspace, 'raw/answer.json');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '{}');
    put(ctx);
    return { kept: ['raw/answer.json'] };
  };

  it('count as inputs although the run itself has written them', async () => {
    const rig = rigWith(keep);
    expect((await rig.build()).ran).toEqual(['ask', 'read']);
    expect((await rig.build()).ran).toEqual([]);
    rig.touch('raw/answer.json');
    expect((await rig.build()).ran).toEqual([]);
    rmSync(rig.path('raw/answer.json'));
    expect((await rig.status('ask'))[0]).toMatchObject({
      state: 'stale',
      reasons: [{ kind: 'input', name: 'raw/answer.json', is: 'missing' }],
    });
    expect((await rig.build()).outcomes).toEqual({ ask: 'executed', read: 'fresh' });
  });
});

describe('a sweep', () => {
  it('is the first look of all, what is due after so long, and what --refresh=all asks for', async () => {
    const sweeps: boolean[] = [];
    const rig = rigWith((ctx) => {
      sweeps.push(ctx.sweep);
      put(ctx);
    }, ', refresh: { after: 1h, sweep: 7d }');
    const at = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
    await rig.build('ask');
    await rig.build('ask', { now: at(2) });
    await rig.build('ask', { refresh: true });
    await rig.build('ask', { now: at(24 * 7 + 1) });
    await rig.build('ask', { now: at(2) });
    await rig.build('ask', { sweep: true });
    expect(sweeps).toEqual([true, false, false, true, false, true]);
  });
});

describe('--offline', () => {
  it('refuses a source, but leaves it to a task that takes care itself', async () => {
    const answer: Task['run'] = (ctx) => put(ctx, ctx.offline ? 'from what is kept' : 'asked');
    const refused = await rigWith(answer, ', source: true').build([], { offline: true });
    expect(refused.outcomes).toEqual({ ask: 'failed', read: 'blocked' });
    expect(refused.failures['ask']).toEqual({
      code: 'offline',
      message: 'ask must be asked for (new), and --offline forbids it',
      hint: 'build once without --offline',
    });
    const rig = rigWith(answer, ', source: true', true);
    expect((await rig.build([], { offline: true })).ran).toEqual(['ask', 'read']);
    expect(rig.read('ask.txt')).toBe('from what is kept');
  });
});

describe('what a run has to say', () => {
  it('reaches listeners: warnings, and counts of what changed that are not 0', async () => {
    const rig = rigWith((ctx) => {
      ctx.warn('the mirror was used');
      put(ctx);
      return { changes: { added: 3, removed: 0 } };
    });
    const { events } = await rig.build('ask');
    expect(events.filter(({ type }) => type === 'target-warning')).toEqual([
      { type: 'target-warning', target: 'ask', message: 'the mirror was used' },
    ]);
    expect(events.find(({ type }) => type === 'target-finished')).toMatchObject({ changes: { added: 3 } });
  });
});

describe('a disk that is too small for what is wanted', () => {
  it('is seen before anything of it is written, and everything else goes on', async () => {
    const ran: string[] = [];
    const builtins = fakeTasks({
      fetch: (ctx) => {
        ran.push(ctx.target);
        put(ctx);
      },
    });
    const rig = new Rig(
      {
        'entries.json': '{"a":{"size":4000000000000000},"b":{"size":1},"c":{"size":2}}',
        'pipeline.yaml': `
version: 1
dimensions: { file: [a, b, c] }
rules:
  raw:
    for: [file]
    in: { entry: "entries.json#/\${file}" }
    out: { text: "raw/\${file}" }
    task: fetch
    disk: { input: entry, pointer: /size }
  other: { out: { text: other.txt }, task: fetch }
`,
      },
      { builtins },
    );
    const { outcomes, failures } = await rig.build();
    expect(outcomes).toEqual({ 'raw/a': 'failed', 'raw/b': 'failed', 'raw/c': 'failed', other: 'executed' });
    expect(ran).toEqual(['other']);
    expect(failures['raw/b']).toEqual(failures['raw/a']);
    expect(failures['raw/a']?.code).toBe('disk-space');
    expect(failures['raw/a']?.message.replace(/only [\d.]+ MB/, 'only N MB')).toBe(
      '3 targets of rule "raw" and the like still write 4000000000.1 MB, and only N MB are free where raw/a goes: none of them was started',
    );
    rig.write('entries.json', '{"a":{"size":4},"b":{"size":1},"c":{"size":2}}');
    expect((await rig.build()).ran).toEqual(['raw/a', 'raw/b', 'raw/c']);
  });

  it('must be told of by a keyed input of the rule', async () => {
    const rig = new Rig({
      'a.json': '{}',
      'pipeline.yaml': `
version: 1
rules:
  raw: { in: { entry: a.json }, out: { text: raw }, run: "touch \${out.text}", disk: { input: entry, pointer: /size } }
  two: { in: { entry: a.json#/x }, out: { text: two }, run: "touch \${out.text}", disk: { input: entri, pointer: /size } }
`,
    });
    expect(
      (await rig.build()).diagnostics,
    ).toBe(`error: input "entry" in "disk" of rule "raw" has no "pointer": only a value tells bytes
 --> pipeline.yaml:4:94
  |
4 | ….json }, out: { text: raw }, run: "touch \${out.text}", disk: { input: entry, pointer: /size } }
  |                                                                        ^^^^^

error: unknown input "entri" in "disk" of rule "two"
 --> pipeline.yaml:5:97
  |
5 | …on#/x }, out: { text: two }, run: "touch \${out.text}", disk: { input: entri, pointer: /size } }
  |                                                                        ^^^^^
  = did you mean "entry"?

2 errors`);
  });
});
