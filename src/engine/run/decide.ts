/**
 * Freshness: whether a target whose producers have settled must run, and why. `build` and `status` both come
 * through here; only what is done with the answer differs. Reads files and records, changes nothing.
 */

import type { Failure, Reason } from '../events.ts';
import type { LinkedInput } from '../graph/edges.ts';
import type { Target } from '../graph/graph.ts';
import type { Digest, Part } from '../hash.ts';
import { explain, fingerprintOf } from '../hash.ts';
import { Unreadable } from '../state/memo.ts';
import type { CodeRecord, SuccessRecord } from '../state/record.ts';
import type { Partition } from '../task.ts';
import type { CodeIdentity, Identified } from './code.ts';
import type { Gathered, Unusable } from './gather.ts';
import { gather } from './gather.ts';
import { partsOf } from './parts.ts';
import type { Session } from './session.ts';
import type { Settled } from './settled.ts';

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
}

export type Decision =
  | { readonly kind: 'settle'; readonly settled: Settled }
  | { readonly kind: 'run'; readonly plan: RunPlan }
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
  const gathered = gather(session, linked, partition);
  const previous = loaded.successes.get(target.id);
  const settle = (settled: Settled): Decision => ({ kind: 'settle', settled });

  if (gathered.blocked !== undefined) {
    const { roots, code: first } = gathered.blocked;
    const reasons = roots.map((name): Reason => ({ kind: 'upstream', name, is: 'failed' }));
    return settle({ state: 'blocked', roots, code: first, reasons });
  }
  if (gathered.absent !== undefined) {
    const { reason, by } = gathered.absent;
    return settle({ state: 'absent', reason, reasons: [{ kind: 'upstream', name: by, is: 'absent' }] });
  }
  if (gathered.unread.length > 0) return { kind: 'demand', targets: gathered.unread };
  if (!code.ok) return settle(failed({ code: 'task-unusable', message: code.message }, []));
  const unusable = gathered.unusable[0];
  if (unusable !== undefined)
    return settle(failed(describeUnusable(target, unusable), reasonsOfUnusable(unusable)));

  const parts = partsOf(target.rule, partition, code.identity, gathered);
  const fingerprint = fingerprintOf(parts);
  const sure = reasonsToRun(session, target, previous, parts, fingerprint, gathered.uncertain.length > 0);
  const due = dueReason(session, target, previous);
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
  };

  if (plan.reasons.length === 0) {
    if (gathered.uncertain.length > 0) {
      const reasons = gathered.uncertain.map((name): Reason => ({ kind: 'upstream', name }));
      return settle({ state: 'pending', record: previous, reasons });
    }
    const notes = due === undefined ? [] : [due];
    return settle(fresh(session, target, previous, notes));
  }
  if (gathered.elided.length > 0) return { kind: 'demand', targets: gathered.elided };
  if (options.dry) {
    const remembered = loaded.failures.get(target.id);
    if (
      remembered !== undefined &&
      remembered.fingerprint === fingerprint &&
      gathered.uncertain.length === 0
    ) {
      return settle(failed(remembered.failure, plan.reasons));
    }
    return settle({ state: 'stale', record: previous, reasons: plan.reasons });
  }
  if (options.offline && target.rule.source) {
    return settle(
      failed(
        {
          code: 'offline',
          message: `${target.id} must be asked for (${plan.reasons.map(({ kind }) => kind).join(', ')}), and --offline forbids it`,
          hint: 'build once without --offline',
        },
        plan.reasons,
      ),
    );
  }
  return { kind: 'run', plan };
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

