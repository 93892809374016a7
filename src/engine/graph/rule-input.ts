/**
 * The targets that an input takes from the rule it names, by the one law: dimensions in common agree; time
 * dimensions relate by containment; what the consumer lacks fans in; `where` narrows and `offset` shifts. In the
 * order of a fan-in: lists as declared, time ascending. Knows no paths and no states.
 */
import type { Rule } from '../manifest/model.ts';
import type { Span } from '../task.ts';
import { nested, timeKeyAt, timeKeyBeside } from './calendar.ts';
import type { Graph } from './graph.ts';
import { positionsWithin, rangeOf } from './key-range.ts';
import type { KeySet } from './key-set.ts';
import { firstReaching } from './key-set.ts';
import type { Consumer, Member, Members, RuleInput } from './member.ts';
import type { Relation } from './relation.ts';
import { mayBeRange, relationsOf } from './relation.ts';
import { render } from './template.ts';

/** Whether the task gets a list: decided by the rules alone, so that it sees one shape whatever the data. */
export function isFanIn(graph: Graph, consumer: Rule, input: RuleInput): boolean {
  const producer = graph.rule(input.rule);
  return relationsOf(graph.manifest.dimensions, consumer, producer, input).some(({ many }) => many);
}

export function linkRule(graph: Graph, consumer: Consumer, input: RuleInput, awaits: Set<number>): Members {
  return new Walk(graph, consumer, input, awaits).members();
}

/** One key of the producer on the way to a target. */
interface Step {
  readonly key: string;
  readonly whole: Span | undefined;
  readonly clipped: Span | undefined;
  /** An offset has led over the edge: no target has this key. */
  readonly beyond: boolean;
}

class Walk {
  readonly #graph: Graph;
  readonly #consumer: Consumer;
  readonly #input: RuleInput;
  readonly #producer: Rule;
  readonly #awaits: Set<number>;
  readonly #relations: readonly Relation[];
  readonly #members: Member[] = [];
  readonly #steps: Step[] = [];
  readonly #chosen = new Map<string, string>();
  /** Why there is no member, in case there is none. */
  #nothing: Member | undefined;

  constructor(graph: Graph, consumer: Consumer, input: RuleInput, awaits: Set<number>) {
    this.#graph = graph;
    this.#consumer = consumer;
    this.#input = input;
    this.#producer = graph.rule(input.rule);
    this.#awaits = awaits;
    this.#relations = relationsOf(graph.manifest.dimensions, consumer.rule, this.#producer, input);
  }

