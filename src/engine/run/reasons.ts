/**
 * Why a target must run: what differs between its record and what is there now, and what is due. The one place that
 * both `status` and `build` take their reasons from. Decides nothing.
 */
import type { Reason } from '../events.ts';
import type { Target } from '../graph/graph.ts';
import type { Digest, Part } from '../hash.ts';
import { explain } from '../hash.ts';
import type { CodeRecord, SuccessRecord } from '../state/record.ts';
import type { Gathered } from './gather.ts';
import type { Session } from './session.ts';

/** Reasons that hold whatever becomes of uncertain producers. Empty: nothing is known to call for a run. */
export function reasonsToRun(
  session: Session,
  target: Target,
  previous: SuccessRecord | undefined,
  parts: readonly Part[],
  fingerprint: Digest,
  { uncertain, assumed }: Gathered,
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
      if (assumed.has(change.name) || (uncertain.length > 0 && change.is === undefined)) continue;
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
  if (reasons.length === 0 && previous.incomplete !== undefined) {
    const { code, message } = previous.incomplete;
    reasons.push({ kind: 'failed', name: code, is: message });
  }
  const failure = session.loaded.failures.get(target.id);
  // A failure on other inputs or code says nothing of these, which have succeeded before.
  if (reasons.length === 0 && failure?.fingerprint === fingerprint) {
    reasons.push({ kind: 'failed', name: failure.failure.code, is: failure.failure.message });
  }
  return reasons;
}

/** An intermediate's files are not missed until somebody needs them, be it only to learn keys. */
export function mayBeGone(session: Session, { index, rule }: Target): boolean {
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

/** Set when a volatile target has not been asked for long enough, or an answer that may change is to be asked again. */
export function dueReason(
  session: Session,
  target: Target,
  previous: SuccessRecord | undefined,
): Reason | undefined {
  if (previous === undefined) return undefined;
  const { refreshAfterMs } = target.rule;
  const { now, refresh } = session.options;
  const { finishedAt, absent } = previous;
  const due: Reason = { kind: 'due', name: target.id, was: finishedAt };
  if (refreshAfterMs !== undefined && (refresh || hasPassed(refreshAfterMs, finishedAt, now))) return due;
  const recheckAt = absent?.recheckAt ?? previous.recheckAt;
  if (recheckAt === undefined) return undefined;
  return hasPassed(Date.parse(recheckAt) - Date.parse(finishedAt), finishedAt, now) ? due : undefined;
}

/** When nothing is due of a target, clock by clock that may call for a run: from a moment on, until another. */
export function dueSpan(
  { refreshAfterMs }: Target['rule'],
  { finishedAt, absent, recheckAt }: SuccessRecord,
): readonly { readonly from: number; readonly until: number }[] {
  const from = Date.parse(finishedAt);
  const recheck = absent?.recheckAt ?? recheckAt;
  return [
    ...(refreshAfterMs === undefined ? [] : [{ from, until: from + refreshAfterMs }]),
    ...(recheck === undefined ? [] : [{ from, until: Date.parse(recheck) }]),
  ];
}

/**
 * Whether a run of a volatile target is to look at all there is: without `refresh.sweep` each one does, and with it
 * one that cannot go on from what is in place, because more than its age or a failure calls for it (`sure`).
 */
export function sweepDue(
  { options: { now, sweep } }: Session,
  { rule: { sweepAfterMs } }: Target,
  previous: SuccessRecord | undefined,
  sure: readonly Reason[],
): boolean {
  if (sweep || sweepAfterMs === undefined || previous?.sweptAt === undefined) return true;
  if (previous.absent !== undefined || sure.some(({ kind }) => kind !== 'failed')) return true;
  return hasPassed(sweepAfterMs, previous.sweptAt, now);
}

/** The clock may have been set back: an age below zero proves nothing. */
export function hasPassed(ms: number, since: string, now: number): boolean {
  const age = now - Date.parse(since);
  return !(age >= 0 && age < ms);
}
