/**
 * Circles that would leave targets waiting for each other: through paths (those through names are found with the
 * manifest), and those that offsets do not break. Decided by the rules, so that no target need be made.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import { circleThrough, knots } from './circles.ts';
import type { Graph } from './graph.ts';
import { isCoarser, straddles } from './relation.ts';
import type { RuleEdge } from './rule-edges.ts';

export function cycleProblems(graph: Graph, edges: readonly RuleEdge[]): readonly Diagnostic[] {
  const still = knots(edges.filter(({ offset }) => offset.size === 0));
  if (still.length > 0)
    return still.map((knot) => withinOneTime(graph, circleThrough(knot, knot.slice(0, 1))));
  return knots(edges).flatMap((knot) => {
    const circle = unbroken(graph, knot);
    return circle === undefined ? [] : [throughTime(graph, circle)];
  });
}

/** The calendar dimension in which the time of a rule is told. */
type Clock = ReadonlyMap<string, string>;

/**
 * A circle that may lead back to where it began. No circle does if one calendar orders the targets: every edge of
 * the knot keeps the time or steps to the same side, and what remains without the longest steps is no knot.
 */
function unbroken(graph: Graph, knot: readonly RuleEdge[]): readonly RuleEdge[] | undefined {
  let circle: readonly RuleEdge[] | undefined;
  for (const clock of clocksOf(graph, knot)) {
    const found = unbrokenBy(graph, knot, clock);
    if (found === undefined) return undefined;
    circle ??= found;
  }
  return circle ?? circleThrough(knot, knot.slice(0, 1));
}

function unbrokenBy(graph: Graph, knot: readonly RuleEdge[], clock: Clock): readonly RuleEdge[] | undefined {
  const moves = new Map(knot.map((edge) => [edge, movement(graph, edge, clock)]));
  const first = (test: (by: number | undefined) => boolean): RuleEdge | undefined =>
    knot.find((edge) => test(moves.get(edge)));
  const astray = first((by) => by === undefined);
  if (astray !== undefined) return circleThrough(knot, [astray]);
  const [back, forth] = [first((by) => Number(by) < 0), first((by) => Number(by) > 0)];
  if (back !== undefined && forth !== undefined) return circleThrough(knot, [back, forth]);
  const every = (edge: RuleEdge) => calendar(graph, clock.get(edge.producer) ?? '')?.every ?? 'hour';
  const longest = knot.map(every).reduce((a, b) => (isCoarser(b, a) ? b : a));
  const rest = knot.filter((edge) => moves.get(edge) === 0 || every(edge) !== longest);
  if (rest.length === knot.length) return circleThrough(knot, knot.slice(0, 1));
  for (const inner of knots(rest)) {
    const circle = unbroken(graph, inner);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** A calendar that all rules of the knot have, or the only one that each has: days and months tell one time. */
function clocksOf(graph: Graph, knot: readonly RuleEdge[]): readonly Clock[] {
  const names = [...new Set(knot.map(({ consumer }) => consumer))];
  const calendars = names.map((name) => graph.rule(name).for.filter((each) => calendar(graph, each)));
  const shared = (calendars[0] ?? []).filter((each) => calendars.every((own) => own.includes(each)));
  const clocks: Clock[] = shared.map((each) => new Map(names.map((name) => [name, each])));
  if (shared.length === 0 && calendars.every((own) => own.length === 1))
    clocks.push(new Map(names.map((name, at) => [name, calendars[at]?.[0] ?? ''])));
  return clocks;
}

function calendar(graph: Graph, name: string) {
  const dimension = graph.manifest.dimensions.get(name);
  return dimension?.kind === 'calendar' ? dimension : undefined;
}

/** How many partitions of the producer's clock an edge leads away from the consumer's time; undefined: anywhere. */
function movement(graph: Graph, edge: RuleEdge, clock: Clock): number | undefined {
  const [ours, theirs] = [clock.get(edge.consumer) ?? '', clock.get(edge.producer) ?? ''];
  const by = edge.offset.get(theirs) ?? 0;
  if (ours === theirs) return edge.agree.has(ours) ? by : undefined;
  const [here, there] = [calendar(graph, ours), calendar(graph, theirs)];
  const contained = edge.by === 'rule' && here && there && !straddles(here.every, there.every);
  return contained ? by : undefined;
}

function withinOneTime(graph: Graph, circle: readonly RuleEdge[]): Diagnostic {
  return circleDiagnostic(
    graph,
    circle,
    'rules need each other in a circle',
    'a target cannot need itself: take one of these inputs away',
  );
}

function throughTime(graph: Graph, circle: readonly RuleEdge[]): Diagnostic {
  return circleDiagnostic(
    graph,
    circle,
    'rules need each other in a circle that their offsets do not break',
    'along a circle all offsets point the same way, in a calendar that every rule of it has',
  );
}

function circleDiagnostic(
  graph: Graph,
  circle: readonly RuleEdge[],
  message: string,
  hint: string,
): Diagnostic {
  const names = [...circle.map(({ consumer }) => consumer), circle[0]?.consumer];
  return {
    ...error(`${message}: ${names.join(' → ')}`, graph.rule(circle[0]?.consumer ?? '').place, hint),
    related: circle.flatMap(notes),
  };
}

function notes({ consumer, producer, by, name, place, path, offset }: RuleEdge) {
  switch (by) {
    case 'rule': {
      const steps = [...offset].map(([dimension, step]) => ` at ${dimension} ${step > 0 ? '+' : ''}${step}`);
      return [{ message: `"${consumer}" needs "${producer}"${steps.join(',')}`, place }];
    }
    case 'keys':
      return [{ message: `"${consumer}" is for "${name}", whose keys "${producer}" gives`, place }];
    case 'path':
      if (path === undefined) return [];
      return [
        { message: `"${consumer}" reads "${path.source}"`, place },
        { message: `"${producer}" writes it`, place: path.output.template.place },
      ];
  }
}
