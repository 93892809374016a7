/** From how a target settled to what listeners are told of it. */
import type { BuildEvent, Outcome } from '../events.ts';
import type { Target } from '../graph/graph.ts';
import type { SuccessRecord } from '../state/record.ts';
import type { RunPlan } from './decide.ts';
import type { Settled } from './settled.ts';

export function finished(
  { id, rule }: Target,
  settled: Settled,
  outcome: Outcome,
  seconds: number,
): Extract<BuildEvent, { type: 'target-finished' }> {
  return {
    type: 'target-finished',
    target: id,
    rule: rule.name,
    outcome,
    reasons: settled.reasons,
    seconds: Math.round(seconds * 1000) / 1000,
    ...(settled.state === 'absent' ? { absent: settled.reason } : {}),
    ...(settled.state === 'failed' ? { failure: settled.failure } : {}),
    ...('incomplete' in settled ? { failure: settled.incomplete } : {}),
    ...('changes' in settled ? { changes: settled.changes } : {}),
    ...('record' in settled && settled.record
      ? { outputs: settled.record.outputs.map(({ path }) => path), ...alertsOf(settled.record) }
      : {}),
  };
}

function alertsOf({ alerts }: SuccessRecord): Pick<SuccessRecord, 'alerts'> {
  return alerts === undefined ? {} : { alerts };
}

/** Undefined in dry runs, where nothing comes of what is stale. */
export function outcomeOf(settled: Settled): Outcome | undefined {
  switch (settled.state) {
    case 'stale':
    case 'pending':
      return undefined;
    default:
      return 'incomplete' in settled && settled.incomplete !== undefined ? 'failed' : settled.state;
  }
}

/** A target that was decided anew too often. */
export function unstable({ target, reasons }: RunPlan, times: number): Settled {
  const message = `${target.id}: its inputs changed while it ran, ${times} times in a row`;
  const failure = { code: 'input-unstable', message, hint: 'wait until whatever writes them has finished' };
  return { state: 'failed', failure, reasons };
}
