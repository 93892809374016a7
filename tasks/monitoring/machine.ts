/**
 * What a build leaves of the machine: room on the disk, how large the data is, the memory it took. What cannot be found
 * out is left out: a figure is no reason to fail.
 */
import type { Dirent } from 'node:fs';
import { lstat, readdir, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';

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

/** A few 100,000 files take seconds to look at, which nobody waits for. */
const PATIENCE_MS = 2_000;

export async function lookAtMachine(workspace: string, folders: readonly Folder[]): Promise<Machine> {
  const until = performance.now() + PATIENCE_MS;
  const data: { name: string; bytes: number }[] = [];
  for (const { name, path } of folders) {
    const bytes = await sizeOf(resolve(workspace, path), until);
    if (bytes !== undefined) data.push({ name, bytes });
  }
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
async function sizeOf(folder: string, until: number): Promise<number | undefined> {
  let bytes = 0;
  const waiting = [folder];
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    if (performance.now() > until) return undefined;
    const entries = await entriesOf(here);
    if (entries === undefined) {
      if (here === folder) return undefined;
      continue;
    }
    const sizes = await Promise.all(
      entries.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        return entry.isFile() ? fileSize(path) : 0;
      }),
    );
    for (const size of sizes) bytes += size;
  }
  return bytes;
}

/** Undefined where it went away, or may not be read. */
async function entriesOf(folder: string): Promise<readonly Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return undefined;
  }
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch {
    return 0;
  }
}