  members(): Members {
    this.#walk(0);
    const list = this.#relations.some(({ many }) => many);
    if (list || this.#members.length > 0 || this.#nothing === undefined)
      return { list, members: this.#members };
    return { list, members: [this.#nothing] };
  }

  #walk(position: number): void {
    const relation = this.#relations[position];
    this.#steps.length = position;
    if (relation === undefined) {
      this.#arrive();
      return;
    }
    const { name } = relation.dimension;
    const known = this.#graph.keysOf(name, this.#chosen);
    if ('keysFrom' in known) this.#awaits.add(known.keysFrom);
    if ('unavailable' in known)
      this.#members.push({ kind: 'unavailable', target: known.unavailable, rule: this.#producer.name });
    if (!('keys' in known)) return;
    const related = positionsOf(known, relation, this.#consumer);
    for (const at of related) {
      const step = stepTo(known, at, relation);
      this.#steps[position] = step;
      this.#chosen.set(name, step.key);
      this.#walk(position + 1);
    }
    if (related.length === 0) this.#noKey(relation);
  }

  #arrive(): void {
    const producer = this.#producer;
    const keys = this.#steps.map(({ key }) => key);
    if (this.#steps.some(({ beyond }) => beyond)) {
      const over = this.#relations
        .filter((_, at) => this.#steps[at]?.beyond)
        .map(({ dimension }) => dimension.name);
      this.#members.push(this.#beyond(`beyond the edge of "${over.join('", "')}"`, keys));
    } else if (
      this.#graph.admits(
        producer,
        this.#steps.map(({ whole }) => whole),
      )
    ) {
      const target = this.#graph.intern(producer, keys);
      this.#members.push({ kind: 'target', target, output: this.#input.output, within: undefined });
    } else {
      const reason = `rule "${producer.name}" makes ${producer.partitions} partitions only`;
      this.#nothing ??= this.#beyond(reason, keys);
    }
  }

  #noKey(relation: Relation): void {
    if (this.#nothing !== undefined) return;
    const { name } = relation.dimension;
    const keys = [...this.#steps.map(({ key }) => key), wantedKey(relation, this.#consumer)];
    this.#nothing = this.#beyond(`dimension "${name}" has no such key`, keys);
  }

  #beyond(reason: string, path: readonly string[]): Member {
    const keys: Record<string, string> = {};
    const spans: Record<string, Span> = {};
    for (const [at, { key, clipped }] of this.#steps.entries()) {
      const name = this.#producer.for[at] ?? '';
      keys[name] = key;
      if (clipped !== undefined) spans[name] = clipped;
    }
    return {
      kind: 'beyond',
      id: [this.#producer.name, ...path].join('/'),
      partition: { keys, spans },
      reason,
    };
  }
}

function stepTo(known: KeySet, at: number, { dimension, shift }: Relation): Step {
  const to = at + shift;
  const key = known.keys[to];
  if (key !== undefined) return { key, whole: known.whole[to], clipped: known.clipped[to], beyond: false };
  const start = known.whole[at]?.start;
  const there =
    dimension.kind === 'calendar' && start !== undefined
      ? timeKeyBeside(dimension.every, start, shift)
      : undefined;
  const span = there && { start: there.start, end: there.end };
  const unnamed = `${known.keys[at]}${shift < 0 ? '' : '+'}${shift}`;
  return { key: there?.key ?? unnamed, whole: span, clipped: span, beyond: true };
}

/** Positions of the producer's keys that belong to the consumer's partition, ascending. */
function positionsOf(known: KeySet, relation: Relation, consumer: Consumer): readonly number[] {
  const { kind, where, dimension } = relation;
  if (kind === 'agrees') {
    const at = known.positions.get(consumer.partition.keys[dimension.name] ?? '');
    return at === undefined ? [] : [at];
  }
  if (where === undefined) return nesting(known, consumer.spans);
  const named = new Set<number>();
  for (const template of where) {
    const text = render(template, consumer.partition);
    const one = known.positions.get(text);
    const range = one === undefined && mayBeRange(template) ? rangeOf(text) : undefined;
    if (one !== undefined) named.add(one);
    if (range !== undefined) for (const at of positionsWithin(known, range)) named.add(at);
  }
  if (kind === 'named') return [...named].sort((a, b) => a - b);
  return nesting(known, consumer.spans).filter((at) => named.has(at));
}

/** Keys that cover time must nest with every stretch of time that the consumer stands for; others all count. */
function nesting(known: KeySet, spans: readonly Span[]): readonly number[] {
  const positions: number[] = [];
  const latestStart = Math.max(...spans.map(({ start }) => start));
  const earliestEnd = Math.min(...spans.map(({ end }) => end));
  for (let at = firstReaching(known, latestStart); at < known.reach.length; at++) {
    const whole = known.whole[at];
    if (whole === undefined || whole.start >= earliestEnd) break;
    if (spans.every((span) => nested(whole, span))) positions.push(at);
  }
  for (let at = known.reach.length; at < known.keys.length; at++) positions.push(at);
  return positions;
}

/** The key that was looked for, as far as it can be named. */
function wantedKey({ kind, where, dimension }: Relation, { partition, spans }: Consumer): string {
  if (where !== undefined) return where.map((template) => render(template, partition)).join(',');
  if (kind === 'agrees') return partition.keys[dimension.name] ?? '*';
  const start = Math.max(...spans.map((span) => span.start));
  return dimension.kind === 'calendar' && Number.isFinite(start)
    ? timeKeyAt(dimension.every, start).key
    : '*';
}
