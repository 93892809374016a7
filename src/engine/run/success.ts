/** From what a run has left to the facts that are recorded of it. It writes neither outputs nor records. */
import type { Failure } from '../events.ts';
import { namesRunId } from '../graph/template.ts';
import type { Digest } from '../hash.ts';
import { StatMemo } from '../state/memo.ts';
import type { OutputFact, SuccessRecord } from '../state/record.ts';
import type { TaskDone } from '../task.ts';
import type { RunPlan } from './decide.ts';

/** What a run that has written its outputs has come to. */
export interface Ended {
  readonly done: TaskDone;
  readonly incomplete: Failure | undefined;
  readonly runId: string;
  readonly learnt: SuccessRecord['discovered'];
}

export function factsOf(
  plan: RunPlan,
  { done, incomplete, runId, learnt }: Ended,
): Pick<SuccessRecord, 'discovered'> & Partial<SuccessRecord> {
  const numbered = plan.target.rule.outputs.some(({ template }) => namesRunId(template));
  const { recheckAfter } = done;
  return {
    discovered: learnt,
    ...(recheckAfter === undefined ? {} : { recheckAt: new Date(Date.now() + recheckAfter).toISOString() }),
    ...(incomplete === undefined ? {} : { incomplete }),
    ...(numbered ? { runId } : {}),
  };
}

/** When a volatile target last looked at all there is: now, or at an earlier run. */
export function sweptAt({ target, sweep, previous }: RunPlan): Pick<SuccessRecord, 'sweptAt'> {
  if (target.rule.sweepAfterMs === undefined) return {};
  const at = sweep ? new Date().toISOString() : previous?.sweptAt;
  return at === undefined ? {} : { sweptAt: at };
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
