/**
 * Values at JSON pointers, kept one by one and put together again: what a locked build reads in place of a file that
 * it does not make. Pure; it knows no targets.
 */
import type { Json } from '../json.ts';
import { atPointer, byCodeUnit, isArray } from '../json.ts';

export interface ValuesOfTarget {
  readonly values: ReadonlyMap<string, Json>;
  /** The order of members by the pointer of their map, where it is not that of their names. */
  readonly orders: ReadonlyMap<string, readonly string[]>;
  /** Pointers of which every member is known, if any is: those that give keys. */
  readonly whole: ReadonlySet<string>;
}

/** Undefined: it is not known what stands there. A value of undefined: it is known that nothing does. */
export function valueAt(
  of: ValuesOfTarget,
  pointer: string,
): { readonly value: Json | undefined } | undefined {
  const exact = of.values.get(pointer);
  if (exact !== undefined) return { value: exact };
  const members = of.whole.has(pointer) ? membersAt(of, pointer) : undefined;
  if (members !== undefined) return members;
  const above = pointersAbove(pointer).find((at) => of.values.has(at));
  if (above === undefined) return undefined;
  return { value: atPointer(of.values.get(above) ?? null, pointer.slice(above.length)) };
}

/** The nearest first, up to the whole document. */
export function pointersAbove(pointer: string): readonly string[] {
  const above: string[] = [];
  for (let at = pointer.lastIndexOf('/'); at >= 0; at = at === 0 ? -1 : pointer.lastIndexOf('/', at - 1))
    above.push(pointer.slice(0, at));
  return above;
}

export function memberPointer(pointer: string, name: string): string {
  if (!/[~/]/.test(name)) return `${pointer}/${name}`;
  return `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The members that have values of their own, by name. */
function membersAt(
  { values, orders }: ValuesOfTarget,
  pointer: string,
): { readonly value: Json } | undefined {
  const members = [...values].flatMap(([at, value]): [string, Json][] => {
    if (!at.startsWith(`${pointer}/`)) return [];
    const raw = at.slice(pointer.length + 1);
    return raw.includes('/') ? [] : [[raw.replaceAll('~1', '/').replaceAll('~0', '~'), value]];
  });
  if (members.length === 0) return undefined;
  const sorted = Object.fromEntries(members.sort(([a], [b]) => byCodeUnit(a, b)));
  return { value: inOrder(sorted, orders.get(pointer) ?? []) };
}

/** Members that the order does not name come after those that it names. */
function inOrder(value: Json, order: readonly string[]): Json {
  if (value === null || typeof value !== 'object' || isArray(value) || order.length === 0) return value;
  const names = new Set([...order.filter((name) => Object.hasOwn(value, name)), ...Object.keys(value)]);
  // Not by assignment: a member may be called __proto__.
  return Object.fromEntries([...names].map((name) => [name, value[name] ?? null]));
}
