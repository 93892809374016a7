/**
 * `gc`: lock → records → what may go → gone. Notes go before the contents that they name, and files before the records
 * of them, so that whatever a crash leaves is true. Knows no screen and no command line.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { isGone } from '../graph/gone.ts';
import type { Manifest } from '../manifest/model.ts';
import { standsAs } from '../orphans.ts';
import type { Builtins } from '../run/code.ts';
import { Code } from '../run/code.ts';
import { Session } from '../run/session.ts';
import { errorCode, statOf } from '../state/files.ts';
import { readHistory } from '../state/history.ts';
import { readLock } from '../state/lockfile.ts';
import type { Health, PastResult, PastResults } from '../state/results.ts';
import { ResultsError } from '../state/results.ts';
import type { RunRecord } from '../state/run-record.ts';
import { BuildState, StateError } from '../state/workspace-state.ts';
import { surveyOf } from '../surveyed.ts';
import type { Going, Limits } from './choose.ts';
import { choose } from './choose.ts';
import { removeFiles } from './files.ts';
import type { Collected, GcItem } from './items.ts';
import type { Counted } from './losses.ts';
import { remarksOnLosses, tellsAll } from './losses.ts';
import { Named } from './named.ts';

export interface GcRequest {
  /** Absolute, symbolic links resolved. */
  readonly workspace: string;
  readonly manifest: Manifest;
  readonly builtins: Builtins;
  /** How many of the last builds count. */
  readonly keepRuns: number;
  readonly olderThanMs: number | undefined;
  readonly maxBytes: number | undefined;
  readonly dryRun: boolean;
  /** Wait for a build of this workspace, or give up at once. */
  readonly wait: boolean;
  readonly holder: string;
  readonly onWaiting: (holder: string) => void;
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type GcResult =
  | { readonly kind: 'collected'; readonly collected: Collected }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'locked'; readonly holder: string };

/** Throws a `StateError` where the lockfile, the history or the notes of earlier results cannot be read: what they name is not known then. */
export async function gc(request: GcRequest): Promise<GcResult> {
  const { workspace, wait, signal } = request;
  let holder = '';
  const state = await BuildState.open(workspace, {
    holder: request.holder,
    wait,
    signal,
    onWaiting: (other) => {
      holder = other;
      if (wait) request.onWaiting(other);
    },
  });
  if (state === undefined) return { kind: 'locked', holder };
  try {
    return await collect(request, state);
  } finally {
    await state.close();
  }
}

async function collect(request: GcRequest, state: BuildState): Promise<GcResult> {
  const { workspace, manifest, builtins, keepRuns, olderThanMs, maxBytes, now } = request;
  const lock = readLock(workspace);
  const { runs } = readHistory(workspace);
  const { memo, store, results, journal } = state;
  const { loaded } = journal;
  const session = new Session(manifest, {
    workspace,
    loaded,
    memo,
    code: new Code(builtins, workspace, memo),
    options: { dry: true, refresh: false, sweep: false, offline: true, force: () => false, now },
  });
  const problems = session.check();
  if (problems.length > 0) return { kind: 'invalid', diagnostics: problems };
  await surveyOf(manifest, 'all', session);
  const past = results.all();
  const health = healthOf(results);
  const counted: Counted = { runs, keepRuns };
  const named = new Named({
    loaded,
    past,
    goneSince: results.goneSince(),
    isGone: (target) => isGone(session.graph, target),
    locked: lock?.files ?? [],
    lastRun: runs.at(-1)?.number ?? 0,
    keepRuns,
    countedSince: beginningOf(runs, keepRuns),
    tellsAll: tellsAll(health, counted, loaded.successes.size > 0),
  }).withListings(store);
  const limits: Limits = { before: olderThanMs === undefined ? undefined : now - olderThanMs, maxBytes };
  const choice = choose(session, store, past, named, limits);
  const told = remarksOnLosses(results.path, health, choice.unproven, counted);
  const remarks = [...loaded.remarks, ...(lock?.remarks ?? []), ...told, ...choice.remarks];
  const { kept, going } = choice;
  if (request.dryRun)
    return { kind: 'collected', collected: { removed: going, kept, failures: [], remarks } };
  const { removed, failures } = remove(going, { past, ...health }, session, state);
  return { kind: 'collected', collected: { removed, kept, failures, remarks } };
}

/** All notes of earlier results, and how whole they are. */
interface Notes extends Health {
  readonly past: readonly PastResult[];
}

function healthOf(results: PastResults): Health {
  try {
    return results.health();
  } catch (thrown) {
    if (!(thrown instanceof ResultsError)) throw thrown;
    throw new StateError(thrown.message, { cause: thrown });
  }
}

function beginningOf(runs: readonly RunRecord[], keepRuns: number): number {
  if (keepRuns === 0) return Number.POSITIVE_INFINITY;
  const first = runs.at(-keepRuns);
  return first === undefined ? Number.NEGATIVE_INFINITY : Date.parse(first.startedAt);
}

function remove(
  going: readonly Going[],
  notes: Notes,
  session: Session,
  state: BuildState,
): Pick<Collected, 'removed' | 'failures'> {
  const removed = new Set<GcItem>();
  const failures: string[] = [];
  const attempt = (items: readonly Going[], act: () => void): void => {
    try {
      act();
      for (const item of items) removed.add(item);
    } catch (thrown) {
      if (errorCode(thrown) === undefined || !(thrown instanceof Error)) throw thrown;
      failures.push(thrown.message);
    }
  };
  const forgotten = going.filter((item) => item.kind === 'result');
  // Written anew, the notes say themselves since when they are whole.
  if (forgotten.length > 0 || notes.damaged > 0)
    attempt(forgotten, () => forget(forgotten, notes, session, state));
  for (const item of going) {
    if (item.kind === 'result' || hasChanged(item, session)) continue;
    attempt([item], () => removeFiles(session.workspace, session.memo.absolute(item.path)));
  }
  clearRecords(going, session, state);
  return { removed: going.filter((item) => removed.has(item)), failures };
}

/** An orphan that somebody has just made his own. */
function hasChanged(item: Going, session: Session): boolean {
  return item.kind === 'orphan' && !standsAs(session, item.path, item.digest);
}

function forget(
  forgotten: readonly Extract<Going, { kind: 'result' }>[],
  { past, lostBefore }: Notes,
  session: Session,
  state: BuildState,
): void {
  const { results } = state;
  const going = new Set(forgotten.map(({ result }) => result));
  const { successes } = state.journal.loaded;
  const marks = [...results.goneSince()].filter(([id]) => successes.has(id) && isGone(session.graph, id));
  results.keepOnly(
    past.filter((result) => !going.has(result)),
    new Map(marks),
    lostBefore,
  );
}

/** What nobody will look for any more: of files that are gone indeed. */
function clearRecords(going: readonly Going[], { graph, memo }: Session, { journal }: BuildState): void {
  const orphans = going.filter((item) => item.kind === 'orphan');
  for (const { path } of orphans) {
    if (journal.loaded.orphans.has(path) && statOf(memo.absolute(path)) === undefined)
      journal.append({ kind: 'cleared', path }, false);
  }
  for (const target of new Set(orphans.map((each) => each.target))) {
    const outputs = journal.loaded.successes.get(target)?.outputs ?? [];
    const isLeft = outputs.some(({ path }) => statOf(memo.absolute(path)) !== undefined);
    if (!isLeft && outputs.length > 0 && isGone(graph, target))
      journal.append({ kind: 'gone', target }, false);
  }
}
