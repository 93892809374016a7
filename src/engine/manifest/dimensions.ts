/** Dimensions of the manifest: lists here, calendars and dynamic ones beside. It expands nothing. */
import type { Place } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { readCalendar } from './calendar-dimension.ts';
import { readDynamic } from './dynamic-dimension.ts';
import type { Dimension } from './model.ts';
import type { Entry, YamlNode } from './node.ts';
import { entriesOf, entryOf, itemsOf, nodeAt, textOf } from './node.ts';
import { closedJson, isList } from './open.ts';
import type { RuleOutline } from './outline.ts';
import type { Values } from './scope.ts';
import { topScope } from './scope.ts';
import { parseTemplate, wholeReference } from './template.ts';
import { describeValue } from './wording.ts';

/** Names that `${…}` already has a meaning for. */
export const RESERVED: readonly string[] = ['as_of', 'in', 'out', 'params', 'run_id'];

/** Kinds by name, told by shape alone: a dimension with a mistake in it is still a dimension. */
export function dimensionKinds(root: YamlNode): ReadonlyMap<string, Dimension['kind']> {
  return new Map(entriesOf(entryOf(root, 'dimensions')?.value).map(({ key, value }) => [key, kindOf(value)]));
}

function kindOf(node: YamlNode): Dimension['kind'] {
  if (node.kind !== 'map') return 'list';
  return entryOf(node, 'of') || entryOf(node, 'keys') ? 'dynamic' : 'calendar';
}

/** `configRoot`: the merged config, to place a key where it is written. */
export function readDimensions(
  node: YamlNode | undefined,
  values: Values,
  outlines: ReadonlyMap<string, RuleOutline>,
  configRoot: YamlNode,
): ReadonlyMap<string, Dimension> {
  const dimensions = new Map<string, Dimension>();
  for (const entry of entriesOf(node)) {
    const { key: name, keyPlace: place, value } = entry;
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
    const kind = kindOf(value);
    const read =
      kind === 'list'
        ? readList(entry, values, configRoot)
        : kind === 'calendar'
          ? readCalendar(entry, values)
          : readDynamic(entry, values, outlines);
    if (read) dimensions.set(name, read);
  }
  return dimensions;
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
    values.report(
      error(
        `dimension "${name}" must be a list of keys, got ${sourceOf(node)}${describeValue(list)}`,
        node.place,
      ),
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

/** The config's list that a dimension names: its items have places of their own. */
function definitionOf(node: YamlNode, configRoot: YamlNode): YamlNode | undefined {
  const text = textOf(node);
  const whole = text === undefined ? undefined : wholeReference(parseTemplate(text));
  return whole && nodeAt(configRoot, whole.name.split('.'));
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
