/**
 * A build that need not be made: what an earlier one found still stands, and is told again by number. Knows no pass.
 */
import { resolve } from 'node:path';
import type { Counts } from './counts.ts';
import { counting } from './counts.ts';
import type { AlertCounts, Listener } from './events.ts';
import type { RunRequest } from './history/collector.ts';
import { keepHistory } from './history/keep.ts';
import { repairLatest } from './latest.ts';
import { formatInstant } from './manifest/instant.ts';
import type { Asked, Found as FoundStanding, StandingRequest } from './standing.ts';
import { findStanding, mayRemember } from './standing.ts';
import type { Verdict } from './state/standing.ts';
import type { Held } from './state/workspace-state.ts';

export interface RecallRequest extends Omit<StandingRequest, 'program'>, Asked, RunRequest {
  readonly signal: AbortSignal;
  readonly emit: Listener;
  readonly tellEach?: boolean;
}

export interface Recalled {
  readonly counts: Counts;
  readonly alerts: AlertCounts;
  readonly interrupted: boolean;
  readonly runId: string | null;
}

/** What an earlier pass is good for: it is told again, or spares the decision on the targets that stand. */
export type Found =
  | { readonly kind: 'all'; readonly recalled: Recalled }
  | { readonly kind: 'most'; readonly found: FoundStanding };

/** Of a workspace in which nothing has changed since there was nothing to do: the same again, without a pass. */
export async function recall(request: RecallRequest, held: Held): Promise<Found | undefined> {
  if (!mayRemember(request)) return undefined;
  const started = performance.now();
  let ended = false;
  try {
    const { workspace, manifest, builtins, now, program = '', looker } = request;
    const found = await findStanding({ workspace, manifest, builtins, now, program, looker });
    if (found?.kind !== 'all' || request.tellEach) return found && { kind: 'most', found };
    ended = true;
    return { kind: 'all', recalled: tellStanding(request, found.standing.verdict, started) };
  } catch (thrown) {
    ended = true;
    throw thrown;
  } finally {
    if (ended) await held.release();
  }
}

function tellStanding(request: RecallRequest, verdict: Verdict, started: number): Recalled {
  const { manifest, emit, signal } = request;
  const asOf = formatInstant(manifest.asOf);
  const counts = counting();
  const history = keepHistory(request);
  const told: Listener = (event) => {
    counts.listen(event);
    history.listener(event);
    emit(event);
  };
  try {
    const rules = [...manifest.rules.keys()];
    told({ type: 'build-started', asOf, dryRun: false, selectors: [], rules });
    for (const { rule, outcome, count } of verdict.counts) {
      told({ type: 'targets-planned', rule, count });
      told({ type: 'targets-stood', rule, outcome, count });
    }
    let runId: string | null = null;
    for (const { target, rule, run, outputs } of verdict.alone) {
      told({ type: 'targets-planned', rule, count: 1 });
      told({ type: 'target-finished', target, rule, outcome: 'fresh', reasons: [], seconds: 0, outputs });
      if (run === null) continue;
      runId = run;
      repairLatest(
        run,
        outputs.map((path) => resolve(request.workspace, path)),
        emit,
      );
    }
    const seconds = Math.round(performance.now() - started) / 1000;
    const interrupted = signal.aborted;
    told({
      type: 'build-finished',
      asOf,
      runId,
      ...counts.value,
      seconds,
      interrupted,
      alerts: counts.alerts,
    });
    return { counts: counts.value, alerts: counts.alerts, interrupted, runId };
  } catch (thrown) {
    history.broke(thrown);
    throw thrown;
  }
}
