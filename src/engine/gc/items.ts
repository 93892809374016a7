/** What `gc` tells of: what goes, of which kind, how many files and bytes. Plain data. */

/**
 * `content`: of an earlier result, in the store; `result`: the note that there was one; `orphan`: made by a target that
 * is gone or writes elsewhere; `left`: beside outputs, by tasks; `code`: a bundle of a task; `log`: of a target.
 */
export type GcKind = 'content' | 'result' | 'orphan' | 'left' | 'code' | 'log';

export const KINDS: readonly GcKind[] = ['content', 'result', 'orphan', 'left', 'code', 'log'];

export interface GcItem {
  readonly kind: GcKind;
  /** Relative to the workspace, or absolute; of a result the target. */
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

/** Why something stays: the lockfile or a recent build names it, it is younger than was asked for, or there is room. */
export interface Kept {
  readonly kind: GcKind;
  readonly bytes: number;
}

export interface Collected {
  readonly removed: readonly GcItem[];
  readonly kept: readonly Kept[];
  /** What could not be removed, and why. */
  readonly failures: readonly string[];
  /** What else people should know. */
  readonly remarks: readonly string[];
}
