/**
 * Gives large buffers back before the garbage collector finds them. Memory outside of the heap makes it run: some 20 MB a
 * month of bars cost one marking of the whole heap, as long as parsing the month. It knows not what the buffers held.
 */
import { MessageChannel } from 'node:worker_threads';

/** Below it a buffer may be cut from Node's pool, which others use too, and there is little to gain. */
const LEAST_BYTES = 1 << 16;

/** What is sent into a channel that nobody listens to is gone with its message. */
const { port1: away, port2: nobody } = new MessageChannel();
nobody.close();
away.unref();

/** The arrays, and all others on the same memory, are empty from now on. */
export function discard(...arrays: readonly ArrayBufferView[]): void {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer } of arrays)
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= Math.max(LEAST_BYTES, Buffer.poolSize + 1))
      buffers.add(buffer);
  if (buffers.size > 0) away.postMessage(undefined, [...buffers]);
}
