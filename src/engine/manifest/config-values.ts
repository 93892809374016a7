/**
 * Config values with their references to each other and to `as_of` filled in, each once, cycles refused. It knows
 * the merged tree and the manifest's `as_of`; it knows no schema beyond the names that it is given.
 */
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { isArray } from '../json.ts';
import type { AsOfChoice } from './as-of.ts';
import type { ConfigTree } from './config-tree.ts';
import { dottedNames } from './config-tree.ts';
import { formatInstant } from './instant.ts';
import { suggest } from './nearest.ts';
import type { Path, ScalarNode, YamlNode } from './node.ts';
import { childOf, placeWithin, toJson } from './node.ts';
import type { Report } from './report.ts';
import type { Interpolation } from './template.ts';
import { parseTemplate, wholeReference } from './template.ts';
import { insertable } from './value-text.ts';

export interface ConfigValues {
  /** Every value; one that could not be resolved stands as written. */
  readonly json: Json;
  readonly failed: readonly Path[];
  /** Undefined when it is wrong, which was reported. */
  readonly asOf: number | undefined;
  /** Names that were read, as written. */
  readonly read: ReadonlySet<string>;
}

/** Reported already. */
const FAILED = Symbol('failed');
type Resolved = Json | typeof FAILED;

export function resolveConfig(
  tree: ConfigTree,
  asOf: AsOfChoice,
  known: readonly string[],
  report: Report,
): ConfigValues {
  const done = new Map<YamlNode, Resolved>();
  const stack: { node: YamlNode | 'as_of'; name: string }[] = [];
  const read = new Set<string>();
  const failed: Path[] = [];
  let asOfDone: number | typeof FAILED | undefined;

  const resolve = (node: YamlNode, path: Path): Resolved => {
    const before = done.get(node);
    if (before !== undefined) return before;
    stack.push({ node, name: path.join('.') });
    const value = resolveNew(node, path);
    stack.pop();
    done.set(node, value);
    return value;
  };

  const resolveNew = (node: YamlNode, path: Path): Resolved => {
    if (node.kind === 'scalar') return resolveScalar(node, path);
    if (node.kind === 'list') {
      const items = node.items.map((item, index) => resolve(item, [...path, index]));
      return items.some((item) => item === FAILED) ? FAILED : items.filter((item) => item !== FAILED);
    }
    const members = node.entries.map(({ key, value }) => [key, resolve(value, [...path, key])] as const);
    if (members.some(([, value]) => value === FAILED)) return FAILED;
    return Object.fromEntries(members.flatMap(([key, value]) => (value === FAILED ? [] : [[key, value]])));
  };

  const resolveScalar = (node: ScalarNode, path: Path): Resolved => {
    const value = fill(node, false);
    if (value === FAILED) failed.push(path);
    return value;
  };

  /** `unset`: null stands for a name that the schema knows and nothing sets. */
  const fill = (node: ScalarNode, unset: boolean): Resolved => {
    if (typeof node.value !== 'string') return node.value;
    const template = parseTemplate(node.value);
    for (const { message, hint, text, at } of template.errors)
      report(error(message, placeWithin(node, text, at), hint));
    const whole = wholeReference(template);
    if (whole) return follow(whole, node, unset);
    let text: string | typeof FAILED = template.errors.length > 0 ? FAILED : '';
    for (const piece of template.pieces) {
      const value = typeof piece === 'string' ? piece : insertText(piece, node);
      text = text === FAILED || value === FAILED ? FAILED : text + value;
    }
    return text;
  };

  const insertText = (piece: Interpolation, node: ScalarNode): string | typeof FAILED => {
    const value = follow(piece, node, false);
    if (value === FAILED) return FAILED;
    const inserted = insertable(value, piece, placeWithin(node, piece.text, piece.at));
    if (inserted.ok) return inserted.text;
    report(inserted.diagnostic);
    return FAILED;
  };

  const follow = ({ name, text, at }: Interpolation, from: ScalarNode, unset: boolean): Resolved => {
    const place = placeWithin(from, text, at);
    if (name === 'as_of') {
      const time = cyclic('as_of', 'as_of', place) ? FAILED : theAsOf();
      return time === FAILED ? FAILED : formatInstant(time);
    }
    read.add(name);
    const segments = name.split('.');
    let node: YamlNode = tree.root;
    for (const [index, segment] of segments.entries()) {
      const child = childOf(node, segment);
      const here = segments.slice(0, index);
      if (child === undefined) {
        if (node.kind !== 'scalar' || typeof node.value !== 'string') return unknown(name, place, unset);
        // The value may itself be `${…}`: what it stands for is looked into.
        const value = cyclic(node, here.join('.'), place) ? FAILED : resolve(node, here);
        const inner = value === FAILED ? FAILED : memberOf(value, segments.slice(index));
        return inner === undefined ? unknown(name, place, unset) : inner;
      }
      node = child;
    }
    return cyclic(node, name, place) ? FAILED : resolve(node, segments);
  };

  const unknown = (name: string, place: ScalarNode['place'], unset: boolean): Resolved => {
    if (known.includes(name)) {
      if (unset) return null;
      report(
        error(
          `the config value "${name}" is not set`,
          place,
          `set it in a config file, or with --set ${name}=…`,
        ),
      );
    } else if (!tree.incomplete) {
      const names = ['as_of', ...dottedNames(tree.root), ...known];
      report(error(`unknown config value "${name}"`, place, suggest(name, names, 'config values')));
    }
    return FAILED;
  };

  const cyclic = (node: YamlNode | 'as_of', name: string, place: ScalarNode['place']): boolean => {
    const from = stack.findIndex((each) => each.node === node);
    if (from === -1) return false;
    const chain = [...stack.slice(from).map((each) => each.name), name].join(' → ');
    report(error(`config values refer to each other in a circle: ${chain}`, place, 'write one of them out'));
    return true;
  };

  const theAsOf = (): number | typeof FAILED => {
    if (asOf.fixed !== undefined) return asOf.fixed;
    if (asOfDone !== undefined) return asOfDone;
    stack.push({ node: 'as_of', name: 'as_of' });
    const written = asOf.node === undefined ? null : fill(asOf.node, true);
    stack.pop();
    asOfDone = (written === FAILED ? undefined : asOf.settle(written, report)) ?? FAILED;
    return asOfDone;
  };

  for (const { key, value } of tree.root.entries) resolve(value, [key]);
  // A manifest's as_of that the command line overrides is read all the same: what is wrong in it stays wrong.
  const time = theAsOf();
  if (asOf.fixed !== undefined && asOf.node !== undefined) fill(asOf.node, true);
  const json = Object.fromEntries(tree.root.entries.map(({ key, value }) => [key, settled(value, done)]));
  return { json, failed, asOf: time === FAILED ? undefined : time, read };
}

/** The resolved value, or as much of it as could be resolved. */
function settled(node: YamlNode, done: ReadonlyMap<YamlNode, Resolved>): Json {
  const value = done.get(node);
  if (value !== undefined && value !== FAILED) return value;
  if (node.kind === 'list') return node.items.map((item) => settled(item, done));
  if (node.kind === 'map')
    return Object.fromEntries(node.entries.map((entry) => [entry.key, settled(entry.value, done)]));
  return toJson(node);
}

/** The value under dotted names; undefined where there is none. */
export function memberOf(value: Json, names: readonly string[]): Json | undefined {
  let here: Json | undefined = value;
  for (const name of names) {
    if (here === null || typeof here !== 'object' || isArray(here) || !Object.hasOwn(here, name))
      return undefined;
    here = here[name];
  }
  return here;
}
