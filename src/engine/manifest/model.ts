/**
 * A manifest after it was read and checked: plain data, config values put in, partition keys still open.
 * It knows neither YAML nor files; `load.ts` makes it, `graph/` expands it.
 */
import type { Place } from '../diagnostic.ts';
import type { Json } from '../json.ts';

/** What `${…}` may still name once config values are in. */
export type Ref =
  /** `${symbol}`: the key of one of the rule's dimensions; `${month.start}`, `${month.end}`: its clipped span, ISO, UTC. */
  | { readonly kind: 'dimension'; readonly name: string; readonly field?: 'start' | 'end' }
  /** `${in.NAME}`, `${out.NAME}`, `${params.NAME}`: in `run` only. */
  | { readonly kind: 'in' | 'out' | 'params'; readonly name: string }
  /** `${run_id}`: in outputs only. */
  | { readonly kind: 'run_id' };

/** Literal text and open references in turn. A template without references is its text. */
export interface Template {
  readonly parts: readonly (string | Ref)[];
  /** As the user wrote it, before config values were put in: for messages. */
  readonly source: string;
  readonly place: Place;
}

export type Every = 'year' | 'month' | 'week' | 'day' | 'hour';

export type Dimension = { readonly name: string; readonly place: Place } & (
  | { readonly kind: 'list'; readonly keys: readonly string[] }
  /** `from` and `to` in UTC epoch milliseconds, `to` exclusive (the end of the last minute that counts), not yet clipped to the watermark. */
  | { readonly kind: 'calendar'; readonly every: Every; readonly from: number; readonly to: number }
  /** Keys are the members of the JSON value at `pointer` in the output of `rule`; one set for each key of `of`. */
  | {
      readonly kind: 'dynamic';
      readonly of: string | undefined;
      readonly rule: string;
      readonly output: string | undefined;
      readonly pointer: string;
    }
);

interface InputBase {
  readonly name: string;
  readonly place: Place;
  readonly optional: boolean;
  /** `omit`: failed and blocked members are left out of the fan-in. */
  readonly failed: 'block' | 'omit';
  /** RFC 6901 pointer: the input is digested as the value found there. */
  readonly pointer: Template | undefined;
}

export type InputSpec =
  | (InputBase & {
      readonly kind: 'rule';
      readonly rule: string;
      /** Always the name of an output that the rule has. */
      readonly output: string;
      /** Keys (or `A..B` ranges) that a dimension of the producer is narrowed to. */
      readonly where: readonly { readonly dimension: string; readonly keys: readonly Template[] }[];
      readonly offset: readonly { readonly dimension: string; readonly by: number }[];
    })
  | (InputBase & { readonly kind: 'path'; readonly template: Template; readonly glob: boolean });

export interface OutputSpec {
  readonly name: string;
  readonly template: Template;
  /** Written with a final `/`; the template has none. */
  readonly directory: boolean;
}

export type Action =
  | { readonly kind: 'run'; readonly template: Template }
  /** A name that the registry knows. */
  | { readonly kind: 'builtin'; readonly name: string; readonly place: Place }
  /** A module beside the manifest: `path` is relative to the workspace, without `./`. */
  | { readonly kind: 'module'; readonly path: string; readonly place: Place };

/** JSON in which strings may still be templates. */
export type OpenJson =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'list'; readonly items: readonly OpenJson[] }
  | { readonly kind: 'map'; readonly members: readonly (readonly [string, OpenJson])[] };

export interface Rule {
  readonly name: string;
  /** Of the rule's name. */
  readonly place: Place;
  /** Dimension names, in declared order. */
  readonly for: readonly string[];
  /** In declared order. */
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly action: Action;
  readonly params: readonly (readonly [string, OpenJson])[];
  readonly settings: Readonly<Record<string, Json>>;
  readonly pool: string;
  readonly retries: number;
  /** Of one try. */
  readonly timeoutMs: number | undefined;
  /** Of all tries and the waits between them. */
  readonly deadlineMs: number | undefined;
  /** Where the bytes that a run writes are told: in the value of a keyed input. */
  readonly disk: { readonly input: string; readonly pointer: string } | undefined;
  readonly partitions: 'closed' | 'open' | 'all';
  /** Volatile when set: asked again after so many milliseconds. */
  readonly refreshAfterMs: number | undefined;
  /** Looks at all there is after so many milliseconds, not only at what is new. */
  readonly sweepAfterMs: number | undefined;
  readonly source: boolean;
  readonly intermediate: boolean;
  /** Globs of what its task leaves beside its outputs, for `gc`: whatever the keys of its dimensions. Config values stand in them escaped. */
  readonly leaves: readonly Template[];
  /** Built when nothing is selected. */
  readonly default: boolean;
  /** Config values that the rule really reads, dotted, in code-unit order. */
  readonly reads: readonly string[];
}

export interface Manifest {
  /** Path of the manifest relative to the workspace. */
  readonly file: string;
  /** The last minute that counts, epoch milliseconds. */
  readonly asOf: number;
  readonly dimensions: ReadonlyMap<string, Dimension>;
  /** In declared order. */
  readonly rules: ReadonlyMap<string, Rule>;
  /** Bound of concurrency by pool name; every rule's pool is in it. */
  readonly pools: ReadonlyMap<string, number>;
  /** Selector aliases: name → selectors. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  /** The merged config, with `--set` applied. */
  readonly config: Json;
  /** Every file that was read, relative to the workspace: what `watch` watches. */
  readonly files: readonly string[];
}

/** What the composition root tells the loader about the world outside the engine. */
export interface LoadOptions {
  /** Absolute path. */
  readonly workspace: string;
  /** `--set key=value`, in order. */
  readonly set: readonly string[];
  /** `--as-of`, checked already: epoch milliseconds of the minute; undefined: the manifest's, else `defaultAsOf`. */
  readonly asOf: number | undefined;
  readonly defaultAsOf: number;
  /** Epoch milliseconds: an as-of later than this is a mistake. */
  readonly now: number;
  readonly builtinTasks: readonly string[];
  readonly configSchema: ConfigSchema;
}

export interface ConfigIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Checks the merged config. The engine knows no market, so its shape comes from outside. */
export interface ConfigSchema {
  check(config: Json): readonly ConfigIssue[];
  /** Adds the values that follow from others (a URL that depends on the market). Called on a config without issues. */
  complete(config: Json): Json;
  /** Names that the schema knows, dotted: for "did you mean" and so that known but unread values draw no warning. */
  readonly known: readonly string[];
}
