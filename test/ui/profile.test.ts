/** Profiles of builds that are made up, so that the truth about them is known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import type { Profile } from '../../src/ui/profile.ts';
import { overlap } from '../../src/ui/profile.ts';
import { createProfile } from '../../src/ui/profile-reporter.ts';
import { formatProfile } from '../../src/ui/profile-table.ts';
import { buildFinished, buildStarted, finished, planned, received, started } from './fixtures.ts';
import type { Job, Moment } from './simulated.ts';
import { poolOf, simulate, someJobs, someLimits, UNLIMITED } from './simulated.ts';

const PLAIN = { color: false, width: 80 };
const LOADED = 2;

function profiled(moments: readonly Moment[], limits: ReadonlyMap<string, number>): Profile {
  let now = 0;
  const found: Profile[] = [];
  const reporter = createProfile({
    now: () => now,
    loaded: LOADED,
    limits,
    poolOf,
    atClose: (profile) => found.push(profile),
  });
  for (const { at, event } of moments) {
    now = at;
    reporter.listener(event);
  }
  void reporter.close();
  if (found[0] === undefined) throw new Error('there is no profile');
  return found[0];
}

const at = (moment: number, event: BuildEvent): Moment => ({ at: moment, event });

/** Two downloads through one place, two months of two places, a report; a listing that was fresh lets them begin. */
const LIMITS = new Map([
  ['listing', 1],
  ['net', 1],
  ['cpu', 2],
]);
const BUILD: readonly Moment[] = [
  at(10, buildStarted()),
  at(20, planned('net', 2)),
  at(100, finished('listing', 'fresh', { waited: { queued: 0 } })),
  at(100, started('net/a')),
  at(600, received('net/a', 1_000_000)),
  at(1_100, received('net/a', 4_000_000)),
  at(1_100, finished('net/a', 'executed', { waited: { after: 'listing', queued: 0 } })),
  at(1_100, started('net/b')),
  at(1_100, started('cpu/a')),
  at(3_100, received('net/b', 4_000_000)),
  at(3_100, finished('net/b', 'executed', { waited: { after: 'listing', queued: 1 } })),
  at(3_150, started('cpu/b')),
  at(4_100, finished('cpu/a', 'executed', { waited: { after: 'net/a', queued: 0 } })),
  at(4_150, finished('cpu/b', 'restored', { seconds: 1, waited: { after: 'net/b', queued: 0.03 } })),
  at(4_150, finished('cpu/c', 'fresh', { waited: { after: 'cpu/b', queued: 0 } })),
  at(4_150, started('cpu/report')),
  at(4_650, finished('cpu/report', 'failed', { waited: { after: 'cpu/c', queued: 0 } })),
  at(5_000, buildFinished({ failed: 1 })),
];

