/**
 * `build` and its dry twin: lock → records → select → schedule → count. Everything that happens is told as
 * events; what is wrong with the request comes back as diagnostics. Knows no screen and no command line.
 */
import { setMaxListeners } from 'node:events';
import type { Counts } from './counts.ts';
import { counting, hasRun, isCalm } from './counts.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { AlertCounts, Listener, LockDifference } from './events.ts';
import { keepHistory } from './history/keep.ts';
import type { Json } from './json.ts';
import { repairAll } from './latest.ts';
import { withMade } from './lineage/made.ts';
import { attendLock } from './lock/attend.ts';
import type { CompareContents } from './lock/differing.ts';
import { withContents } from './lock/differing.ts';
import { formatInstant } from './manifest/instant.ts';
import type { Manifest } from './manifest/model.ts';
import { recall } from './recall.ts';
import type { Builtins } from './run/code.ts';
import { Code } from './run/code.ts';
import { markGone } from './run/gone-marks.ts';
import { Past } from './run/past.ts';
import { LocalRunner } from './run/run-target.ts';
import { schedule } from './run/scheduler.ts';
import type { PassOptions } from './run/session.ts';
import { Session } from './run/session.ts';
import { select, unmet } from './select.ts';
import { mayRemember, noteStanding } from './standing.ts';
import { lastRunNumber } from './state/history.ts';
import type { Lock } from './state/lockfile.ts';
import { Witness } from './state/witness.ts';
import { BuildState } from './state/workspace-state.ts';
import type { Span } from './task.ts';

export interface BuildRequest {
  /** Absolute, symbolic links resolved. */
  readonly workspace: string;
  readonly manifest: Manifest;
  readonly builtins: Builtins;
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  readonly jobs: number;
  readonly force: boolean;
  readonly refresh: boolean;
  readonly sweep: boolean;
  readonly offline: boolean;
  readonly failFast: boolean;
  /** Wait for another build of this workspace, or give up at once. */
  readonly wait: boolean;
  /** What a waiting build is told of this one. */
  readonly holder: string;
  readonly signal: AbortSignal;
  readonly emit: Listener;
  /** The wall clock, epoch milliseconds: decides only what is due. */
  readonly now: number;
  /** Come to what this says, and ask for no more than that takes. Default: what comes out is written to the lockfile. */
  readonly lock?: Lock | undefined;
  /** Of a locked build: how contents differ that should be the same. Default: that they do is all that is told. */
  readonly compare?: CompareContents | undefined;
  /** Before the second try of a target; doubled each time. Default: a second. */
  readonly retryWaitMs?: number;
  /** Ends of targets tell what they were made of (`made`): for listeners that ask for it. */
  readonly tellMade?: boolean;
  /** They tell what they waited for (`waited`) as well. */
  readonly tellWaits?: boolean;
  /** Targets whose last failure stands while their fingerprint is the same. Default: all run again. */
  readonly keepFailed?: (target: string) => boolean;
  /** Targets are told of one by one. Default: those that nothing has reached by number (`targets-stood`). */
  readonly tellEach?: boolean;
  /**
   * What tells this program from others that may judge otherwise. Given: targets that nothing has reached since an earlier
   * build are not decided again. Default: all are, always.
   */
  readonly program?: string | undefined;
  /** The module that a thread runs which helps to look what has changed. Default: none does. */
  readonly looker?: URL | undefined;
  /**
   * Of a pass that has found nothing to do: what `status` is to be told with it. Default, or undefined: nothing is kept
   * for `status`, which then makes a pass.
   */
  readonly remember?: (session: Session) => Promise<Json | undefined>;
  /** Shown the pass when its loop has ended, before the state is closed. */
  readonly inspect?: (session: Session) => void;
}

export type BuildResult =
  | {
      readonly kind: 'built';
      readonly counts: Counts;
      readonly interrupted: boolean;
      readonly runId: string | null;
      readonly alerts: AlertCounts;
      /** Of a locked build: what came out otherwise than the lockfile says. */
      readonly differing: readonly LockDifference[];
    }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'locked'; readonly holder: string };

