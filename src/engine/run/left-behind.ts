/**
 * What builds have left on disk: outputs of targets that are gone, or that write elsewhere now. A clean build would
 * not have it, so nobody may read it as a source, and it gives way to a new output. Only what is still just as it
 * was recorded: anything else is the user's. Removes nothing.
 */
import { oneSpelling } from '../graph/path-edges.ts';
import type { Digest } from '../hash.ts';
import type { Loaded } from '../state/journal.ts';
import type { StatMemo } from '../state/memo.ts';

interface Written {
  readonly target: string;
  readonly path: string;
  readonly digest: Digest;
}

export class LeftBehind {
  readonly #loaded: Loaded;
  readonly #memo: StatMemo;
  readonly #stands: (target: string) => boolean;
  #written: ReadonlyMap<string, readonly Written[]> | undefined;

  /** `stands`: of such a target nothing is left behind. */
  constructor(loaded: Loaded, memo: StatMemo, stands: (target: string) => boolean) {
    this.#loaded = loaded;
    this.#memo = memo;
    this.#stands = stands;
  }

  /** Whether some target wrote this content at just this path. */
  wrote(path: string, digest: Digest): boolean {
    this.#written ??= written(this.#loaded, this.#stands);
    return this.#written.get(oneSpelling(path))?.some((each) => each.digest === digest) ?? false;
  }

  /** The target that wrote what stands at a path, itself or within a directory. To be asked of paths that no target makes. */
  writerOf(path: string): string | undefined {
    this.#written ??= written(this.#loaded, this.#stands);
    for (
      let here = oneSpelling(path);
      here !== '';
      here = here.slice(0, Math.max(0, here.lastIndexOf('/')))
    ) {
      const found = this.#written.get(here)?.find(({ digest }) => this.#memo.digest(here) === digest);
      if (found !== undefined) return found.target;
    }
    return undefined;
  }
}

/** One path may have been written by several, one after the other. */
function written(
  { successes, orphans }: Loaded,
  stands: (target: string) => boolean,
): ReadonlyMap<string, readonly Written[]> {
  const all = new Map<string, Written[]>();
  const add = (each: Written): void => {
    const known = all.get(each.path);
    if (known) known.push(each);
    else all.set(each.path, [each]);
  };
  for (const target of successes.keys()) {
    if (stands(target)) continue;
    for (const { path, digest } of successes.get(target)?.outputs ?? []) add({ target, path, digest });
  }
  for (const orphan of orphans.values()) add(orphan);
  return all;
}