describe('the profile of a build', () => {
  it('follows the critical path from the last to end back over those that were fresh', () => {
    expect(profiled(BUILD, LIMITS).critical).toEqual({
      seconds: 3.5,
      waited: 1.05,
      targets: [
        { target: 'net/b', outcome: 'executed', waited: 1, seconds: 2 },
        { target: 'cpu/b', outcome: 'restored', waited: 0.05, seconds: 1 },
        { target: 'cpu/report', outcome: 'failed', waited: 0, seconds: 0.5 },
      ],
    });
  });

  it('divides what was busy in a pool by what could have been', () => {
    expect(profiled(BUILD, LIMITS).pools).toEqual([
      { pool: 'net', limit: 1, busy: 3, utilisation: 0.6, peak: 1 },
      { pool: 'cpu', limit: 2, busy: 4.5, utilisation: 0.45, peak: 2 },
    ]);
  });

  it('reckons the speed of downloads by rule, over the time in which at least one was at it', () => {
    expect(profiled(BUILD, LIMITS).rules).toEqual([
      { rule: 'cpu', runs: 3, seconds: 4.5, median: 1 },
      { rule: 'net', runs: 2, seconds: 3, median: 1.5, bytes: 8_000_000, bytesPerSecond: 2_666_667 },
    ]);
  });

  it('does not count a wait before another try as time of a download', () => {
    const { rules } = profiled(
      [
        at(0, buildStarted()),
        at(0, started('net/a')),
        at(1_000, received('net/a', 1_000_000)),
        at(1_000, { type: 'target-retry', target: 'net/a', attempt: 1, message: 'cut', waitMs: 2_000 }),
        at(4_000, received('net/a', 3_000_000)),
        at(4_000, finished('net/a', 'executed')),
        at(4_000, buildFinished()),
      ],
      LIMITS,
    );
    expect(rules).toEqual([
      { rule: 'net', runs: 1, seconds: 4, median: 4, bytes: 3_000_000, bytesPerSecond: 1_500_000 },
    ]);
  });

  it('says where all of the time went, without a gap', () => {
    const { phases, seconds } = profiled(BUILD, LIMITS);
    expect({ phases, seconds }).toEqual({
      phases: [
        { phase: 'load the manifest', seconds: 0.002 },
        { phase: 'open the state', seconds: 0.008 },
        { phase: 'identify code', seconds: 0.01 },
        { phase: 'decide what to run', seconds: 0.08 },
        { phase: 'run targets', seconds: 4.55 },
        { phase: 'close', seconds: 0.35 },
      ],
      seconds: 5,
    });
  });

  it('counts a run that had to be done again, and never more at once than there are places', () => {
    const { pools, rules } = profiled(
      [
        at(0, buildStarted()),
        at(0, started('cpu/a')),
        at(100, started('cpu/b')),
        at(200, started('cpu/a')),
        at(200, finished('cpu/b', 'executed')),
        at(300, finished('cpu/a', 'executed')),
        at(300, buildFinished()),
      ],
      new Map([['cpu', 1]]),
    );
    expect(pools[0]).toMatchObject({ busy: 0.4, peak: 1 });
    expect(rules[0]).toMatchObject({ runs: 3, seconds: 0.4, median: 0.1 });
  });

  it('calls interrupted what had not ended', () => {
    const { slowest } = profiled(
      [at(0, buildStarted()), at(0, started('cpu/a')), at(700, buildFinished({ interrupted: true }))],
      LIMITS,
    );
    expect(slowest).toEqual([{ target: 'cpu/a', outcome: 'interrupted', queued: 0, seconds: 0.7 }]);
  });

  it('ends where two targets waited for each other, as an intermediate that is made after all and its reader', () => {
    const { critical } = profiled(
      [
        at(0, buildStarted()),
        at(10, finished('cpu/c', 'fresh', { waited: { after: 'cpu/a', queued: 0 } })),
        at(10, started('cpu/a')),
        at(20, finished('cpu/a', 'executed', { waited: { after: 'cpu/c', queued: 0 } })),
        at(20, started('cpu/b')),
        at(40, finished('cpu/b', 'executed', { waited: { after: 'cpu/a', queued: 0 } })),
        at(40, buildFinished()),
      ],
      LIMITS,
    );
    expect(critical.targets.map(({ target }) => target)).toEqual(['cpu/a', 'cpu/b']);
  });

  it('follows the path from the last to end by itself where the build was interrupted', () => {
    const { critical } = profiled(
      [
        at(0, buildStarted()),
        at(0, started('cpu/a')),
        at(1, started('cpu/d')),
        at(5, finished('cpu/a', 'executed', { waited: { queued: 0 } })),
        at(5, started('cpu/b')),
        at(9, finished('cpu/b', 'executed', { waited: { after: 'cpu/a', queued: 0 } })),
        at(9, started('cpu/c')),
        at(20, buildFinished({ interrupted: true })),
      ],
      LIMITS,
    );
    expect(critical.targets.map(({ target }) => target)).toEqual(['cpu/a', 'cpu/b']);
  });

  it('lists the ten slowest, the slowest first', () => {
    const jobs = Array.from({ length: 12 }, (_, index): Job => {
      return { target: `cpu/${index}`, outcome: 'executed', takes: 10 * (index + 1), needs: [] };
    });
    const { slowest } = profiled(simulate(jobs, UNLIMITED), UNLIMITED);
    expect(slowest.map(({ target }) => target)).toEqual(
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((index) => `cpu/${index}`),
    );
  });

  it('says nothing of a build that broke down', () => {
    expect(() => profiled([at(0, buildStarted())], LIMITS)).toThrow('there is no profile');
  });
});