export async function build(request: BuildRequest): Promise<BuildResult> {
  const { manifest, workspace, emit, signal } = request;
  const started = performance.now();
  // Each running target may listen for the end of the build: many listeners are no leak here.
  setMaxListeners(0, signal);
  let holder = '';
  const held = await BuildState.hold(workspace, {
    holder: request.holder,
    wait: request.wait,
    signal,
    onWaiting: (other) => {
      holder = other;
      if (request.wait) emit({ type: 'lock-waiting', holder: other });
    },
  });
  if (held === undefined) return { kind: 'locked', holder };
  const found = await recall(request, held);
  if (found?.kind === 'all') return { kind: 'built', ...found.recalled, differing: [] };
  const state = await held.open();
  const history = keepHistory(request);
  const witness = mayRemember(request) ? new Witness() : undefined;
  state.memo.witness = witness;
  let warned = false;
  try {
    const warn = (message: string): void => {
      warned = true;
      emit({ type: 'warning', diagnostic: { severity: 'warning', message } });
    };
    for (const message of state.journal.loaded.remarks) warn(message);
    const code = new Code(request.builtins, workspace, state.memo);
    let forced: ReadonlySet<number> = new Set();
    const parts = { workspace, loaded: state.journal.loaded, memo: state.memo, code, lock: request.lock };
    const options: PassOptions = {
      dry: false,
      refresh: request.refresh,
      sweep: request.sweep,
      retryWaitMs: request.retryWaitMs,
      offline: request.offline,
      force: (target) => forced.has(target.index),
      keepFailed: request.keepFailed,
      now: request.now,
    };
    const past = new Past(state.store, state.results, () => lastRunNumber(workspace));
    // Records that are lost may be of any target.
    const standing = state.journal.loaded.remarks.length === 0 ? found?.found : undefined;
    const session = new Session(manifest, { ...parts, options, past, earlier: standing?.earlier() });
    const probe = (): Session =>
      new Session(manifest, { ...parts, options: { ...options, dry: true, force: () => false } });
    const selection = await select(session, request, probe);
    if (!selection.ok) return { kind: 'invalid', diagnostics: selection.diagnostics };
    const { roots } = selection.value;
    if (request.force) forced = roots.selected;

    const attendant = attendLock(session, request.lock, warn);
    const counts = counting();
    const told: Listener = (event) => {
      counts.listen(event);
      history.listener(event);
      attendant.listener(event);
      emit(request.tellMade ? withMade(event, (id) => state.journal.loaded.successes.get(id)) : event);
    };
    told({
      type: 'build-started',
      asOf: formatInstant(manifest.asOf),
      dryRun: false,
      selectors: request.selectors,
      rules: [...manifest.rules.keys()],
    });
    const runner = attendant.around(new LocalRunner(session, state, told, signal));
    const { jobs, failFast, tellWaits, tellEach } = request;
    await schedule(session, roots, { runner, jobs, failFast, signal, emit: told, tellWaits, tellEach });
    if (hasRun(counts.value)) markGone(session);
    request.inspect?.(session);
    for (const message of state.results.takeWarnings()) warn(message);
    const runId = repairAll(session, emit);
    const { failed, blocked } = counts.value;
    const whole = request.selectors.length === 0 && request.between === undefined && !signal.aborted;
    // What it writes is not at rest, and is of no matter to what the pass has come to.
    session.lookFor('nobody');
    const differs = await attendant.close(whole && failed + blocked === 0);
    session.lookFor('pass');
    const { compare } = request;
    const differing =
      differs === undefined || differs.length === 0 || compare === undefined || signal.aborted
        ? differs
        : await withContents(differs, compare, { memo: state.memo, state });
    told({
      type: 'build-finished',
      asOf: formatInstant(manifest.asOf),
      runId,
      ...counts.value,
      seconds: Math.round(performance.now() - started) / 1000,
      interrupted: signal.aborted,
      alerts: counts.alerts,
      ...(differing === undefined ? {} : { differing }),
    });
    if (witness !== undefined && !signal.aborted && !(failFast && failed > 0)) {
      const calm = !warned && isCalm(counts);
      noteStanding(session, roots, witness, {
        program: request.program ?? '',
        calm,
        also: calm ? await request.remember?.(session) : undefined,
        before: standing?.standing,
      });
    }
    const missing = signal.aborted ? [] : unmet(session, selection.value);
    if (missing.length > 0) return { kind: 'invalid', diagnostics: missing };
    return {
      kind: 'built',
      counts: counts.value,
      alerts: counts.alerts,
      interrupted: signal.aborted,
      runId,
      differing: differing ?? [],
    };
  } catch (thrown) {
    history.broke(thrown);
    throw thrown;
  } finally {
    await state.close();
  }
}
