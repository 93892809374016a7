/**
 * What a pass was asked for: targets known from the start, and those that appear once the keys of a dynamic
 * dimension are known. Decides by rule and key only; knows no states.
 */
import type { Graph, KeyFilter } from '../graph/graph.ts';
import type { Rule } from '../manifest/model.ts';

/** One selected rule, its keys narrowed. */
export interface Wanted {
  readonly rule: Rule;
  readonly filter: KeyFilter;
  /** Ids, when targets were picked by their state or by what they need. */
  readonly only?: ReadonlySet<string>;
  /** Only targets of which a key covers time. */
  readonly timed?: boolean;
}

export class Roots {
  readonly #wanted: readonly Wanted[];
  readonly #selected = new Set<number>();
  /** By the target that gives keys: what to enumerate once it has settled. */
  readonly #later = new Map<number, Wanted[]>();

  constructor(wanted: readonly Wanted[]) {
    this.#wanted = wanted;
  }

  get wanted(): readonly Wanted[] {
    return this.#wanted;
  }

  /** Selected targets found so far, in the order of rules and partitions; not those that they need. */
  get selected(): ReadonlySet<number> {
    return this.#selected;
  }

  /** Selected targets known from the start, and the givers of keys for those that are not. */
  first(graph: Graph): readonly number[] {
    return this.#wanted.flatMap((wanted) => this.#enumerate(graph, wanted));
  }

  /** Targets that have become known because this one settled. */
  after(graph: Graph, settled: number): readonly number[] {
    const later = this.#later.get(settled);
    if (later === undefined) return [];
    this.#later.delete(settled);
    // Only its own key's targets: to go over all the others each time would take the square of their number.
    const { rule, keys } = graph.target(settled);
    const beside: KeyFilter = (name, key) => name !== rule.for[0] || key === keys[0];
    return later.flatMap((wanted) => this.#enumerate(graph, wanted, beside));
  }

  /** Rules whose keys cannot be had, with the target that should have given them. */
  unknown(graph: Graph): readonly { readonly rule: string; readonly giver: number }[] {
    return this.#wanted.flatMap(({ rule, filter, only }) =>
      only ? [] : graph.enumerate(rule, filter).unavailable.map((giver) => ({ rule: rule.name, giver })),
    );
  }

  #enumerate(graph: Graph, wanted: Wanted, beside?: KeyFilter): readonly number[] {
    const { rule, filter } = wanted;
    const narrow: KeyFilter = beside ? (...key) => beside(...key) && filter(...key) : filter;
    const { targets, awaits } = graph.enumerate(rule, narrow);
    for (const giver of awaits) {
      const known = this.#later.get(giver);
      if (known?.includes(wanted)) continue;
      if (known) known.push(wanted);
      else this.#later.set(giver, [wanted]);
    }
    const { only, timed } = wanted;
    const isWanted = (index: number): boolean => {
      const target = graph.target(index);
      if (timed && graph.wholes(target).every((whole) => whole === undefined)) return false;
      return only === undefined || only.has(target.id);
    };
    const found = timed || only ? targets.filter(isWanted) : targets;
    for (const index of found) this.#selected.add(index);
    return [...awaits, ...found];
  }
}
