/**
 * How one member of an input stands: here with its digest, nowhere, absent, failed, or not certain yet. Looks at
 * what has settled and at files; sums nothing up.
 */
import type { Member } from '../graph/edges.ts';
import type { Digest } from '../hash.ts';
import type { Partition } from '../task.ts';
import type { Session } from './session.ts';
import { factsOf } from './session.ts';
import type { Settled } from './settled.ts';
import { isUncertain } from './settled.ts';

export interface Here {
  readonly kind: 'here';
  readonly path: string;
  readonly partition: Partition;
  readonly digest: Digest;
  /** Of a target whose outcome is not known: what it left last time, which may well come again. */
  readonly assumed?: string;
  /** An intermediate whose record stands in for a file that is gone. */
  readonly elided?: number;
}

export type Found =
  | Here
  /** `leftBy`: a file stands there, but it is what a target left that writes there no more. */
  | { readonly kind: 'nothing'; readonly path: string; readonly leftBy: string | undefined }
  /** A file in a directory that is gone, for which a record stands in: what it held is not known. */
  | { readonly kind: 'unread'; readonly target: number }
  | {
      readonly kind: 'absent';
      readonly id: string;
      readonly reason: string;
      readonly partition: Partition;
    }
  | {
      readonly kind: 'failed';
      readonly id: string;
      readonly code: string;
      readonly roots: readonly string[];
      /** Targets that may yet turn out to be further roots (dry runs). */
      readonly uncertain: readonly string[];
      readonly partition: Partition;
    }
  | { readonly kind: 'uncertain'; readonly id: string };

type TargetMember = Extract<Member, { kind: 'target' }>;

const NOWHERE: Partition = { keys: {}, spans: {} };

export function look(session: Session, member: Exclude<Member, { kind: 'glob' }>): Found {
  switch (member.kind) {
    case 'file':
      return lookAtSource(session, member.path);
    case 'beyond': {
      const { id, partition, reason } = member;
      return { kind: 'absent', id, reason, partition };
    }
    case 'unavailable':
      return lookAtGiver(session, member);
    case 'target':
      return lookAtTarget(session, member);
  }
}

function lookAtFile(session: Session, path: string, partition: Partition): Found {
  const digest = session.memo.digest(path);
  return digest === undefined
    ? { kind: 'nothing', path, leftBy: undefined }
    : { kind: 'here', path, partition, digest };
}

function lookAtSource(session: Session, path: string): Found {
  const found = lookAtFile(session, path, NOWHERE);
  const leftBy = found.kind === 'here' ? session.leftBehind.writerOf(path) : undefined;
  return leftBy === undefined ? found : { kind: 'nothing', path, leftBy };
}

function lookAtTarget(session: Session, member: TargetMember): Found {
  const target = session.graph.target(member.target);
  const partition = session.graph.partition(target);
  const settled = session.settled(member.target);
  if (settled === undefined) throw new Error(`${target.id} was looked at before it settled`);
  if (!('record' in settled)) return unmade(target.id, partition, settled);
  const fact = settled.record?.outputs.find(({ name }) => name === member.output);
  // A recorded absence that may end, or a target that was never built.
  if (fact === undefined) return { kind: 'uncertain', id: target.id };
  const found =
    member.within === undefined
      ? ({ kind: 'here', path: fact.path, partition, digest: fact.digest } as const)
      : lookAtFile(session, `${fact.path}/${member.within}`, partition);
  if (isUncertain(settled))
    return found.kind === 'here' ? { ...found, assumed: target.id } : { kind: 'uncertain', id: target.id };
  if (!settled.elided) return found;
  return found.kind === 'here'
    ? { ...found, elided: member.target }
    : { kind: 'unread', target: member.target };
}

/** Keys that cannot be had: every target over them stands as the one that should have given them. */
function lookAtGiver(session: Session, member: Extract<Member, { kind: 'unavailable' }>): Found {
  const giver = session.graph.target(member.target);
  const settled = session.settled(member.target);
  const id = [member.rule, ...giver.keys, '*'].join('/');
  if (settled === undefined || 'record' in settled) return { kind: 'uncertain', id };
  const found = unmade(id, session.graph.partition(giver), settled);
  return settled.state === 'failed' && found.kind === 'failed' ? { ...found, roots: [giver.id] } : found;
}

function unmade(
  id: string,
  partition: Partition,
  settled: Extract<Settled, { state: 'absent' | 'failed' | 'blocked' }>,
): Found {
  switch (settled.state) {
    case 'absent':
      return { kind: 'absent', id, reason: settled.reason, partition };
    case 'failed':
      return { kind: 'failed', id, code: settled.failure.code, roots: [id], uncertain: [], partition };
    case 'blocked':
      return {
        kind: 'failed',
        id,
        code: settled.code,
        roots: settled.roots,
        uncertain: settled.uncertain,
        partition,
      };
  }
}

/** The path that a target's output has, as far as it is known. */
export function pathOf(session: Session, member: TargetMember): string | undefined {
  const settled = session.settled(member.target);
  return settled && factsOf(settled)?.find(({ name }) => name === member.output)?.path;
}
