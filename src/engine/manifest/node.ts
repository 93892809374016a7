/**
 * YAML as a tree of plain values, each with its place. Anchors, tags and comments are gone.
 * It knows neither the `yaml` library nor what the values mean.
 */
import type { Place } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import type { SourceText } from './source.ts';
import { placeAt } from './source.ts';

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
  /** As written, quotes included. */
  readonly raw: string;
  readonly place: Place;
  readonly source: SourceText;
  /** Offset of `raw` in the source. */
  readonly start: number;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly place: Place;
}

export interface Entry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: YamlNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
  readonly place: Place;
}

export type YamlNode = ScalarNode | ListNode | MapNode;
export type Path = readonly (string | number)[];

export function toJson(node: YamlNode): Json {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toJson);
    case 'map':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, toJson(value)]));
  }
}

export function entryOf(node: YamlNode | undefined, key: string): Entry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined;
}

export function childOf(node: YamlNode | undefined, key: string | number): YamlNode | undefined {
  if (typeof key === 'string') return entryOf(node, key)?.value;
  return node?.kind === 'list' ? node.items[key] : undefined;
}

export function entriesOf(node: YamlNode | undefined): readonly Entry[] {
  return node?.kind === 'map' ? node.entries : [];
}

export function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === 'list' ? node.items : [];
}

/** The text of a string scalar. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** One lies within the other, or they are the same. */
export function overlap(a: Path, b: Path): boolean {
  return a.every((key, index) => index >= b.length || `${key}` === `${b[index]}`);
}

export function nodeAt(root: YamlNode, path: Path): YamlNode | undefined {
  let here: YamlNode | undefined = root;
  for (const key of path)
    here = childOf(here, typeof key === 'number' && here?.kind === 'map' ? `${key}` : key);
  return here;
}

/** The place of the key at a path, or of the deepest thing above it that exists. */
export function keyPlaceAt(root: YamlNode, path: Path): Place {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = nodeAt(root, path.slice(0, length - 1));
    const last = path[length - 1];
    const entry = entryOf(parent, `${last}`);
    if (entry) return entry.keyPlace;
    const item = typeof last === 'number' ? childOf(parent, last) : undefined;
    if (item) return item.place;
  }
  return root.place;
}

/**
 * The place of `needle` inside a string scalar, `at` being its offset in the value. Escapes and folding shift
 * offsets, so the occurrence is counted in the value and looked for in the source.
 */
export function placeWithin(node: ScalarNode, needle: string, at: number): Place {
  const value = `${node.value}`;
  let start = -1;
  for (let seen = value.indexOf(needle); seen !== -1 && seen <= at; seen = value.indexOf(needle, seen + 1)) {
    start = node.raw.indexOf(needle, start + 1);
    if (start === -1) return node.place;
  }
  if (start === -1) return node.place;
  return placeAt(node.source, node.start + start, node.start + start + needle.length);
}
