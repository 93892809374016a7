/**
 * Runs one target: start mark → task into temporary outputs → verify → re-check inputs → flush, rename → record.
 * Knows nothing of the graph or of other targets; the local executor.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, Listener } from '../events.ts';
import { FINE_TICK_MS, Unreadable } from '../state/memo.ts';
import type { SuccessRecord } from '../state/record.ts';
import type { BuildState } from '../state/workspace-state.ts';
import { Apart } from './apart.ts';
import type { Attempted } from './attempt.ts';
import { attempt } from './attempt.ts';
import type { RunPlan } from './decide.ts';
import { unreadable } from './decide.ts';
import { digestOutputs } from './digest-outputs.ts';
import { DiskRoom } from './disk-room.ts';
import type { Stamped } from './held-still.ts';
import { movedInputs, Restless, stampInputs } from './held-still.ts';
import { learn } from './learnt.ts';
import { refuseOffline } from './offline.ts';
import { offspring } from './offspring.ts';
import { diskTrouble, wrongShape } from './output-trouble.ts';
import type { PastOutputs } from './past.ts';
import { sourceGone } from './pinned.ts';
import type { OutputPlace } from './places.ts';
import { placesIn, runIdOf, temporaryFor } from './places.ts';
import { appendSuccess, changedPlaces, stageOutputs } from './recording.ts';
import { restore } from './restore.ts';
import { Rounds } from './rounds.ts';
import type { Runner, RunResult } from './runner.ts';
import type { Session } from './session.ts';
import type { Ended } from './success.ts';
import { changesOf, dueAgain, factsOf, sameOutputs, sweptAt } from './success.ts';

/** Of one run. */
interface Times {
  readonly seconds: number;
  /** The wall clock when it began, epoch milliseconds. */
  readonly since: number;
  /** What its inputs were stamped with then. */
  readonly stamped: Stamped;
}

export class LocalRunner implements Runner {
  readonly #session: Session;
  readonly #state: BuildState;
  readonly #emit: Listener;
  readonly #signal: AbortSignal;
  readonly #room: DiskRoom;
  readonly #restless = new Restless();
  readonly #rounds: Rounds;
  readonly #apart: Apart;

  constructor(session: Session, state: BuildState, emit: Listener, signal: AbortSignal) {
    this.#session = session;
    this.#state = state;
    this.#emit = emit;
    this.#signal = signal;
    this.#room = new DiskRoom(session.memo);
    this.#rounds = new Rounds(state.journal);
    this.#apart = new Apart(session);
  }

  expect(plan: RunPlan): void {
    this.#room.claim(plan);
    this.#apart.expect(plan);
  }

