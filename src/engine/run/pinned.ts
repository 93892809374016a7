/**
 * What a locked build takes from the lockfile instead of asking or looking: pinned targets do not run, and a source
 * runs only where what the lockfile names is not in place. Decides for one target; runs nothing.
 */
import type { Failure, Reason } from '../events.ts';
import type { Graph, Target } from '../graph/graph.ts';
import type { PathEdges } from '../graph/path-edges.ts';
import { namesRunId } from '../graph/template.ts';
import type { Digest, Part } from '../hash.ts';
import { sha256 } from '../hash.ts';
import { isTakenIn, keysPointers, pinnedRules } from '../lock/kinds.ts';
import type { ValuesOfTarget } from '../lock/values.ts';
import { valueAt } from '../lock/values.ts';
import type { Lock } from '../state/lockfile.ts';
import { LOCKFILE } from '../state/lockfile.ts';
import type { OutputFact, SuccessRecord } from '../state/record.ts';
import type { Partition } from '../task.ts';
import { outputPath } from './parts.ts';
import type { Session } from './session.ts';
import type { Settled } from './settled.ts';

const HINT = 'run `pipeline build` (without --locked), which writes what is missing';

export class Locked {
  readonly lock: Lock;
  /** Names of the rules whose targets do not run. */
  readonly pinned: ReadonlySet<string>;
  readonly #graph: Graph;

  constructor(lock: Lock, graph: Graph, paths: PathEdges) {
    this.lock = lock;
    this.pinned = pinnedRules(graph, paths);
    this.#graph = graph;
  }

  valuesOf({ id, rule }: Target): ValuesOfTarget {
    const { values, orders } = this.lock;
    return {
      values: values.get(id) ?? new Map(),
      orders: orders.get(id) ?? new Map(),
      whole: keysPointers(this.#graph, rule),
    };
  }

  /** Digests of the outputs of a target that brings bytes in, by name; none where the lockfile does not name them. */
  expected({ id, rule }: Target, partition: Partition): Readonly<Record<string, Digest>> {
    if (!isTakenIn(rule) || this.pinned.has(rule.name)) return {};
    return Object.fromEntries(
      rule.outputs.flatMap((output) => {
        if (namesRunId(output.template)) return [];
        const fact = this.lock.sources.get(pathOf(output, partition));
        return fact?.target === id ? [[output.name, fact.digest]] : [];
      }),
    );
  }
}

/** What consumers of a target may count on, if the lockfile stands for it. Its producers have settled. */
export function settlePinned(session: Session, target: Target, partition: Partition): Settled | undefined {
  const { locked, keyed } = session;
  const { id, rule } = target;
  if (locked === undefined || !locked.pinned.has(rule.name)) return undefined;
  const reason = locked.lock.absences.get(id);
  if (reason !== undefined) return { state: 'absent', reason, reasons: [] };
  const values = locked.valuesOf(target);
  const outputs = rule.outputs.map((output): OutputFact => {
    const path = pathOf(output, partition);
    keyed.pin(path, (pointer) => valueAt(values, pointer));
    // Nobody looks at the file: what is read in it has digests of its own.
    return { name: output.name, path, digest: sha256('') };
  });
  const unknown = [...values.whole].find((pointer) => valueAt(values, pointer) === undefined);
  if (unknown !== undefined) {
    const why = locked.lock.doubled.has(id) ? ': two of its lines contradict each other' : '';
    const failure = notLocked(`${id}: ${LOCKFILE} does not say which keys it gives at ${unknown}${why}`);
    return {
      state: 'failed',
      failure,
      reasons: [{ kind: 'failed', name: failure.code, is: failure.message }],
    };
  }
  return { state: 'fresh', record: standIn(target, outputs), elided: false, reasons: [] };
}

export function notLocked(message: string): Failure {
  return { code: 'not-locked', message, hint: HINT };
}

export type Held =
  | { readonly kind: 'settle'; readonly settled: Settled }
  /** What the lockfile names is not in place. */
  | { readonly kind: 'run'; readonly reasons: readonly Reason[] };

/** Undefined: the lockfile has no say in whether the target must run. */
export function heldByLock(
  session: Session,
  target: Target,
  partition: Partition,
  now: { readonly parts: readonly Part[]; readonly fingerprint: Digest; readonly sure: readonly Reason[] },
): Held | undefined {
  const { locked, memo } = session;
  const { id, rule } = target;
  if (locked === undefined || !isTakenIn(rule) || session.options.force(target)) return undefined;
  const reason = locked.lock.absences.get(id);
  if (reason !== undefined) return { kind: 'settle', settled: { state: 'absent', reason, reasons: [] } };
  const expected = locked.expected(target, partition);
  const outputs = rule.outputs.flatMap((output): OutputFact[] => {
    const digest = expected[output.name];
    return digest === undefined ? [] : [{ name: output.name, path: pathOf(output, partition), digest }];
  });
  if (outputs.length < rule.outputs.length || outputs.length === 0) return undefined;
  const record = { ...standIn(target, outputs), parts: now.parts, fingerprint: now.fingerprint };
  const wrong = outputs.flatMap(({ path, digest }): Reason[] => {
    const is = memo.digest(path);
    return is === digest ? [] : [{ kind: 'output', name: path, was: digest, is: is ?? 'missing' }];
  });
  if (wrong.length === 0)
    return { kind: 'settle', settled: { state: 'fresh', record, elided: false, reasons: [] } };
  // Its files are not missed until somebody needs them; what they hold is known. Other bytes in their place are wrong.
  const areGone = outputs.every(({ path, digest }) => [digest, undefined].includes(memo.digest(path)));
  if (areGone && rule.intermediate && !session.demanded.has(target.index) && !session.givesKeys(rule))
    return { kind: 'settle', settled: { state: 'fresh', record, elided: true, reasons: [] } };
  return { kind: 'run', reasons: now.sure.length > 0 ? now.sure : wrong };
}

/** Set when a source has brought other bytes than the lockfile names, or none. Nothing of them is put in place. */
export function sourceGone(
  session: Session,
  target: Target,
  partition: Partition,
  outputs: readonly OutputFact[],
): Failure | undefined {
  const expected = session.locked?.expected(target, partition) ?? {};
  for (const output of target.rule.outputs) {
    const wanted = expected[output.name];
    const got = outputs.find(({ name }) => name === output.name)?.digest;
    if (wanted === undefined || got === wanted) continue;
    const came = got === undefined ? 'and the publisher has no such file now' : `and ${got} came`;
    return {
      code: 'source-gone',
      message: `${target.id}: ${LOCKFILE} names ${pathOf(output, partition)} with the SHA-256 ${wanted}, ${came}`,
      hint: 'put the locked file in place from a copy, or build without --locked to take what is there now',
    };
  }
  return undefined;
}

function pathOf(output: Target['rule']['outputs'][number], partition: Partition): string {
  return outputPath(output, partition, '').replace(/\/$/, '');
}

/** In place of a record that no build here has left: it goes into no journal. */
function standIn({ id }: Target, outputs: readonly OutputFact[]): SuccessRecord {
  return {
    kind: 'success',
    target: id,
    fingerprint: sha256(''),
    parts: [],
    outputs,
    discovered: [],
    finishedAt: new Date(0).toISOString(),
    seconds: 0,
  };
}
