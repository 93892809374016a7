/**
 * What belongs in a backup of a workspace: what a build begins with, what was brought in from outside and what was made to
 * be kept. Told from manifest, records and lockfile, so that it knows no market; of files it looks only for what tasks
 * leave beside their outputs. Intermediates are left out: they are made again. Not so those that were brought in from
 * outside: the lockfile names them, and whoever has them there may have others tomorrow.
 */
import { posix } from 'node:path';
import { globOf, leftFiles } from '../gc/left.ts';
import { isGone } from '../graph/gone.ts';
import type { Graph } from '../graph/graph.ts';
import { oneSpelling } from '../graph/path-edges.ts';
import type { Digest } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import { readRecord } from '../lineage/made.ts';
import type { Rule } from '../manifest/model.ts';
import type { Session } from '../run/session.ts';
import type { Lock } from '../state/lockfile.ts';
import { LOCK_FOLDER, LOCKFILE, shardsIn } from '../state/lockfile-shards.ts';
import type { SuccessRecord } from '../state/record.ts';
import { isStatePath } from '../state/workspace-state.ts';
import type { Kind } from './index-file.ts';

export interface Wanted {
  /** A file, or a folder with all in it. */
  readonly path: string;
  readonly kind: Kind;
  /** As it was recorded; undefined: nobody has recorded it, and it counts as it lies there. */
  readonly digest?: Digest;
  readonly run?: string;
  /** Of what a target has read once, and need not read again: it counts only as it was recorded. */
  readonly mayBeGone?: true;
}

/** `session`: with its code identified. In code-unit order of paths. */
export function contentsOf(session: Session, lock: Lock | undefined): readonly Wanted[] {
  const found = new Map<string, Wanted>();
  const add = (each: Wanted): void => {
    const path = oneSpelling(each.path);
    if (!found.has(path)) found.set(path, { ...each, path });
  };
  for (const each of settings(session, lock)) add(each);
  const recorded = recordsThatCount(session);
  for (const { rule, record } of recorded) for (const each of madeBy(rule, record)) add(each);
  for (const each of lockedFiles(session, lock)) add(each);
  for (const path of besideOutputs(session)) add({ path, kind: 'source' });
  const isMade = makerTest(session);
  for (const { record } of recorded)
    for (const { path } of readRecord(record).inputs)
      if (!isStatePath(oneSpelling(path)) && !isMade(path)) add({ path, kind: 'input', mayBeGone: true });
  return [...found.values()].sort((a, b) => byCodeUnit(a.path, b.path));
}

const FILE_DIGEST = /^[0-9a-f]{64}$/;

function settings(
  { graph: { manifest }, identified, workspace }: Session,
  lock: Lock | undefined,
): readonly Wanted[] {
  const code = [...manifest.rules.values()].flatMap(({ name, action }): readonly string[] => {
    if (action.kind !== 'module') return [];
    const found = identified.get(name);
    const traced = found?.ok === true ? (found.identity?.files ?? []) : [];
    // A package stands there by its version.
    return [action.path, ...traced.flatMap(([file, digest]) => (FILE_DIGEST.test(digest) ? [file] : []))];
  });
  const locked =
    lock === undefined ? [] : [LOCKFILE, ...shardsIn(workspace).map((name) => `${LOCK_FOLDER}/${name}`)];
  return [
    ...manifest.files.map((path): Wanted => ({ path, kind: 'config' })),
    ...code.map((path): Wanted => ({ path, kind: 'code' })),
    ...locked.map((path): Wanted => ({ path, kind: 'lockfile' })),
  ];
}

interface Recorded {
  readonly rule: Rule;
  readonly record: SuccessRecord;
}

/** Not of targets that are gone: what they left is for `gc`. */
function recordsThatCount({ graph, loaded }: Session): readonly Recorded[] {
  return [...loaded.successes.keys()].flatMap((id): readonly Recorded[] => {
    const rule = ruleOf(graph, id);
    const record = loaded.successes.get(id);
    return rule === undefined || record === undefined || isGone(graph, id) ? [] : [{ rule, record }];
  });
}

function madeBy(
  { source, intermediate, default: isDefault }: Rule,
  { outputs, discovered, runId }: SuccessRecord,
): readonly Wanted[] {
  const kind = source ? 'source' : 'output';
  const made = outputs.map(({ path, digest }): Wanted => {
    const run = runId === undefined ? {} : { run: runId };
    return { path, kind, digest, ...run, ...(intermediate ? { mayBeGone: true } : {}) };
  });
  // What a source keeps beside its outputs, answers of a server say, is as much a source as they are.
  // No build asks again for what an intermediate kept that was made on request.
  const mayBeGone = intermediate && !isDefault;
  const kept = discovered.flatMap(([path, digest]): readonly Wanted[] => {
    if (!FILE_DIGEST.test(digest)) return [];
    return [{ path, kind: 'source', digest: digest as Digest, ...(mayBeGone ? { mayBeGone } : {}) }];
  });
  return [...(intermediate && !source ? [] : made), ...(source ? kept : [])];
}

/** What the records do not tell of: they may be lost. */
function lockedFiles({ graph }: Session, lock: Lock | undefined): readonly Wanted[] {
  const isIntermediate = (target: string): boolean => ruleOf(graph, target)?.intermediate ?? false;
  const of = (facts: Lock['sources'] | undefined, kind: Kind): readonly Wanted[] =>
    [...(facts ?? [])].map(([path, { target, digest }]) => {
      return { path, kind, digest, ...(isIntermediate(target) ? { mayBeGone: true } : {}) };
    });
  return [...of(lock?.sources, 'source'), ...of(lock?.outputs, 'output')];
}

function ruleOf({ manifest }: Graph, target: string): Rule | undefined {
  return manifest.rules.get(target.split('/', 1)[0] ?? '');
}

/** What the publisher has replaced, say; not what lies in folders of other things, as downloads that were cut short. */
function besideOutputs(session: Session): readonly string[] {
  const patterns = [...session.graph.manifest.rules.values()].flatMap(({ source, outputs, leaves }) => {
    const folders = source ? outputs.map(({ template }) => `${posix.dirname(globOf(template))}/`) : [];
    return leaves.map(globOf).filter((pattern) => folders.some((folder) => pattern.startsWith(folder)));
  });
  return patterns.length === 0 ? [] : leftFiles(session, patterns);
}

/** Whether a target makes a path or has made it: itself, or a folder that it lies in. */
function makerTest({ loaded, paths: { outputs } }: Session): (path: string) => boolean {
  const made = new Set<string>();
  for (const id of loaded.successes.keys())
    for (const { path } of loaded.successes.get(id)?.outputs ?? []) made.add(oneSpelling(path));
  for (const path of loaded.orphans.keys()) made.add(oneSpelling(path));
  return (path) => {
    for (let here = oneSpelling(path); here !== '.' && here !== '/'; here = posix.dirname(here))
      if (made.has(here)) return true;
    return outputs.some((output) => output.makerOf(path) !== undefined || output.readingsOf(path).length > 0);
  };
}
