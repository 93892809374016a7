/**
 * Which targets a change may reach, by what was noted of an earlier pass: those for which something was looked at that
 * is no more as it was, those of which nothing was sure or something is due, and all that read them. The others stand
 * as they did. Pure.
 */

import type { Changed } from './state/look-again.ts';
import { inverted, listAt } from './state/number-lists.ts';
import type { Noted } from './state/standing.ts';
import { LEFT, PASS } from './state/standing.ts';

/** Of how many targets at most it pays to leave out the others. */
export function mostReached(targets: number): number {
  return Math.max(FEW, targets / 2);
}

/** Of so few it is no matter. */
export const FEW = 1_000;

/** By place in `noted.ids`; undefined: it may reach everything. */
export function reached(
  noted: Noted,
  changed: Changed,
  now: number,
  givesKeys: (target: string) => boolean,
): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  for (const path of changed.paths) for (const by of listAt(noted.lookedFor, path)) found.add(by);
  for (const folder of changed.folders) for (const by of noted.foldersFor[folder] ?? []) found.add(by);
  if (found.has(PASS)) return undefined;
  for (const [target, kind] of noted.left.entries()) if (kind === LEFT.unsure) found.add(target);
  for (const [target, from, until] of noted.due) if (!(now >= from && now < until)) found.add(target);
  const readers = inverted(noted.reads, noted.ids.length);
  // The set grows while it is walked.
  for (const target of found) for (const reader of listAt(readers, target)) found.add(reader);
  // With other keys there are other targets, and others that read them.
  for (const target of found) if (givesKeys(noted.ids[target] ?? '')) return undefined;
  return found;
}
