/**
 * Templates of the manifest as globs: which paths they may take, whatever the keys, and whether something of theirs
 * may lie in a folder. Keys of lists are spelt out, all others match any name. Knows no files.
 */
import { posix } from 'node:path';
import picomatch from 'picomatch';
import { literalGlob } from '../graph/template.ts';
import type { Dimension, Ref, Template } from '../manifest/model.ts';

export interface Pattern {
  matches(path: string): boolean;
  /** Whether the folder is what matches, or lies in it. */
  within(folder: string): boolean;
  /** Whether what matches may lie somewhere below the folder. */
  mayHold(folder: string): boolean;
  /** Everything that matches lies below this folder. */
  readonly root: string;
  readonly glob: string;
}

/** More alternatives than this would make a slow expression: then any name will do. */
const MOST_KEYS = 200;
/** Within braces two dots in a row are a range. */
const PLAIN_KEY = /^\w+(?:[.-]\w+)*$/;

/** The template as a glob; `glob`: its text is one already. */
export function globOf(
  { parts }: Template,
  dimensions: ReadonlyMap<string, Dimension>,
  glob: boolean,
): string {
  const text = parts
    .map((part) => (typeof part === 'string' ? (glob ? part : literalGlob(part)) : anyOf(part, dimensions)))
    .join('');
  return posix.normalize(text).replace(/(?<=.)\/$/, '');
}

function anyOf(ref: Ref, dimensions: ReadonlyMap<string, Dimension>): string {
  const dimension =
    ref.kind === 'dimension' && ref.field === undefined ? dimensions.get(ref.name) : undefined;
  if (dimension?.kind !== 'list' || dimension.keys.length > MOST_KEYS) return '*';
  const { keys } = dimension;
  if (!keys.every((key) => PLAIN_KEY.test(key))) return '*';
  return keys.length === 1 ? `${keys[0]}` : `{${keys.join(',')}}`;
}

/** `hidden`: names that begin with a dot match wildcards, too. */
export function patternOf(glob: string, hidden: boolean): Pattern {
  const names = glob.split('/');
  const matchers = names.map((name) => {
    if (name === '') return (there: string): boolean => there === '';
    return isOneName(name) ? picomatch(name, { dot: hidden }) : undefined;
  });
  const whole = picomatch(glob, { dot: hidden });
  const isAbsolute = glob.startsWith('/');
  // Or `**` would match in the workspace and outside of it.
  const matches = (path: string): boolean => path.startsWith('/') === isAbsolute && whole(path);
  const seesHidden = hidden || /(?:^|[/{,(|])\./.test(glob);
  const literal = names.findIndex((name) => /[*?[\]{}()!+@|\\]/.test(name));

  const mayHold = (folder: string): boolean => {
    if (folder.startsWith('/') !== isAbsolute) return false;
    const there = folder === '' ? [] : folder === '/' ? [''] : folder.split('/');
    for (const [at, name] of there.entries()) {
      const matcher = matchers[at];
      // From the first `**` on any folder may lead to a match.
      if (matcher === undefined)
        return at < names.length && (seesHidden || !there.slice(at).some((each) => each.startsWith('.')));
      if (name === '' ? names[at] !== '' : !matcher(name)) return false;
    }
    return there.length < names.length;
  };

  return {
    glob,
    root: names.slice(0, literal < 0 ? -1 : literal).join('/') || (isAbsolute ? '/' : ''),
    matches,
    within: (folder) => {
      const there = folder.split('/');
      return there.some((_, at) => matches(there.slice(0, at + 1).join('/')));
    },
    mayHold,
  };
}

/** Whether the part of a glob between two slashes stands for one name: no `**`, and no brace that spans folders. */
function isOneName(name: string): boolean {
  const count = (char: string): number => name.split(char).length - 1;
  if (name.includes('**')) return false;
  return count('{') === count('}') && count('(') === count(')') && count('[') === count(']');
}
