/** Puts partition keys into templates, and reads them back out of paths. Knows no config and no files. */
import type { OpenJson, Ref, Template } from '../manifest/model.ts';
import type { Json, Partition } from '../task.ts';
import { isoInstant } from './calendar.ts';

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
  return isoInstant(ref.field === 'start' ? span.start : span.end);
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

/** A matcher that gives the keys by dimension for a path that the template could have made, else undefined. */
export function reader(template: Template): (path: string) => Readonly<Record<string, string>> | undefined {
  const names: string[] = [];
  let pattern = '';
  for (const part of template.parts) {
    if (typeof part === 'string') {
      pattern += literally(part);
    } else if (part.kind === 'dimension' && part.field === undefined) {
      const known = names.indexOf(part.name);
      pattern += known < 0 ? '([^/]+)' : `\\${known + 1}`;
      if (known < 0) names.push(part.name);
    } else {
      pattern += '[^/]+';
    }
  }
  const shape = new RegExp(`^${pattern}$`);
  return (path) => {
    const found = shape.exec(path);
    if (found === null) return undefined;
    return Object.fromEntries(names.map((name, at) => [name, found[at + 1] ?? '']));
  };
}

/** A regular expression's source that matches just this text. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
