/**
 * What a build leaves of the machine: room on the disk, how large the data is, the memory it took. What cannot be found
 * out is left out: a figure is no reason to fail.
 */
import type { Dirent } from 'node:fs';
import { lstatSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

export interface Folder {
  /** As the config calls it: `raw`, `processed`. */
  readonly name: string;
  /** Relative to the workspace, or absolute. */
  readonly path: string;
}

export interface Machine {
  /** Of the volume that the workspace lies on. */
  readonly disk: { readonly free: number; readonly size: number } | undefined;
  /** Bytes of the files below each folder; those that take too long to count are left out. */
  readonly data: readonly { readonly name: string; readonly bytes: number }[];
  readonly maxResidentBytes: number;
}

/**
 * A build that has downloaded a day must not take longer for the years before it: about 100,000 files are looked at in
 * this time, in place, since asking for many at once takes four times as long.
 */
const PATIENCE_MS = 500;

export async function lookAtMachine(workspace: string, folders: readonly Folder[]): Promise<Machine> {
  const until = performance.now() + PATIENCE_MS;
  const data = folders.flatMap(({ name, path }) => {
    const bytes = sizeOf(resolve(workspace, path), until);
    return bytes === undefined ? [] : [{ name, bytes }];
  });
  // Linux, macOS and Windows alike: libuv gives kilobytes.
  return { disk: await roomAt(workspace), data, maxResidentBytes: process.resourceUsage().maxRSS * 1024 };
}

async function roomAt(path: string): Promise<Machine['disk']> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { free: bavail * bsize, size: blocks * bsize };
  } catch {
    return undefined;
  }
}

/** Links are not followed. Undefined where there is no such folder, or where `until` has passed. */
function sizeOf(folder: string, until: number): number | undefined {
  let bytes = 0;
  const waiting = [folder];
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    if (performance.now() > until) return undefined;
    const entries = entriesOf(here);
    if (entries === undefined) {
      if (here === folder) return undefined;
      continue;
    }
    for (const entry of entries) {
      const path = `${here}${sep}${entry.name}`;
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) bytes += fileSize(path);
    }
  }
  return bytes;
}

/** Undefined where it went away, or may not be read. */
function entriesOf(folder: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return undefined;
  }
}

function fileSize(path: string): number {
  try {
    return lstatSync(path).size;
  } catch {
    return 0;
  }
}
