/** The kernel's cache of files. Only root may drop it, so that a run has to read from the disk, and only on Linux. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';

const DROP = '/proc/sys/vm/drop_caches';

export function cacheCanBeDropped(): boolean {
  try {
    accessSync(DROP, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What waits in memory is brought to the disk now, not in the middle of a measurement. */
export function flushCache(): void {
  spawnSync('sync');
}

/** Contents, names and attributes. */
export function dropCache(): void {
  flushCache();
  writeFileSync(DROP, '3');
}
