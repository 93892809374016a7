/**
 * How targets stand, as the lockfile sees it: which may still exist, and of which it is known what they have left.
 * Reads what a pass has settled; writes nothing.
 */
import type { Graph, Target } from '../graph/graph.ts';
import type { Session } from '../run/session.ts';
import { isUncertain } from '../run/settled.ts';
import type { Known } from './note.ts';

/** Whether a target of this name is one of the graph's, as far as keys are known. Who is absent gives no keys. */
export function mayExist(
  graph: Graph,
  id: string,
  isAbsent: (giver: number) => boolean = () => false,
): boolean {
  const [name = '', ...keys] = id.split('/');
  const rule = graph.manifest.rules.get(name);
  if (rule === undefined || rule.for.length !== keys.length) return false;
  const chosen = new Map<string, string>();
  const wholes = [];
  for (const [at, dimension] of rule.for.entries()) {
    const key = keys[at] ?? '';
    const known = graph.keysOf(dimension, chosen);
    if ('keys' in known) {
      const position = known.positions.get(key);
      if (position === undefined) return false;
      wholes.push(known.whole[position]);
    } else if ('unavailable' in known && isAbsent(known.unavailable)) return false;
    chosen.set(dimension, key);
  }
  return wholes.length < keys.length || graph.admits(rule, wholes);
}

/** The same, with what this pass has learnt: the publisher may have nothing any more where keys came from. */
export function mayStand(session: Session, id: string): boolean {
  return mayExist(session.graph, id, (giver) => session.settled(giver)?.state === 'absent');
}

/** Whether a key of such a target covers time beyond this instant, as far as keys are known. */
export function reachesBeyond(
  graph: Graph,
  { rule, keys }: Pick<Target, 'rule' | 'keys'>,
  instant: number,
): boolean {
  const chosen = new Map<string, string>();
  return rule.for.some((dimension, at) => {
    const key = keys[at] ?? '';
    const known = graph.keysOf(dimension, chosen);
    chosen.set(dimension, key);
    if (!('keys' in known)) return false;
    const end = known.whole[known.positions.get(key) ?? -1]?.end;
    return end !== undefined && end > instant;
  });
}

/** Undefined: it has failed, is blocked, or has not come to an end. */
export function knownOf(session: Session, index: number): Known | undefined {
  const { id: target, rule } = session.graph.target(index);
  const settled = session.settled(index);
  if (settled === undefined || isUncertain(settled)) return undefined;
  if ('record' in settled) return { target, rule, record: settled.record, elided: settled.elided };
  if (settled.state !== 'absent') return undefined;
  const upstream = settled.reasons.some(({ kind }) => kind === 'upstream');
  const own = upstream ? undefined : session.loaded.successes.get(target);
  return { target, rule, record: own?.absent === undefined ? undefined : own, elided: false };
}

/** What the journal says of targets of which this pass has not learnt anything. */
export function knownBefore(session: Session, wants: (target: string) => boolean): readonly Known[] {
  const { graph, loaded, memo } = session;
  return [...loaded.successes.keys()].flatMap((target): Known[] => {
    const rule = graph.manifest.rules.get(target.split('/')[0] ?? '');
    if (rule === undefined || !wants(target) || !mayStand(session, target)) return [];
    const record = loaded.successes.get(target);
    if (record === undefined) return [];
    const elided = rule.intermediate && record.outputs.some(({ path }) => memo.digest(path) === undefined);
    return [{ target, rule, record, elided }];
  });
}
