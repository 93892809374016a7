/** That each build of a workspace leaves its record, whatever becomes of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readHistory } from '../../../src/engine/state/history.ts';
import type { TaskContext, TaskDone } from '../../../src/engine/task.ts';
import { outputPath } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const MANIFEST = `version: 1
dimensions: { s: [a, b] }
rules:
  text: { for: [s], in: { text: "in/\${s}.txt" }, out: { text: "out/\${s}.txt" }, run: "cat \${in.text} > \${out.text}" }
  all: { in: { texts: { rule: text, failed: omit } }, out: { all: all.txt }, run: "cat \${in.texts} > \${out.all}" }
`;
const FILES = { 'pipeline.yaml': MANIFEST, 'in/a.txt': '1\n', 'in/b.txt': '2\n' };

describe('a build leaves a record', () => {
  it('of what it ran and why', async () => {
    const rig = new Rig(FILES);
    await rig.build();
    rig.write('in/b.txt', '3\n');
    await rig.build('text');
    const { runs, remarks } = readHistory(rig.dir);
    expect(remarks).toEqual([]);
    expect(runs).toMatchObject([
      {
        number: 1,
        ended: 'done',
        selectors: [],
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        counts: { executed: 3 },
        targets: [
          { target: 'text/a', outcome: 'executed', reasons: [{ kind: 'new' }] },
          { target: 'text/b' },
          { target: 'all' },
        ],
      },
      {
        number: 2,
        selectors: ['text'],
        counts: { executed: 1, fresh: 1 },
        targets: [{ target: 'text/b', reasons: [{ kind: 'input', name: 'text in/b.txt' }] }],
      },
    ]);
  });

  it('also when there was nothing to do, once for many', async () => {
    const rig = new Rig(FILES);
    for (let times = 0; times < 4; times++) await rig.build();
    const { runs } = readHistory(rig.dir);
    expect(runs.map(({ number, builds, counts }) => [number, builds, counts.fresh])).toEqual([
      [1, 1, 0],
      [2, 3, 3],
    ]);
  });

  it('when a target failed, with code and message', async () => {
    const rig = new Rig(FILES);
    rig.remove('in/b.txt');
    const { failures } = await rig.build();
    const failure = failures['text/b'];
    const [run] = readHistory(rig.dir).runs;
    expect(run).toMatchObject({ ended: 'done', counts: { executed: 2, failed: 1 } });
    expect(run?.targets.find(({ target }) => target === 'text/b')?.failure).toEqual({
      code: failure?.code,
      message: failure?.message,
    });
  });

  it('when it was interrupted', async () => {
    const rig = new Rig(FILES);
    const abort = new AbortController();
    const { interrupted } = await rig.build([], {
      jobs: 1,
      signal: abort.signal,
      onEvent: ({ type }) => {
        if (type === 'target-finished') abort.abort();
      },
    });
    expect(interrupted).toBe(true);
    expect(readHistory(rig.dir).runs).toMatchObject([{ ended: 'interrupted', counts: { executed: 1 } }]);
  });

  it('when it could not go on', async () => {
    const rig = new Rig(FILES);
    const trouble = new Error('the listener broke');
    const broken = rig.build([], {
      onEvent: ({ type }) => {
        if (type === 'target-finished') throw trouble;
      },
    });
    await expect(broken).rejects.toBe(trouble);
    expect(readHistory(rig.dir).runs).toMatchObject([{ ended: 'broken', error: 'the listener broke' }]);
  });

  it('once, also when a listener breaks at its end', async () => {
    const rig = new Rig(FILES);
    const broken = rig.build([], {
      onEvent: ({ type }) => {
        if (type === 'build-finished') throw new Error('the listener broke');
      },
    });
    await expect(broken).rejects.toThrow('the listener broke');
    expect(readHistory(rig.dir).runs).toMatchObject([{ ended: 'done', counts: { executed: 3 } }]);
  });

  it('and none when the request was wrong', async () => {
    const rig = new Rig(FILES);
    expect((await rig.build('texd')).result).toBe('invalid');
    expect(readHistory(rig.dir).runs).toEqual([]);
  });

  it('with the changes that tasks count', async () => {
    const bars = async (ctx: TaskContext<unknown>): Promise<TaskDone> => {
      writeFileSync(outputPath(ctx, 'bars'), 'x');
      return { changes: { added: 1_440, gaps_closed: 2 } };
    };
    const rig = new Rig(
      { 'pipeline.yaml': 'version: 1\nrules: { bars: { task: bars, out: { bars: bars.txt } } }\n' },
      { builtins: fakeTasks({ bars }) },
    );
    await rig.build();
    const changes = { added: 1_440, gaps_closed: 2 };
    expect(readHistory(rig.dir).runs).toMatchObject([
      { rules: [{ rule: 'bars', changes }], targets: [{ target: 'bars', changes }] },
    ]);
  });
});

describe('a history that cannot be written', () => {
  it('is a warning before the end, and the build is done all the same', async () => {
    const rig = new Rig({ ...FILES, '.pipeline/history': 'pipeline history 2\n' });
    const { result, events } = await rig.build();
    expect(result).toBe('built');
    expect(events.slice(-2)).toMatchObject([
      {
        type: 'warning',
        diagnostic: {
          severity: 'warning',
          message: `${rig.path('.pipeline/history')}:1: written by a newer pipeline (history version 2, this one reads 1): use that version, or move the file away to begin a new one`,
        },
      },
      { type: 'build-finished', executed: 3 },
    ]);
    expect(rig.read('.pipeline/history')).toBe('pipeline history 2\n');
    expect((await rig.build()).ran).toEqual([]);
  });

  it('says what the file system says', async () => {
    const rig = new Rig(FILES);
    mkdirSync(rig.path('.pipeline/history'), { recursive: true });
    const { events } = await rig.build();
    expect(events.at(-2)).toMatchObject({
      type: 'warning',
      diagnostic: {
        message: 'this build is missing from `pipeline log`: EISDIR: illegal operation on a directory, read',
      },
    });
    expect(events.at(-1)).toMatchObject({ type: 'build-finished', executed: 3 });
  });

  it('tells of damage once', async () => {
    const rig = new Rig(FILES);
    await rig.build();
    rig.write('.pipeline/history', `${rig.read('.pipeline/history')}0 torn`);
    const warnings = async () =>
      (await rig.build()).events.flatMap((event) =>
        event.type === 'warning' ? [event.diagnostic.message] : [],
      );
    expect(await warnings()).toEqual([
      `${rig.path('.pipeline/history')}: the last write was cut short: 6 bytes left out`,
    ]);
    expect(await warnings()).toEqual([]);
  });
});
