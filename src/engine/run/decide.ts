/**
 * Freshness: whether a target whose producers have settled must run, and why. `build` and `status` both come
 * through here; only what is done with the answer differs. Reads files and records, changes nothing.
 */

import type { Failure, Reason } from '../events.ts';
import type { LinkedInput } from '../graph/edges.ts';
import type { Target } from '../graph/graph.ts';
import type { Digest, Part } from '../hash.ts';
import { fingerprintOf } from '../hash.ts';
import { Unreadable } from '../state/memo.ts';
import type { SuccessRecord } from '../state/record.ts';
import type { Partition } from '../task.ts';
import type { CodeIdentity, Identified } from './code.ts';
import type { Gathered } from './gather.ts';
import { gather } from './gather.ts';
import { keptFailure } from './kept-failure.ts';
import { partsOf } from './parts.ts';
import type { PastOutputs } from './past.ts';
import { heldByLock, settlePinned } from './pinned.ts';
import { dueReason, reasonsToRun, sweepDue } from './reasons.ts';
import type { Session } from './session.ts';
import type { Settled } from './settled.ts';
import { uncertainKeys } from './uncertain-keys.ts';
import { describeUnusable, reasonsOfUnusable } from './unusable.ts';

export interface RunPlan {
  readonly target: Target;
  readonly partition: Partition;
  readonly gathered: Gathered;
  readonly parts: readonly Part[];
  readonly fingerprint: Digest;
  readonly code: CodeIdentity | undefined;
  readonly previous: SuccessRecord | undefined;
  readonly reasons: readonly Reason[];
  /** Nothing but its age calls for this run: if the same bytes come out, it was *checked*. */
  readonly onlyDue: boolean;
  /** A volatile target is to look at all there is, not only at what is new. */
  readonly sweep: boolean;
}

export type Decision =
  | { readonly kind: 'settle'; readonly settled: Settled }
  | { readonly kind: 'run'; readonly plan: RunPlan }
  /** Made before of just what it depends on now: that may stand again. */
  | { readonly kind: 'restore'; readonly plan: RunPlan; readonly past: PastOutputs }
  /** These intermediates must be made again first: their files are needed. */
  | { readonly kind: 'demand'; readonly targets: readonly number[] };

export function decide(
  session: Session,
  target: Target,
  linked: readonly LinkedInput[],
  code: Identified,
): Decision {
  try {
    return decideReadable(session, target, linked, code);
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    return { kind: 'settle', settled: failed(unreadable(thrown), []) };
  }
}

/** A file that is there and cannot be read fails its target, not the build. */
export function unreadable({ message }: Unreadable): Failure {
  return { code: 'unreadable', message, hint: 'make it a file that this user may read' };
}

function decideReadable(
  session: Session,
  target: Target,
  linked: readonly LinkedInput[],
  code: Identified,
): Decision {
  const { graph, loaded, options } = session;
  const partition = graph.partition(target);
  const found = gather(session, linked, partition);
  const keys = options.dry ? uncertainKeys(session, target) : [];
  const gathered =
    keys.length === 0 ? found : { ...found, uncertain: [...new Set([...found.uncertain, ...keys])] };
  const previous = loaded.successes.get(target.id);
  const settle = (settled: Settled): Decision => ({ kind: 'settle', settled });

  if (gathered.blocked !== undefined) {
    const { roots, code: first } = gathered.blocked;
    const reasons = roots.map((name): Reason => ({ kind: 'upstream', name, is: 'failed' }));
    return settle({ state: 'blocked', roots, code: first, reasons, uncertain: gathered.uncertain });
  }
  if (gathered.absent !== undefined) {
    // Should what is uncertain fail, the target is blocked, not absent.
    if (gathered.uncertain.length > 0) return settle(pending(previous, gathered.uncertain));
    const { reason, by } = gathered.absent;
    return settle({ state: 'absent', reason, reasons: [{ kind: 'upstream', name: by, is: 'absent' }] });
  }
  const pinned = settlePinned(session, target, partition);
  if (pinned !== undefined) return settle(pinned);
  if (gathered.unread.length > 0) return { kind: 'demand', targets: gathered.unread };
  if (!code.ok) return settle(failed({ code: 'task-unusable', message: code.message }, []));
  const unusable = gathered.unusable[0];
  if (unusable !== undefined)
    return settle(failed(describeUnusable(target, unusable), reasonsOfUnusable(unusable)));

  const parts = partsOf(target.rule, partition, code.identity, gathered);
  const fingerprint = fingerprintOf(parts);
  const changed = reasonsToRun(session, target, previous, parts, fingerprint, gathered);
  const held = heldByLock(session, target, partition, { parts, fingerprint, sure: changed });
  if (held?.kind === 'settle') return settle(held.settled);
  const sure = held?.reasons ?? changed;
  const due = session.locked === undefined ? dueReason(session, target, previous) : undefined;
  const asked = due !== undefined && (!options.dry || options.refresh) && !options.offline;
  const plan: RunPlan = {
    target,
    partition,
    gathered,
    parts,
    fingerprint,
    code: code.identity,
    previous,
    reasons: asked && sure.length === 0 ? [due] : sure,
    onlyDue: asked && sure.length === 0,
    sweep: sweepDue(session, target, previous, sure),
  };

  if (plan.reasons.length === 0) {
    if (gathered.uncertain.length > 0) return settle(pending(previous, gathered.uncertain));
    const notes = due === undefined ? [] : [due];
    return settle(fresh(session, target, previous, notes));
  }
  // Before intermediates are made again for it: a copy needs no inputs.
  const past = options.dry ? undefined : session.past?.find(session, plan);
  if (past !== undefined) return { kind: 'restore', plan, past };
  const kept = keptFailure(session, plan);
  if (kept !== undefined) return settle(kept);
  if (gathered.elided.length > 0) return { kind: 'demand', targets: gathered.elided };
  if (options.dry) {
    const remembered = loaded.failures.get(target.id);
    if (
      remembered !== undefined &&
      remembered.fingerprint === fingerprint &&
      gathered.uncertain.length === 0
    ) {
      // That failure stands among the reasons already when nothing else calls for a run.
      return settle(
        failed(
          remembered.failure,
          plan.reasons.filter(({ kind }) => kind !== 'failed'),
        ),
      );
    }
    return settle({ state: 'stale', record: previous, reasons: plan.reasons });
  }
  return { kind: 'run', plan };
}

function pending(record: SuccessRecord | undefined, uncertain: readonly string[]): Settled {
  return { state: 'pending', record, reasons: uncertain.map((name) => ({ kind: 'upstream', name })) };
}

function failed(failure: Failure, reasons: readonly Reason[]): Settled {
  return {
    state: 'failed',
    failure,
    reasons: [...reasons, { kind: 'failed', name: failure.code, is: failure.message }],
  };
}

function fresh(
  session: Session,
  target: Target,
  record: SuccessRecord | undefined,
  reasons: readonly Reason[],
): Settled {
  if (record === undefined) throw new Error(`${target.id} is fresh without a record`);
  if (record.absent !== undefined) return { state: 'absent', reason: record.absent.reason, reasons };
  const elided =
    target.rule.intermediate && record.outputs.some(({ path }) => session.memo.digest(path) === undefined);
  return { state: 'fresh', record, elided, reasons };
}
