/**
 * The targets of a manifest, made on demand: a rule at one key of each of its dimensions. Keys of dynamic
 * dimensions are given to it as their rules are built, so the graph grows. It knows no files, states or records.
 */
import type { Dimension, Manifest, Rule } from '../manifest/model.ts';
import type { Partition, Span } from '../task.ts';
import type { KeySet } from './key-set.ts';
import { dynamicKeySet, staticKeySet } from './key-set.ts';

export interface Target {
  readonly index: number;
  /** `bars/BTCUSDT/2024-01`. */
  readonly id: string;
  readonly rule: Rule;
  /** In the order of `rule.for`. */
  readonly keys: readonly string[];
}

/** The keys are not known before this target has been built. */
export interface Awaiting {
  readonly keysFrom: number;
}

export type Keys = KeySet | Awaiting;

/** Narrows an enumeration: whether a key of a dimension is of interest. */
export type KeyFilter = (dimension: string, key: string, whole: Span | undefined) => boolean;

const everything: KeyFilter = () => true;

export class Graph {
  readonly manifest: Manifest;
  /** End of the last minute that counts. */
  readonly watermark: number;
  readonly targets: Target[] = [];
  readonly #byId = new Map<string, number>();
  readonly #static = new Map<string, KeySet>();
  /** Key sets of dynamic dimensions, by dimension and key of `of`. */
  readonly #dynamic = new Map<string, KeySet | 'unavailable'>();

  constructor(manifest: Manifest) {
    this.manifest = manifest;
    this.watermark = manifest.asOf + 60_000;
    for (const dimension of manifest.dimensions.values()) {
      if (dimension.kind !== 'dynamic')
        this.#static.set(dimension.name, staticKeySet(dimension, this.watermark));
    }
  }

  rule(name: string): Rule {
    const rule = this.manifest.rules.get(name);
    if (rule === undefined) throw new Error(`no rule "${name}"`);
    return rule;
  }

  target(index: number): Target {
    const target = this.targets[index];
    if (target === undefined) throw new Error(`no target ${index}`);
    return target;
  }

  find(id: string): Target | undefined {
    const index = this.#byId.get(id);
    return index === undefined ? undefined : this.target(index);
  }

  dimension(name: string): Dimension {
    const dimension = this.manifest.dimensions.get(name);
    if (dimension === undefined) throw new Error(`no dimension "${name}"`);
    return dimension;
  }

  /** The target that gives the keys of a dynamic dimension at one key of the dimension that it hangs on. */
  keyTarget(dimension: Extract<Dimension, { kind: 'dynamic' }>, ofKey: string | undefined): number {
    return this.#intern(this.rule(dimension.rule), ofKey === undefined ? [] : [ofKey]);
  }

  /** Keys of a dimension; for a dynamic one, at the keys chosen so far. 'unavailable': its rule failed or is absent. */
  keysOf(name: string, chosen: Readonly<Record<string, string>>): Keys | { readonly unavailable: number } {
    const dimension = this.dimension(name);
    if (dimension.kind !== 'dynamic') {
      const keys = this.#static.get(name);
      if (keys === undefined) throw new Error(`dimension "${name}" has no keys`);
      return keys;
    }
    const ofKey = dimension.of === undefined ? undefined : chosen[dimension.of];
    const keyTarget = this.keyTarget(dimension, ofKey);
    const known = this.#dynamic.get(`${name}\n${ofKey ?? ''}`);
    if (known === undefined) return { keysFrom: keyTarget };
    return known === 'unavailable' ? { unavailable: keyTarget } : known;
  }

  /** Dynamic dimensions whose keys a target of this rule gives. */
  dynamicDimensionsOf(rule: Rule): readonly Extract<Dimension, { kind: 'dynamic' }>[] {
    return [...this.manifest.dimensions.values()].filter(
      (dimension) => dimension.kind === 'dynamic' && dimension.rule === rule.name,
    ) as Extract<Dimension, { kind: 'dynamic' }>[];
  }

  /** `keys` undefined: they cannot be had (the rule failed, is absent, or was never built). */
  provideKeys(dimension: string, ofKey: string | undefined, keys: readonly string[] | undefined): void {
    this.#dynamic.set(
      `${dimension}\n${ofKey ?? ''}`,
      keys === undefined ? 'unavailable' : dynamicKeySet(keys),
    );
  }

  /** The target at these keys, if each is a key of its dimension and the rule's `partitions` lets it in. */
  at(rule: Rule, keys: readonly string[]): number | undefined {
    const chosen: Record<string, string> = {};
    for (const [position, name] of rule.for.entries()) {
      const key = keys[position];
      if (key === undefined) return undefined;
      const known = this.keysOf(name, chosen);
      if (!('keys' in known)) return undefined;
      const at = known.positions.get(key);
      if (at === undefined || !this.#lets(rule, known.whole[at])) return undefined;
      chosen[name] = key;
    }
    return this.#intern(rule, keys);
  }

  /**
   * All targets of a rule, in partition order; the targets that must be built before the rest is known; and those
   * that were to give keys and cannot.
   */
  enumerate(
    rule: Rule,
    filter: KeyFilter = everything,
  ): {
    readonly targets: readonly number[];
    readonly awaits: readonly number[];
    readonly unavailable: readonly number[];
  } {
    const targets: number[] = [];
    const awaits: number[] = [];
    const unavailable: number[] = [];
    const walk = (
      position: number,
      keys: readonly string[],
      chosen: Readonly<Record<string, string>>,
    ): void => {
      const name = rule.for[position];
      if (name === undefined) {
        targets.push(this.#intern(rule, keys));
        return;
      }
      const known = this.keysOf(name, chosen);
      if ('keysFrom' in known) awaits.push(known.keysFrom);
      if ('unavailable' in known) unavailable.push(known.unavailable);
      if (!('keys' in known)) return;
      for (const [at, key] of known.keys.entries()) {
        const whole = known.whole[at];
        if (!this.#lets(rule, whole) || !filter(name, key, whole)) continue;
        walk(position + 1, [...keys, key], { ...chosen, [name]: key });
      }
    };
    walk(0, [], {});
    return { targets, awaits, unavailable };
  }

  partition(target: Target): Partition {
    const keys: Record<string, string> = {};
    const spans: Record<string, Span> = {};
    for (const [position, name] of target.rule.for.entries()) {
      const key = target.keys[position] ?? '';
      const known = this.keysOf(name, keys);
      keys[name] = key;
      if (!('keys' in known)) continue;
      const span = known.clipped[known.positions.get(key) ?? -1];
      if (span !== undefined) spans[name] = span;
    }
    return { keys, spans };
  }

  /** What a target's key of one dimension covers, unclipped. */
  whole(target: Target, dimension: string): Span | undefined {
    const chosen: Record<string, string> = {};
    for (const [position, name] of target.rule.for.entries()) {
      const key = target.keys[position] ?? '';
      if (name === dimension) {
        const known = this.keysOf(name, chosen);
        return 'keys' in known ? known.whole[known.positions.get(key) ?? -1] : undefined;
      }
      chosen[name] = key;
    }
    return undefined;
  }

  #lets(rule: Rule, whole: Span | undefined): boolean {
    if (rule.partitions === 'all' || whole === undefined) return true;
    return whole.end <= this.watermark === (rule.partitions === 'closed');
  }

  #intern(rule: Rule, keys: readonly string[]): number {
    const id = [rule.name, ...keys].join('/');
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const index = this.targets.length;
    this.targets.push({ index, id, rule, keys });
    this.#byId.set(id, index);
    return index;
  }
}
