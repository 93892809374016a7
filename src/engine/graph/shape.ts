/**
 * Whether two path templates, or a template and a glob, could ever name one file: compared folder by folder, by
 * their literal ends. A cheap "no" that spares expanding them; "maybe" is settled by whoever knows the keys.
 */
import picomatch from 'picomatch';
import type { Ref, Template } from '../manifest/model.ts';
import type { Reading } from './template.ts';

/** Stands for a reference: no path may hold it. */
const OPEN = '\u0000';

/** Folder and file names in turn, each with its references left open. */
export type Shape = readonly string[];

export function shapeOf(template: Template): Shape {
  return shapeAt(template, new Map());
}

/** The same with some keys put in. */
export function shapeAt({ parts }: Template, keys: Reading): Shape {
  const text = (ref: Ref): string =>
    (ref.kind === 'dimension' && ref.field === undefined ? keys.get(ref.name) : undefined) ?? OPEN;
  return parts
    .map((part) => (typeof part === 'string' ? part : text(part)))
    .join('')
    .split('/');
}

export function mayMeet(a: Shape, b: Shape): boolean {
  return a.length === b.length && mayLieIn(a, b);
}

/** Whether the second could be the first, or a folder that holds it. */
export function mayLieIn(inner: Shape, folder: Shape): boolean {
  return folder.length <= inner.length && folder.every((name, at) => alike(name, inner[at] ?? ''));
}

/** Two references in one name: different keys may give the same text. */
export function isAmbiguous(shape: Shape): boolean {
  return shape.some((name) => name.indexOf(OPEN) !== name.lastIndexOf(OPEN));
}

function alike(a: string, b: string): boolean {
  if (!a.includes(OPEN) && !b.includes(OPEN)) return a === b;
  return endsFit(a, b, OPEN_END);
}

const OPEN_END = new RegExp(OPEN);
const GLOB_END = new RegExp(`[${OPEN}\\\\*?[\\]{}()!+@|]`);

function endsFit(a: string, b: string, special: RegExp): boolean {
  const [headA, headB] = [head(a, special), head(b, special)];
  const [tailA, tailB] = [tail(a, special), tail(b, special)];
  return (
    (headA.startsWith(headB) || headB.startsWith(headA)) && (tailA.endsWith(tailB) || tailB.endsWith(tailA))
  );
}

function head(name: string, special: RegExp): string {
  const at = name.search(special);
  return at < 0 ? name : name.slice(0, at);
}

function tail(name: string, special: RegExp): string {
  for (let at = name.length; at > 0; at--) {
    if (special.test(name[at - 1] ?? '')) return name.slice(at);
  }
  return name;
}

/** The literal beginning of a glob: everything that matches starts with it. */
export function globStem(pattern: string): string {
  return head(pattern, GLOB_END);
}

/** Whether a glob could match a path of this shape, or with `inside` a file below it. */
export function mayMatch(pattern: string, shape: Shape, inside: boolean): boolean {
  if (pattern.startsWith('!')) return true;
  const names = pattern.split('/');
  // A globstar, or braces that hold a slash, stand for any number of names: those around are compared from the ends.
  const loose = (name: string): boolean => name.includes('**') || !closes(name);
  const first = names.findIndex(loose);
  if (first < 0) {
    if (inside ? names.length <= shape.length : names.length !== shape.length) return false;
    return shape.every((there, at) => mayName(names[at] ?? '', there));
  }
  const ahead = names.slice(0, first);
  if (!ahead.every((name, at) => mayName(name, shape[at] ?? (inside ? OPEN : '')))) return false;
  const behind = inside ? [] : names.slice(names.findLastIndex(loose) + 1).reverse();
  return behind.every((name, at) => mayName(name, shape[shape.length - 1 - at] ?? ''));
}

function mayName(name: string, there: string): boolean {
  // An absolute glob begins with an empty name, which is no pattern.
  if (name === '' || there === '') return name === there;
  if (name.includes(OPEN) || there.includes(OPEN)) return endsFit(name, there, GLOB_END);
  return picomatch.isMatch(there, name, { dot: false });
}

function closes(name: string): boolean {
  const count = (char: string): number => name.split(char).length - 1;
  return count('{') === count('}') && count('(') === count(')') && count('[') === count(']');
}
