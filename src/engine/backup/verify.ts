/** Reads every content that a backup names, and holds it against its digest. Knows no workspace. */
import { sha256File } from '../hash.ts';
import { entryAt, errorCode } from '../state/files.ts';
import type { Index, IndexedFile } from './index-file.ts';
import type { Progress } from './progress.ts';
import { counting } from './progress.ts';
import type { RepositoryOptions } from './repository.ts';
import { BackupError, Repository } from './repository.ts';

export interface Damage {
  readonly digest: string;
  /** The files of the workspace that have this content. */
  readonly paths: readonly string[];
  readonly why: 'missing' | 'damaged' | 'unreadable';
  /** Where it cannot be moved out of the way, the next backup takes it for whole. */
  readonly inPlace?: true;
}

export interface CheckedBackup {
  readonly name: string;
  readonly objects: number;
  readonly bytes: number;
  readonly damages: readonly Damage[];
}

/** The newest backup. What is damaged is set aside, so that the next backup copies it anew. */
export async function verifyBackup(
  folder: string,
  options: Omit<RepositoryOptions, 'create'> & { readonly onProgress: (progress: Progress) => void },
): Promise<CheckedBackup> {
  const repository = await Repository.open(folder, { ...options, create: false });
  try {
    const { name, index } = newest(repository);
    const files = byDigest(index.files);
    const damages: Damage[] = [];
    const done = counting(
      [...files.values()].flatMap(([first]) => first ?? []),
      options.onProgress,
    );
    let bytes = 0;
    for (const [digest, [first, ...others]] of files) {
      options.signal.throwIfAborted();
      if (first === undefined) continue;
      const paths = [first, ...others].map(({ path }) => path);
      const place = repository.place(digest);
      bytes += first.size;
      const why = await damageOf(place, digest, options.signal);
      done(first);
      if (why === undefined) continue;
      const stays = why !== 'missing' && !repository.setAside(first.digest);
      damages.push({ digest, paths, why, ...(stays ? { inPlace: true } : {}) });
    }
    return { name, objects: files.size, bytes, damages };
  } finally {
    await repository.close();
  }
}

async function damageOf(
  place: string,
  digest: string,
  signal: AbortSignal,
): Promise<Damage['why'] | undefined> {
  try {
    if (entryAt(place)?.isFile() !== true) return 'missing';
    return (await sha256File(place, signal)) === digest ? undefined : 'damaged';
  } catch (thrown) {
    // A bad sector says nothing of the other contents; what this user may not read is not damaged.
    const code = errorCode(thrown);
    if (signal.aborted || code === undefined || code === 'EACCES' || code === 'EPERM') throw thrown;
    return 'unreadable';
  }
}

/** The backup of this name, or the last one. Throws a `BackupError` where there is none that can be read. */
export function newest(
  repository: Repository,
  wanted?: string,
): { readonly name: string; readonly index: Index } {
  const names = repository.names();
  const name = wanted ?? names.at(-1);
  if (name === undefined) throw new BackupError(`${repository.folder}: there is no backup in it yet`);
  if (!names.includes(name))
    throw new BackupError(
      `${repository.folder}: no backup is called ${name}: the last one is ${names.at(-1) ?? 'none'}`,
    );
  const index = repository.read(name);
  if (typeof index === 'string')
    throw new BackupError(`${repository.indexPlace(name)}: ${index}. Name another backup with --at`);
  return { name, index };
}

function byDigest(files: readonly IndexedFile[]): ReadonlyMap<string, readonly IndexedFile[]> {
  const all = new Map<string, IndexedFile[]>();
  for (const file of files) {
    const known = all.get(file.digest);
    if (known === undefined) all.set(file.digest, [file]);
    else known.push(file);
  }
  return all;
}
