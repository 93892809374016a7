/** JSON as a type, with the one canonical spelling that digests are taken of, and RFC 6901 pointers. Knows no files. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Compares by UTF-16 code unit, never by locale: the order of everything that the engine sorts. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** JSON text with object keys in code-unit order: equal values have equal text. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const keys = Object.keys(value);
  // Large maps mostly come in order, from files that were written so.
  if (!isSorted(keys)) keys.sort(byCodeUnit);
  const members = keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

function isSorted(keys: readonly string[]): boolean {
  for (let at = 1; at < keys.length; at++) if ((keys[at - 1] ?? '') > (keys[at] ?? '')) return false;
  return true;
}

/** The same value, its members in the order of their canonical text. */
export function inCanonicalOrder(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (isArray(value)) return value.map(inCanonicalOrder);
  const members = Object.entries(value).sort(([a], [b]) => byCodeUnit(a, b));
  return Object.fromEntries(members.map(([key, member]) => [key, inCanonicalOrder(member)]));
}

/** The value at an RFC 6901 pointer (`/files/2024-01`), or undefined where there is nothing. */
export function atPointer(value: Json, pointer: string): Json | undefined {
  if (pointer === '') return value;
  if (!pointer.startsWith('/')) return undefined;
  let here: Json | undefined = value;
  for (const raw of pointer.slice(1).split('/')) {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (here === null || typeof here !== 'object') return undefined;
    if (isArray(here)) here = /^(0|[1-9]\d*)$/.test(key) ? here[Number(key)] : undefined;
    else here = Object.hasOwn(here, key) ? here[key] : undefined;
    if (here === undefined) return undefined;
  }
  return here;
}

/** `Array.isArray` does not narrow readonly arrays; this does. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
