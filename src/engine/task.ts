/**
 * The contract that a task implements: plain data in, files out. Tasks import this file and nothing else of
 * the engine. It knows neither what a task does nor when it runs.
 */
import type { Json } from './json.ts';

export { sha256, sha256File } from './hash.ts';
export type { Json } from './json.ts';
export { byCodeUnit, canonicalJson } from './json.ts';

/** A stretch of time in UTC epoch milliseconds: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One point of a rule's dimensions. */
export interface Partition {
  /** Key by dimension, in the order of the rule's `for`: `{ symbol: 'BTCUSDT', month: '2024-01' }`. */
  readonly keys: Readonly<Record<string, string>>;
  /**
   * For each dimension whose keys are stretches of time, what the key covers. Calendars are clipped to their
   * edges and to the watermark; keys of dynamic dimensions are whole.
   */
  readonly spans: Readonly<Record<string, Span>>;
}

/** A member of a fan-in. */
export interface Member {
  readonly path: string;
  readonly partition: Partition;
}

/** A member of a fan-in that the publisher does not have (yet). */
export interface AbsentMember {
  readonly target: string;
  readonly reason: string;
  readonly partition: Partition;
}

/** A member of a fan-in with `failed: omit` that failed, or that something failed upstream blocks. */
export interface FailedMember {
  readonly target: string;
  readonly partition: Partition;
  /** The code of the first failure at the root: `archive-corrupt`. */
  readonly code: string;
  /** The targets that really failed, itself or upstream, in code-unit order. */
  readonly roots: readonly string[];
}

export interface TaskContext<P = Json> {
  /** `bars/BTCUSDT/2024-01`, for messages. */
  readonly target: string;
  /** Absolute path of the workspace. Paths in outputs, if any, must be relative to it. */
  readonly workspace: string;
  /** Absolute path of each input; an array for a fan-in or a glob; undefined for an optional input that is absent. */
  readonly inputs: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The value that each keyed input (`file#/pointer`) found, null where there is nothing; an array of them for a fan-in. */
  readonly values: Readonly<Record<string, Json>>;
  /** Each fan-in again, with the partition of every member, in the same order. */
  readonly members: Readonly<Record<string, readonly Member[]>>;
  readonly absent: Readonly<Record<string, readonly AbsentMember[]>>;
  readonly failed: Readonly<Record<string, readonly FailedMember[]>>;
  /** Absolute temporary path for each output, its folder made; directories (names ending in `/`) exist and are empty. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What the outputs will be called, relative to the workspace: to look at what is in place, never to write. */
  readonly finalOutputs: Readonly<Record<string, string>>;
  /**
   * In a locked build, of a rule that brings bytes in: the SHA-256 that each output must have (of a directory, of its
   * listing), by name, as far as the lockfile names it. Other bytes are refused; a copy that has it will do.
   */
  readonly expected: Readonly<Record<string, string>>;
  readonly params: P;
  /** Where bytes come from (URLs, time-outs): never part of a fingerprint. */
  readonly settings: Readonly<Record<string, Json>>;
  readonly partition: Partition;
  readonly signal: AbortSignal;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /**
   * Whether no other try follows if this one ends with that failure, be it for want of retries or of time (`deadline`):
   * then it is time for a costly way round. What it answers holds.
   */
  isLastTry(failure: TaskFailure): boolean;
  /** Nothing may be asked of the network. Seen only by tasks that say `offline`; others are not run then. */
  readonly offline: boolean;
  /** A volatile task is to look at all there is again, not only at what is new (`refresh.sweep`, `--refresh=all`). */
  readonly sweep: boolean;
  progress(done: number, total: number | undefined, unit: string): void;
  log(line: string): void;
  /** What people must know although nothing failed: every listener shows it. */
  warn(line: string): void;
}

/** An expected failure: what is wrong with the input, where, and what to do. */
export interface TaskFailure {
  /** Stable and machine-readable, kebab case: `archive-corrupt`. Enters fingerprints of fan-ins that omit the target. */
  readonly code: string;
  /** Names the file, the line or byte, the bad value and what was expected. */
  readonly message: string;
  readonly hint?: string;
  /** Another try may help (network trouble): honoured by the rule's `retries`. */
  readonly transient?: boolean;
  /** With `transient`: not before so long. A wait beyond the rule's `deadline` is not begun. */
  readonly retryAfterMs?: number;
}