/** Reasons that hold whatever becomes of uncertain producers. Empty: nothing is known to call for a run. */
function reasonsToRun(
  session: Session,
  target: Target,
  previous: SuccessRecord | undefined,
  parts: readonly Part[],
  fingerprint: Digest,
  uncertain: boolean,
): readonly Reason[] {
  if (session.options.force(target)) return [{ kind: 'forced', name: target.id }];
  if (previous === undefined) {
    const failure = session.loaded.failures.get(target.id);
    if (failure === undefined) return [{ kind: 'new', name: target.id }];
    return [{ kind: 'failed', name: failure.failure.code, is: failure.failure.message }];
  }
  const reasons: Reason[] = [];
  if (previous.fingerprint !== fingerprint) {
    for (const change of explain(previous.parts, parts)) {
      // What an uncertain producer gave last time may well come again.
      if (uncertain && change.is === undefined) continue;
      if (change.kind === 'code') reasons.push(...codeReasons(session, change.was, change.is));
      else reasons.push({ ...change, kind: kindOf(change.kind) });
    }
  }
  for (const { name, path, digest } of previous.outputs) {
    const is = session.memo.digest(path);
    if (is === digest) continue;
    if (is === undefined && mayBeGone(session, target)) continue;
    reasons.push({ kind: 'output', name: path || name, was: digest, is: is ?? 'missing' });
  }
  for (const [path, digest] of previous.discovered) {
    const is = session.memo.digest(path) ?? 'missing';
    // A rule that makes it now must come first: the run will say so.
    if (is !== digest || session.makerOf(path) !== undefined)
      reasons.push({ kind: 'input', name: path, was: digest, is });
  }
  const failure = session.loaded.failures.get(target.id);
  // A failure on other inputs or code says nothing of these, which have succeeded before.
  if (reasons.length === 0 && failure?.fingerprint === fingerprint) {
    reasons.push({ kind: 'failed', name: failure.failure.code, is: failure.failure.message });
  }
  return reasons;
}

/** An intermediate's files are not missed until somebody needs them, be it only to learn keys. */
function mayBeGone(session: Session, { index, rule }: Target): boolean {
  return rule.intermediate && !session.demanded.has(index) && !session.givesKeys(rule);
}

function kindOf(kind: Exclude<Part[0], 'code'>): Reason['kind'] {
  return kind === 'task' ? 'param' : kind;
}

/** Names the file or package behind a changed code digest, where both digests are still known. */
function codeReasons(session: Session, was: string | undefined, is: string | undefined): readonly Reason[] {
  const [old, now] = [filesOf(session.codeRecord(was ?? '')), filesOf(session.codeRecord(is ?? ''))];
  const lump: Reason = {
    kind: 'code',
    name: 'code',
    ...(was === undefined ? {} : { was }),
    ...(is === undefined ? {} : { is }),
  };
  if (old === undefined || now === undefined) return [lump];
  const named = explain(old, now).map((change): Reason => ({ ...change, kind: 'code' }));
  return named.length > 0 ? named : [lump];
}

function filesOf(record: CodeRecord | undefined): readonly Part[] | undefined {
  return record?.files.map(([name, digest]): Part => ['code', name, digest]);
}

/** Set when a volatile target has not been asked for long enough, or an absence is to be asked again. */
function dueReason(
  session: Session,
  target: Target,
  previous: SuccessRecord | undefined,
): Reason | undefined {
  if (previous === undefined) return undefined;
  const { refreshAfterMs } = target.rule;
  const { now, refresh } = session.options;
  const due: Reason = { kind: 'due', name: target.id, was: previous.finishedAt };
  if (refreshAfterMs !== undefined) {
    if (refresh || now >= Date.parse(previous.finishedAt) + refreshAfterMs) return due;
    // The clock was set back: an age below zero proves nothing.
    if (Date.parse(previous.finishedAt) > now) return due;
  }
  const recheckAt = previous.absent?.recheckAt;
  if (recheckAt !== undefined && now >= Date.parse(recheckAt)) return due;
  return undefined;
}

function describeUnusable(target: Target, { input, path, notJson, leftBy }: Unusable): Failure {
  if (notJson !== undefined) {
    return {
      code: 'input-malformed',
      message: `${target.id}: input "${input}" is read by key, and ${path} is not JSON: ${notJson}`,
      hint: 'mend the file',
    };
  }
  if (leftBy !== undefined) {
    return {
      code: 'input-missing',
      message: `${target.id}: input "${input}" is ${path}, which ${leftBy} left behind and no rule makes any more`,
      hint: 'name the path that is made now, or copy the file to one that no rule ever made',
    };
  }
  return {
    code: 'input-missing',
    message: `${target.id}: input "${input}" is not there: ${path}, and no rule makes it`,
    hint: path.includes('\ufffd') ? 'rename it: its name is not UTF-8' : 'put the file in place, or mark the input `optional: true`',
  };
}

function reasonsOfUnusable({ input, path, notJson }: Unusable): readonly Reason[] {
  return [{ kind: 'input', name: `${input} ${path}`, is: notJson === undefined ? 'missing' : 'not JSON' }];
}
