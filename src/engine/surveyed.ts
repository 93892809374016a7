/**
 * Selectors that only a dry pass over the whole graph can answer: by state, and by what needs what is selected. Also
 * of targets that are still to come. Knows nothing of how selectors are written.
 */
import type { ToCome } from './graph/dependents.ts';
import { dependentsOf, followersOf, onlyToCome, toComeOf } from './graph/dependents.ts';
import type { Graph, KeyFilter } from './graph/graph.ts';
import type { Selector } from './graph/selector.ts';
import type { Manifest } from './manifest/model.ts';
import type { Wanted } from './run/roots.ts';
import { Roots } from './run/roots.ts';
import { schedule } from './run/scheduler.ts';
import type { Session } from './run/session.ts';
import { isUncertain, stateToTell } from './run/settled.ts';

/** A dry pass that is over, and the rules that it went over: those built by default, or all. */
export interface Surveyed {
  readonly session: Session;
  readonly among: 'default' | 'all';
}

const always: KeyFilter = () => true;

/** `session`: dry, and nothing settled in it. */
export async function surveyOf(
  manifest: Manifest,
  among: Surveyed['among'],
  session: Session,
): Promise<Surveyed> {
  const rules = [...manifest.rules.values()].filter((rule) => among === 'all' || rule.default);
  await schedule(session, new Roots(rules.map((rule) => ({ rule, filter: always }))), {
    runner: undefined,
    jobs: 1,
    failFast: false,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return { session, among };
}

/** `direct`: what the selector means by rule and key. */
export function pickedIn(
  { session, among }: Surveyed,
  selector: Selector,
  direct: readonly Wanted[],
): readonly Wanted[] {
  const { graph } = session;
  const during = selector.kind === 'path' ? always : selector.during;
  const { picked, toCome } = pick(session, selector, direct);
  const there = byId(graph, picked, during);
  // What failed is there already.
  if (selector.kind === 'state' && selector.state === 'failed') return there;
  const yet = [...toCome, ...newcomers(graph, picked, among)].map((each): Wanted => {
    const filter = onlyToCome(graph, each);
    return { rule: each.rule, filter: (...key) => during(...key) && filter(...key) };
  });
  return [...there, ...yet];
}

/** Whether other keys may come from a target than it has given. */
export function mayGive(session: Session, giver: number): boolean {
  const settled = session.settled(giver);
  return settled === undefined || isUncertain(settled) || !('record' in settled);
}

interface Picked {
  readonly picked: ReadonlySet<number>;
  readonly toCome: readonly ToCome[];
}

/** Targets in the state that is asked for, or the dependents of what is selected. */
function pick(session: Session, selector: Selector, direct: readonly Wanted[]): Picked {
  const { graph, paths } = session;
  if (selector.kind === 'state') {
    const picked = graph.targets.filter(({ index }) => {
      const settled = session.settled(index);
      const state = settled && stateToTell(settled);
      return selector.state === 'failed' ? state === 'failed' : state === 'stale' || state === 'pending';
    });
    return { picked: new Set(picked.map(({ index }) => index)), toCome: [] };
  }
  const targets = direct.flatMap(({ rule, filter, only }) =>
    graph.enumerate(rule, filter).targets.filter((index) => only?.has(graph.target(index).id) ?? true),
  );
  const selected = direct.flatMap(({ rule, filter, only }) =>
    only === undefined ? toComeOf(graph, rule, filter, (giver) => mayGive(session, giver)) : [],
  );
  const toCome = selected.length === 0 ? [] : followersOf(selected, graph, paths);
  const start = { targets, toCome: [...selected, ...toCome] };
  return {
    picked: dependentsOf(graph, paths, start, (index) => session.settled(index) !== undefined),
    toCome,
  };
}

/** Only at keys that were picked: to enumerate others could await givers that nobody asked for. */
function byId(graph: Graph, picked: ReadonlySet<number>, during: KeyFilter): readonly Wanted[] {
  const all = [...picked].map((index) => graph.target(index));
  return [...graph.manifest.rules.values()].flatMap((rule): Wanted[] => {
    const targets = all.filter((target) => target.rule === rule);
    if (targets.length === 0) return [];
    const keys = new Map(
      rule.for.map((name, at) => [name, new Set(targets.map((target) => target.keys[at]))]),
    );
    const filter: KeyFilter = (name, key, whole) =>
      during(name, key, whole) && keys.get(name)?.has(key) === true;
    return [{ rule, filter, only: new Set(targets.map(({ id }) => id)) }];
  });
}

/** Targets that are not there yet: whoever gives keys may give more of them when it is built. */
function newcomers(graph: Graph, picked: ReadonlySet<number>, among: Surveyed['among']): readonly ToCome[] {
  const rules = [...graph.manifest.rules.values()].filter((rule) => among === 'all' || rule.default);
  return [...picked].flatMap((giver) =>
    graph
      .dynamicDimensionsOf(graph.target(giver).rule)
      .flatMap(({ name: dimension }) =>
        rules
          .filter((rule) => rule.for.includes(dimension))
          .map((rule) => ({ giver, dimension, rule, filter: always })),
      ),
  );
}