describe('the critical path', () => {
  it('is the longest chain where nothing waits for a place', () => {
    fc.assert(
      fc.property(someJobs, (jobs) => {
        const { critical } = profiled(simulate(jobs, UNLIMITED), UNLIMITED);
        const longest: number[] = [];
        for (const [index, { takes, needs }] of jobs.entries())
          longest[index] = takes + Math.max(0, ...needs.map((need) => longest[need] ?? 0));
        expect(critical.seconds).toBeCloseTo(Math.max(0, ...longest) / 1000, 6);
        expect(critical.waited).toBeCloseTo(0, 6);
      }),
    );
  });

  it('and its waits are no longer than the build, nor is any pool used beyond its places', () => {
    fc.assert(
      fc.property(someJobs, someLimits, (jobs, limits) => {
        const { critical, seconds, pools } = profiled(simulate(jobs, limits), limits);
        expect(critical.seconds + critical.waited).toBeLessThanOrEqual(seconds + 1e-9);
        for (const { limit, busy, utilisation, peak } of pools) {
          expect(peak).toBeLessThanOrEqual(limit);
          expect(utilisation).toBeLessThanOrEqual(1);
          expect(utilisation).toBeCloseTo(busy / (limit * seconds), 2);
        }
      }),
    );
  });

  it('accounts for all that passed before the last target ended, where the first needed nothing', () => {
    fc.assert(
      fc.property(someJobs, someLimits, (jobs, limits) => {
        const { critical, phases } = profiled(simulate(jobs, limits), limits);
        if (critical.targets.length === 0) return;
        const ran = phases.find(({ phase }) => phase === 'run targets')?.seconds ?? 0;
        expect(critical.seconds + critical.waited).toBeCloseTo(ran, 6);
      }),
    );
  });
});

describe('an overlap', () => {
  it('is what a look at every moment finds', () => {
    const span = fc.tuple(fc.nat(30), fc.nat(10)).map(([from, length]) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
        const open = Array.from({ length: 40 }, (_, moment) => {
          return spans.filter(({ from, to }) => from <= moment && moment < to).length;
        });
        expect(overlap(spans)).toEqual({
          covered: open.filter((count) => count > 0).length,
          peak: Math.max(...open),
        });
      }),
    );
  });
});

describe('the tables of a profile', () => {
  it('answer one question each', () => {
    expect(formatProfile(profiled(BUILD, LIMITS), PLAIN)).toBe(`\
where the time went  seconds  share
load the manifest      0.002     0%
open the state         0.008     0%
identify code          0.010     0%
decide what to run     0.080     2%
run targets            4.550    91%
close                  0.350     7%
the build              5.000   100%

critical path  waited    ran  share  outcome
net/b           1.000  2.000    60%  executed
cpu/b           0.050  1.000    21%  restored
cpu/report      0.000  0.500    10%  failed
all of it       1.050  3.500    91%

pool  limit  peak   busy  used
net       1     1  3.000   60%
cpu       2     2  4.500   45%

slowest targets  queued    ran  outcome
cpu/a             0.000  3.000  executed
net/b             1.000  2.000  executed
net/a             0.000  1.000  executed
cpu/b             0.030  1.000  restored
cpu/report        0.000  0.500  failed

rule  runs  seconds  median  downloaded      speed
cpu      3    4.500   1.000
net      2    3.000   1.500        8 MB  2.67 MB/s
`);
  });

  it('are one where nothing ran', () => {
    const idle = [
      at(10, buildStarted()),
      at(11, planned('cpu', 1)),
      at(15, finished('cpu/a', 'fresh')),
      at(20, buildFinished({ fresh: 1 })),
    ];
    expect(formatProfile(profiled(idle, LIMITS), PLAIN)).toBe(`\
where the time went  seconds  share
load the manifest      0.002    10%
open the state         0.008    40%
identify code          0.001     5%
decide what to run     0.004    20%
close                  0.005    25%
the build              0.020   100%
`);
  });

  it('show of a long path the twenty that took longest, in order, and the sum of all', () => {
    const jobs = Array.from({ length: 30 }, (_, index): Job => {
      return {
        target: `cpu/${index}`,
        outcome: 'executed',
        takes: index % 3 === 0 ? 10 : 20,
        needs: index === 0 ? [] : [index - 1],
      };
    });
    const lines = formatProfile(profiled(simulate(jobs, UNLIMITED), UNLIMITED), PLAIN).split('\n');
    const from = lines.findIndex((line) => line.startsWith('critical path'));
    expect(lines.slice(from, from + 24)).toEqual([
      'critical path  waited    ran  share  outcome',
      ...jobs
        .filter(({ takes }) => takes === 20)
        .map(({ target }) => `${target.padEnd(13)}   0.000  0.020     4%  executed`),
      'all of it       0.000  0.500    98%',
      '… with 10 more between them, none of them longer',
      '',
    ]);
  });

  it('fit 80 columns, whatever targets are called', () => {
    const long = `cpu/${'x'.repeat(200)}`;
    const moments = [
      at(0, buildStarted()),
      at(0, started(long)),
      at(5, received(long, 123_456_789)),
      at(9_000_000, finished(long, 'executed', { waited: { queued: 3_600 } })),
      at(9_000_000, buildFinished()),
    ];
    for (const line of formatProfile(profiled(moments, LIMITS), PLAIN).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
  });
});
