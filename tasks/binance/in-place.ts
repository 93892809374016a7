/**
 * The raw file that is in place already: whether it is the wanted one, and keeping it when another takes its name.
 * Files are linked where the file system can, else copied. It knows no archive and no checksum file.
 */
import type { Stats } from 'node:fs';
import { copyFile, link, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sha256File } from '../../src/engine/task.ts';
import { errorCode } from '../lib/disk-failure.ts';

export interface InPlace {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** The file under its final name, or undefined where there is none. */
export async function inPlace(path: string, signal: AbortSignal): Promise<InPlace | undefined> {
  const stats = await statOf(path);
  if (stats === undefined || !stats.isFile()) return undefined;
  return { path, size: stats.size, sha256: await sha256File(path, signal) };
}

/** Makes `to` the same content as `from`. `to` must not exist. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  // A link to a symbolic link would be a symbolic link, relative to the wrong folder.
  if (!(await lstat(from)).isSymbolicLink() && (await linked(from, to))) return;
  // Not at once under its name: a copy that is cut short must not look whole.
  const partial = `${to}.partial`;
  await copyFile(from, partial);
  await rename(partial, to);
}

/** `revisions/BTCUSDT-1m-2024-01.0123abcd.zip` beside the file: what the publisher served before. Returns its path. */
export async function keepRevision(old: InPlace, signal: AbortSignal): Promise<string> {
  const [short, whole] = revisionPaths(old.path, old.sha256);
  const has = async (path: string): Promise<string | undefined> => (await inPlace(path, signal))?.sha256;
  const there = await has(short);
  // What has the name need not be what was kept under it: it may have been cut or changed since, and is left alone.
  const path = there === undefined || there === old.sha256 ? short : whole;
  if (there === old.sha256 || (path === whole && (await has(whole)) === old.sha256)) return path;
  await mkdir(dirname(path), { recursive: true });
  await rm(`${path}.partial`, { force: true });
  if (path === whole) await rm(path, { force: true });
  await linkOrCopy(old.path, path);
  return path;
}

/** A file that was kept earlier, with just this SHA-256, of the one called `path`. `tell`: of one with other bytes. */
export async function revisionOf(
  path: string,
  sha256: string,
  signal: AbortSignal,
  tell: (other: InPlace) => void,
): Promise<string | undefined> {
  for (const revision of revisionPaths(path, sha256)) {
    const kept = await inPlace(revision, signal);
    if (kept?.sha256 === sha256) return kept.path;
    if (kept !== undefined) tell(kept);
  }
  return undefined;
}

/** Under its short name, or if other bytes have that, under its long one. */
function revisionPaths(path: string, sha256: string): readonly [short: string, whole: string] {
  const name = basename(path).replace(/\.zip$/, '');
  const named = (id: string): string => join(dirname(path), 'revisions', `${name}.${id}.zip`);
  return [named(sha256.slice(0, 8)), named(sha256)];
}

/** False where the file system cannot link these two; everything else is thrown. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES'].includes(code))
      return false;
    throw thrown;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(thrown))) return undefined;
    throw thrown;
  }
}
