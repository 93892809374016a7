/**
 * The critical path of a build: from the run that ended last back to whose end it waited for, and so on. Making any
 * other target faster would not have ended the build sooner, as far as targets wait for each other; waits for room in a
 * pool are shown, and not followed. Pure.
 */
import type { Run } from './profile-runs.ts';

/** What is kept of a run for a profile. Times in milliseconds from the start of the build. */
export type Ran = Pick<Run, 'target' | 'rule' | 'outcome' | 'from' | 'to' | 'bytes' | 'retries'> & {
  /** In the queue of its pool, in milliseconds. */
  readonly queued: number;
};

export interface Step {
  readonly target: string;
  readonly outcome: Run['outcome'];
  /** Milliseconds from the end of the step before (of the first: in its pool's queue) to its start. */
  readonly waited: number;
  /** Milliseconds. */
  readonly ran: number;
}

/**
 * `ran` in the order of ends; `after`: of each target that ended, whether it ran or not, whose end let it go on. The
 * steps come in order of time.
 */
export function criticalPath(ran: readonly Ran[], after: ReadonlyMap<string, string>): readonly Step[] {
  const runs = new Map(ran.map((run) => [run.target, run]));
  const chain: Ran[] = [];
  // An intermediate that is made after all goes on because of its reader, which may have waited for it before.
  const seen = new Set<string>();
  // Of what was interrupted nobody has heard what it waited for.
  let at = (ran.findLast(({ outcome }) => outcome !== 'interrupted') ?? ran.at(-1))?.target;
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    const run = runs.get(at);
    if (run !== undefined) chain.push(run);
    at = after.get(at);
  }
  chain.reverse();
  return chain.map(({ target, outcome, from, to, queued }, index) => {
    const before = chain[index - 1]?.to ?? from - queued;
    const start = Math.max(from, before);
    return { target, outcome, waited: start - before, ran: Math.max(0, to - start) };
  });
}
