/**
 * What a file is that no record tells of, by its content: an old revision that a task has kept, or a copy of what a
 * target had made before. Of an earlier result only the outputs and where they came from are known.
 */
import type { Digest } from '../hash.ts';
import type { StatMemo } from '../state/memo.ts';
import { Unreadable } from '../state/memo.ts';
import type { PastResult } from '../state/results.ts';
import type { Origin } from '../task.ts';

export interface EarlierResult {
  readonly target: string;
  /** Of the output that had this content. */
  readonly path: string;
  readonly origins: readonly Origin[];
  /** The build in which another result took its place, and when that was (ISO, UTC). */
  readonly replacedIn: number;
  readonly replacedAt: string;
}

/** A file, and who has made its content once. */
export interface Earlier {
  readonly path: string;
  readonly digest: Digest;
  /** The last one first; at least one. */
  readonly results: readonly EarlierResult[];
}

/** The first of the paths at which something lies that was made once. */
export function earlierAt(
  paths: readonly string[],
  past: readonly PastResult[],
  memo: StatMemo,
): Earlier | undefined {
  for (const path of past.length === 0 ? [] : paths) {
    const digest = digestAt(path, memo);
    const results = digest === undefined ? [] : past.flatMap((result) => resultsOf(result, digest)).reverse();
    if (digest !== undefined && results.length > 0) return { path, digest, results };
  }
  return undefined;
}

function resultsOf(
  { target, outputs, origins = {}, replacedIn, replacedAt }: PastResult,
  digest: Digest,
): readonly EarlierResult[] {
  return outputs
    .filter((output) => output.digest === digest)
    .map(({ name, path }) => {
      const from = Object.hasOwn(origins, name) ? (origins[name] ?? []) : [];
      return { target, path, origins: from, replacedIn, replacedAt };
    });
}

function digestAt(path: string, memo: StatMemo): Digest | undefined {
  try {
    return memo.digest(path);
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    return undefined;
  }
}
