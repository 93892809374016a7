/**
 * The only hasher. SHA-256 throughout (with SHA-NI it runs at 1.4 GB/s, see the measurements in ARCHITECTURE.md),
 * and one list of parts from which both a fingerprint and its explanation come, so that what is hashed and
 * what is explained cannot differ. It knows neither targets nor the journal.
 */
/// <reference lib="es2024.string" />
import { createHash, hash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import type { Json } from './json.ts';
import { canonicalJson } from './json.ts';

/** 64 lowercase hex digits. */
export type Digest = string & { readonly __brand: 'Digest' };

const CHUNK = 1 << 20;
/** Up to here hashing is done sooner than a stream is set up: 3 ms. */
const MOST_AT_ONCE = 4 << 20;

export function sha256(bytes: string | Uint8Array): Digest {
  return hash('sha256', bytes, 'hex') as Digest;
}

/**
 * Streams a file through SHA-256, or reads it at once if it is small: a stream costs more than that. For tasks that verify
 * checksums. Rejects as `fs` does, or with the signal's reason.
 */
export async function sha256File(path: string, signal?: AbortSignal): Promise<Digest> {
  if (signal?.aborted !== true && statSync(path).size <= MOST_AT_ONCE) return sha256FileSync(path);
  const hasher = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK, ...(signal ? { signal } : {}) })) {
    hasher.update(chunk);
  }
  return hasher.digest('hex') as Digest;
}

/** Nobody reads another file before one is done: one buffer serves all. */
let chunk: Buffer | undefined;

/** The same, synchronously: the decision loop must not yield between a stat and the digest that belongs to it. */
export function sha256FileSync(path: string): Digest {
  const fd = openSync(path, 'r');
  try {
    chunk ??= Buffer.allocUnsafe(CHUNK);
    const buffer = chunk;
    const first = readSync(fd, buffer, 0, CHUNK, null);
    if (first < CHUNK) {
      const second = readSync(fd, buffer, first, CHUNK - first, null);
      if (second === 0) return sha256(buffer.subarray(0, first));
      return rest(fd, buffer, first + second);
    }
    return rest(fd, buffer, first);
  } finally {
    closeSync(fd);
  }
}

function rest(fd: number, buffer: Buffer, filled: number): Digest {
  const hasher = createHash('sha256').update(buffer.subarray(0, filled));
  for (;;) {
    const read = readSync(fd, buffer, 0, CHUNK, null);
    if (read === 0) return hasher.digest('hex') as Digest;
    hasher.update(buffer.subarray(0, read));
  }
}

export function digestOfValue(value: Json): Digest {
  return sha256(canonicalJson(value));
}

export type PartKind = 'task' | 'code' | 'param' | 'input' | 'output' | 'failed';

/** One thing that a target depends on: its kind, its name for people, and its value or digest as text. */
export type Part = readonly [kind: PartKind, name: string, value: string];

/**
 * Hash of everything a target depends on. Lengths are written, so that no two lists share an encoding; half a
 * surrogate pair would be lost in UTF-8, so a list with one in it is spelt as JSON, which escapes it.
 */
export function fingerprintOf(parts: readonly Part[]): Digest {
  let text = '';
  for (const [kind, name, value] of parts)
    text += `${kind} ${name.length} ${value.length}\n${name}\n${value}\n`;
  return sha256(text.isWellFormed() ? text : JSON.stringify(parts));
}

export interface Change {
  readonly kind: PartKind;
  readonly name: string;
  /** Absent on the side where there is no such part. */
  readonly was?: string;
  readonly is?: string;
}

/** What differs between two lists of parts, in the order of the newer one, removed parts last. */
export function explain(was: readonly Part[], is: readonly Part[]): readonly Change[] {
  const key = ([kind, name]: Part): string => `${kind}\n${name}`;
  const before = new Map<string, string[]>();
  for (const part of was) {
    const values = before.get(key(part));
    if (values) values.push(part[2]);
    else before.set(key(part), [part[2]]);
  }
  // Parts of one name (rare) are matched by value first, so that what stayed is not told as a change.
  const differing = is.filter((part) => !take(before.get(key(part)), part[2]));
  const changes: Change[] = [];
  for (const part of differing) {
    const old = before.get(key(part))?.shift();
    changes.push({ kind: part[0], name: part[1], ...(old === undefined ? {} : { was: old }), is: part[2] });
  }
  for (const part of was) {
    const [kind, name, value] = part;
    if (take(before.get(key(part)), value)) changes.push({ kind, name, was: value });
  }
  // The same parts in another order (a list was re-sorted): still a change, and there is nothing else to say.
  if (changes.length === 0 && was.some((part, at) => !same(part, is[at])))
    changes.push({ kind: 'input', name: 'order of inputs' });
  return changes;
}

function same(part: Part, other: Part | undefined): boolean {
  return other !== undefined && part.every((text, at) => text === other[at]);
}

/** Takes one such value out; whether there was one. */
function take(values: string[] | undefined, value: string): boolean {
  const at = values?.indexOf(value) ?? -1;
  if (at >= 0) values?.splice(at, 1);
  return at >= 0;
}
