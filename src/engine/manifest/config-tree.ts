/**
 * The config as one positioned tree: files merged in order, then `--set`. References in it are not looked at.
 * It knows no names but those that it is given.
 */
import { readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { error } from '../diagnostic.ts';
import { nearest, suggest } from './nearest.ts';
import type { Entry, MapNode, YamlNode } from './node.ts';
import { childOf, nodeAt } from './node.ts';
import { readText, unreadable } from './read-text.ts';
import type { Report } from './report.ts';
import { placeAt, sourceText } from './source.ts';
import { readYaml } from './yaml.ts';

export interface ConfigTree {
  readonly root: MapNode;
  readonly files: readonly string[];
  /** A file could not be read: an unknown name may well stand there. */
  readonly incomplete: boolean;
}

const nowhere = placeAt(sourceText('pipeline.yaml', ''), 0, 0);
const EMPTY: MapNode = { kind: 'map', entries: [], place: nowhere };

/** `list`: the manifest's `configs`, string scalars. */
export function readConfigs(workspace: string, list: readonly YamlNode[], report: Report): ConfigTree {
  let root: MapNode = EMPTY;
  let incomplete = false;
  const files: string[] = [];
  for (const node of list) {
    if (node.kind !== 'scalar') continue;
    const file = normalize(`${node.value}`).replaceAll('\\', '/');
    files.push(file);
    const read = readText(workspace, file);
    if (!read.ok) {
      incomplete = true;
      const near = read.missing ? similarFile(workspace, file) : undefined;
      const hint = near ?? 'write the file, or take it out of "configs"';
      report(unreadable(`the config file "${file}"`, read, node.place, hint));
      continue;
    }
    const { root: tree, diagnostics } = readYaml(read.source);
    for (const each of diagnostics) report(each);
    if (tree === undefined) incomplete = true;
    else if (tree.kind === 'map') root = root === EMPTY ? tree : mergeMaps(root, tree);
    else if (tree.kind !== 'scalar' || tree.value !== null) {
      incomplete = true;
      report(error(`the config file "${file}" must hold a map`, tree.place, 'write "key: value" lines'));
    }
  }
  return { root, files, incomplete };
}

function similarFile(workspace: string, file: string): string | undefined {
  const folder = dirname(file);
  try {
    const names = readdirSync(join(workspace, folder)).map((name) => normalize(join(folder, name)));
    const near = nearest(file, names);
    return near === undefined ? undefined : `did you mean "${near}"?`;
  } catch {
    return undefined;
  }
}

/** Maps deeply, else the later one; a key stays where it was first seen. */
function mergeMaps(earlier: MapNode, later: MapNode): MapNode {
  const entries = new Map<string, Entry>(earlier.entries.map((entry) => [entry.key, entry]));
  for (const entry of later.entries) {
    const old = entries.get(entry.key)?.value;
    const both = old?.kind === 'map' && entry.value.kind === 'map';
    entries.set(entry.key, both ? { ...entry, value: mergeMaps(old, entry.value) } : entry);
  }
  return { kind: 'map', entries: [...entries.values()], place: later.place };
}

/** Applies `--set key=value`, in order. `known`: dotted names that the schema knows. */
export function applySets(
  tree: ConfigTree,
  sets: readonly string[],
  known: readonly string[],
  report: Report,
): ConfigTree {
  let { root } = tree;
  for (const text of sets) {
    const source = sourceText('--set', text);
    const equals = text.indexOf('=');
    const keyEnd = equals === -1 ? text.length : equals;
    const keyPlace = placeAt(source, 0, keyEnd);
    if (equals < 1) {
      report(error(`"${text}" is not of the form key=value`, keyPlace, 'for example --set market=spot'));
      continue;
    }
    const key = text.slice(0, equals);
    const { root: value, diagnostics } = readYaml(source, equals + 1);
    for (const each of diagnostics) report(each);
    const path = key.split('.');
    if (!tree.incomplete && !isKnown(root, path, known)) {
      const names = [...dottedNames(root), ...known];
      report(
        error(`--set of an unknown config value "${key}"`, keyPlace, suggest(key, names, 'config values')),
      );
      continue;
    }
    const above = path.findIndex((_, index) => {
      const node = index === 0 ? undefined : nodeAt(root, path.slice(0, index));
      return node !== undefined && node.kind !== 'map' && !(node.kind === 'scalar' && node.value === null);
    });
    if (above !== -1) {
      const message = `"${path.slice(0, above).join('.')}" is not a map, so "${key}" cannot be set`;
      report(error(message, keyPlace, `set the whole value: --set ${path.slice(0, above).join('.')}=…`));
      continue;
    }
    if (value) root = setAt(root, path, keyPlace, value);
  }
  return { ...tree, root };
}

function setAt(
  map: MapNode,
  [key = '', ...rest]: readonly string[],
  keyPlace: Entry['keyPlace'],
  value: YamlNode,
): MapNode {
  const old = childOf(map, key);
  const inner: MapNode = old?.kind === 'map' ? old : { ...EMPTY, place: keyPlace };
  const entry: Entry = {
    key,
    keyPlace,
    value: rest.length === 0 ? value : setAt(inner, rest, keyPlace, value),
  };
  const there = map.entries.some((each) => each.key === key);
  const entries = there
    ? map.entries.map((each) => (each.key === key ? entry : each))
    : [...map.entries, entry];
  return { ...map, entries };
}

function isKnown(root: MapNode, path: readonly string[], known: readonly string[]): boolean {
  const name = path.join('.');
  if (nodeAt(root, path) !== undefined) return true;
  return known.some((each) => each === name || each.startsWith(`${name}.`)) || isUnderKnownLeaf(name, known);
}

/** The schema knows a whole map by one name (free keys): what lies under it is for the schema to check. */
export function isUnderKnownLeaf(name: string, known: readonly string[]): boolean {
  return known.some(
    (each) => name.startsWith(`${each}.`) && !known.some((other) => other.startsWith(`${each}.`)),
  );
}

/** Every map, list and scalar of a tree by its dotted name. */
export function dottedNames(node: YamlNode, above = ''): string[] {
  if (node.kind !== 'map') return [];
  return node.entries.flatMap(({ key, value }) => [
    `${above}${key}`,
    ...dottedNames(value, `${above}${key}.`),
  ]);
}
