/**
 * Digests of what a task has written. What takes the disk a while is on its way there meanwhile: the commit flushes it
 * again, which then finds nothing left to do, and until then other targets get on. It puts nothing in place.
 */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { sha256File } from '../hash.ts';
import type { OutputFact } from '../state/record.ts';
import type { OutputPlace } from './places.ts';
import { digestOfDirectory } from './success.ts';

/** Flushing less takes as long as the way to another thread and back, and thousands of small files are many ways. */
const WORTH_AHEAD = 1 << 18;

export async function digestOutputs(places: readonly OutputPlace[]): Promise<readonly OutputFact[]> {
  const sizes = places.map(({ temporary, directory }) => (directory ? 0 : statSync(temporary).size));
  const flushed = places.map(({ temporary }, at) =>
    (sizes[at] ?? 0) < WORTH_AHEAD ? undefined : flushAhead(temporary),
  );
  const outputs = await Promise.all(
    places.map(
      async ({ name, path, temporary, directory }): Promise<OutputFact> => ({
        name,
        path,
        digest: directory ? digestOfDirectory(temporary) : await sha256File(temporary),
      }),
    ),
  );
  await Promise.all(flushed);
  return outputs;
}

/** Only ahead: why it cannot be flushed is found out, and told, by the commit. */
async function flushAhead(path: string): Promise<void> {
  try {
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch {
    // See above.
  }
}
