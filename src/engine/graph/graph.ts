/**
 * The targets of a manifest, made on demand: a rule at one key of each of its dimensions. Keys of dynamic
 * dimensions are given to it as their rules are built, so the graph grows. It knows no files, states or records.
 */
import { MINUTE } from '../manifest/instant.ts';
import type { Dimension, Manifest, Rule } from '../manifest/model.ts';
import type { Partition, Span } from '../task.ts';
import type { KeySet } from './key-set.ts';
import { dynamicKeySet, isUsableKey, staticKeySet } from './key-set.ts';

export type DynamicDimension = Extract<Dimension, { kind: 'dynamic' }>;

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

/** The keys cannot be had: this target, which was to give them, has failed, is absent, or was never built. */
export interface Unavailable {
  readonly unavailable: number;
}

export type Keys = KeySet | Awaiting | Unavailable;

/** Narrows an enumeration: whether a key of a dimension is of interest. */
export type KeyFilter = (dimension: string, key: string, whole: Span | undefined) => boolean;

/** Keys chosen so far, by dimension. */
export type Chosen = ReadonlyMap<string, string>;

export interface Enumerated {
  readonly targets: readonly number[];
  /** Targets that must be built before the rest is known. */
  readonly awaits: readonly number[];
  /** Targets that were to give keys and cannot. */
  readonly unavailable: readonly number[];
}

const everything: KeyFilter = () => true;
const NO_KEYS = dynamicKeySet([]);

export class Graph {
  readonly manifest: Manifest;
  /** End of the last minute that counts. */
  readonly watermark: number;
  readonly targets: Target[] = [];
  readonly #byId = new Map<string, number>();
  readonly #static = new Map<string, KeySet>();
  /** Key sets of dynamic dimensions, by dimension and key of `of`, each made when it is asked for. */
  readonly #dynamic = new Map<string, (() => KeySet) | 'unavailable'>();
  readonly #given = new Map<string, readonly DynamicDimension[]>();
  #revision = 0;

  constructor(manifest: Manifest) {
    this.manifest = manifest;
    this.watermark = manifest.asOf + MINUTE;
    for (const dimension of manifest.dimensions.values()) {
      if (dimension.kind !== 'dynamic')
        this.#static.set(dimension.name, staticKeySet(dimension, this.watermark));
    }
  }

