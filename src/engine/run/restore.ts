/**
 * Puts a past result in place instead of running: contents out of the store, checked by their digests, and committed
 * as the outputs of a run are. Of an intermediate whose files nobody needs, the record alone comes back. Whatever
 * cannot be had is built. It does not decide what may be restored.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isNumbered } from '../graph/outputs.ts';
import { sha256File } from '../hash.ts';
import { entryAt, errorCode, filesBelow, removeTree } from '../state/files.ts';
import { Unreadable } from '../state/memo.ts';
import type { OutputFact } from '../state/record.ts';
import type { BuildState } from '../state/workspace-state.ts';
import { clearPlaces } from './commit.ts';
import type { RunPlan } from './decide.ts';
import type { Past, PastOutputs } from './past.ts';
import type { OutputPlace } from './places.ts';
import { placesIn, runIdOf, temporaryFor } from './places.ts';
import { mayBeGone } from './reasons.ts';
import type { Warn } from './recording.ts';
import { appendSuccess, changedPlaces, inputsHold, ownershipIn, stageOutputs } from './recording.ts';
import type { Rounds } from './rounds.ts';
import type { RunResult } from './runner.ts';
import type { Session } from './session.ts';
import { digestOfDirectory } from './success.ts';

/** `again`: it could not be done, or inputs have changed: the target is to be decided anew. */
export async function restore(
  session: Session,
  state: BuildState,
  rounds: Rounds,
  plan: RunPlan,
  past: PastOutputs,
  warn: Warn,
): Promise<RunResult> {
  const { past: kept } = session;
  if (kept === undefined) throw new Error(`${plan.target.id} is to be restored where nothing is kept`);
  const started = performance.now();
  const runId = runIdOf(session, plan);
  const folder = temporaryFor(session, state, plan, runId);
  try {
    const places = placesIn(folder, session, plan, runId);
    const outputs = places.map(({ name, path }) => ({ name, path, digest: factOf(past, name).digest }));
    const changed = changedPlaces(session, places, outputs);
    const got = await bring(session, kept, changed, past);
    if (!got && !(mayBeGone(session, plan.target) && clears(changed))) return refused(kept, plan);
    if (!inputsHold(session, plan)) return { kind: 'again' };
    const numbered = isNumbered(plan.target.rule);
    const facts = {
      outputs,
      discovered: past.discovered,
      ...(past.origins === undefined ? {} : { origins: past.origins }),
      ...(past.alerts === undefined ? {} : { alerts: past.alerts }),
      ...(numbered ? { runId } : {}),
      seconds: Math.round(performance.now() - started) / 1000,
    };
    const record = await rounds.commit({
      stage: () => {
        if (got) return stageOutputs(session, plan, changed, warn);
        clearPlaces(changed, ownershipIn(session, plan, warn));
        return undefined;
      },
      record: () => appendSuccess(session, state, plan, facts),
    });
    const { reasons } = plan;
    return {
      kind: 'settled',
      settled: { state: 'restored', record, elided: !got, reasons },
      outcome: 'restored',
    };
  } catch (thrown) {
    // A disk that is full, say: a run that fails of it says so.
    if (errorCode(thrown) === undefined && !(thrown instanceof Unreadable)) throw thrown;
    return refused(kept, plan);
  } finally {
    removeTree(folder);
  }
}

function refused(past: Past, plan: RunPlan): RunResult {
  past.refuse(plan);
  return { kind: 'again' };
}

function factOf({ outputs }: PastOutputs, name: string): OutputFact {
  const fact = outputs.find((each) => each.name === name);
  if (fact === undefined) throw new Error(`a past result without output "${name}" was to be restored`);
  return fact;
}

/** All of them, each as it was, at its temporary path; false where one cannot be had. */
async function bring(
  session: Session,
  { store }: Past,
  places: readonly OutputPlace[],
  past: PastOutputs,
): Promise<boolean> {
  for (const { name, path, temporary, directory } of places) {
    const { digest, path: old } = factOf(past, name);
    if (await store.give(digest, directory, temporary)) continue;
    // A run that had another number stands where it stood.
    if (old === path || session.memo.digest(old) !== digest) return false;
    copyTree(session.memo.absolute(old), temporary, directory);
    const copied = directory ? digestOfDirectory(temporary) : await sha256File(temporary);
    if (copied !== digest) return false;
  }
  return true;
}

function copyTree(from: string, to: string, directory: boolean): void {
  for (const name of directory ? filesBelow(from) : ['']) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    copyFileSync(join(from, name), join(to, name));
  }
}

/** Whether what stands there may go, as it would if the target ran: something of another kind is for a run to refuse. */
function clears(places: readonly OutputPlace[]): boolean {
  return places.every(({ final, directory }) => {
    const there = entryAt(final);
    return there === undefined || there.isDirectory() === directory;
  });
}
