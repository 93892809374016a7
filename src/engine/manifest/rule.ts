/** One rule of the manifest, from its node to plain data. What rules do to each other is checked elsewhere. */
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { byCodeUnit } from '../json.ts';
import { readAction } from './action.ts';
import { parseDuration } from './duration.ts';
import { fields } from './fields.ts';
import { readInput } from './inputs.ts';
import type { Dimension, OpenJson, Rule } from './model.ts';
import { suggest } from './nearest.ts';
import type { Entry, YamlNode } from './node.ts';
import { childOf, entriesOf, itemsOf, textOf } from './node.ts';
import { closedField, closedJson, literalText, openJson, openTemplate } from './open.ts';
import type { RuleOutline } from './outline.ts';
import { readLeft, readOutput } from './outputs.ts';
import { checkPointer } from './references.ts';
import type { Scope, Values } from './scope.ts';
import { topScope } from './scope.ts';
import { describeValue } from './wording.ts';

export const DEFAULT_POOL = 'cpu';
const PARTITIONS: readonly Rule['partitions'][] = ['closed', 'open', 'all'];

/** What a rule may refer to. */
export interface World {
  readonly workspace: string;
  readonly builtinTasks: readonly string[];
  readonly values: Values;
  readonly outlines: ReadonlyMap<string, RuleOutline>;
  readonly dimensions: ReadonlyMap<string, Dimension>;
  /** Undefined when they could not be read. */
  readonly pools: ReadonlyMap<string, number> | undefined;
  /** Maps that lack what was wrong in them: see `gate.ts`. */
  readonly cut: ReadonlySet<string>;
}

/** As much of the rule as is sound; what is not was reported. */
export function readRule({ key: name, keyPlace: place, value: node }: Entry, world: World): Rule {
  const owner = `rule "${name}"`;
  const { values } = world;
  const reads = new Set<string>();
  const dimensions = readFor(childOf(node, 'for'), owner, world);
  const scope: Scope = { ...values, owner, dimensions, reads };
  const inputs = entriesOf(childOf(node, 'in'));
  const outputs = entriesOf(childOf(node, 'out'));
  const params = readParams(childOf(node, 'params'), scope);
  const named = (entries: readonly Entry[]): readonly string[] => entries.map((entry) => entry.key);
  const parts = { in: named(inputs), out: named(outputs), params: [...params.keys()] };
  const action = readAction(node, params, world, { ...scope, parts });
  const neither = !childOf(node, 'run') && !childOf(node, 'task');
  if (neither && node.kind === 'map' && !world.cut.has(`rules/${name}`)) {
    values.report(error(`${owner} has neither "run" nor "task"`, place, 'say how it is carried out'));
  }
  const out = childOf(node, 'out');
  if (out?.kind === 'map' && outputs.length === 0 && !world.cut.has(`rules/${name}/out`)) {
    values.report(error(`${owner} has no outputs`, out.place, 'name at least one: out: { NAME: path }'));
  }
  return {
    name,
    place,
    for: dimensions,
    inputs: inputs.flatMap((entry) => readInput(entry, world.outlines, scope) ?? []),
    outputs: outputs.flatMap((entry) => readOutput(entry, { ...scope, runId: true }) ?? []),
    action: action ?? { kind: 'builtin', name: '', place },
    params: [...params].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
    settings: readSettings(childOf(node, 'settings'), values, owner),
    leaves: itemsOf(childOf(node, 'leaves')).flatMap((item) => readLeft(item, scope) ?? []),
    ...readPolicy(node, scope, world),
    reads: [...reads].sort(byCodeUnit),
  };
}

function readFor(
  node: YamlNode | undefined,
  owner: string,
  { values, dimensions }: World,
): readonly string[] {
  const names: string[] = [];
  for (const item of itemsOf(node)) {
    const name = textOf(item);
    if (name === undefined) continue;
    if (!values.dimensionKinds.has(name)) {
      const hint = suggest(name, values.dimensionKinds.keys(), 'dimensions');
      values.report(error(`unknown dimension "${name}" in "for" of ${owner}`, item.place, hint));
      continue;
    }
    if (names.includes(name)) {
      values.report(
        error(`"${name}" stands twice in "for" of ${owner}`, item.place, 'remove one of the two'),
      );
      continue;
    }
    const dimension = dimensions.get(name);
    const of = dimension?.kind === 'dynamic' ? dimension.of : undefined;
    if (of !== undefined && !names.includes(of)) {
      const message = `"${name}" in "for" of ${owner} needs "${of}" before it: its keys differ from ${of} to ${of}`;
      values.report(error(message, item.place, `write for: [${[...names, of, name].join(', ')}]`));
    }
    names.push(name);
  }
  return names;
}

