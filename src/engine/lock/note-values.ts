/**
 * Which values of a pinned target's file the lockfile is to hold: those that somebody has read, and every member that
 * gives a key. What was not read this time stays as it was, like the outputs that rest on it. Pure.
 */
import { dynamicKeySet } from '../graph/key-set.ts';
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import type { Json } from '../json.ts';
import { byCodeUnit, isArray } from '../json.ts';
import type { LockEntry, LockedLine, ReadMembers } from '../state/lockfile-lines.ts';
import { areOf, linesOf } from '../state/lockfile-own.ts';
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
  readonly before: readonly LockedLine[];
  /** Whether a value that nobody has read now may still be wanted. */
  readonly keeps: (pointer: string) => boolean;
}

export function noteValues({ target, at, keys, reads, before, keeps }: PinnedFile): readonly LockedLine[] {
  const values = new Map<string, LockEntry>();
  const orders: LockEntry[] = [];
  const put = (pointer: string, value: Json): void =>
    void values.set(pointer, { kind: 'value', target, pointer, value });
  const current = new Set<string>();
  /** Of which a part was read. */
  const inPart = new Set<string>();
  for (const [pointer, digests] of reads) {
    const value = at(pointer);
    if (!digests.has(digestOfValue(value))) continue;
    current.add(pointer);
    for (const above of pointersAbove(pointer)) inPart.add(above);
    if (!keys.has(pointer)) put(pointer, value);
  }
  const isUnread = (map: string): boolean =>
    ![map, ...pointersAbove(map)].some((each) => current.has(each)) &&
    ![...current].some((each) => each.startsWith(`${map}/`));
  /** They are just the members that there are, and nobody has read one. */
  const stay = (members: ReadMembers): boolean => {
    const { above } = members;
    if (!keys.has(above) || !isUnread(above)) return false;
    const names = memberNames(at(above));
    return isSorted(names) && areOf(members, names);
  };
  const whole = new Map<string, LockedLine>();
  const old = new Map<string, LockEntry>();
  for (const line of before) {
    if ('above' in line && stay(line)) whole.set(line.above, line);
    else if ('above' in line) for (const each of linesOf(line)) putValue(old, each);
    else putValue(old, line);
  }
  for (const pointer of keys) {
    if (whole.has(pointer)) continue;
    const value = at(pointer);
    const names = memberNames(value);
    if (names.length === 0) put(pointer, value);
    const isCurrent = [pointer, ...pointersAbove(pointer)].some((each) => current.has(each));
    for (const name of names) {
      const member = memberPointer(pointer, name);
      const kept = isCurrent || inPart.has(member) || current.has(member) ? undefined : old.get(member);
      if (kept === undefined) put(member, at(member));
      else values.set(member, kept);
    }
    if (!inSameOrder(names)) orders.push({ kind: 'keys', target, pointer, keys: names });
  }
  const isMember = (pointer: string): boolean => pointersAbove(pointer).some((above) => keys.has(above));
  for (const [pointer, line] of old)
    if (!values.has(pointer) && !keys.has(pointer) && !isMember(pointer) && keeps(pointer))
      values.set(pointer, line);
  return [...values.values(), ...whole.values(), ...orders];
}

function putValue(values: Map<string, LockEntry>, line: LockEntry): void {
  if (line.kind === 'value') values.set(line.pointer, line);
}

function memberNames(value: Json): readonly string[] {
  return value === null || typeof value !== 'object' || isArray(value) ? [] : Object.keys(value);
}

/** As a dynamic dimension orders them, once they are the members of an object again, put there by name. */
function inSameOrder(names: readonly string[]): boolean {
  // Members that come by name come so again: an object has those that are numbers first, here as there.
  if (isSorted(names)) return true;
  const sorted = [...names].sort(byCodeUnit);
  const again = Object.keys(Object.fromEntries(sorted.map((name) => [name, null])));
  if (names.every((name, at) => name === again[at])) return true;
  const [is, would] = [dynamicKeySet(names).keys, dynamicKeySet(again).keys];
  return is.every((key, at) => key === would[at]);
}

function isSorted(names: readonly string[]): boolean {
  return names.every((name, at) => at === 0 || (names[at - 1] ?? '') <= name);
}
