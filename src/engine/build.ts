/**
 * `build` and its dry twin: lock → records → select → schedule → count. Everything that happens is told as
 * events; what is wrong with the request comes back as diagnostics. Knows no screen and no command line.
 */
import { setMaxListeners } from 'node:events';
import type { Diagnostic } from './diagnostic.ts';
import type { Listener, Outcome } from './events.ts';
import { keepHistory } from './history/keep.ts';
import { formatInstant } from './manifest/instant.ts';
import type { Manifest } from './manifest/model.ts';
import type { Builtins } from './run/code.ts';
import { Code } from './run/code.ts';
import { PlaceTaken, pointLatest } from './run/commit.ts';
import { LocalRunner } from './run/run-target.ts';
import { schedule } from './run/scheduler.ts';
import type { PassOptions } from './run/session.ts';
import { Session } from './run/session.ts';
import { select, unmet } from './select.ts';
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
  /** Before the second try of a target; doubled each time. Default: a second. */
  readonly retryWaitMs?: number;
}

export type Counts = Readonly<Record<Outcome, number>>;

export type BuildResult =
  | {
      readonly kind: 'built';
      readonly counts: Counts;
      readonly interrupted: boolean;
      readonly runId: string | null;
    }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'locked'; readonly holder: string };

export async function build(request: BuildRequest): Promise<BuildResult> {
  const { manifest, workspace, emit, signal } = request;
  const started = performance.now();
  // Each running target may listen for the end of the build: many listeners are no leak here.
  setMaxListeners(0, signal);
  let holder = '';
  const state = await BuildState.open(workspace, {
    holder: request.holder,
    wait: request.wait,
    signal,
    onWaiting: (other) => {
      holder = other;
      if (request.wait) emit({ type: 'lock-waiting', holder: other });
    },
  });
  if (state === undefined) return { kind: 'locked', holder };
  const history = keepHistory(request);
  try {
    for (const message of state.journal.loaded.remarks)
      emit({ type: 'warning', diagnostic: { severity: 'warning', message } });
    const code = new Code(request.builtins, workspace, state.memo);
    let forced: ReadonlySet<number> = new Set();
    const parts = { workspace, loaded: state.journal.loaded, memo: state.memo, code };
    const options: PassOptions = {
      dry: false,
      refresh: request.refresh,
      sweep: request.sweep,
      retryWaitMs: request.retryWaitMs,
      offline: request.offline,
      force: (target) => forced.has(target.index),
      now: request.now,
    };
    const session = new Session(manifest, { ...parts, options });
    const probe = (): Session =>
      new Session(manifest, { ...parts, options: { ...options, dry: true, force: () => false } });
    const selection = await select(session, request, probe);
    if (!selection.ok) return { kind: 'invalid', diagnostics: selection.diagnostics };
    const { roots } = selection.value;
    if (request.force) forced = roots.selected;

    const counts = counting();
    const told: Listener = (event) => {
      counts.listen(event);
      history.listener(event);
      emit(event);
    };
    told({
      type: 'build-started',
      asOf: formatInstant(manifest.asOf),
      dryRun: false,
      selectors: request.selectors,
      rules: [...manifest.rules.keys()],
    });
    const runner = new LocalRunner(session, state, told, signal);
    const { jobs, failFast } = request;
    await schedule(session, roots, { runner, jobs, failFast, signal, emit: told });
    const runId = repairLatest(session, emit);
    told({
      type: 'build-finished',
      asOf: formatInstant(manifest.asOf),
      runId,
      ...counts.value,
      seconds: Math.round(performance.now() - started) / 1000,
      interrupted: signal.aborted,
    });
    const missing = signal.aborted ? [] : unmet(session, selection.value);
    if (missing.length > 0) return { kind: 'invalid', diagnostics: missing };
    return { kind: 'built', counts: counts.value, interrupted: signal.aborted, runId };
  } catch (thrown) {
    history.broke(thrown);
    throw thrown;
  } finally {
    await state.close();
  }
}

function counting(): { readonly value: Record<Outcome, number>; readonly listen: Listener } {
  const value: Record<Outcome, number> = {
    executed: 0,
    restored: 0,
    checked: 0,
    fresh: 0,
    absent: 0,
    failed: 0,
    blocked: 0,
  };
  return {
    value,
    listen: (event) => {
      if (event.type === 'target-finished') value[event.outcome]++;
    },
  };
}

/** Answers the run_id that the last numbered rule of this pass stands at, its `latest` pointing there. */
function repairLatest(session: Session, emit: Listener): string | null {
  let runId: string | null = null;
  for (const { index } of session.graph.targets) {
    const settled = session.settled(index);
    if (!settled || !('record' in settled) || settled.record?.runId === undefined) continue;
    runId = settled.record.runId;
    try {
      for (const { path } of settled.record.outputs) pointLatest(session.memo.absolute(path), runId);
    } catch (thrown) {
      if (!(thrown instanceof PlaceTaken)) throw thrown;
      // The run itself stands under its own name: only the shortcut to it is missing.
      emit({ type: 'warning', diagnostic: { severity: 'warning', message: thrown.message } });
    }
  }
  return runId;
}
