/** From what a run has left to the facts that are recorded of it. It writes neither outputs nor records. */
import type { Failure } from '../events.ts';
import { isNumbered } from '../graph/outputs.ts';
import type { Digest } from '../hash.ts';
import { StatMemo } from '../state/memo.ts';
import type { OutputFact, SuccessRecord } from '../state/record.ts';
import type { TaskDone } from '../task.ts';
import type { RunPlan } from './decide.ts';
import type { Written } from './origins.ts';
import { originsOf } from './origins.ts';

/** What a run that has written its outputs has come to. */
export interface Ended {
  readonly done: TaskDone;
  readonly incomplete: Failure | undefined;
  readonly runId: string;
  readonly learnt: SuccessRecord['discovered'];
}

export function factsOf(
  plan: RunPlan,
  { done, incomplete, runId, learnt, ...written }: Ended & Written,
): Pick<SuccessRecord, 'discovered'> & Partial<SuccessRecord> {
  const numbered = isNumbered(plan.target.rule);
  return {
    discovered: learnt,
    ...originsOf(done, written, plan.previous),
    ...dueAgain(done.recheckAfter),
    ...alertsOf(done),
    ...(incomplete === undefined ? {} : { incomplete }),
    ...(numbered ? { runId } : {}),
  };
}

/** By what the contract names: a task may put more into them. */
function alertsOf({ alerts = [] }: TaskDone): Pick<SuccessRecord, 'alerts'> {
  if (alerts.length === 0) return {};
  return { alerts: alerts.map(({ level, code, message }) => ({ level, code, message })) };
}

/** The last instant that a date can name. */
const LAST_INSTANT = 8.64e15;

/** An answer that outlasts all dates is never due again; a time that is no number is at once. */
export function dueAgain(recheckAfter: number | undefined): { readonly recheckAt?: string } {
  if (recheckAfter === undefined) return {};
  const at = Date.now() + (recheckAfter || 0);
  return at > LAST_INSTANT ? {} : { recheckAt: new Date(Math.max(0, at)).toISOString() };
}

/** When a volatile target last looked at all there is: now, or at an earlier run if this one has not seen it all. */
export function sweptAt(
  { target, sweep, previous }: RunPlan,
  incomplete: Failure | undefined,
): Pick<SuccessRecord, 'sweptAt'> {
  if (target.rule.sweepAfterMs === undefined) return {};
  const at = sweep && incomplete === undefined ? new Date().toISOString() : previous?.sweptAt;
  return at === undefined ? {} : { sweptAt: at };
}

/** What the task counted, but for zeros and what is no number. */
export function changesOf({ changes = {} }: TaskDone): Pick<TaskDone, 'changes'> {
  const counted = Object.entries(changes).filter(([, count]) => Number.isFinite(count) && count !== 0);
  return counted.length === 0 ? {} : { changes: Object.fromEntries(counted) };
}

export function sameOutputs(previous: SuccessRecord | undefined, outputs: readonly OutputFact[]): boolean {
  if (previous === undefined || previous.outputs.length !== outputs.length) return false;
  return outputs.every(({ path, digest }, at) => {
    const old = previous.outputs[at];
    return old?.path === path && old.digest === digest;
  });
}

export function digestOfDirectory(folder: string): Digest {
  const digest = new StatMemo('', folder).digest('./');
  if (digest === undefined) throw new Error(`${folder} vanished while it was hashed`);
  return digest;
}
