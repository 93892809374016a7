/**
 * `restore`: an index → which files are missing or differ → copies, hashed, put in place. Holds the run lock, so that no
 * build runs meanwhile. What is there and differs stays unless that was asked for. Knows no screen and no command line.
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { oneSpelling } from '../graph/path-edges.ts';
import { openScratch } from '../state/workspace-state.ts';
import type { Index, IndexedFile } from './index-file.ts';
import type { Progress } from './progress.ts';
import type { RepositoryOptions } from './repository.ts';
import { BackupError, Repository } from './repository.ts';
import type { Trouble } from './restorer.ts';
import { Restorer } from './restorer.ts';
import { newest } from './verify.ts';

export interface RestoreRequest extends Omit<RepositoryOptions, 'create'> {
  /** Absolute; made where there is none. */
  readonly workspace: string;
  /** Absolute. */
  readonly folder: string;
  /** Of the backup; undefined: the newest. */
  readonly name: string | undefined;
  /** Files and folders, relative to the workspace; none: all there is. */
  readonly paths: readonly string[];
  readonly force: boolean;
  readonly onProgress: (progress: Progress) => void;
}

export interface Restored {
  readonly name: string;
  readonly restored: readonly IndexedFile[];
  /** What was there already. */
  readonly same: number;
  /** What is there, differs, and was left alone. */
  readonly differing: readonly string[];
  readonly failures: readonly Trouble[];
  /** Absolute: what is missing or differs outside of the workspace, and was not asked for by its path. */
  readonly outside: readonly string[];
  /** What the backup itself lacks, of what was asked for. */
  readonly lacks: readonly Trouble[];
}

export async function restore(request: RestoreRequest): Promise<Restored> {
  const repository = await Repository.open(request.folder, { ...request, create: false });
  try {
    const { name, index } = newest(repository, request.name);
    const chosen = chosenFrom(index, request.paths);
    mkdirSync(request.workspace, { recursive: true });
    const workspace = realpathSync(request.workspace);
    const scratch = await openScratch(workspace, { ...request, wait: true });
    if (scratch === undefined) throw new Error('waiting for a lock gave none');
    try {
      const { force, paths } = request;
      const restorer = new Restorer(workspace, repository, scratch.folder, force, isNamed(paths));
      await restorer.all(chosen.files, request);
      restorer.makeFolders(chosen.folders);
      if (force) restorer.dropOtherShards(index.files);
      const { restored, same, differing, outside, failures } = restorer;
      return { name, restored, same, differing, outside, failures, lacks: chosen.lacks };
    } finally {
      await scratch.close();
    }
  } finally {
    await repository.close();
  }
}

/** Of an index what lies at these paths or below them. Throws a `BackupError` where nothing lies at one. */
export function chosenFrom(
  { files, folders, lacks }: Index,
  paths: readonly string[],
): Pick<Index, 'files' | 'folders' | 'lacks'> {
  if (paths.length === 0) return { files, folders, lacks };
  const all = [...files.map(({ path }) => path), ...lacks.map(({ path }) => path), ...folders];
  for (const each of paths.map(oneSpelling)) {
    if (!all.some((path) => isIn(path, each)))
      throw new BackupError(
        `nothing of this backup lies at ${each}: \`pipeline restore DIR --list --at NAME\` lists what it has`,
      );
  }
  const isWanted = isNamed(paths);
  return {
    files: files.filter(({ path }) => isWanted(path)),
    folders: folders.filter(isWanted),
    lacks: lacks.filter(({ path }) => isWanted(path)),
  };
}

function isIn(path: string, folder: string): boolean {
  const clean = oneSpelling(path);
  if (folder === '.') return !isAbsolute(clean) && clean !== '..' && !clean.startsWith('../');
  return clean === folder || clean.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** Whether a path is one of these, or below one. */
function isNamed(paths: readonly string[]): (path: string) => boolean {
  const wanted = paths.map(oneSpelling);
  return (path) => wanted.some((each) => isIn(path, each));
}
