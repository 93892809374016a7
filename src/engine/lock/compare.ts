/**
 * What a locked build has come to, held against the lockfile: every output of a target that has ended well, and every
 * line that names one. Failures are told as such and not again here. Pure, but for what the pass has settled.
 */
import type { LockDifference } from '../events.ts';
import { byCodeUnit } from '../json.ts';
import type { Session } from '../run/session.ts';
import type { Lock, LockFact } from '../state/lockfile.ts';
import { lockedKind, pinnedRules } from './kinds.ts';
import { knownOf, mayStand } from './stands.ts';

/**
 * By target, then by path. `all`: lines of targets that there cannot be count as well; where only some targets were
 * asked for, they are nobody's concern.
 */
export function compareWithLock(session: Session, lock: Lock, all: boolean): readonly LockDifference[] {
  const { graph, paths } = session;
  const pinned = pinnedRules(graph, paths);
  const named = new Map<string, Map<string, LockFact>>();
  const differing: LockDifference[] = [];
  for (const [path, fact] of [...lock.sources, ...lock.outputs]) {
    if (all && !mayStand(session, fact.target))
      differing.push({ target: fact.target, path, locked: fact.digest, is: null });
    const of = named.get(fact.target);
    if (of === undefined) named.set(fact.target, new Map([[path, fact]]));
    else of.set(path, fact);
  }
  for (const { index, id, rule } of graph.targets) {
    const known = knownOf(session, index);
    if (known === undefined || pinned.has(rule.name)) continue;
    const lines = named.get(id) ?? new Map<string, LockFact>();
    const outputs = lockedKind(rule, pinned) === undefined ? [] : (known.record?.outputs ?? []);
    for (const { path, digest } of outputs) {
      const locked = lines.get(path)?.digest ?? null;
      lines.delete(path);
      if (locked !== digest) differing.push({ target: id, path, locked, is: digest });
    }
    for (const [path, { digest }] of lines) differing.push({ target: id, path, locked: digest, is: null });
  }
  return differing.sort((a, b) => byCodeUnit(a.target, b.target) || byCodeUnit(a.path, b.path));
}
