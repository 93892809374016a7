/**
 * What was made before: keeps the results that a build replaces and their contents, and finds those that may stand
 * again. Every build has it that may write; a pass that only looks has none. It builds and commits nothing.
 */
import type { Rule } from '../manifest/model.ts';
import type { OutputFact, SuccessRecord } from '../state/record.ts';
import type { PastResults } from '../state/results.ts';
import type { Store } from '../state/store.ts';
import type { RunPlan } from './decide.ts';
import { mayBeGone } from './reasons.ts';
import type { Session } from './session.ts';
import { sameOutputs } from './success.ts';

/** Reasons for which the very same result may stand again. Others call for a run whatever there was before. */
const CONTENT: ReadonlySet<string> = new Set(['input', 'param', 'code', 'output', 'new']);

/** What may stand in for a run: outputs with the digests that they had, wherever their content is to come from. */
export interface PastOutputs {
  readonly outputs: readonly OutputFact[];
  readonly discovered: SuccessRecord['discovered'];
  readonly origins?: NonNullable<SuccessRecord['origins']>;
  readonly alerts?: NonNullable<SuccessRecord['alerts']>;
}

export class Past {
  readonly store: Store;
  readonly results: PastResults;
  readonly #lastRun: () => number;
  readonly #failed = new Set<string>();
  #run: number | undefined;

  /** `lastRun`: the number of the build before this one, asked for when something is replaced. */
  constructor(store: Store, results: PastResults, lastRun: () => number) {
    this.store = store;
    this.results = results;
    this.#lastRun = lastRun;
  }

  /** The number that the present build will have in the history. */
  get run(): number {
    this.#run ??= this.#lastRun() + 1;
    return this.#run;
  }

  /** Called before `next` is recorded in place of `previous`. */
  noteReplaced({ target: { rule } }: RunPlan, previous: SuccessRecord, next: SuccessRecord): void {
    const sameFingerprint = previous.fingerprint === next.fingerprint;
    if (previous.outputs.length === 0 || (sameFingerprint && sameOutputs(previous, next.outputs))) return;
    // Where one fingerprint had two results, the task hangs on more than is known: the newer one was asked for.
    const restorable = isRestorable(rule) && isSettled(previous) && !sameFingerprint;
    this.results.add(previous, restorable, this.run);
  }

  /** It was tried, and its content was damaged: the target is to be built. */
  refuse({ target, fingerprint }: RunPlan): void {
    this.#failed.add(`${fingerprint} ${target.id}`);
  }

  /** A result of just what the target depends on now, if its content can be had, or nobody needs it. */
  find(
    session: Session,
    plan: Pick<RunPlan, 'target' | 'fingerprint' | 'previous' | 'reasons'>,
  ): PastOutputs | undefined {
    const { target, fingerprint, previous, reasons } = plan;
    const { rule } = target;
    if (!isRestorable(rule) || !reasons.every(({ kind }) => CONTENT.has(kind))) return undefined;
    if (this.#failed.has(`${fingerprint} ${target.id}`)) return undefined;
    const found = previous?.fingerprint === fingerprint ? previous : this.#earlier(plan);
    if (found === undefined || !isSettled(found)) return undefined;
    return this.#canStand(session, plan, found) ? found : undefined;
  }

  #earlier({ target, fingerprint }: Pick<RunPlan, 'target' | 'fingerprint'>): PastOutputs | undefined {
    const found = this.results.find(target.id, fingerprint);
    return found?.restorable === true ? found : undefined;
  }

  #canStand(
    session: Session,
    { target }: Pick<RunPlan, 'target'>,
    { outputs, discovered }: PastOutputs,
  ): boolean {
    const { memo } = session;
    const unchanged = discovered.every(
      ([path, digest]) => (memo.digest(path) ?? 'missing') === digest && session.makerOf(path) === undefined,
    );
    if (!unchanged || outputs.length !== target.rule.outputs.length) return false;
    if (mayBeGone(session, target)) return true;
    return target.rule.outputs.every(({ name, directory }) => {
      const fact = outputs.find((each) => each.name === name);
      return (
        fact !== undefined &&
        (memo.digest(fact.path) === fact.digest || this.store.has(fact.digest, directory))
      );
    });
  }
}

/**
 * Whether what its targets made may stand again. Not what has its time, nor a source whose file is wanted: what is in
 * the store is not what the publisher serves. Of an intermediate source the record is all that is wanted.
 */
export function isRestorable({ source, intermediate, refreshAfterMs }: Rule): boolean {
  return refreshAfterMs === undefined && (!source || intermediate);
}

/** Whether the contents that its targets replace are kept: those of intermediates are made again if need be. */
export function isKept(rule: Rule): boolean {
  return isRestorable(rule) && !rule.intermediate;
}

function isSettled({ incomplete, recheckAt, absent }: Partial<SuccessRecord>): boolean {
  return incomplete === undefined && recheckAt === undefined && absent === undefined;
}
