/**
 * From a target to what it reads: the one law of inputs. Dimensions in common agree; time dimensions relate by
 * containment; a dimension that the consumer lacks fans in; `where` narrows and `offset` shifts. Knows no states.
 */
import type { InputSpec, Rule } from '../manifest/model.ts';
import type { Partition, Span } from '../task.ts';
import { nested } from './calendar.ts';
import type { Graph, Target } from './graph.ts';
import type { KeySet } from './key-set.ts';
import type { PathEdges } from './path-edges.ts';
import { render } from './template.ts';

export type Member =
  /** An output of another target; `within` is a file inside a directory output. */
  | {
      readonly kind: 'target';
      readonly target: number;
      readonly output: string;
      readonly within: string | undefined;
    }
  | { readonly kind: 'file'; readonly path: string }
  /** All files on disk that match and that no target makes; resolved when the consumer is decided. */
  | { readonly kind: 'glob'; readonly pattern: string }
  /** An offset led over the edge of the dimension. */
  | { readonly kind: 'beyond'; readonly id: string; readonly partition: Partition }
  /** The keys of a dynamic dimension cannot be had: this is the target that should have given them. */
  | { readonly kind: 'unavailable'; readonly target: number; readonly rule: string };

export interface LinkedInput {
  readonly spec: InputSpec;
  /** A fan-in or a glob: the task gets a list. */
  readonly list: boolean;
  readonly members: readonly Member[];
}

export type Link =
  | { readonly linked: readonly LinkedInput[] }
  /** These must settle before the inputs are known. */
  | { readonly awaits: readonly number[] };

type RuleInput = Extract<InputSpec, { kind: 'rule' }>;

export function linkInputs(graph: Graph, paths: PathEdges, target: Target): Link {
  const awaits = new Set<number>();
  const partition = graph.partition(target);
  const linked = target.rule.inputs.map((spec): LinkedInput => {
    if (spec.kind === 'rule') return linkRule(graph, target, partition, spec, awaits);
    const path = render(spec.template, partition);
    return { spec, list: spec.glob, members: paths.membersAt(path, spec.glob, target.rule, awaits) };
  });
  return awaits.size > 0 ? { awaits: [...awaits] } : { linked };
}

/** Whether the input is a list is decided by the rules alone, so that a task sees one shape whatever the data. */
export function isFanIn(graph: Graph, consumer: Rule, input: RuleInput): boolean {
  return graph.rule(input.rule).for.some((name) => {
    if (consumer.for.includes(name)) return false;
    const narrowed = input.where.find(({ dimension }) => dimension === name);
    if (narrowed?.keys.length === 1 && !narrowed.keys[0]?.source.includes('..')) return false;
    const theirs = graph.dimension(name);
    if (theirs.kind !== 'calendar') return true;
    return !consumer.for.some((own) => {
      const ours = graph.dimension(own);
      return ours.kind === 'calendar' && finerOrEqual(ours.every, theirs.every);
    });
  });
}

const FINE_TO_COARSE = ['hour', 'day', 'week', 'month', 'year'];

function finerOrEqual(a: string, b: string): boolean {
  return FINE_TO_COARSE.indexOf(a) <= FINE_TO_COARSE.indexOf(b);
}

function linkRule(
  graph: Graph,
  target: Target,
  partition: Partition,
  input: RuleInput,
  awaits: Set<number>,
): LinkedInput {
  const producer = graph.rule(input.rule);
  const own = target.rule.for.map((name) => ({ name, whole: graph.whole(target, name) }));
  const members: Member[] = [];

  const walk = (
    position: number,
    keys: readonly string[],
    chosen: Readonly<Record<string, string>>,
  ): void => {
    const name = producer.for[position];
    if (name === undefined) {
      const found = graph.at(producer, keys);
      if (found !== undefined)
        members.push({ kind: 'target', target: found, output: input.output, within: undefined });
      return;
    }
    const known = graph.keysOf(name, chosen);
    if ('keysFrom' in known) awaits.add(known.keysFrom);
    if ('unavailable' in known)
      members.push({ kind: 'unavailable', target: known.unavailable, rule: producer.name });
    if (!('keys' in known)) return;
    const shift = input.offset.find(({ dimension }) => dimension === name)?.by ?? 0;
    for (const at of related(known, name, partition, own, input)) {
      const key = known.keys[at + shift];
      if (key === undefined) {
        const over = [...keys, `${known.keys[at]}${shift < 0 ? shift : `+${shift}`}`];
        members.push({
          kind: 'beyond',
          id: [producer.name, ...over].join('/'),
          partition: { keys: { ...chosen }, spans: {} },
        });
        continue;
      }
      walk(position + 1, [...keys, key], { ...chosen, [name]: key });
    }
  };
  walk(0, [], {});
  return { spec: input, list: isFanIn(graph, target.rule, input), members };
}

/** Positions of the producer's keys that belong to the consumer's partition. */
function related(
  known: KeySet,
  name: string,
  partition: Partition,
  own: readonly { readonly name: string; readonly whole: Span | undefined }[],
  input: RuleInput,
): readonly number[] {
  const narrowed = input.where.find(({ dimension }) => dimension === name);
  const shared = partition.keys[name];
  let positions: number[];
  if (narrowed !== undefined) {
    positions = narrowed.keys.flatMap((template) => range(known, render(template, partition)));
  } else if (shared !== undefined) {
    const at = known.positions.get(shared);
    positions = at === undefined ? [] : [at];
  } else {
    positions = overlapping(
      known,
      own.flatMap(({ whole }) => (whole === undefined ? [] : [whole])),
    );
  }
  return positions;
}

/** `A..B` by position in the key set, or one key. */
function range(known: KeySet, text: string): readonly number[] {
  const [from, to] = text.split('..');
  if (to === undefined) {
    const at = known.positions.get(text);
    return at === undefined ? [] : [at];
  }
  const first = known.positions.get(from ?? '') ?? 0;
  const last = known.positions.get(to) ?? known.keys.length - 1;
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => first + step);
}

/** Keys that cover time must nest with every stretch of time that the consumer stands for. */
function overlapping(known: KeySet, spans: readonly Span[]): number[] {
  const positions: number[] = [];
  if (spans.length === 0) {
    for (let at = 0; at < known.keys.length; at++) positions.push(at);
    return positions;
  }
  const latestStart = Math.max(...spans.map(({ start }) => start));
  const earliestEnd = Math.min(...spans.map(({ end }) => end));
  // Timed keys are in ascending order: skip those that end too early by bisection, stop at the first too late.
  for (let at = firstEndingAfter(known, latestStart); at < known.keys.length; at++) {
    const whole = known.whole[at];
    if (whole === undefined) positions.push(at);
    else if (whole.start >= earliestEnd) continue;
    else if (spans.every((span) => nested(whole, span))) positions.push(at);
  }
  return positions;
}

function firstEndingAfter(known: KeySet, instant: number): number {
  // A dynamic set may hold a long partition before the short ones inside it, so ends are not sorted: only
  // starts are. Step back to the first key whose start could still cover the instant: one year is the longest.
  const floor = instant - 366 * 86_400_000;
  let low = 0;
  let high = known.keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const whole = known.whole[middle];
    if (whole !== undefined && whole.start < floor) low = middle + 1;
    else high = middle;
  }
  return low;
}
