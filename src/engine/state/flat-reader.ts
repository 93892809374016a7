/** Reads arrays of numbers, and texts one a line, out of bytes, one after the other. Knows not what they say. */
import type { NumberLists } from './number-lists.ts';

export class FlatReader {
  readonly #body: Buffer;
  #at: number;

  constructor(body: Buffer, at: number) {
    this.#body = body;
    this.#at = at;
  }

  /** Where what is taken next begins. */
  get at(): number {
    return this.#at;
  }

  /** A copy, since arrays of numbers must begin at a multiple of their width. */
  take(size: number): ArrayBuffer {
    const taken = new Uint8Array(this.#body.subarray(this.#at, this.#at + size));
    this.#at += size;
    return taken.buffer;
  }

  share(size: number): SharedArrayBuffer {
    const shared = new SharedArrayBuffer(size);
    new Uint8Array(shared).set(this.#body.subarray(this.#at, this.#at + size));
    this.#at += size;
    return shared;
  }

  lists(count: number, items: number): NumberLists {
    const width = Uint32Array.BYTES_PER_ELEMENT;
    return {
      offsets: new Uint32Array(this.take((count + 1) * width)),
      items: new Uint32Array(this.take(items * width)),
    };
  }

  /** As many, in so many bytes. */
  texts(count: number, size: number, at = this.#at): readonly string[] {
    const texts = count === 0 ? [] : this.#body.toString('utf8', at, at + size).split('\n');
    if (texts.length !== count) throw new Error(`expected ${count} texts, found ${texts.length}`);
    return texts;
  }
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