  /** Rises whenever keys become known or change: what was enumerated before may be incomplete. */
  get revision(): number {
    return this.#revision;
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

  /** Keys of a dimension; for a dynamic one, at the keys chosen so far, among which is that of the one it hangs on. */
  keysOf(name: string, chosen: Chosen): Keys {
    const fixed = this.#static.get(name);
    if (fixed !== undefined) return fixed;
    const dimension = this.dimension(name);
    if (dimension.kind !== 'dynamic') throw new Error(`dimension "${name}" has no keys`);
    const { of } = dimension;
    const ofKey = of === undefined ? undefined : chosen.get(of);
    const known = this.#dynamic.get(slot(name, ofKey));
    if (known !== undefined && known !== 'unavailable') return known();
    // Before it is known whether there is such a key of the other dimension, there is nobody to ask.
    const above = of === undefined ? undefined : this.keysOf(of, chosen);
    if (above !== undefined && !('keys' in above)) return above;
    const giver = this.at(this.rule(dimension.rule), ofKey === undefined ? [] : [ofKey]);
    // A giver that its rule's `partitions` keeps out is never built: it gives no keys.
    if (giver === undefined) return NO_KEYS;
    return known === undefined ? { keysFrom: giver } : { unavailable: giver };
  }

  /** Dynamic dimensions whose keys a target of this rule gives. */
  dynamicDimensionsOf({ name }: Rule): readonly DynamicDimension[] {
    const known = this.#given.get(name);
    if (known !== undefined) return known;
    const given = [...this.manifest.dimensions.values()].filter(
      (dimension): dimension is DynamicDimension => dimension.kind === 'dynamic' && dimension.rule === name,
    );
    this.#given.set(name, given);
    return given;
  }

  /**
   * `keys` undefined: they cannot be had (the rule failed, is absent, or was never built). Returns the keys that
   * no path and no target can be made of (empty, `..`, with a slash): they are left out, and the caller says so.
   */
  provideKeys(
    dimension: string,
    ofKey: string | undefined,
    keys: readonly string[] | undefined,
  ): readonly string[] {
    this.#revision++;
    const refused = keys?.filter((key) => !isUsableKey(key)) ?? [];
    const usable = refused.length === 0 ? keys : keys?.filter(isUsableKey);
    this.#dynamic.set(slot(dimension, ofKey), usable === undefined ? 'unavailable' : whenAsked(usable));
    return refused;
  }

  /** The target at these keys, if each is a key of its dimension and the rule's `partitions` lets it in. */
  at(rule: Rule, keys: readonly string[]): number | undefined {
    const chosen = new Map<string, string>();
    const wholes: (Span | undefined)[] = [];
    for (const [position, name] of rule.for.entries()) {
      const key = keys[position];
      if (key === undefined) return undefined;
      const known = this.keysOf(name, chosen);
      if (!('keys' in known)) return undefined;
      const at = known.positions.get(key);
      if (at === undefined) return undefined;
      wholes.push(known.whole[at]);
      chosen.set(name, key);
    }
    return this.admits(rule, wholes) ? this.intern(rule, keys) : undefined;
  }

  /** All targets of a rule, in partition order. */
  enumerate(rule: Rule, filter: KeyFilter = everything): Enumerated {
    const targets: number[] = [];
    const awaits: number[] = [];
    const unavailable: number[] = [];
    const chosen = new Map<string, string>();
    const keys: string[] = [];
    const wholes: (Span | undefined)[] = [];
    const walk = (position: number): void => {
      const name = rule.for[position];
      if (name === undefined) {
        if (this.admits(rule, wholes)) targets.push(this.intern(rule, [...keys]));
        return;
      }
      const known = this.keysOf(name, chosen);
      if ('keysFrom' in known) awaits.push(known.keysFrom);
      if ('unavailable' in known) unavailable.push(known.unavailable);
      if (!('keys' in known)) return;
      for (let at = 0; at < known.keys.length; at++) {
        const key = known.keys[at] ?? '';
        const whole = known.whole[at];
        if (!filter(name, key, whole)) continue;
        keys[position] = key;
        wholes[position] = whole;
        chosen.set(name, key);
        walk(position + 1);
      }
    };
    walk(0);
    return { targets, awaits, unavailable };
  }

  partition(target: Target): Partition {
    const keys: Record<string, string> = {};
    const spans: Record<string, Span> = {};
    this.#eachKey(target, (name, key, known, at) => {
      keys[name] = key;
      const span = known?.clipped[at];
      if (span !== undefined) spans[name] = span;
    });
    return { keys, spans };
  }

  /** What each of a target's keys covers, unclipped, in the order of `rule.for`. */
  wholes(target: Target): readonly (Span | undefined)[] {
    const wholes: (Span | undefined)[] = [];
    this.#eachKey(target, (_name, _key, known, at) => wholes.push(known?.whole[at]));
    return wholes;
  }

  #eachKey(
    { rule, keys }: Target,
    look: (name: string, key: string, known: KeySet | undefined, at: number) => void,
  ): void {
    const chosen = new Map<string, string>();
    for (const [position, name] of rule.for.entries()) {
      const key = keys[position] ?? '';
      const known = this.keysOf(name, chosen);
      const set = 'keys' in known ? known : undefined;
      chosen.set(name, key);
      look(name, key, set, set?.positions.get(key) ?? -1);
    }
  }

  /** What `partitions` says: a partition is closed when all of its time is over. Without time it is neither. */
  admits(rule: Rule, wholes: readonly (Span | undefined)[]): boolean {
    if (rule.partitions === 'all') return true;
    const times = wholes.filter((whole) => whole !== undefined);
    if (times.length === 0) return true;
    return times.every(({ end }) => end <= this.watermark) === (rule.partitions === 'closed');
  }

  /** The target of these keys, which the caller knows to be keys of the rule's dimensions. */
  intern(rule: Rule, keys: readonly string[]): number {
    const id = keys.length === 0 ? rule.name : `${rule.name}/${keys.join('/')}`;
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const index = this.targets.length;
    this.targets.push({ index, id, rule, keys });
    this.#byId.set(id, index);
    return index;
  }
}

/** Thousands of keys may be given that no target of a build is over. */
function whenAsked(keys: readonly string[]): () => KeySet {
  let set: KeySet | undefined;
  return () => {
    set ??= dynamicKeySet(keys);
    return set;
  };
}

function slot(dimension: string, ofKey: string | undefined): string {
  return `${dimension}\n${ofKey ?? ''}`;
}
