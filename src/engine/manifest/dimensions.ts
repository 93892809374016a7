/** Dimensions of the manifest: lists here, calendars and dynamic ones beside. It expands nothing. */
import type { Place } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { readCalendar } from './calendar-dimension.ts';
import { definitionOf } from './config-node.ts';
import type { ConfigFacts } from './dimension-shape.ts';
import { spelledOut } from './dimension-shape.ts';
import type { Parents } from './dynamic-dimension.ts';
import { readDynamic } from './dynamic-dimension.ts';
import type { Dimension } from './model.ts';
import type { Entry, YamlNode } from './node.ts';
import { childOf, entriesOf, entryOf, itemsOf, textOf } from './node.ts';
import { closedJson, isList } from './open.ts';
import type { RuleOutline } from './outline.ts';
import type { Values } from './scope.ts';
import { topScope } from './scope.ts';
import { describeValue } from './wording.ts';

/** Names that `${…}` already has a meaning for. */
export const RESERVED: readonly string[] = ['as_of', 'in', 'out', 'params', 'run_id'];

/** `config`: to read a dimension that is given there, and to place a key where it is written. */
export function readDimensions(
  node: YamlNode | undefined,
  values: Values,
  outlines: ReadonlyMap<string, RuleOutline>,
  config: ConfigFacts,
): ReadonlyMap<string, Dimension> {
  const entries = entriesOf(node).flatMap((entry): readonly Entry[] => {
    checkName(entry, values, config.root);
    const { value, read, diagnostics } = spelledOut(entry, config);
    if (read !== undefined) values.read.add(read);
    for (const each of diagnostics) values.report(each);
    return value === undefined ? [] : [{ ...entry, value }];
  });
  const parents = new Map(entries.map(({ key, value }) => [key, textOf(childOf(value, 'of'))]));
  const dimensions = new Map<string, Dimension>();
  for (const entry of entries) {
    const read = readDimension(entry, values, outlines, parents, config.root);
    if (read) dimensions.set(entry.key, read);
  }
  return dimensions;
}

function readDimension(
  entry: Entry,
  values: Values,
  outlines: ReadonlyMap<string, RuleOutline>,
  parents: Parents,
  configRoot: YamlNode,
): Dimension | undefined {
  if (entry.value.kind !== 'map') return readList(entry, values, configRoot);
  return values.dimensionKinds.get(entry.key) === 'dynamic'
    ? readDynamic(entry, values, outlines, parents)
    : readCalendar(entry, values);
}

function checkName({ key: name, keyPlace: place }: Entry, values: Values, configRoot: YamlNode): void {
  if (RESERVED.includes(name)) {
    values.report(
      error(`a dimension cannot be called "${name}": \${${name}} has a meaning of its own`, place),
    );
  }
  const clash = entryOf(configRoot, name);
  if (clash) {
    const message = `the dimension "${name}" has the name of a config value: \${${name}} would be either`;
    const related = [{ message: 'the config value', place: clash.keyPlace }];
    values.report({ ...error(message, place, 'rename one of the two'), related });
  }
}

function readList(
  { key: name, keyPlace: place, value: node }: Entry,
  values: Values,
  configRoot: YamlNode,
): Dimension | undefined {
  const scope = topScope(values, `dimension "${name}"`);
  const list = closedJson(node, scope);
  if (list === undefined) return undefined;
  if (!isList(list)) {
    const map = list !== null && typeof list === 'object';
    // What the config's owner makes of a map is not known as long as something else in the config is wrong.
    if (map && values.uncompleted) return undefined;
    const kinds = map ? 'a list of keys or a map with "every" or "keys"' : 'a list of keys';
    values.report(
      error(`dimension "${name}" must be ${kinds}, got ${sourceOf(node)}${describeValue(list)}`, node.place),
    );
    return undefined;
  }
  if (list.length === 0) {
    values.report(
      error(`dimension "${name}" has no keys: nothing would be built`, node.place, 'list at least one key'),
    );
    return undefined;
  }
  const items = itemsOf(node.kind === 'list' ? node : definitionOf(node, configRoot));
  const first = new Map<string, Place>();
  for (const [index, value] of list.entries()) {
    const item = items[index];
    const at = item?.place ?? node.place;
    const { problem, hint } = keyProblem(value, item);
    if (problem !== undefined) {
      values.report(
        error(`${describeValue(value)} cannot be a key of dimension "${name}": ${problem}`, at, hint),
      );
      continue;
    }
    const key = `${value}`;
    const before = first.get(key);
    if (before) {
      const related = [{ message: 'first listed here', place: before }];
      values.report({
        ...error(`the key "${key}" of dimension "${name}" is listed twice`, at, 'remove one of the two'),
        related,
      });
    } else first.set(key, at);
  }
  return { name, place, kind: 'list', keys: [...first.keys()] };
}

function sourceOf(node: YamlNode): string {
  const text = textOf(node);
  return text?.includes('${') ? `${text} = ` : '';
}

/** Keys become parts of paths and of target names. */
function keyProblem(value: Json, item: YamlNode | undefined): { problem?: string; hint?: string } {
  if (typeof value === 'number') {
    const raw = item?.kind === 'scalar' && typeof item.value === 'number' ? item.raw : `${value}`;
    return raw === `${value}` ? {} : { problem: `YAML reads ${raw} as a number`, hint: `quote it: "${raw}"` };
  }
  if (typeof value === 'boolean')
    return { problem: 'YAML reads it as true or false', hint: `quote it: "${value}"` };
  if (typeof value !== 'string') return { problem: 'a key is a text' };
  if (value === '') return { problem: 'it is empty' };
  if (value === '.' || value === '..') return { problem: 'it names a folder' };
  if (value.includes('/')) return { problem: 'it holds a "/"' };
  if (value.includes('..')) return { problem: 'it holds "..", which means a range' };
  return /[\u0000-\u001f\u007f]/.test(value) ? { problem: 'it holds a control character' } : {};
}
