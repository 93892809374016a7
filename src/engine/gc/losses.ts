/**
 * Whether the notes of earlier results tell of everything that the builds that count had, and what is said when they do
 * not. Compares times; reads no file.
 */
import type { Health } from '../state/results.ts';
import type { RunRecord } from '../state/run-record.ts';
import type { Kept } from './items.ts';

export interface Counted {
  /** Oldest first. */
  readonly runs: readonly RunRecord[];
  readonly keepRuns: number;
}

/**
 * What a build had at its end is noted when it is replaced: nothing is missing if notes were lost only before the first
 * build that counts had ended. What the last build had is what is there now.
 */
export function tellsAll(
  { lostBefore }: Health,
  { runs, keepRuns }: Counted,
  somethingIsRecorded: boolean,
): boolean {
  if (lostBefore === undefined || keepRuns === 0) return true;
  const [first, ...others] = runs.slice(-keepRuns);
  // Without a history nobody knows how many builds there were.
  if (first === undefined) return !somethingIsRecorded;
  return others.length === 0 || lostBefore <= Date.parse(first.finishedAt);
}

/** `unproven`: what stays although no note names it. */
export function remarksOnLosses(
  path: string,
  { damaged, lostBefore = 0 }: Health,
  unproven: readonly Kept[],
  { runs, keepRuns }: Counted,
): readonly string[] {
  const remarks: string[] = [];
  if (damaged > 0)
    remarks.push(`${path}: ${damaged === 1 ? '1 note' : `${damaged} notes`} left out: damaged`);
  if (unproven.length > 0) {
    const since = runs.filter(({ finishedAt }) => Date.parse(finishedAt) >= lostBefore).length;
    const missing = keepRuns - since;
    const bytes = unproven.reduce((sum, each) => sum + each.bytes, 0);
    const [what, they] =
      unproven.length === 1 ? ['1 file stays', 'it'] : [`${unproven.length} files stay`, 'they'];
    remarks.push(
      `${path}: notes of what earlier builds had are lost, and so ${what} (${bytes} bytes) that one of the last ${keepRuns} builds may have had: ${they} can go after ${missing === 1 ? 'one more build' : `${missing} more builds`}, or now with --keep-runs 1`,
    );
  }
  return remarks;
}
