/**
 * The paths that one output of a rule takes: whose path it is, and all of them in order. Reads keys back out of
 * paths; knows no other rule and no files.
 */
import { byCodeUnit } from '../json.ts';
import { formatInstant } from '../manifest/instant.ts';
import type { OutputSpec, Rule } from '../manifest/model.ts';
import type { Awaiting, Graph, Unavailable } from './graph.ts';
import type { Shape } from './shape.ts';
import { shapeAt, shapeOf } from './shape.ts';
import type { Answer, Reading } from './template.ts';
import { literalPrefix, namesRunId, reader, render } from './template.ts';

export type Maker =
  | { readonly kind: 'target'; readonly target: number; readonly within: string | undefined }
  /** It may be a path of this output: that is known once this target has given keys. */
  | { readonly kind: 'awaits' | 'unavailable'; readonly giver: number };

export interface Listing {
  /** Ascending, with the target that makes each. */
  readonly paths: readonly { readonly path: string; readonly target: number }[];
  readonly awaits: readonly number[];
  readonly unavailable: readonly number[];
}

/** Whether a run puts its number into a path: which it is shows only when it is built. */
export function isNumbered({ outputs }: Rule): boolean {
  return outputs.some(({ template }) => namesRunId(template));
}

export class Output {
  readonly rule: Rule;
  readonly spec: OutputSpec;
  readonly shape: Shape;
  /** Its path is known only when it is built. */
  readonly numbered: boolean;
  readonly #graph: Graph;
  readonly #prefix: string;
  readonly #read: (path: string) => readonly Reading[];
  readonly #grows: boolean;
  /** In place of a run's number, which hangs on what the rule reads. */
  readonly #number: Answer = () => `${formatInstant(this.#graph.manifest.asOf).slice(0, 10)}-00000000`;
  #listing: { readonly revision: number; readonly value: Listing } | undefined;

  constructor(graph: Graph, rule: Rule, spec: OutputSpec) {
    this.rule = rule;
    this.spec = spec;
    this.shape = shapeOf(spec.template);
    this.numbered = namesRunId(spec.template);
    this.#graph = graph;
    this.#prefix = literalPrefix(spec.template);
    this.#read = reader(spec.template);
    this.#grows = rule.for.some((name) => graph.dimension(name).kind === 'dynamic');
  }

  /** Who makes this path, or as a directory holds it; undefined: nobody, whatever keys may come. */
  makerOf(path: string): Maker | undefined {
    if (this.numbered || !path.startsWith(this.#prefix)) return undefined;
    let unsure: Maker | undefined;
    for (const [whole, within] of this.#wholes(path)) {
      for (const reading of this.#read(whole)) {
        const found = this.#targetAt(reading, whole);
        if (found === undefined) continue;
        if (found.kind === 'target') return { ...found, within };
        unsure ??= found;
      }
    }
    return unsure;
  }

  /** Every way to read the path as one of this output's, whatever keys there are. */
  readingsOf(path: string): readonly Reading[] {
    if (!path.startsWith(this.#prefix)) return [];
    return this.#wholes(path).flatMap(([whole]) => this.#read(whole));
  }

  /** All paths; of a numbered output with a number that none has. */
  list(): Listing {
    const { revision } = this.#graph;
    if (this.#listing && (!this.#grows || this.#listing.revision === revision)) return this.#listing.value;
    const { targets, awaits, unavailable } = this.#graph.enumerate(this.rule);
    const paths = targets.map((target) => ({ path: this.pathOf(target), target }));
    paths.sort((a, b) => byCodeUnit(a.path, b.path));
    const value = { paths, awaits, unavailable };
    this.#listing = { revision, value };
    return value;
  }

  /** The shape of the paths that hang on what a giver of keys gives. */
  shapeBeside(giver: number): Shape {
    const { rule, keys } = this.#graph.target(giver);
    const [key] = keys;
    const [of] = rule.for;
    const own: Reading = new Map(of === undefined || key === undefined ? [] : [[of, key]]);
    return shapeAt(this.spec.template, own);
  }

  pathOf(target: number, answer: Answer = this.#number): string {
    return render(this.spec.template, this.#graph.partition(this.#graph.target(target)), answer);
  }

  /** The path itself and, for a directory, each folder above it with what remains. */
  #wholes(path: string): readonly (readonly [string, string | undefined])[] {
    if (!this.spec.directory) return [[path, undefined]];
    const parts = path.split('/');
    return parts.map((_, at) => {
      const length = parts.length - at;
      return [
        parts.slice(0, length).join('/'),
        at === 0 ? undefined : parts.slice(length).join('/'),
      ] as const;
    });
  }

  #targetAt(reading: Reading, path: string): Maker | undefined {
    const { rule } = this;
    let unsure: Maker | undefined;
    for (const name of rule.for) {
      if (!this.#isPlaced(name, reading)) continue;
      const known = this.#graph.keysOf(name, reading);
      const key = reading.get(name);
      if (!('keys' in known)) unsure ??= notYet(known);
      else if (key !== undefined && !known.positions.has(key)) return undefined;
    }
    if (unsure !== undefined) return unsure;
    const target = this.#graph.at(
      rule,
      rule.for.map((name) => reading.get(name) ?? ''),
    );
    // References to a span (`${month.start}`) are not read back: what comes out decides.
    if (target !== undefined) return this.pathOf(target) === path ? made(target) : undefined;
    if (rule.for.every((name) => reading.has(name))) return undefined;
    const among = this.#graph.enumerate(rule, (name, key) => (reading.get(name) ?? key) === key);
    const found = among.targets.find((each) => this.pathOf(each) === path);
    if (found !== undefined) return made(found);
    const [[keysFrom], [unavailable]] = [among.awaits, among.unavailable];
    if (keysFrom !== undefined) return notYet({ keysFrom });
    return unavailable === undefined ? undefined : notYet({ unavailable });
  }

  /** Whether the path tells at which key of another dimension this one's are meant, where they hang on one. */
  #isPlaced(name: string, reading: Reading): boolean {
    const dimension = this.#graph.dimension(name);
    return dimension.kind !== 'dynamic' || dimension.of === undefined || reading.has(dimension.of);
  }
}

function notYet(keys: Awaiting | Unavailable): Maker {
  return 'keysFrom' in keys
    ? { kind: 'awaits', giver: keys.keysFrom }
    : { kind: 'unavailable', giver: keys.unavailable };
}

function made(target: number): Maker {
  return { kind: 'target', target, within: undefined };
}