/**
 * Where bytes came from outside, for `pipeline lineage`. The engine cuts user, password and what looks like a secret
 * out of addresses before it records them.
 */
export interface Origin {
  readonly url: string;
  /** What the publisher calls this content: an ETag, a version. */
  readonly revision?: string;
  /** When the publisher says that it last changed. ISO, UTC. */
  readonly modified?: string;
  /** SHA-256 that the publisher gives and the bytes have. */
  readonly checksum?: string;
  readonly bytes?: number;
  /** ISO, UTC. Left out where the bytes were in place and only found to be the published ones. */
  readonly fetchedAt?: string;
  /** The one among `kept` in which the answer is kept. */
  readonly file?: string;
}

/**
 * Something in the outputs that people must hear of, although they are whole and true and nothing has failed. It stands
 * as long as the outputs do: a build that finds them fresh tells it again.
 */
export interface Alert {
  /** `critical`: the build ends with an exit code of its own. */
  readonly level: 'warning' | 'critical';
  /** Stable and machine-readable, kebab case. */
  readonly code: string;
  readonly message: string;
}

/** What else there is to say of a run that has written its outputs. */
export interface TaskDone {
  /** Workspace-relative or absolute paths of inputs learnt while running. */
  readonly discovered?: readonly string[];
  /** Source files that the task itself keeps, whole and flushed, beside its outputs: they count as learnt inputs. */
  readonly kept?: readonly string[];
  /** By the name of the output: where it came from. For the record, never part of an output. */
  readonly origins?: Readonly<Record<string, readonly Origin[]>>;
  /** The outputs rest on an answer that may change: due again after so many milliseconds. */
  readonly recheckAfter?: number;
  /** Counts of what differs from the outputs that were in place: for the log, never part of an output. */
  readonly changes?: Readonly<Record<string, number>>;
  /** Kept with the record, never part of an output or of a fingerprint. */
  readonly alerts?: readonly Alert[];
  /**
   * The outputs are whole and true, but not all that they should be. Consumers are built of them; the target counts
   * as failed, and is run again by the next build.
   */
  readonly incomplete?: TaskFailure;
}

export type TaskResult =
  | undefined
  /** The publisher has no such thing (yet): no output is kept. `recheckAfter` in milliseconds. */
  | { readonly absent: string; readonly recheckAfter?: number }
  | { readonly failed: TaskFailure }
  | TaskDone;

/** Anything that can check params: a zod schema is one. Throws an Error that says what is wrong. */
export interface ParamsParser<P> {
  parse(value: unknown): P;
}

export interface Task<P = Json> {
  /** Counts instead of the code's digest for source rules; raise it when the bytes that come out change. */
  readonly version: number;
  readonly params?: ParamsParser<P>;
  /** It looks at `ctx.offline` itself: what it needs may be at hand. Otherwise a source rule is refused offline. */
  readonly offline?: boolean;
  // biome-ignore lint/suspicious/noConfusingVoidType: a task that returns nothing is the common case
  run(ctx: TaskContext<P>): Promise<TaskResult | void> | TaskResult | void;
}

/** Gives `run` the type of the parser's result. The identity function otherwise. */
export function defineTask<P = Json>(task: Task<P>): Task<P> {
  return task;
}

/** The one path of an input that is not a fan-in. A bug in the manifest or the task if it is not there. */
export function inputPath(ctx: Pick<TaskContext<unknown>, 'inputs' | 'target'>, name: string): string {
  const path = ctx.inputs[name];
  if (typeof path === 'string') return path;
  throw new Error(
    `${ctx.target}: input "${name}" must be one path, got ${path === undefined ? 'none' : 'a list'}`,
  );
}

/** The temporary path of an output. A bug in the manifest or the task if the rule does not declare it. */
export function outputPath(ctx: Pick<TaskContext<unknown>, 'outputs' | 'target'>, name: string): string {
  const path = ctx.outputs[name];
  if (path !== undefined) return path;
  throw new Error(`${ctx.target}: the rule declares no output "${name}"`);
}