/** Names that are there but wrong have no value. */
function readParams(node: YamlNode | undefined, scope: Scope): ReadonlyMap<string, OpenJson | undefined> {
  if (node === undefined) return new Map();
  if (node.kind === 'map')
    return new Map(node.entries.map(({ key, value }) => [key, openJson(value, scope)]));
  return new Map(
    Object.entries(asMap(node, `"params" of ${scope.owner}`, scope)).map(([key, value]) => [
      key,
      { kind: 'value', value },
    ]),
  );
}

/** Settings are no part of a fingerprint, so what they read is not among what the rule reads. */
function readSettings(node: YamlNode | undefined, values: Values, owner: string): Rule['settings'] {
  const scope: Scope = { ...values, owner: `"settings" of ${owner}`, dimensions: [] };
  if (node === undefined) return {};
  if (node.kind !== 'map') return asMap(node, scope.owner, scope);
  const members = node.entries.map(({ key, value }) => [key, closedJson(value, scope)] as const);
  return Object.fromEntries(members.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

/** A whole map by reference: `params: ${a.b}`. */
function asMap(node: YamlNode, subject: string, scope: Scope): Readonly<Record<string, Json>> {
  const value = closedJson(node, scope);
  if (value === undefined) return {};
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value));
  scope.report(error(`${subject} must be a map, got ${textOf(node)} = ${describeValue(value)}`, node.place));
  return {};
}

type Policy = Pick<
  Rule,
  | 'pool'
  | 'retries'
  | 'timeoutMs'
  | 'deadlineMs'
  | 'disk'
  | 'partitions'
  | 'refreshAfterMs'
  | 'sweepAfterMs'
  | 'source'
  | 'intermediate'
  | 'default'
>;

function readPolicy(node: YamlNode, scope: Scope, { pools, values }: World): Policy {
  const { owner, report } = scope;
  const poolNode = childOf(node, 'pool');
  const pool = textOf(poolNode) ?? DEFAULT_POOL;
  if (pools && !pools.has(pool)) {
    report(
      error(`unknown pool "${pool}" in ${owner}`, poolNode?.place, suggest(pool, pools.keys(), 'pools')),
    );
  }
  const limit = (key: 'timeout' | 'deadline'): number | undefined => {
    const at = childOf(node, key);
    const ms = durationOf(at, `"${key}" of ${owner}`, scope);
    if (ms === 0) report(error(`"${key}" of ${owner} is no time at all`, at?.place, 'leave it out for none'));
    return ms;
  };
  const refresh = childOf(node, 'refresh');
  const partitions = textOf(childOf(node, 'partitions'));
  const flag = (key: string, fallback: boolean): boolean => {
    const value = childOf(node, key);
    return value?.kind === 'scalar' && typeof value.value === 'boolean' ? value.value : fallback;
  };
  return {
    pool,
    retries: closedField(childOf(node, 'retries'), fields.retries, `"retries" of ${owner}`, scope) ?? 0,
    timeoutMs: limit('timeout'),
    deadlineMs: limit('deadline'),
    disk: readDisk(node, topScope(values, `"disk" of ${owner}`)),
    partitions: PARTITIONS.find((each) => each === partitions) ?? 'all',
    refreshAfterMs: durationOf(childOf(refresh, 'after'), `"refresh.after" of ${owner}`, scope),
    sweepAfterMs: durationOf(childOf(refresh, 'sweep'), `"refresh.sweep" of ${owner}`, scope),
    source: flag('source', false),
    intermediate: flag('intermediate', false),
    default: flag('default', true),
  };
}

function durationOf(node: YamlNode | undefined, subject: string, scope: Scope): number | undefined {
  const text = closedField(node, fields.duration, subject, scope);
  return text === undefined ? undefined : parseDuration(text);
}

/** The keyed input is one of the rule's own: only its value can tell how much a run is going to write. */
function readDisk(node: YamlNode, scope: Scope): Rule['disk'] {
  const { owner, report } = scope;
  const disk = childOf(node, 'disk');
  const inputNode = childOf(disk, 'input');
  const pointerNode = childOf(disk, 'pointer');
  const template = pointerNode && openTemplate(pointerNode, scope);
  if (template) checkPointer(template, pointerNode.place, scope);
  const [input, pointer] = [textOf(inputNode), template && literalText(template)];
  if (input === undefined || pointer === undefined) return undefined;
  const inputs = entriesOf(childOf(node, 'in'));
  const given = inputs.find(({ key }) => key === input);
  const place = inputNode?.place;
  if (given === undefined) {
    const names = inputs.map(({ key }) => key);
    report(error(`unknown input "${input}" in ${owner}`, place, suggest(input, names, 'inputs')));
    return undefined;
  }
  const keyed = childOf(given.value, 'pointer') ?? textOf(given.value)?.includes('#/');
  if (keyed === undefined || keyed === false) {
    report(error(`input "${input}" in ${owner} has no "pointer": only a value tells bytes`, place));
    return undefined;
  }
  return { input, pointer };
}
