/**
 * In a watch, a target that has failed is not run again before something has changed that it depends on: what it
 * failed by then is told again. Runs nothing.
 */
import type { RunPlan } from './decide.ts';
import { dueReason, hasPassed } from './reasons.ts';
import type { Session } from './session.ts';
import type { Settled } from './settled.ts';

/** Undefined: it is to run. Sources that are asked again by their age are, also after a failure. */
export function keptFailure(session: Session, plan: RunPlan): Settled | undefined {
  const { loaded, options } = session;
  const { target, fingerprint, previous, reasons } = plan;
  if (options.dry || options.keepFailed?.(target.id) !== true || options.force(target)) return undefined;
  const known = loaded.failures.get(target.id);
  if (known !== undefined) {
    if (known.fingerprint !== fingerprint) return undefined;
    const { refreshAfterMs } = target.rule;
    if (refreshAfterMs !== undefined && hasPassed(refreshAfterMs, known.finishedAt, options.now))
      return undefined;
    return { state: 'failed', failure: known.failure, reasons };
  }
  if (previous?.incomplete === undefined || !reasons.every(({ kind }) => kind === 'failed')) return undefined;
  if (dueReason(session, target, previous) !== undefined) return undefined;
  return { state: 'checked', record: previous, elided: false, reasons, incomplete: previous.incomplete };
}
