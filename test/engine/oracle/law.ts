/**
 * The law of inputs, said a second time: dimensions in common agree, times relate by containment, what the reader
 * lacks fans in, `where` narrows, `offset` shifts. Asks a graph for keys; knows no states and no files.
 */
import type { Partition } from './meaning.ts';
import type { Key, Span } from './time-keys.ts';
import { beside, isCalendar, keyFor, named, nest, spanOf, watermarkOf } from './time-keys.ts';
import type { Dim, Input, OutputName, Rule, World } from './world.ts';
import { fill, ruleAt } from './world.ts';

export interface Target {
  readonly id: string;
  readonly at: number;
  readonly rule: Rule;
  readonly keys: readonly string[];
  readonly partition: Partition;
  readonly wholes: readonly Span[];
}

export type Keys = readonly Key[] | { readonly unavailable: Target };

export type Member =
  | {
      readonly kind: 'target';
      readonly target: Target;
      readonly output: OutputName;
      readonly within?: string | undefined;
    }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'beyond'; readonly id: string; readonly partition: Partition; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly giver: Target; readonly rule: Rule };

export interface Linked {
  readonly list: boolean;
  readonly members: readonly Member[];
}

export interface Keyring {
  readonly world: World;
  /** `sym`: the key of that dimension, on which those of `file` hang. */
  keysOf(dim: Dim, sym: string | undefined): Keys;
}

export function targetOf(world: World, at: number, steps: readonly Key[]): Target {
  const rule = ruleAt(world, at);
  const keys = steps.map(({ key }) => key);
  return {
    id: [rule.name, ...keys].join('/'),
    at,
    rule,
    keys,
    partition: partitionOf(rule, steps),
    wholes: steps.flatMap(({ whole }) => whole ?? []),
  };
}

function partitionOf(rule: Rule, steps: readonly Key[]): Partition {
  const dims = rule.for.slice(0, steps.length);
  return {
    keys: Object.fromEntries(dims.map((dim, at) => [dim, steps[at]?.key ?? ''])),
    spans: Object.fromEntries(
      dims.flatMap((dim, at) => {
        const span = steps[at]?.clipped;
        return span === undefined ? [] : [[dim, span]];
      }),
    ),
  };
}

/** Whether `partitions` lets it in. */
export function admits(world: World, rule: Rule, steps: readonly Key[]): boolean {
  const times = steps.flatMap(({ whole }) => whole ?? []);
  if (rule.partitions === 'all' || times.length === 0) return true;
  const over = times.every(({ end }) => end <= watermarkOf(world));
  return over === (rule.partitions === 'closed');
}

/** All targets of a rule in their order, and the givers that leave some unknown. */
export function enumerate(
  ring: Keyring,
  at: number,
  wanted: (dim: Dim, key: string) => boolean = () => true,
): { readonly targets: readonly Target[]; readonly unavailable: readonly Target[] } {
  const rule = ruleAt(ring.world, at);
  const targets: Target[] = [];
  const unavailable: Target[] = [];
  const walk = (steps: readonly Key[]): void => {
    const dim = rule.for[steps.length];
    if (dim === undefined) {
      if (admits(ring.world, rule, steps)) targets.push(targetOf(ring.world, at, steps));
      return;
    }
    const keys = ring.keysOf(dim, symOf(rule, steps));
    if ('unavailable' in keys) unavailable.push(keys.unavailable);
    else for (const key of keys) if (wanted(dim, key.key)) walk([...steps, key]);
  };
  walk([]);
  return { targets, unavailable };
}

export function symOf(rule: Rule, steps: readonly Key[]): string | undefined {
  return steps[rule.for.indexOf('sym')]?.key;
}

interface Step extends Key {
  readonly beyond?: boolean;
}

/** The targets that an input takes from the rule that it names. */
export function linkRule(
  ring: Keyring,
  reader: Target,
  input: Input,
  producerAt: number,
  output: OutputName,
): Linked {
  const { world } = ring;
  const producer = ruleAt(world, producerAt);
  const members: Member[] = [];
  let nothing: Member | undefined;
  const beyond = (steps: readonly Key[], keys: readonly string[], reason: string): Member => ({
    kind: 'beyond',
    id: [producer.name, ...keys].join('/'),
    partition: partitionOf(producer, steps),
    reason,
  });
  const arrive = (steps: readonly Step[]): void => {
    const keys = steps.map(({ key }) => key);
    const over = producer.for.filter((_, at) => steps[at]?.beyond);
    if (over.length > 0) members.push(beyond(steps, keys, `beyond the edge of ${over.join()}`));
    else if (admits(world, producer, steps))
      members.push({ kind: 'target', target: targetOf(world, producerAt, steps), output });
    else nothing ??= beyond(steps, keys, `${producer.name} makes ${producer.partitions} ones only`);
  };
  const walk = (steps: readonly Step[]): void => {
    const dim = producer.for[steps.length];
    if (dim === undefined) {
      arrive(steps);
      return;
    }
    const keys = ring.keysOf(dim, symOf(producer, steps));
    if ('unavailable' in keys) {
      members.push({ kind: 'unavailable', giver: keys.unavailable, rule: producer });
      return;
    }
    const where =
      input.where?.dim === dim ? input.where.keys.map((key) => fill(key, reader.partition.keys)) : undefined;
    const related = relatedKeys(reader, dim, keys, where);
    for (const key of related) walk([...steps, shifted(input, dim, keys, key)]);
    if (related.length > 0) return;
    const sought = where?.join(',') ?? soughtKey(reader, dim);
    nothing ??= beyond(steps, [...steps.map(({ key }) => key), sought], `no such key of ${dim}`);
  };
  walk([]);
  const list = producer.for.some((dim) => isMany(reader.rule, input, dim));
  return { list, members: list || members.length > 0 || nothing === undefined ? members : [nothing] };
}

function relatedKeys(
  reader: Target,
  dim: Dim,
  keys: readonly Key[],
  where: readonly string[] | undefined,
): readonly Key[] {
  const shared = reader.rule.for.includes(dim);
  if (shared && where === undefined) return keys.filter(({ key }) => key === reader.partition.keys[dim]);
  const wanted = where && named(keys, where);
  return keys.filter(
    ({ key, whole }) =>
      (wanted?.has(key) ?? true) &&
      (shared || whole === undefined || reader.wholes.every((span) => nest(whole, span))),
  );
}

function shifted({ offset }: Input, dim: Dim, keys: readonly Key[], key: Key): Step {
  if (offset === undefined || offset.dim !== dim || !isCalendar(dim)) return key;
  const there = beside(dim, key.key, offset.by);
  const found = keys.find((each) => each.key === there);
  return found ?? { key: there, whole: spanOf(there), clipped: spanOf(there), beyond: true };
}

function soughtKey(reader: Target, dim: Dim): string {
  const own = reader.partition.keys[dim];
  if (own !== undefined) return own;
  const starts = reader.wholes.map(({ start }) => start);
  return isCalendar(dim) && starts.length > 0 ? keyFor(dim, Math.max(...starts)) : '*';
}

/** Whether the reader gets a list, of this dimension's keys: said by the rules alone. */
function isMany(rule: Rule, { where }: Input, dim: Dim): boolean {
  const keys = where?.dim === dim ? where.keys : undefined;
  if (rule.for.includes(dim) && keys === undefined) return false;
  if (keys?.length === 1 && !keys[0]?.includes('..')) return false;
  return !(!rule.for.includes(dim) && dim === 'month' && rule.for.includes('day'));
}
