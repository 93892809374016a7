/**
 * `backup`: what belongs in it → contents by digest → an index. Takes no run lock: files are whole at any time, and where a
 * build is at work the records are read again until they agree with the files. Knows no screen and no command line.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnostic } from '../diagnostic.ts';
import { formatInstant } from '../manifest/instant.ts';
import type { Manifest } from '../manifest/model.ts';
import type { Builtins } from '../run/code.ts';
import { Code } from '../run/code.ts';
import { Session } from '../run/session.ts';
import { nearestExisting, statOf } from '../state/files.ts';
import type { Loaded } from '../state/journal.ts';
import { loadJournal } from '../state/journal.ts';
import { JOURNAL_PATH } from '../state/kept-state.ts';
import { readLock } from '../state/lockfile.ts';
import { openForReading } from '../state/workspace-state.ts';
import { Collection, isFull, NoRoom } from './collection.ts';
import { contentsOf } from './contents.ts';
import type { Index, IndexedFile, Lack } from './index-file.ts';
import type { Progress } from './progress.ts';
import type { Pruned } from './prune.ts';
import { isOf, prune } from './prune.ts';
import { BackupError, Repository } from './repository.ts';

export interface BackupRequest {
  /** Absolute, symbolic links resolved. */
  readonly workspace: string;
  readonly manifest: Manifest;
  readonly builtins: Builtins;
  /** Absolute. */
  readonly folder: string;
  /** How many backups stay; undefined: all. */
  readonly keep: number | undefined;
  readonly dryRun: boolean;
  readonly holder: string;
  readonly onWaiting: (holder: string) => void;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface BackedUp {
  /** Of the backup; undefined in a dry run. */
  readonly name: string | undefined;
  readonly files: readonly IndexedFile[];
  /** Those whose content was not there yet, each content once. */
  readonly copied: readonly IndexedFile[];
  readonly lacks: readonly Lack[];
  readonly pruned: Pruned | undefined;
  readonly remarks: readonly string[];
}

export type BackupResult =
  | { readonly kind: 'kept'; readonly done: BackedUp }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }
  /** What was copied stays, and is not copied again. `missingBytes`: undefined where only the index is missing. */
  | { readonly kind: 'full'; readonly copied: number; readonly missingBytes: number | undefined };

/** A build that is at work records a file a moment after it has put it in place. */
const ROUNDS = 5;
const PAUSE_MS = 250;

/** Throws a `BackupError` where the folder is something else, a `StateError` where journal or lockfile cannot be read. */
export async function backup(request: BackupRequest): Promise<BackupResult> {
  const { workspace, folder, dryRun, keep } = request;
  refuseWithin(workspace, realPlaceOf(folder));
  // Before anything is waited for: a manifest with mistakes needs no repository.
  const problems = sessionOf(request, undefined).session.check();
  if (problems.length > 0) return { kind: 'invalid', diagnostics: problems };
  const repository = dryRun
    ? await Repository.openIfThere(folder, request)
    : await Repository.open(folder, { ...request, create: true });
  const collection = new Collection(workspace, repository, request);
  try {
    const { remarks, freed } = await collectFreeing(request, collection, dryRun ? undefined : repository);
    const files = collection.files();
    const { lacks, folders } = collection;
    const done = { files, copied: collection.copied, lacks };
    if (repository === undefined || dryRun)
      return { kind: 'kept', done: { ...done, name: undefined, pruned: undefined, remarks } };
    const index: Index = {
      version: 1,
      at: new Date(request.now).toISOString(),
      asOf: formatInstant(request.manifest.asOf),
      workspace,
      files: [...files],
      folders: [...folders],
      lacks: [...lacks],
    };
    const strangers = lastOfAnother(repository, workspace);
    const name = withRoom(() => repository.write(index), collection);
    // One that lacks something does not push out one that has it.
    const last = keep === undefined || lacks.length > 0 ? undefined : prune(repository, { keep, workspace });
    const pruned = freed === undefined || last === undefined ? (last ?? freed) : bothOf(freed, last);
    return {
      kind: 'kept',
      done: { ...done, name, pruned, remarks: [...remarks, ...strangers, ...(pruned?.remarks ?? [])] },
    };
  } catch (thrown) {
    if (!(thrown instanceof NoRoom)) throw thrown;
    return { kind: 'full', copied: thrown.copied, missingBytes: thrown.missingBytes };
  } finally {
    await repository?.close();
  }
}

