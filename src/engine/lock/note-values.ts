/**
 * Which values of a pinned target's file the lockfile is to hold: those that somebody has read, and every member that
 * gives a key. What was not read this time stays as it was, like the outputs that rest on it. Pure.
 */
import { dynamicKeySet } from '../graph/key-set.ts';
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import type { Json } from '../json.ts';
import { byCodeUnit, isArray } from '../json.ts';
import type { LockEntry } from '../state/lockfile-lines.ts';
import { memberPointer, pointersAbove } from './values.ts';

export interface PinnedFile {
  readonly target: string;
  /** What stands in the file now; null where nothing does. */
  readonly at: (pointer: string) => Json;
  /** Pointers that keys are taken from. */
  readonly keys: ReadonlySet<string>;
  /** Digests of what was read at a pointer by targets that ended well. */
  readonly reads: ReadonlyMap<string, ReadonlySet<Digest>>;
  /** The lines that there were. */
  readonly before: readonly LockEntry[];
  /** Whether a value that nobody has read now may still be wanted. */
  readonly keeps: (pointer: string) => boolean;
}

export function noteValues({ target, at, keys, reads, before, keeps }: PinnedFile): readonly LockEntry[] {
  const old = new Map(before.flatMap((line) => (line.kind === 'value' ? [[line.pointer, line.value]] : [])));
  const values = new Map<string, Json>();
  const orders: LockEntry[] = [];
  const current = new Set<string>();
  /** Of which a part was read. */
  const inPart = new Set<string>();
  for (const [pointer, digests] of reads) {
    if (!digests.has(digestOfValue(at(pointer)))) continue;
    current.add(pointer);
    for (const above of pointersAbove(pointer)) inPart.add(above);
    if (!keys.has(pointer)) values.set(pointer, at(pointer));
  }
  const isCurrent = (pointer: string): boolean =>
    inPart.has(pointer) || [pointer, ...pointersAbove(pointer)].some((each) => current.has(each));
  for (const pointer of keys) {
    const value = at(pointer);
    const names = memberNames(value);
    if (names.length === 0) values.set(pointer, value);
    for (const name of names) {
      const member = memberPointer(pointer, name);
      const kept = isCurrent(member) ? undefined : old.get(member);
      values.set(member, kept === undefined ? at(member) : kept);
    }
    if (!inSameOrder(names, [...names].sort(byCodeUnit)))
      orders.push({ kind: 'keys', target, pointer, keys: names });
  }
  const isMember = (pointer: string): boolean => pointersAbove(pointer).some((above) => keys.has(above));
  for (const [pointer, value] of old)
    if (!values.has(pointer) && !keys.has(pointer) && !isMember(pointer) && keeps(pointer))
      values.set(pointer, value);
  return [
    ...[...values].map(([pointer, value]): LockEntry => ({ kind: 'value', target, pointer, value })),
    ...orders,
  ];
}

function memberNames(value: Json): readonly string[] {
  return value === null || typeof value !== 'object' || isArray(value) ? [] : Object.keys(value);
}

/** As a dynamic dimension orders them, once they are the members of an object again. */
function inSameOrder(names: readonly string[], sorted: readonly string[]): boolean {
  const again = Object.keys(Object.fromEntries(sorted.map((name) => [name, null])));
  if (names.every((name, at) => name === again[at])) return true;
  const [is, would] = [dynamicKeySet(names).keys, dynamicKeySet(again).keys];
  return is.every((key, at) => key === would[at]);
}
