/** What a target leaves behind when it ends: facts of content, and times for people. Plain data, no files. */
import type { Failure } from '../events.ts';
import type { Digest, Part } from '../hash.ts';
import type { Alert, Origin } from '../task.ts';

export interface OutputFact {
  readonly name: string;
  /** Relative to the workspace, or absolute where the manifest says so. */
  readonly path: string;
  readonly digest: Digest;
}

/** The last success of a target. With `absent` set it has no outputs: the publisher has no such thing (yet). */
export interface SuccessRecord {
  readonly kind: 'success';
  readonly target: string;
  readonly fingerprint: Digest;
  /** What the fingerprint was taken of: each input's digest, each parameter, the code. */
  readonly parts: readonly Part[];
  readonly outputs: readonly OutputFact[];
  /** Inputs learnt while running: path and digest. */
  readonly discovered: readonly (readonly [path: string, digest: string])[];
  readonly absent?: { readonly reason: string; readonly recheckAt?: string };
  /** An answer that the outputs rest on may change: due again then. ISO, UTC. */
  readonly recheckAt?: string;
  /** Of a volatile target: when it last looked at all there is. ISO, UTC. */
  readonly sweptAt?: string;
  /** The outputs are whole and true, but not all that they should be: counts as failed, and runs again. */
  readonly incomplete?: Failure;
  /** By the name of the output: where its bytes came from, of source rules whose task says so. */
  readonly origins?: Readonly<Record<string, readonly Origin[]>>;
  /** What the task has to say of these outputs: told again by each build that finds them fresh. */
  readonly alerts?: readonly Alert[];
  readonly runId?: string;
  /** ISO, UTC. For a volatile target: when it was last asked. */
  readonly finishedAt: string;
  readonly seconds: number;
}

export interface FailureRecord {
  readonly kind: 'failure';
  readonly target: string;
  readonly fingerprint: Digest;
  readonly failure: Failure;
  readonly finishedAt: string;
}

/** An output that its target wrote once and writes no more: what is left of it on disk is no source of anybody's. */
export interface OrphanRecord {
  readonly kind: 'orphan';
  readonly target: string;
  readonly path: string;
  readonly digest: Digest;
}

/** The files and packages behind a code digest, so that `status` can name the one that changed. */
export interface CodeRecord {
  readonly kind: 'code';
  readonly digest: Digest;
  readonly files: readonly (readonly [name: string, digestOrVersion: string])[];
}

/** Written before a target runs: what a crash leaves can be told from what a success leaves. */
export interface StartRecord {
  readonly kind: 'start';
  readonly target: string;
}

/** The target has been cleared away, outputs and all: neither its success nor its failure stands any more. */
export interface GoneRecord {
  readonly kind: 'gone';
  readonly target: string;
}

/** What an orphan named has been removed, or is nobody's concern any more. */
export interface ClearedRecord {
  readonly kind: 'cleared';
  readonly path: string;
}

export type JournalRecord =
  | SuccessRecord
  | FailureRecord
  | OrphanRecord
  | CodeRecord
  | StartRecord
  | GoneRecord
  | ClearedRecord;

/** Whether what was read back has the shape of a record: a journal that another program wrote to may hold anything. */
export function isRecord(value: unknown): value is JournalRecord {
  if (!isObject(value)) return false;
  switch (value['kind']) {
    case 'success':
      return isParts(value['parts']) && isSuccessHead(value);
    case 'failure':
      return hasTexts(value, ['target', 'fingerprint', 'finishedAt']) && isFailure(value['failure']);
    case 'orphan':
      return hasTexts(value, ['target', 'path', 'digest']);
    case 'code':
      return hasTexts(value, ['digest']) && isListOf(value['files'], (file) => isTexts(file, 2));
    case 'start':
    case 'gone':
      return hasTexts(value, ['target']);
    case 'cleared':
      return hasTexts(value, ['path']);
    default:
      return false;
  }
}

/** Whether it is a success but for its parts, which are read apart. */
export function isSuccessHead(value: unknown): value is Omit<SuccessRecord, 'parts'> {
  return (
    isObject(value) &&
    value['kind'] === 'success' &&
    hasTexts(value, ['target', 'fingerprint', 'finishedAt']) &&
    isListOf(value['discovered'], (pair) => isTexts(pair, 2)) &&
    isListOf(value['outputs'], (fact) => isObject(fact) && hasTexts(fact, ['name', 'path', 'digest'])) &&
    (value['incomplete'] === undefined || isFailure(value['incomplete'])) &&
    (value['origins'] === undefined || isOrigins(value['origins'])) &&
    (value['alerts'] === undefined || isListOf(value['alerts'], isAlert)) &&
    (value['absent'] === undefined || (isObject(value['absent']) && hasTexts(value['absent'], ['reason'])))
  );
}

export function isParts(value: unknown): value is readonly Part[] {
  return isListOf(value, (part) => isTexts(part, 3));
}

function isFailure(value: unknown): boolean {
  return isObject(value) && hasTexts(value, ['code', 'message']);
}

function isOrigins(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.values(value).every((list) => isListOf(list, (each) => isObject(each) && hasTexts(each, ['url'])))
  );
}

function isAlert(value: unknown): boolean {
  return (
    isObject(value) &&
    hasTexts(value, ['code', 'message']) &&
    (value['level'] === 'warning' || value['level'] === 'critical')
  );
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function hasTexts(value: Members, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}

function isListOf(value: unknown, test: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(test);
}

function isTexts(value: unknown, length: number): boolean {
  return Array.isArray(value) && value.length === length && value.every((text) => typeof text === 'string');
}
