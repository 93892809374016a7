/**
 * Turns a parsed YAML document into the positioned tree: aliases written out (up to a limit), keys made text,
 * values that JSON cannot hold refused. It knows the `yaml` library and no manifest.
 */
import type { Document, Node, YAMLMap } from 'yaml';
import { isAlias, isNode, isScalar, isSeq } from 'yaml';
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Entry, ScalarNode, YamlNode } from './node.ts';
import type { SourceText } from './source.ts';
import { placeAt } from './source.ts';

/** A short file can spell out a billion values by aliases of aliases. */
const MAX_ALIASED = 10_000;
const MAX_DEPTH = 64;

export interface Tree {
  readonly root: YamlNode;
  readonly diagnostics: readonly Diagnostic[];
}

/** `base`: the offset in the source at which the document's text begins. */
export function toTree(document: Document.Parsed, source: SourceText, base: number): Tree {
  const diagnostics: Diagnostic[] = [];
  const open = new Set<Node>();
  let aliased = 0;

  const at = (start: number, end: number) => placeAt(source, base + start, base + end);
  const rawOf = (start: number, end: number) => source.text.slice(base + start, base + end);
  const scalar = (value: ScalarNode['value'], start: number, end: number): ScalarNode => {
    return {
      kind: 'scalar',
      value,
      raw: rawOf(start, end),
      place: at(start, end),
      source,
      start: base + start,
    };
  };

  /** `alias`: the outermost one that leads here. `where`: the offset to name when the document has nothing there. */
  const convert = (node: Node | null, depth: number, alias: Node | undefined, where: number): YamlNode => {
    if (node === null) return scalar(null, where, where);
    const [start, end] = node.range ?? [where, where];
    const refuseAt = (from: number, to: number, message: string, hint?: string) => {
      diagnostics.push(error(message, at(from, to), hint));
      return scalar(null, start, end);
    };
    const refuse = (message: string, hint?: string) => refuseAt(start, end, message, hint);
    if (alias) aliased += 1;
    if (aliased > MAX_ALIASED) {
      // Once is enough, and nothing below is looked at.
      if (aliased > MAX_ALIASED + 1) return scalar(null, start, end);
      aliased += MAX_ALIASED;
      return refuse(
        `aliases expand to more than ${MAX_ALIASED} values`,
        'write a value once and read it by ${name}',
      );
    }
    if (depth > MAX_DEPTH) return refuse(`values are nested more than ${MAX_DEPTH} deep`);
    if (isAlias(node)) {
      const target = node.resolve(document);
      const hint = `an anchor is &${node.source}, before the value; a text that begins with * needs quotes`;
      if (target === undefined) return refuse(`no anchor "${node.source}" stands before this alias`, hint);
      if (open.has(target)) return refuse(`the alias "${node.source}" contains itself`);
      return convert(target, depth, alias ?? node, start);
    }
    if (isScalar(node)) return convertScalar(node.value, start, end, refuse);
    open.add(node);
    const next = (child: unknown, from: number) =>
      convert(isNode(child) ? child : null, depth + 1, alias, from);
    const place = at(start, end);
    const converted: YamlNode = isSeq(node)
      ? { kind: 'list', items: node.items.map((item) => next(item, start)), place }
      : { kind: 'map', entries: entriesOf(node, next), place };
    open.delete(node);
    return converted;
  };

  const convertScalar = (
    value: unknown,
    start: number,
    end: number,
    refuse: (message: string, hint?: string) => YamlNode,
  ): YamlNode => {
    if (value === null || typeof value === 'string' || typeof value === 'boolean')
      return scalar(value, start, end);
    const raw = rawOf(start, end);
    const hint = `quote it: "${raw}"`;
    if (typeof value !== 'number' || !Number.isFinite(value))
      return refuse(`${raw} is not a number that JSON knows`, hint);
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      return refuse(`${raw} is too large to be kept exactly`, hint);
    return scalar(value, start, end);
  };

  const entriesOf = (map: Node, next: (child: unknown, from: number) => YamlNode): readonly Entry[] => {
    const entries = new Map<string, Entry>();
    for (const pair of pairsOf(map)) {
      const [start, end] = (isNode(pair.key) ? pair.key.range : undefined) ?? map.range ?? [0, 0];
      const keyPlace = at(start, end);
      const key = keyText(pair.key, rawOf(start, end));
      const problem = key === undefined ? 'a key must be plain text' : badKey(key);
      if (key === undefined || problem !== undefined) {
        diagnostics.push(error(problem ?? '', keyPlace, key === '<<' ? 'write the keys out' : undefined));
        continue;
      }
      const first = entries.get(key);
      if (first) {
        const related = [{ message: 'first written here', place: first.keyPlace }];
        diagnostics.push({
          ...error(`the key "${key}" is written twice`, keyPlace, 'keep one of the two'),
          related,
        });
        continue;
      }
      const value = next(pair.value, end);
      // `key:` without a value: there is nothing to underline but the key.
      const nothing = value.kind === 'scalar' && value.raw.trim() === '';
      entries.set(key, { key, keyPlace, value: nothing ? { ...value, place: keyPlace } : value });
    }
    return [...entries.values()];
  };

  return { root: convert(document.contents, 0, undefined, 0), diagnostics };
}

function pairsOf(node: Node): YAMLMap['items'] {
  return 'items' in node && !isSeq(node) && Array.isArray(node.items) ? node.items : [];
}

/** Keys are text as written: 007 stays "007". */
function keyText(key: unknown, raw: string): string | undefined {
  if (!isScalar(key)) return undefined;
  if (key.value === null) return '';
  return typeof key.value === 'string' ? key.value : raw;
}

function badKey(key: string): string | undefined {
  if (key === '') return 'a key is empty';
  if (key === '<<') return 'merge keys (<<) are not read';
  return key === '__proto__' ? `"${key}" cannot be a key` : undefined;
}
