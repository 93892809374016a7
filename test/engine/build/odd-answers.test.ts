/** What tasks say that asks for too much, or for nothing that there is: no wait, date, count or file may come of it. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Task, TaskContext, TaskFailure } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';

const put = (ctx: TaskContext, text = 'x'): void => writeFileSync(ctx.outputs['text'] ?? '', text);

const BUSY: TaskFailure = { code: 'busy', message: 'the host is busy', transient: true };
const DAY = 86_400_000;

function asking(run: Task['run'], more = ''): Rig {
  const manifest = `version: 1\nrules:\n  ask: { out: { text: ask.txt }, task: ask${more} }\n`;
  return new Rig({ 'pipeline.yaml': manifest }, { builtins: fakeTasks({ ask: run }) });
}

const inDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString();

describe('another try', () => {
  it('finds nothing of what the one before it has written', async () => {
    const seen: unknown[] = [];
    const rig = new Rig(
      {
        'pipeline.yaml': `
version: 1
rules:
  ask: { out: { files: files/, text: ask.txt, more: more.txt }, task: ask, retries: 2 }
  shell: { out: { text: shell.txt }, run: "test ! -e \${out.text}; touch \${out.text}; test -e more.txt", in: { a: { rule: ask, output: text } }, retries: 1 }
`,
      },
      {
        builtins: fakeTasks({
          ask: (ctx) => {
            const { files = '', text = '', more = '' } = ctx.outputs;
            seen.push([readdirSync(files), existsSync(text), existsSync(more)]);
            mkdirSync(join(files, `of try ${ctx.attempt}`));
            writeFileSync(join(files, `of try ${ctx.attempt}`, 'a'), '');
            writeFileSync(text, '');
            if (ctx.attempt < 3) return { incomplete: BUSY };
            writeFileSync(more, '');
            return undefined;
          },
        }),
      },
    );
    const { outcomes } = await rig.build();
    expect(outcomes).toEqual({ ask: 'executed', shell: 'executed' });
    expect(seen).toEqual([
      [[], false, false],
      [[], false, false],
      [[], false, false],
    ]);
    expect(rig.files('files')).toEqual(['files/of try 3/a']);
  });

  it('waits as it would anyway where the wait that is asked for is no number', async () => {
    const rig = asking(() => ({ failed: { ...BUSY, retryAfterMs: Number.NaN } }), ', retries: 1');
    const { events } = await rig.build();
    const [wait] = events.flatMap((event) => (event.type === 'target-retry' ? [event.waitMs] : []));
    expect(wait).toBeGreaterThanOrEqual(5);
  });

  it.each([2 ** 31, 1e15, Number.POSITIVE_INFINITY])(
    'is none after a wait of %d ms',
    async (retryAfterMs) => {
      let tries = 0;
      const rig = asking(() => {
        tries++;
        return { failed: { ...BUSY, hint: 'wait', retryAfterMs } };
      }, ', retries: 3');
      const { failures } = await rig.build();
      expect(tries).toBe(1);
      expect(failures['ask']?.hint).toBe('wait; another try may not be made for longer than a build waits');
    },
  );

  it('is not said to be too late where there would be none', async () => {
    const rig = asking(() => ({ failed: { ...BUSY, retryAfterMs: DAY } }), ', deadline: 1m');
    expect((await rig.build()).failures).toEqual({ ask: { code: 'busy', message: 'the host is busy' } });
  });
});

describe('an answer that is to be asked for again', () => {
  const answers = (recheckAfter: number): readonly (readonly [string, Task['run']])[] => [
    [
      'checked',
      (ctx) => {
        put(ctx);
        return { recheckAfter };
      },
    ],
    ['absent', () => ({ absent: 'not there', recheckAfter })],
  ];

  it.each([...answers(Number.POSITIVE_INFINITY), ...answers(1e16)])(
    'after longer than dates reach never is: %s',
    async (_, run) => {
      const rig = asking(run);
      await rig.build();
      expect((await rig.build([], { now: inDays(100_000) })).events).not.toContainEqual(
        expect.objectContaining({ type: 'target-started' }),
      );
    },
  );

  it.each([...answers(Number.NaN), ...answers(-1e16)])(
    'after no time at all is at once: %s',
    async (_, run) => {
      const rig = asking(run);
      await rig.build();
      const { events } = await rig.build();
      expect(events).toContainEqual(
        expect.objectContaining({
          type: 'target-started',
          reasons: [expect.objectContaining({ kind: 'due' })],
        }),
      );
    },
  );

  it.each(answers(DAY))('is asked for when the clock has been set back: %s', async (outcome, run) => {
    const rig = asking(run);
    await rig.build();
    const { events, outcomes } = await rig.build([], { now: inDays(-1) });
    expect(outcomes).toEqual({ ask: outcome });
    expect(events.filter(({ type }) => type === 'target-started')).toHaveLength(1);
  });
});

describe('counts of what changed', () => {
  it('are numbers, and under any name', async () => {
    const odd = '{"__proto__":1,"constructor":2,"":3,"a\\nb":4,"none":null,"text":"5","zero":0}';
    const rig = asking((ctx) => {
      put(ctx);
      return { changes: { ...JSON.parse(odd), nan: Number.NaN, endless: Number.POSITIVE_INFINITY } };
    });
    const { events } = await rig.build();
    const [finished] = events.filter((event) => event.type === 'target-finished');
    expect(JSON.stringify(finished?.changes)).toBe('{"__proto__":1,"constructor":2,"":3,"a\\nb":4}');
  });
});

describe('a target that is to be swept every week', () => {
  const REFRESH = ', refresh: { after: 1h, sweep: 7d }, source: true, params: { which: one }';
  const sweeping = (answer: Task['run'] = (ctx) => put(ctx)): { rig: Rig; sweeps: boolean[] } => {
    const sweeps: boolean[] = [];
    const run: Task['run'] = (ctx) => {
      sweeps.push(ctx.sweep);
      return answer(ctx);
    };
    return { rig: asking(run, REFRESH), sweeps };
  };

  it('does not go on from a file that somebody changed, or that was made with other params', async () => {
    const { rig, sweeps } = sweeping();
    await rig.build();
    await rig.build([], { refresh: true });
    rig.write('ask.txt', 'of somebody else');
    await rig.build();
    rig.edit('pipeline.yaml', (text) => text.replace('which: one', 'which: two'));
    await rig.build();
    await rig.build([], { force: true });
    await rig.build([], { refresh: true });
    expect(sweeps).toEqual([true, false, true, true, true, false]);
  });

  it('does not go on from what an absence has left lying', async () => {
    let there = true;
    const { rig, sweeps } = sweeping((ctx) => (there ? put(ctx) : { absent: 'gone', recheckAfter: DAY }));
    await rig.build();
    there = false;
    await rig.build([], { refresh: true });
    there = true;
    await rig.build([], { refresh: true });
    expect(sweeps).toEqual([true, false, true]);
  });

  it('was not swept by a run that is incomplete, and goes on as before after a failure', async () => {
    let answer: ReturnType<Task['run']> = { incomplete: BUSY };
    const { rig, sweeps } = sweeping((ctx) => {
      put(ctx);
      return answer;
    });
    await rig.build();
    answer = undefined;
    await rig.build();
    answer = { incomplete: BUSY };
    await rig.build([], { refresh: true });
    answer = { failed: BUSY };
    await rig.build();
    expect(sweeps).toEqual([true, true, false, false]);
  });
});

describe('a record of another program', () => {
  it('with times that are none is due, and without a reason for what is incomplete it is none', async () => {
    const sweeps: boolean[] = [];
    const rig = asking((ctx) => {
      sweeps.push(ctx.sweep);
      put(ctx);
    }, ', refresh: { after: 1h, sweep: 7d }');
    await rig.build();
    const again = (change: object): void => {
      const last = rig.read('.pipeline/journal').trimEnd().split('\n').at(-1) ?? '';
      const [head = '', parts] = last.slice(last.indexOf('{')).split('\t');
      const body = `${JSON.stringify({ ...JSON.parse(head), ...change })}\t${parts}`;
      const checksum = crc32(body).toString(16).padStart(8, '0');
      appendFileSync(rig.path('.pipeline/journal'), `${checksum} ${Buffer.byteLength(body)} ${body}\n`);
    };
    again({ sweptAt: 'never' });
    await rig.build([], { refresh: true });
    again({ finishedAt: 'some day' });
    expect((await rig.build()).outcomes).toEqual({ ask: 'checked' });
    again({ incomplete: null });
    expect((await rig.build()).outcomes).toEqual({ ask: 'executed' });
    expect(sweeps).toEqual([true, true, false, true]);
  });
});

describe('room on the disk', () => {
  const raw = (folder: string, size: number): Rig =>
    new Rig(
      {
        'entry.json': `{"size":${size}}`,
        'pipeline.yaml': `
version: 1
rules:
  raw: { in: { size: entry.json#/size }, out: { text: "${folder}/file" }, task: fetch, disk: { input: size, pointer: "" } }
`,
      },
      { builtins: fakeTasks({ fetch: (ctx) => put(ctx, 'as it is') }) },
    );

  it('is not wanted for a file that is in place: without records it is only looked at', async ({ skip }) => {
    const disk = smallDisk(64);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const rig = raw(disk.path, 'as it is'.length);
    expect((await rig.build()).failures['raw']?.code).toBe('disk-space');
    writeFileSync(join(disk.path, 'file'), 'as it is');
    expect((await rig.build()).outcomes).toEqual({ raw: 'executed' });
  });

  it('is not looked for where no file can be: the run says so', async () => {
    const rig = raw('raw', 1);
    symlinkSync('raw', rig.path('raw'));
    expect((await rig.build()).failures['raw']).toEqual({
      code: 'cannot-write',
      message: `raw: its outputs cannot be written: ELOOP: too many symbolic links encountered, mkdir '${rig.path('raw')}'`,
      hint: 'a link leads back to itself: move it away',
    });
  });
});
