/** Lets old backups go: their indexes first, then the contents that no index names any more. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { flush } from '../state/files.ts';
import type { Index } from './index-file.ts';
import type { Repository } from './repository.ts';

export interface Pruned {
  /** Names of the backups that went. */
  readonly backups: readonly string[];
  readonly objects: number;
  readonly bytes: number;
  readonly remarks: readonly string[];
}

/**
 * `keep`: from 1, of the backups of this workspace: those of another one in the same folder all stay. `spared`: digests of contents that are about to be named. At least one backup that lacks nothing stays.
 * A crash in between leaves contents that nobody names, which the next pruning finds.
 */
export function prune(
  repository: Repository,
  { keep, workspace }: { readonly keep: number; readonly workspace: string },
  spared: Iterable<string> = [],
): Pruned {
  const all = repository.names().map((name) => ({ name, index: repository.read(name) }));
  const own = all.filter(({ index }) => typeof index === 'string' || isOf(index, workspace));
  const old = own.slice(0, -keep).map(({ name }) => name);
  const named = new Set<string>(spared);
  let whole = false;
  for (const { name, index } of all) {
    if (old.includes(name)) continue;
    // What it names is not known: nothing may go.
    if (typeof index === 'string')
      return {
        backups: [],
        objects: 0,
        bytes: 0,
        remarks: [`${repository.indexPlace(name)}: ${index}: nothing was pruned`],
      };
    for (const { digest } of index.files) named.add(digest);
    whole ||= index.lacks.length === 0 && isOf(index, workspace);
  }
  if (!whole) return { backups: [], objects: 0, bytes: 0, remarks: [] };
  for (const name of old) rmSync(repository.indexPlace(name), { force: true });
  if (old.length > 0) flush(dirname(repository.indexPlace('')));
  let [objects, bytes] = [0, 0];
  for (const object of [...repository.objects()]) {
    if (named.has(object.digest)) continue;
    repository.remove(object.digest);
    objects++;
    bytes += object.bytes;
  }
  return { backups: old, objects, bytes, remarks: [] };
}

export function isOf({ workspace }: Index, wanted: string): boolean {
  return workspace === undefined || workspace === wanted;
}
