/** Repairs the links to the last runs of numbered rules, which users may have removed or turned. Runs nothing. */
import type { Listener } from './events.ts';
import { isNumbered } from './graph/outputs.ts';
import { pointLatest } from './run/latest-link.ts';
import { PlaceTaken } from './run/place-taken.ts';
import type { Session } from './run/session.ts';

/** Answers the run_id that the last numbered rule of this pass stands at, its `latest` pointing there. */
export function repairAll(session: Session, emit: Listener): string | null {
  let runId: string | null = null;
  for (const { index, rule } of session.graph.targets) {
    if (!isNumbered(rule)) continue;
    const settled = session.settled(index);
    if (!settled || !('record' in settled) || settled.record?.runId === undefined) continue;
    runId = settled.record.runId;
    const outputs = settled.record.outputs.map(({ path }) => session.memo.absolute(path));
    repairLatest(runId, outputs, emit);
  }
  return runId;
}

export function repairLatest(runId: string, outputs: readonly string[], emit: Listener): void {
  try {
    for (const path of outputs) pointLatest(path, runId);
  } catch (thrown) {
    if (!(thrown instanceof PlaceTaken)) throw thrown;
    // The run itself stands under its own name: only the shortcut to it is missing.
    emit({ type: 'warning', diagnostic: { severity: 'warning', message: thrown.message } });
  }
}
