/** Puts partition keys into templates, and reads them back out of paths. Knows no config and no files. */

import { formatInstant } from '../manifest/instant.ts';
import type { OpenJson, Ref, Template } from '../manifest/model.ts';
import type { Json, Partition } from '../task.ts';

/** Answers every reference that is not a dimension; throws for those that the manifest layer lets through nowhere. */
export type Answer = (ref: Exclude<Ref, { kind: 'dimension' }>) => string;

const noOther: Answer = (ref) => {
  throw new Error(`a reference of kind "${ref.kind}" reached a place where the manifest allows none`);
};

export function render(template: Template, partition: Partition, answer: Answer = noOther): string {
  let text = '';
  for (const part of template.parts) {
    if (typeof part === 'string') text += part;
    else if (part.kind === 'dimension') text += dimensionText(part, partition);
    else text += answer(part);
  }
  return text;
}

function dimensionText(ref: Extract<Ref, { kind: 'dimension' }>, partition: Partition): string {
  if (ref.field === undefined) {
    const key = partition.keys[ref.name];
    if (key === undefined)
      throw new Error(`template names dimension "${ref.name}", which the rule is not for`);
    return key;
  }
  const span = partition.spans[ref.name];
  if (span === undefined)
    throw new Error(`key "${partition.keys[ref.name]}" of "${ref.name}" covers no time`);
  return formatInstant(ref.field === 'start' ? span.start : span.end);
}

export function renderJson(open: OpenJson, partition: Partition): Json {
  switch (open.kind) {
    case 'value':
      return open.value;
    case 'template':
      return render(open.template, partition);
    case 'list':
      return open.items.map((item) => renderJson(item, partition));
    case 'map':
      return Object.fromEntries(open.members.map(([key, member]) => [key, renderJson(member, partition)]));
  }
}

/** The text before the first reference: two templates whose prefixes disagree can never give the same path. */
export function literalPrefix(template: Template): string {
  const [first] = template.parts;
  return typeof first === 'string' ? first : '';
}

export function namesRunId(template: Template): boolean {
  return template.parts.some((part) => typeof part !== 'string' && part.kind === 'run_id');
}

/** As `render`, but what a key brings in is taken literally by whoever matches globs. */
export function renderGlob(template: Template, partition: Partition, answer?: Answer): string {
  const keys = Object.entries(partition.keys).map(([name, key]) => [name, literalGlob(key)] as const);
  return render(template, { ...partition, keys: Object.fromEntries(keys) }, answer);
}

/** A glob that matches just this text. */
export function literalGlob(text: string): string {
  return text.replace(/[\\*?[\]{}()!+@|]/g, '\\$&');
}

export type Reading = ReadonlyMap<string, string>;

/**
 * A reader that gives every way in which the template could have made a path: keys by dimension. Two keys with no
 * slash between them can be told apart in several ways (`a-b-c` by `${x}-${y}`); which of them are keys, others know.
 */
export function reader({ parts }: Template): (path: string) => readonly Reading[] {
  return (path) => {
    const readings: Reading[] = [];
    const keys = new Map<string, string>();
    const read = (part: number, from: number): void => {
      const here = parts[part];
      if (here === undefined) {
        if (from === path.length) readings.push(new Map(keys));
      } else if (typeof here === 'string') {
        if (path.startsWith(here, from)) read(part + 1, from + here.length);
      } else {
        const name = here.kind === 'dimension' && here.field === undefined ? here.name : undefined;
        const known = name === undefined ? undefined : keys.get(name);
        if (known !== undefined) {
          if (path.startsWith(known, from)) read(part + 1, from + known.length);
          return;
        }
        for (const to of ends(path, from, parts[part + 1])) {
          if (name !== undefined) keys.set(name, path.slice(from, to));
          read(part + 1, to);
        }
        if (name !== undefined) keys.delete(name);
      }
    };
    read(0, 0);
    return readings;
  };
}

/** Where a key that begins at `from` may end: within its folder or file name, and before what follows in the template. */
function ends(path: string, from: number, next: string | Ref | undefined): readonly number[] {
  const slash = path.indexOf('/', from);
  const limit = slash < 0 ? path.length : slash;
  if (next === undefined) return limit === path.length && limit > from ? [limit] : [];
  const found: number[] = [];
  for (let to = from + 1; to <= limit; to++) {
    if (typeof next !== 'string' || path.startsWith(next, to)) found.push(to);
  }
  return found;
}

/** A regular expression's source that matches just this text. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
