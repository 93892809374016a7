/**
 * How contents differ that a locked build came to and that the lockfile names, as far as the store still keeps the
 * latter. It knows no formats: whoever asks says how two files are compared.
 */
import { rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { ContentDifference, LockDifference } from '../events.ts';
import type { Digest } from '../hash.ts';
import { errorCode } from '../state/files.ts';
import type { StatMemo } from '../state/memo.ts';
import type { BuildState } from '../state/workspace-state.ts';

/** Of two files with the same ending. Undefined: there is nothing to say but that they differ. */
export type CompareContents = (locked: string, is: string) => Promise<ContentDifference | undefined>;

/** They are to give an idea: so many files are opened. */
const MOST_COMPARED = 20;

export async function withContents(
  differing: readonly LockDifference[],
  compare: CompareContents,
  { memo, state }: { readonly memo: StatMemo; readonly state: BuildState },
): Promise<readonly LockDifference[]> {
  const told: LockDifference[] = [];
  const folder = state.temporary.take(state.workspace);
  try {
    for (const [at, each] of differing.entries()) {
      const { path, locked, is } = each;
      const asked = at < MOST_COMPARED && locked !== null && is !== null;
      const copy = join(folder, `locked-${at}${extname(path)}`);
      const difference = asked
        ? await differenceOf(locked as Digest, copy, memo.absolute(path), { compare, state })
        : undefined;
      told.push(difference === undefined ? each : { ...each, difference });
    }
    return told;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function differenceOf(
  locked: Digest,
  copy: string,
  path: string,
  { compare, state }: { readonly compare: CompareContents; readonly state: BuildState },
): Promise<ContentDifference | undefined> {
  try {
    return (await state.store.give(locked, false, copy)) ? await compare(copy, path) : undefined;
  } catch (thrown) {
    // A full disk, say: that they differ is told all the same.
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}
