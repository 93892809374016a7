/**
 * Which targets a verification makes again: what was selected, by default all that the lockfile names, or a sample of
 * that. Decides by rule, key and lockfile only; knows no files.
 */
import { timeKey } from '../graph/calendar.ts';
import type { Graph } from '../graph/graph.ts';
import { digestOfValue, sha256 } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import type { Rule } from '../manifest/model.ts';
import type { Wanted } from '../run/roots.ts';
import { Roots } from '../run/roots.ts';
import type { Lock } from '../state/lockfile.ts';
import type { Span } from '../task.ts';

export interface Choosing {
  readonly graph: Graph;
  readonly lock: Lock;
  /** What the selectors mean; without any, all that is built by default. */
  readonly roots: Roots;
  readonly selected: boolean;
  /** How many targets; undefined: all. */
  readonly sample: number | undefined;
}

/** What the loop is to begin with. */
export function chosen({ graph, lock, roots, selected, sample }: Choosing): Roots {
  const named = namedTargets(graph, lock);
  if (sample === undefined) {
    // What is built on request only was asked for once: the lockfile names it.
    return selected
      ? roots
      : new Roots([...roots.wanted, ...wanted(named.filter(({ rule }) => !rule.default))]);
  }
  const among = selected ? named.filter((each) => isAmong(graph, roots.wanted, each)) : named;
  // A lockfile that has lost its lines must not pass for one that was proved.
  if (among.length === 0) return roots;
  return new Roots(wanted(sampled(among, lock, sample)));
}

interface Named {
  readonly id: string;
  readonly rule: Rule;
  readonly keys: readonly string[];
}

/** Targets of which a final output is locked, in code-unit order. */
function namedTargets({ manifest }: Graph, { outputs }: Lock): readonly Named[] {
  const ids = [...new Set([...outputs.values()].map(({ target }) => target))].sort(byCodeUnit);
  return ids.flatMap((id) => {
    const [name = '', ...keys] = id.split('/');
    const rule = manifest.rules.get(name);
    return rule === undefined || keys.length !== rule.for.length ? [] : [{ id, rule, keys }];
  });
}

/** The same ones for the same lockfile, wherever and whenever: who doubts a result can repeat it. */
function sampled(among: readonly Named[], { outputs }: Lock, count: number): readonly Named[] {
  const facts = [...outputs].map(([path, { digest }]): [string, string] => [path, digest]);
  const seed = digestOfValue(facts.sort(([a], [b]) => byCodeUnit(a, b)));
  // What has no keys fans everything in: with it, a sample would be the whole.
  const parts = among.filter(({ keys }) => keys.length > 0);
  return (parts.length > 0 ? parts : among)
    .map((each) => ({ each, rank: sha256(`${seed}\n${each.id}`) }))
    .sort((a, b) => byCodeUnit(a.rank, b.rank))
    .slice(0, count)
    .map(({ each }) => each);
}

function wanted(named: readonly Named[]): readonly Wanted[] {
  return [...new Set(named.map(({ rule }) => rule))].map((rule): Wanted => {
    const own = named.filter((each) => each.rule === rule);
    const keys = new Map(rule.for.map((name, at) => [name, new Set(own.map((each) => each.keys[at]))]));
    return {
      rule,
      // Nobody is asked for keys beside those that are named.
      filter: (name, key) => keys.get(name)?.has(key) ?? true,
      only: new Set(own.map(({ id }) => id)),
    };
  });
}

function isAmong(graph: Graph, all: readonly Wanted[], { id, rule, keys }: Named): boolean {
  const wholes = new Map(rule.for.map((name, at) => [name, wholeOf(graph, name, keys[at] ?? '')]));
  return all.some(
    (each) =>
      each.rule === rule &&
      (each.only?.has(id) ?? true) &&
      (!each.timed || [...wholes.values()].some((whole) => whole !== undefined)) &&
      rule.for.every((name, at) => each.filter(name, keys[at] ?? '', wholes.get(name))),
  );
}

/** What a key covers of time, also where it is not known yet that there is such a key. */
function wholeOf(graph: Graph, name: string, key: string): Span | undefined {
  if (graph.dimension(name).kind === 'dynamic') return timeKey(key);
  const known = graph.keysOf(name, new Map());
  const at = 'keys' in known ? known.positions.get(key) : undefined;
  return 'keys' in known && at !== undefined ? known.whole[at] : undefined;
}
