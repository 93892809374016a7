/**
 * Values inside JSON files by pointer, each file parsed once per content; of a pinned file, which need not be there,
 * the values that stand in for it. Knows no targets.
 */
import { readFileSync } from 'node:fs';
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import type { Json } from '../json.ts';
import { atPointer } from '../json.ts';
import type { StatMemo } from '../state/memo.ts';

interface Parsed {
  readonly digest: Digest;
  readonly value: Json | undefined;
  readonly trouble: string | undefined;
}

/** What stands at a pointer; undefined: nobody knows. */
export type Pinned = (pointer: string) => { readonly value: Json | undefined } | undefined;

export class KeyedFiles {
  readonly #memo: StatMemo;
  readonly #pinned = new Map<string, Pinned>();
  readonly #parsed = new Map<string, Parsed>();

  constructor(memo: StatMemo) {
    this.#memo = memo;
  }

  /** From now on nobody looks at the file. */
  pin(path: string, values: Pinned): void {
    this.#pinned.set(path, values);
  }

  isPinned(path: string): boolean {
    return this.#pinned.has(path);
  }

  /** False: nothing can be said of what stands there. */
  knows(path: string, pointer: string): boolean {
    const pinned = this.#pinned.get(path);
    return pinned === undefined || pinned(pointer) !== undefined;
  }

  /** Undefined when the file is gone or no JSON, or nothing stands at the pointer. `digest`: what the file holds now. */
  value(path: string, pointer: string, digest: Digest): Json | undefined {
    const pinned = this.#pinned.get(path);
    if (pinned !== undefined) return pinned(pointer)?.value;
    const whole = this.#parse(path, digest);
    return whole === undefined ? undefined : atPointer(whole, pointer);
  }

  /** Digest of the value found; of null where there is nothing. */
  digest(path: string, pointer: string, digest: Digest): Digest {
    return digestOfValue(this.value(path, pointer, digest) ?? null);
  }

  /** What is wrong with the file as JSON; undefined when nothing is. */
  trouble(path: string, digest: Digest): string | undefined {
    if (this.isPinned(path)) return undefined;
    this.#parse(path, digest);
    return this.#parsed.get(path)?.trouble;
  }

  #parse(path: string, digest: Digest): Json | undefined {
    const known = this.#parsed.get(path);
    if (known?.digest === digest) return known.value;
    let value: Json | undefined;
    let trouble: string | undefined;
    try {
      value = JSON.parse(readFileSync(this.#memo.absolute(path), 'utf8')) as Json;
    } catch (thrown) {
      trouble = thrown instanceof Error ? thrown.message : String(thrown);
    }
    this.#parsed.set(path, { digest, value, trouble });
    return value;
  }
}
