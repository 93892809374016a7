/**
 * Arrays of doubles to work in, used again: fresh memory costs a fault for each 4 KB of it, a tenth of what a month of
 * minutes takes from ZIP to Parquet (measured). It knows not what the doubles are.
 */
import { discard } from './discard.ts';

/** Less is had as soon from the allocator. */
const LEAST_BYTES = 1 << 20;
/** A month of minutes takes two arrays of 5 MB; what is larger is not held by a process that lives on. */
const MOST_BYTES = 8 << 20;
const MOST_KEPT = 2;

const kept: ArrayBuffer[] = [];

/** So many doubles. What they are is up to who had them before: write each before it is read. */
export function takeDoubles(length: number): Float64Array<ArrayBuffer> {
  const bytes = length * Float64Array.BYTES_PER_ELEMENT;
  const at = bytes < LEAST_BYTES ? -1 : kept.findIndex(({ byteLength }) => byteLength >= bytes);
  const [buffer] = at < 0 ? [] : kept.splice(at, 1);
  return buffer === undefined ? new Float64Array(length) : new Float64Array(buffer, 0, length);
}

/** Also all others on the same memory: nobody may look at them from now on. */
export function giveBack(...arrays: readonly Float64Array[]): void {
  for (const buffer of new Set(arrays.map((array) => array.buffer))) {
    if (keeps(buffer)) kept.push(buffer);
    else discard(new Uint8Array(buffer));
  }
}

function keeps(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  const { byteLength } = buffer;
  if (!(buffer instanceof ArrayBuffer) || byteLength < LEAST_BYTES || byteLength > MOST_BYTES) return false;
  if (kept.includes(buffer)) throw new Error('the same memory was given back twice');
  return kept.length < MOST_KEPT;
}
