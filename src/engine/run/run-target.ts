/**
 * Runs one target: start mark → task into temporary outputs → verify → re-check inputs → flush, rename → record.
 * Knows nothing of the graph or of other targets; the local executor.
 */
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, Listener } from '../events.ts';
import { sha256File } from '../hash.ts';
import { formatInstant } from '../manifest/instant.ts';
import type { OutputSpec } from '../manifest/model.ts';
import { removeTree } from '../state/files.ts';
import { FINE_TICK_MS, Unreadable } from '../state/memo.ts';
import type { OutputFact, SuccessRecord } from '../state/record.ts';
import type { BuildState } from '../state/workspace-state.ts';
import type { Attempted } from './attempt.ts';
import { attempt } from './attempt.ts';
import type { Placement } from './commit.ts';
import { putInPlace } from './commit.ts';
import type { RunPlan } from './decide.ts';
import { unreadable } from './decide.ts';
import { DiskRoom } from './disk-room.ts';
import { learn } from './learnt.ts';
import { makeWay } from './make-way.ts';
import { refuseOffline } from './offline.ts';
import { diskTrouble, wrongShape } from './output-trouble.ts';
import { outputPath } from './parts.ts';
import type { Runner, RunResult } from './runner.ts';
import type { Session } from './session.ts';
import type { Ended } from './success.ts';
import { changesOf, digestOfDirectory, dueAgain, factsOf, sameOutputs, sweptAt } from './success.ts';

export interface OutputPlace extends Placement {
  readonly name: string;
  /** As it is recorded: relative to the workspace, or absolute. */
  readonly path: string;
}

export class LocalRunner implements Runner {
  readonly #session: Session;
  readonly #state: BuildState;
  readonly #emit: Listener;
  readonly #signal: AbortSignal;
  readonly #room: DiskRoom;

  constructor(session: Session, state: BuildState, emit: Listener, signal: AbortSignal) {
    this.#session = session;
    this.#state = state;
    this.#emit = emit;
    this.#signal = signal;
    this.#room = new DiskRoom(session.memo);
  }

  expect(plan: RunPlan): void {
    this.#room.claim(plan);
  }

  async run(plan: RunPlan): Promise<RunResult> {
    try {
      const refused = await refuseOffline(this.#session, plan);
      if (refused !== undefined) return refused;
      const shortage = this.#room.shortage(plan);
      return shortage === undefined ? await this.#run(plan) : this.#fail(plan, shortage);
    } finally {
      this.#room.release(plan);
    }
  }

  async #run(plan: RunPlan): Promise<RunResult> {
    const { rule } = plan.target;
    const runId = `${formatInstant(this.#session.graph.manifest.asOf).slice(0, 10)}-${plan.fingerprint.slice(0, 8)}`;
    this.#state.journal.append({ kind: 'start', target: plan.target.id }, false);
    const firstPath = rule.outputs[0] ? outputPath(rule.outputs[0], plan.partition, runId) : '';
    const folder = this.#state.temporaryFolder(this.#session.memo.absolute(firstPath));
    const started = performance.now();
    const since = Date.now();
    try {
      const places = rule.outputs.map((output) => this.#place(plan, output, runId, folder));
      const attempted = await attempt({
        session: this.#session,
        plan,
        places,
        emit: this.#emit,
        signal: this.#signal,
      });
      const seconds = Math.round(performance.now() - started) / 1000;
      return await this.#finish(plan, places, runId, attempted, { seconds, since });
    } catch (thrown) {
      const failure = thrown instanceof Unreadable ? unreadable(thrown) : diskTrouble(plan.target.id, thrown);
      if (failure === undefined) throw thrown;
      return this.#fail(plan, failure);
    } finally {
      removeTree(folder);
    }
  }

  #place(plan: RunPlan, output: OutputSpec, runId: string, folder: string): OutputPlace {
    const path = outputPath(output, plan.partition, runId).replace(/\/$/, '');
    const temporary = join(folder, output.name, basename(path));
    mkdirSync(output.directory ? temporary : dirname(temporary), { recursive: true });
    const { name, directory } = output;
    return { name, path, directory, temporary, final: this.#session.memo.absolute(path) };
  }

  async #finish(
    plan: RunPlan,
    places: readonly OutputPlace[],
    runId: string,
    attempted: Attempted,
    times: { readonly seconds: number; readonly since: number },
  ): Promise<RunResult> {
    switch (attempted.kind) {
      case 'failed':
        return this.#fail(plan, attempted.failure);
      case 'absent': {
        if (!this.#inputsHold(plan)) return { kind: 'again' };
        const { reason, recheckAfter } = attempted;
        this.#record(plan, times.seconds, {
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
            return { kind: 'again' };
          case 'learnt':
            return this.#commit(plan, places, { ...attempted, runId, learnt: learnt.inputs }, times.seconds);
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
    seconds: number,
  ): Promise<RunResult> {
    const { memo } = this.#session;
    for (const place of places) {
      const problem = wrongShape(place);
      if (problem !== undefined) {
        return this.#fail(plan, { code: 'output-missing', message: `${plan.target.id}: ${problem}` });
      }
    }
    const outputs = await Promise.all(
      places.map(
        async ({ name, path, temporary, directory }): Promise<OutputFact> => ({
          name,
          path,
          digest: directory ? digestOfDirectory(temporary) : await sha256File(temporary),
        }),
      ),
    );
    if (!this.#inputsHold(plan)) return { kind: 'again' };

    // Files that would be replaced by their own content stay: readers and the memo are spared.
    const changed = places.filter(({ path }, at) => memo.digest(path) !== outputs[at]?.digest);
    for (const place of changed) makeWay(this.#session, place);
    putInPlace(changed);
    const record = this.#record(plan, seconds, { outputs, ...factsOf(plan, ended) });
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
    facts: Pick<SuccessRecord, 'outputs' | 'discovered'> & Partial<SuccessRecord>,
  ): SuccessRecord {
    const { journal } = this.#state;
    const { target, fingerprint, parts, code } = plan;
    if (code !== undefined && !journal.loaded.codes.has(code.digest)) {
      journal.append({ kind: 'code', digest: code.digest, files: code.files }, false);
    }
    const record: SuccessRecord = {
      kind: 'success',
      target: target.id,
      fingerprint,
      parts,
      ...facts,
      ...sweptAt(plan, facts.incomplete),
      finishedAt: new Date().toISOString(),
      seconds,
    };
    journal.append(record, true);
    return record;
  }

  /** What was digested before the task ran is still what stands there. */
  #inputsHold({ gathered }: RunPlan): boolean {
    return gathered.inputs.every(({ items }) =>
      items.every(({ path, digest }) => this.#session.memo.digest(path) === digest),
    );
  }
}
