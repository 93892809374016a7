/** Values inside JSON files by pointer, each file parsed once per content. Knows no targets. */
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

export class KeyedFiles {
  readonly #memo: StatMemo;
  readonly #parsed = new Map<string, Parsed>();

  constructor(memo: StatMemo) {
    this.#memo = memo;
  }

  /** Undefined when the file is gone or no JSON, or nothing stands at the pointer. `digest`: what the file holds now. */
  value(path: string, pointer: string, digest: Digest): Json | undefined {
    const whole = this.#parse(path, digest);
    return whole === undefined ? undefined : atPointer(whole, pointer);
  }

  /** Digest of the value found; of null where there is nothing. */
  digest(path: string, pointer: string, digest: Digest): Digest {
    return digestOfValue(this.value(path, pointer, digest) ?? null);
  }

  /** What is wrong with the file as JSON; undefined when nothing is. */
  trouble(path: string, digest: Digest): string | undefined {
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
