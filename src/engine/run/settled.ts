/** How a target stands once it has been decided: the one vocabulary that plan, scheduler and commands share. */
import type { Failure, Reason, TargetState } from '../events.ts';
import type { SuccessRecord } from '../state/record.ts';

export type Settled =
  /**
   * Up to date, or just made so. `elided`: an intermediate whose files are gone but whose record still stands for
   * them, because nobody has needed the files yet.
   */
  | {
      readonly state: 'fresh' | 'executed' | 'checked' | 'restored';
      readonly record: SuccessRecord;
      readonly elided: boolean;
      readonly reasons: readonly Reason[];
      /** Counts of what differs from the outputs that were in place. */
      readonly changes?: Readonly<Record<string, number>>;
      /** Made as well as could be, and not whole: dependents go on, the target itself counts as failed. */
      readonly incomplete?: Failure;
    }
  | { readonly state: 'absent'; readonly reason: string; readonly reasons: readonly Reason[] }
  | { readonly state: 'failed'; readonly failure: Failure; readonly reasons: readonly Reason[] }
  /** Something upstream failed. `roots` are the targets that really did, `code` is the first one's. */
  | {
      readonly state: 'blocked';
      readonly roots: readonly string[];
      readonly code: string;
      readonly reasons: readonly Reason[];
      /** Dry runs only: targets whose outcome is not known, and which may turn out to be further roots. */
      readonly uncertain: readonly string[];
    }
  /** Dry runs only: would be built. `record` is what its dependents may assume meanwhile. */
  | {
      readonly state: 'stale';
      readonly record: SuccessRecord | undefined;
      readonly reasons: readonly Reason[];
    }
  /** Dry runs only: something upstream is stale, and whether that reaches this target is not known. */
  | {
      readonly state: 'pending';
      readonly record: SuccessRecord | undefined;
      readonly reasons: readonly Reason[];
    };

/** Whether dependents cannot know this target's outputs yet. */
export function isUncertain(settled: Settled): settled is Extract<Settled, { state: 'stale' | 'pending' }> {
  return settled.state === 'stale' || settled.state === 'pending';
}

/**
 * What people are told. A target that was left incomplete is to run again, like a stale one, and its dependents wait
 * for what it brings; but what is wrong with it is a failure.
 */
export function stateToTell(settled: Settled): TargetState {
  switch (settled.state) {
    case 'executed':
    case 'checked':
    case 'restored':
      return 'fresh';
    case 'stale':
      return settled.reasons.every(({ kind }) => kind === 'failed') &&
        settled.record?.incomplete !== undefined
        ? 'failed'
        : 'stale';
    default:
      return settled.state;
  }
}