  async run(plan: RunPlan, worked: () => void): Promise<RunResult> {
    try {
      const refused = await refuseOffline(this.#session, plan);
      if (refused !== undefined) return refused;
      const shortage = this.#room.shortage(plan);
      return shortage === undefined ? await this.#run(plan, worked) : this.#fail(plan, shortage);
    } finally {
      this.#room.release(plan);
      this.#apart.over(plan);
    }
  }

  restore(plan: RunPlan, past: PastOutputs): Promise<RunResult> {
    return restore(this.#session, this.#state, this.#rounds, plan, past, this.#warnOf(plan));
  }

  #warnOf({ target: { id } }: RunPlan): (message: string) => void {
    return (message) => this.#emit({ type: 'target-warning', target: id, message });
  }

  async #run(plan: RunPlan, worked: () => void): Promise<RunResult> {
    const runId = runIdOf(this.#session, plan);
    this.#state.journal.append({ kind: 'start', target: plan.target.id }, false);
    const folder = temporaryFor(this.#session, this.#state, plan, runId);
    const started = performance.now();
    const since = Date.now();
    const stamped = stampInputs(this.#session, plan);
    const before = offspring();
    let spare = false;
    try {
      const places = placesIn(folder, this.#session, plan, runId);
      const attempted = await attempt({
        session: this.#session,
        plan,
        places,
        emit: this.#emit,
        signal: this.#signal,
        threads: this.#apart.threadsFor(plan),
      });
      const seconds = Math.round(performance.now() - started) / 1000;
      worked();
      const result = await this.#finish(plan, places, runId, attempted, { seconds, since, stamped });
      spare = result.kind === 'settled' && 'record' in result.settled && isLeft(plan, before);
      return result;
    } catch (thrown) {
      const failure = thrown instanceof Unreadable ? unreadable(thrown) : diskTrouble(plan.target.id, thrown);
      if (failure === undefined) throw thrown;
      return this.#fail(plan, failure);
    } finally {
      if (spare) this.#state.temporary.giveBack(folder);
      else this.#state.temporary.remove(folder);
    }
  }

  async #finish(
    plan: RunPlan,
    places: readonly OutputPlace[],
    runId: string,
    attempted: Attempted,
    times: Times,
  ): Promise<RunResult> {
    switch (attempted.kind) {
      case 'failed':
        return this.#fail(plan, attempted.failure);
      case 'absent': {
        const moved = movedInputs(this.#session, plan, times.stamped);
        if (moved.length > 0) return this.#restless.again(plan, moved);
        const gone = sourceGone(this.#session, plan.target, plan.partition, []);
        if (gone !== undefined) return this.#fail(plan, gone);
        const { reason, recheckAfter } = attempted;
        await this.#record(plan, times.seconds, [], {
          outputs: [],
          discovered: [],
          absent: { reason, ...dueAgain(recheckAfter) },
        });
        return {
          kind: 'settled',
          settled: { state: 'absent', reason, reasons: plan.reasons },
          outcome: 'absent',
        };
      }
      case 'done': {
        const learnt = learn(this.#session, plan, attempted.done, times.since);
        switch (learnt.kind) {
          case 'failed':
            return this.#fail(plan, learnt.failure);
          case 'moved':
            // Or the same time stamps would look like another change.
            await sleep(FINE_TICK_MS);
            return this.#restless.again(plan, [learnt.path]);
          case 'learnt':
            return this.#commit(plan, places, { ...attempted, runId, learnt: learnt.inputs }, times);
        }
      }
    }
  }

  #fail(plan: RunPlan, failure: Failure): RunResult {
    const { target, fingerprint, reasons } = plan;
    // An interrupted target has not failed: nothing is known of it.
    if (this.#signal.aborted) return { kind: 'again' };
    const finishedAt = new Date().toISOString();
    this.#state.journal.append(
      { kind: 'failure', target: target.id, fingerprint, failure, finishedAt },
      true,
    );
    return { kind: 'settled', settled: { state: 'failed', failure, reasons }, outcome: 'failed' };
  }

  async #commit(
    plan: RunPlan,
    places: readonly OutputPlace[],
    ended: Ended,
    { seconds, stamped }: Times,
  ): Promise<RunResult> {
    for (const place of places) {
      const problem = wrongShape(place);
      if (problem !== undefined) {
        return this.#fail(plan, { code: 'output-missing', message: `${plan.target.id}: ${problem}` });
      }
    }
    const outputs = await digestOutputs(places);
    const moved = movedInputs(this.#session, plan, stamped);
    if (moved.length > 0) return this.#restless.again(plan, moved);
    const gone = sourceGone(this.#session, plan.target, plan.partition, outputs);
    if (gone !== undefined) return this.#fail(plan, gone);
    const changed = changedPlaces(this.#session, places, outputs);
    const record = await this.#record(plan, seconds, changed, {
      outputs,
      ...factsOf(plan, { ...ended, outputs, workspace: this.#session.workspace }),
    });
    const { incomplete, done } = ended;
    const same = plan.onlyDue && sameOutputs(plan.previous, outputs);
    const outcome = same ? 'checked' : 'executed';
    return {
      kind: 'settled',
      settled: {
        state: outcome,
        record,
        elided: false,
        reasons: plan.reasons,
        ...changesOf(done),
        ...(incomplete === undefined ? {} : { incomplete }),
      },
      outcome: incomplete === undefined ? outcome : 'failed',
    };
  }

  #record(
    plan: RunPlan,
    seconds: number,
    changed: readonly OutputPlace[],
    facts: Pick<SuccessRecord, 'outputs' | 'discovered'> & Partial<SuccessRecord>,
  ): Promise<SuccessRecord> {
    const all = { ...facts, ...sweptAt(plan, facts.incomplete), seconds };
    return this.#rounds.commit({
      stage: () => stageOutputs(this.#session, plan, changed, this.#warnOf(plan)),
      record: () => appendSuccess(this.#session, this.#state, plan, all),
    });
  }
}

/** Whether nobody can work in a target's folder any more. */
function isLeft({ target }: RunPlan, offspringBefore: number): boolean {
  switch (target.rule.action.kind) {
    case 'builtin':
      return true;
    case 'module':
      // What it has started may be there still.
      return offspring() === offspringBefore;
    case 'run':
      return false;
  }
}
