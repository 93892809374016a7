/**
 * What kind of dimension a node declares, told by its shape alone: a dimension with a mistake in it is still one. A
 * reference to a map of the config is read as if that map stood there. Reads no keys and no edges.
 */
import type { Diagnostic } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { isArray } from '../json.ts';
import { placed, referenceOf } from './config-node.ts';
import { memberOf } from './config-values.ts';
import { gate } from './gate.ts';
import type { Dimension } from './model.ts';
import type { Entry, MapNode, Path, YamlNode } from './node.ts';
import { entriesOf, entryOf, keyPlaceAt, nodeAt, overlap, placeWithin } from './node.ts';
import { dimensionsSchema } from './schema.ts';

/** The config, as far as it is sound. */
export interface ConfigFacts {
  /** Complete. */
  readonly json: Json;
  /** For places. */
  readonly root: YamlNode;
  readonly wrong: readonly Path[];
}

/** By name; undefined where a config value decides that is not known. */
export function dimensionKinds(
  root: YamlNode,
  config: ConfigFacts,
): ReadonlyMap<string, Dimension['kind'] | undefined> {
  const entries = entriesOf(entryOf(root, 'dimensions')?.value);
  return new Map(entries.map(({ key, value }) => [key, kindOf(value, config)]));
}

function kindOf(node: YamlNode, config: ConfigFacts): Dimension['kind'] | undefined {
  if (node.kind === 'map') return kindOfMap(node.entries.map(({ key }) => key)) ?? 'calendar';
  const reference = referenceOf(node);
  if (reference === undefined) return 'list';
  const value = configValue(reference.name, config);
  if (value === undefined) return undefined;
  return isMap(value) ? kindOfMap(Object.keys(value)) : 'list';
}

function kindOfMap(keys: readonly string[]): 'calendar' | 'dynamic' | undefined {
  if (keys.includes('of') || keys.includes('keys')) return 'dynamic';
  return keys.includes('every') || keys.includes('from') || keys.includes('to') ? 'calendar' : undefined;
}

function configValue(name: string, { json, wrong }: ConfigFacts): Json | undefined {
  const path = name.split('.');
  return wrong.some((each) => overlap(each, path)) ? undefined : memberOf(json, path);
}

function isMap(value: Json): value is Readonly<Record<string, Json>> {
  return value !== null && typeof value === 'object' && !isArray(value);
}

export interface SpelledOut {
  /** Undefined where all of it is wrong. */
  readonly value: YamlNode | undefined;
  /** The config value that it stands for. */
  readonly read: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** The map of the config that a dimension names, checked as the manifest's own are; anything else as it stands. */
export function spelledOut({ key, keyPlace, value: node }: Entry, config: ConfigFacts): SpelledOut {
  const reference = referenceOf(node);
  const value = reference && configValue(reference.name, config);
  if (reference === undefined || value === undefined || !isMap(value) || !kindOfMap(Object.keys(value)))
    return { value: node, read: undefined, diagnostics: [] };
  const here = node.kind === 'scalar' ? placeWithin(node, reference.text, reference.at) : keyPlace;
  const path = reference.name.split('.');
  const written = nodeAt(config.root, path);
  const tree = placed(value, written, here, config.root);
  const keyHere = written === undefined ? here : keyPlaceAt(config.root, path);
  const { tree: left, diagnostics } = gate(
    within(within(tree, key, keyHere), 'dimensions', keyHere),
    dimensionsSchema,
  );
  return { value: nodeAt(left, ['dimensions', key]), read: reference.name, diagnostics };
}

function within(value: YamlNode, key: string, keyPlace: Entry['keyPlace']): MapNode {
  return { kind: 'map', entries: [{ key, keyPlace, value }], place: keyPlace };
}
