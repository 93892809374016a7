/**
 * Nodes of the manifest with config values put in: as JSON, as open JSON, as a template. What is wrong is
 * reported to the scope and gives undefined.
 */
import type { z } from 'zod';
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { isArray } from '../json.ts';
import type { OpenJson, Ref, Template } from './model.ts';
import type { ScalarNode, YamlNode } from './node.ts';
import { placeWithin } from './node.ts';
import type { Scope } from './scope.ts';
import { meaningOf } from './scope.ts';
import { parseTemplate, wholeReference } from './template.ts';
import { insertable, literalInGlob, shellWords } from './value-text.ts';
import { describeValue } from './wording.ts';

type Style = 'text' | 'shell' | 'glob';

/** How a config value stands in it. */
const INSERTS = { text: insertable, shell: shellWords, glob: literalInGlob } as const satisfies Record<
  Style,
  unknown
>;

/** Everything may stay open that names a partition. */
export function openJson(node: YamlNode, scope: Scope): OpenJson | undefined {
  if (node.kind === 'list') {
    const items = node.items.map((item) => openJson(item, scope));
    if (items.includes(undefined)) return undefined;
    return folded({ kind: 'list', items: items.filter((item) => item !== undefined) });
  }
  if (node.kind === 'map') {
    const members = node.entries.map(({ key, value }) => [key, openJson(value, scope)] as const);
    const sound = members.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
    return sound.length < members.length ? undefined : folded({ kind: 'map', members: sound });
  }
  if (typeof node.value !== 'string') return { kind: 'value', value: node.value };
  const parsed = parseTemplate(node.value);
  const whole = wholeReference(parsed);
  if (whole) {
    const meaning = meaningOf(whole, placeWithin(node, whole.text, whole.at), scope);
    if (meaning === undefined) return undefined;
    if (meaning.kind === 'value') return meaning;
    return { kind: 'template', template: { parts: [meaning.ref], source: node.value, place: node.place } };
  }
  const template = openTemplate(node, scope);
  if (template === undefined) return undefined;
  const text = literalText(template);
  return text === undefined ? { kind: 'template', template } : { kind: 'value', value: text };
}

/** A list or map with nothing open in it is a value. */
function folded(open: OpenJson & { kind: 'list' | 'map' }): OpenJson {
  if (open.kind === 'list') {
    const values = open.items.flatMap((item) => (item.kind === 'value' ? [item.value] : []));
    return values.length === open.items.length ? { kind: 'value', value: values } : open;
  }
  const members = open.members.flatMap(([key, member]) =>
    member.kind === 'value' ? [[key, member.value] as const] : [],
  );
  return members.length === open.members.length
    ? { kind: 'value', value: Object.fromEntries(members) }
    : open;
}

/** Nothing may stay open: `dimensions` of the scope is empty. */
export function closedJson(node: YamlNode, scope: Scope): Json | undefined {
  const open = openJson(node, { ...scope, dimensions: [] });
  return open?.kind === 'value' ? open.value : undefined;
}

/** A closed value that must fit a schema, whose message says what it must be. */
export function closedField<T>(
  node: YamlNode | undefined,
  schema: z.ZodType<T>,
  subject: string,
  scope: Scope,
): T | undefined {
  const value = node === undefined ? undefined : closedJson(node, scope);
  if (node === undefined || value === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const expected = result.error.issues[0]?.message ?? 'something else';
  const via = node.kind === 'scalar' && node.value !== value ? `${node.value} = ` : '';
  scope.report(error(`${subject} must be ${expected}, got ${via}${describeValue(value)}`, node.place));
  return undefined;
}

/** A text with open references. */
export function openTemplate(node: YamlNode, scope: Scope, style: Style = 'text'): Template | undefined {
  if (node.kind !== 'scalar') return undefined;
  const { pieces, errors } = parseTemplate(`${node.value}`);
  for (const { message, hint, text, at } of errors)
    scope.report(error(message, placeWithin(node, text, at), hint));
  const parts = pieces.map((piece) =>
    typeof piece === 'string' ? piece : partFor(piece, node, scope, style),
  );
  if (errors.length > 0 || parts.includes(undefined)) return undefined;
  return {
    parts: joined(parts.filter((part) => part !== undefined)),
    source: `${node.value}`,
    place: node.place,
  };
}

function partFor(
  piece: Parameters<typeof meaningOf>[0],
  node: ScalarNode,
  scope: Scope,
  style: Style,
): string | Ref | undefined {
  const place = placeWithin(node, piece.text, piece.at);
  const meaning = meaningOf(piece, place, scope);
  if (meaning === undefined) return undefined;
  if (meaning.kind === 'open') return meaning.ref;
  const inserted = INSERTS[style](meaning.value, piece, place);
  if (inserted.ok) return inserted.text;
  scope.report(inserted.diagnostic);
  return undefined;
}

/** Neighbouring texts made one, empty ones dropped. */
export function joined(parts: readonly (string | Ref)[]): readonly (string | Ref)[] {
  const result: (string | Ref)[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part === '') continue;
    if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part;
    else result.push(part);
  }
  return result;
}

/** The text of a template in which nothing is open. */
export function literalText({ parts }: Template): string | undefined {
  if (parts.length === 0) return '';
  return parts.length === 1 && typeof parts[0] === 'string' ? parts[0] : undefined;
}

/** One spelling for each template: two that are equal name the same files. */
export function spelling({ parts }: Template): string {
  return parts
    .map((part) => (typeof part === 'string' ? part.replaceAll('$', '$$$$') : `\${${refName(part)}}`))
    .join('');
}

function refName(ref: Ref): string {
  if (ref.kind === 'run_id') return 'run_id';
  if (ref.kind !== 'dimension') return `${ref.kind}.${ref.name}`;
  return ref.field === undefined ? ref.name : `${ref.name}.${ref.field}`;
}

export function isList(value: Json): value is readonly Json[] {
  return value !== null && typeof value === 'object' && isArray(value);
}
