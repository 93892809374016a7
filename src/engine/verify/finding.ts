/** What a verification may find. Plain data, no files. */
import type { Failure } from '../events.ts';
import type { Digest } from '../hash.ts';

/** A file that is not what the lockfile says, where it lies or when it is made again. `D`: how two files differ. */
export interface Finding<D> {
  readonly target: string;
  /** Relative to the workspace, or absolute. */
  readonly path: string;
  readonly kind: 'source' | 'output';
  /** Null: the lockfile does not say. */
  readonly locked: Digest | null;
  /** Null: there is no such file. */
  readonly inPlace: Digest | null;
  /** Null: it was not made again. */
  readonly rebuilt: Digest | null;
  /** What the digests do not tell. */
  readonly remark?: string;
  /** Of the file in place and the one that was made again. */
  readonly difference?: D;
}

export interface FailedTarget {
  readonly target: string;
  readonly failure: Failure;
}

export interface Verified<D> {
  readonly findings: readonly Finding<D>[];
  readonly failures: readonly FailedTarget[];
  /** Targets of which nothing can be said, since what they are made of is not there, or could not be made. */
  readonly unproven: readonly string[];
  readonly counts: {
    /** Files in place whose bytes were read. */
    readonly read: number;
    /** Targets that were made again. */
    readonly rebuilt: number;
    /** Final outputs among what they made. */
    readonly compared: number;
  };
}
