/** Traces of builds that are made up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import { createTrace } from '../../src/ui/trace.ts';
import { buildFinished, buildStarted, finished, planned, received, started } from './fixtures.ts';
import type { Job, Moment } from './simulated.ts';
import { poolOf, simulate, someJobs, someLimits } from './simulated.ts';
import type { Traced } from './traced.ts';
import { traceIn } from './traced.ts';

function traced(moments: readonly Moment[], limits: ReadonlyMap<string, number>): Traced {
  let now = 0;
  let text = '';
  const trace = createTrace(
    (piece) => {
      text += piece;
    },
    { now: () => now, loaded: 2, limits, poolOf },
  );
  for (const { at, event } of moments) {
    now = at;
    trace.listener(event);
  }
  void trace.close();
  return traceIn(text);
}

const at = (moment: number, event: BuildEvent): Moment => ({ at: moment, event });
const LIMITS = new Map([
  ['net', 1],
  ['cpu', 2],
]);

function ranIn(jobs: readonly Job[]): readonly string[] {
  return jobs.flatMap(({ target, outcome }) => (outcome === 'fresh' ? [] : [target])).sort();
}

describe('a trace', () => {
  it('tells of each run when and where it ran, why, and what came of it', () => {
    const { runs, pools } = traced(
      [
        at(10, buildStarted()),
        at(20.5, started('net/a', [{ kind: 'input', name: 'zips', was: 'one', is: 'two' }])),
        at(40, received('net/a', 123)),
        at(50.25, finished('net/a', 'executed', { waited: { after: 'list/a', queued: 0.012 } })),
        at(60, started('cpu/a')),
        at(61, started('cpu/b')),
        at(70, finished('cpu/b', 'checked', { waited: { queued: 0 } })),
        at(75, finished('cpu/a', 'failed', { waited: { queued: 0 } })),
        at(80, finished('cpu/c', 'restored', { seconds: 0.004, waited: { queued: 0 } })),
        at(81, finished('cpu/d', 'fresh')),
        at(82, finished('cpu/e', 'blocked')),
        at(90, buildFinished()),
      ],
      LIMITS,
    );
    const place = { pid: 2, tid: 1 };
    expect(runs).toEqual([
      {
        ph: 'X',
        name: 'net/a',
        cat: 'net',
        ts: 20_500,
        dur: 29_750,
        ...place,
        args: {
          rule: 'net',
          outcome: 'executed',
          reasons: 'input zips changed',
          bytes: 123,
          queued_ms: 12,
          after: 'list/a',
        },
      },
      ...[
        { name: 'cpu/b', ts: 61_000, dur: 9_000, tid: 2, outcome: 'checked' },
        { name: 'cpu/a', ts: 60_000, dur: 15_000, tid: 3, outcome: 'failed' },
        { name: 'cpu/c', ts: 76_000, dur: 4_000, tid: 3, outcome: 'restored' },
      ].map(({ outcome, ...more }) => {
        return {
          ph: 'X',
          cat: 'cpu',
          pid: 3,
          ...more,
          args: { rule: 'cpu', outcome, reasons: '', queued_ms: 0 },
        };
      }),
    ]);
    expect([...pools.values()]).toEqual([
      { name: 'pool net (limit 1)', lanes: ['net 1'] },
      { name: 'pool cpu (limit 2)', lanes: ['cpu 1', 'cpu 2'] },
      { name: 'build', lanes: ['phases'] },
    ]);
  });

  it('shows the phases of the build one after the other', () => {
    const { phases } = traced(
      [
        at(10, buildStarted()),
        at(12, planned('cpu', 1)),
        at(20, started('cpu/a')),
        at(30, finished('cpu/a', 'executed')),
        at(31, finished('cpu/b', 'fresh')),
        at(40, buildFinished()),
      ],
      LIMITS,
    );
    expect(phases.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
      ['load the manifest', 0, 2_000],
      ['open the state', 2_000, 8_000],
      ['identify code', 10_000, 2_000],
      ['decide what to run', 12_000, 8_000],
      ['run targets', 20_000, 10_000],
      ['close', 30_000, 10_000],
    ]);
  });

  it('is whole where the build broke down, and calls interrupted what still ran', () => {
    const { runs, phases } = traced(
      [at(5, buildStarted()), at(20, started('cpu/a')), at(30, planned('cpu', 1))],
      LIMITS,
    );
    expect(runs.map(({ name, ts, dur, args }) => [name, ts, dur, args.outcome])).toEqual([
      ['cpu/a', 20_000, 10_000, 'interrupted'],
    ]);
    expect(phases.at(-1)).toMatchObject({ name: 'close', ts: 30_000, dur: 0 });
    expect(traced([], LIMITS)).toMatchObject({
      runs: [],
      phases: [{ name: 'load the manifest' }, { name: 'open the state' }],
    });
  });

  it('marks retries, and adds up what each try downloaded', () => {
    const retry = {
      type: 'target-retry',
      target: 'net/a',
      attempt: 1,
      message: 'cut',
      waitMs: 2_000,
    } as const;
    const { runs, retries } = traced(
      [
        at(0, started('net/a')),
        at(1, received('net/a', 100)),
        at(5, retry),
        at(6, received('net/a', 40)),
        at(7, received('net/a', 90)),
        at(9, finished('net/a', 'executed')),
      ],
      LIMITS,
    );
    expect(retries).toEqual([
      {
        ph: 'i',
        s: 't',
        name: 'retry 1',
        cat: 'retry',
        ts: 5_000,
        pid: 2,
        tid: 1,
        args: { target: 'net/a', message: 'cut', wait_ms: 2_000 },
      },
    ]);
    expect(runs[0]?.args.bytes).toBe(190);
  });

  it('shows a run that was done again as a run of its own', () => {
    const { runs } = traced(
      [at(0, started('cpu/a')), at(5, started('cpu/a')), at(9, finished('cpu/a', 'executed'))],
      LIMITS,
    );
    expect(runs.map(({ ts, dur, args }) => [ts, dur, args.outcome])).toEqual([
      [0, 5_000, 'again'],
      [5_000, 4_000, 'executed'],
    ]);
  });
});

describe('the lanes of a trace', () => {
  it('hold each run once, none over another, and are no more than the pool has places', () => {
    fc.assert(
      fc.property(someJobs, someLimits, (jobs, limits) => {
        const { runs, pools } = traced(simulate(jobs, limits), limits);
        expect(runs.map(({ name }) => name).sort()).toEqual(ranIn(jobs));
        for (const job of jobs) {
          const run = runs.find(({ name }) => name === job.target);
          if (run !== undefined) expect(run.dur).toBe(job.takes * 1_000);
        }
        const free = new Map<number, number>();
        for (const { tid, ts, dur } of [...runs].sort((a, b) => a.ts - b.ts || a.dur - b.dur)) {
          expect(ts).toBeGreaterThanOrEqual(free.get(tid) ?? 0);
          free.set(tid, ts + dur);
        }
        for (const { name, lanes } of pools.values()) {
          const limit = limits.get(name.split(' ')[1] ?? '');
          if (limit !== undefined) expect(lanes.length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('are not one more because the start of what was restored is known to a millisecond only', () => {
    const { runs, pools } = traced(
      [
        at(10.4, finished('net/a', 'restored', { seconds: 0.01 })),
        at(20.1, finished('net/b', 'restored', { seconds: 0.01 })),
      ],
      LIMITS,
    );
    expect(runs.map(({ ts, dur }) => [ts, dur])).toEqual([
      [400, 10_000],
      [10_400, 9_700],
    ]);
    expect(pools.get(2)?.lanes).toEqual(['net 1']);
  });
});
