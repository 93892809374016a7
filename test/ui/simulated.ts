/**
 * A build that is made up: targets that take a known time, places in pools, a clock that jumps. It yields the events
 * that the engine would emit, each with its moment, so that what is reckoned of them can be compared with the truth.
 */
import fc from 'fast-check';
import type { BuildEvent, Waited } from '../../src/engine/events.ts';
import { buildFinished, buildStarted, finished, planned, started } from './fixtures.ts';

export interface Job {
  /** Its pool is the part before the slash. */
  readonly target: string;
  readonly outcome: 'executed' | 'restored' | 'fresh';
  /** Milliseconds; a fresh one takes none, and no place. */
  readonly takes: number;
  /** Jobs before it, by their places in the list. */
  readonly needs: readonly number[];
}

export interface Moment {
  /** Milliseconds from the start of the build. */
  readonly at: number;
  readonly event: BuildEvent;
}

const BEGINS = 5;
const CLOSING = 3;

/** First come, first served within a pool, as the engine does it. */
export function simulate(jobs: readonly Job[], limits: ReadonlyMap<string, number>): readonly Moment[] {
  const moments: Moment[] = [{ at: BEGINS, event: buildStarted() }];
  const left = jobs.map(({ needs }) => needs.length);
  const queue: number[] = [];
  const running: { readonly job: number; readonly ends: number }[] = [];
  const readyAt: number[] = [];
  const startedAt: number[] = [];
  const after: (string | undefined)[] = [];
  let now = BEGINS;
  const tell = (event: BuildEvent): number => moments.push({ at: now, event });
  const jobAt = (index: number): Job => {
    const job = jobs[index];
    if (job === undefined) throw new Error(`there is no job ${index}`);
    return job;
  };
  const waited = (index: number): Waited => {
    const by = after[index];
    const queued = ((startedAt[index] ?? now) - (readyAt[index] ?? now)) / 1000;
    return by === undefined ? { queued } : { after: by, queued };
  };

  function ready(index: number, by: string | undefined): void {
    readyAt[index] = now;
    after[index] = by;
    if (jobAt(index).outcome === 'fresh') settle(index, 0);
    else queue.push(index);
  }

  function settle(index: number, seconds: number): void {
    const { target, outcome } = jobAt(index);
    tell(finished(target, outcome, { seconds, waited: waited(index) }));
    for (const [other, { needs }] of jobs.entries()) {
      if (!needs.includes(index)) continue;
      left[other] = (left[other] ?? 0) - 1;
      if (left[other] === 0) ready(other, target);
    }
  }

  function startAll(): void {
    for (const index of [...queue]) {
      const { target, outcome, takes } = jobAt(index);
      const pool = poolOf(target);
      const busy = running.filter(({ job }) => poolOf(jobAt(job).target) === pool).length;
      if (busy >= (limits.get(pool) ?? Number.POSITIVE_INFINITY)) continue;
      queue.splice(queue.indexOf(index), 1);
      startedAt[index] = now;
      running.push({ job: index, ends: now + takes });
      if (outcome === 'executed') tell(started(target));
    }
  }

  for (const { target } of jobs) tell(planned(poolOf(target), 1));
  for (const [index, { needs }] of jobs.entries()) if (needs.length === 0) ready(index, undefined);
  startAll();
  for (;;) {
    running.sort((a, b) => a.ends - b.ends || a.job - b.job);
    const next = running.shift();
    if (next === undefined) break;
    now = next.ends;
    settle(next.job, jobAt(next.job).takes / 1000);
    startAll();
  }
  now += CLOSING;
  tell(buildFinished());
  return moments;
}

/** In the made-up builds each pool has the name of its rule. */
export function poolOf(target: string): string {
  return target.split('/')[0] ?? '';
}

const POOLS = ['net', 'cpu'];

export const someJobs: fc.Arbitrary<readonly Job[]> = fc
  .array(
    fc.record({
      pool: fc.constantFrom(...POOLS),
      outcome: fc.constantFrom<Job['outcome']>('executed', 'executed', 'restored', 'fresh'),
      takes: fc.integer({ min: 0, max: 20 }),
      needs: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    { maxLength: 25 },
  )
  .map((drawn) =>
    drawn.map(({ pool, outcome, takes, needs }, index) => ({
      target: `${pool}/${index}`,
      outcome,
      takes: outcome === 'fresh' ? 0 : takes,
      needs: index === 0 ? [] : [...new Set(needs.map((need) => need % index))],
    })),
  );

export const someLimits: fc.Arbitrary<ReadonlyMap<string, number>> = fc
  .tuple(...POOLS.map(() => fc.integer({ min: 1, max: 4 })))
  .map((limits) => new Map(POOLS.map((pool, at) => [pool, limits[at] ?? 1])));

/** As many places as any of these builds can use. */
export const UNLIMITED: ReadonlyMap<string, number> = new Map(POOLS.map((pool) => [pool, 1_000]));