function lastOfAnother(repository: Repository, workspace: string): readonly string[] {
  const last = repository.names().at(-1);
  const index = last === undefined ? 'none' : repository.read(last);
  if (typeof index === 'string' || isOf(index, workspace)) return [];
  return [
    `the last backup in ${repository.folder} is one of ${index.workspace}, and this one of ${workspace}: \`restore\` takes whichever is the newest. Give each workspace a folder of its own`,
  ];
}

/** Where there is no room, the old backups that are to go make it: they go before the new one is there, but for one. */
async function collectFreeing(
  request: BackupRequest,
  collection: Collection,
  repository: Repository | undefined,
): Promise<{ readonly remarks: readonly string[]; readonly freed: Pruned | undefined }> {
  try {
    return { remarks: await collect(request, collection, repository), freed: undefined };
  } catch (thrown) {
    const { keep, workspace } = request;
    if (!(thrown instanceof NoRoom) || keep === undefined || repository === undefined) throw thrown;
    const spared = collection.wanted.map(({ digest }) => digest);
    const freed = prune(repository, { keep: Math.max(1, keep - 1), workspace }, spared);
    if (freed.objects === 0) throw thrown;
    return { remarks: await collect(request, collection, repository), freed };
  }
}

function bothOf(one: Pruned, other: Pruned): Pruned {
  return {
    backups: [...one.backups, ...other.backups],
    objects: one.objects + other.objects,
    bytes: one.bytes + other.bytes,
    remarks: [...one.remarks, ...other.remarks],
  };
}

function withRoom<T>(write: () => T, { copied }: Collection): T {
  try {
    return write();
  } catch (thrown) {
    throw isFull(thrown) ? new NoRoom(copied.length, undefined, thrown) : thrown;
  }
}

/** Answers remarks on what was read. */
async function collect(
  request: BackupRequest,
  collection: Collection,
  repository: Repository | undefined,
): Promise<readonly string[]> {
  const { workspace, signal } = request;
  for (let round = 1; ; round++) {
    const state = collection.state();
    // What is kept of the journal is what the files are held against.
    const journal = state.get(JOURNAL_PATH);
    const { session, remarks: trouble } = sessionOf(
      request,
      journal && repository && withRoom(() => repository.asFile(journal.bytes, loadJournal), collection),
    );
    await identifyModules(session);
    const lock = readLock(workspace);
    await collection.gather(contentsOf(session, lock), session.memo, state);
    const remarks = [...trouble, ...(lock?.remarks ?? []), ...codeTrouble(session)];
    if (collection.lacks.length === 0 || round === ROUNDS) return remarks;
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

interface Opened {
  readonly session: Session;
  /** On the workspace's own journal. */
  readonly remarks: readonly string[];
}

/** `loaded`: what a copy of the journal says; undefined: the workspace's own. */
function sessionOf(
  { workspace, manifest, builtins, now }: BackupRequest,
  loaded: Loaded | undefined,
): Opened {
  const own = openForReading(workspace);
  const { memo } = own;
  const session = new Session(manifest, {
    workspace,
    loaded: loaded ?? own.loaded,
    memo,
    code: new Code(builtins, workspace, memo),
    options: { dry: true, refresh: false, sweep: false, offline: true, force: () => false, now },
  });
  return { session, remarks: own.loaded.remarks };
}

/** Of tasks that ship with the program nothing is to be kept. */
async function identifyModules({ graph: { manifest }, code, identified }: Session): Promise<void> {
  for (const rule of manifest.rules.values())
    if (rule.action.kind === 'module') identified.set(rule.name, await code.identify(rule));
}

function codeTrouble({ identified }: Session): readonly string[] {
  const messages = [...identified.values()].flatMap((found) => (found.ok ? [] : [found.message]));
  return [...new Set(messages)].map((message) => `${message}: of what it imports nothing is kept`);
}

/** Where it lies once links are resolved, whether it is there or not. */
function realPlaceOf(folder: string): string {
  const there = nearestExisting(folder);
  if (statOf(there) === undefined) throw new BackupError(`${there} is a link to nowhere`);
  return join(realpathSync(there), folder.slice(there.length));
}

function refuseWithin(workspace: string, folder: string): void {
  if (folder === workspace || folder.startsWith(`${workspace}/`))
    throw new BackupError(
      `${folder} lies in the workspace that is to be backed up: what takes the one takes the other. Name a folder elsewhere, best on another disk`,
    );
}
