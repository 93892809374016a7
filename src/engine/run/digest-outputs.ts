/**
 * Digests of what a task has written. What takes the disk a while is on its way there meanwhile: the commit flushes it
 * again, which then finds nothing left to do, and until then other targets get on. It puts nothing in place.
 */
import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sha256File } from '../hash.ts';
import { flushAll } from '../state/files.ts';
import type { OutputFact } from '../state/record.ts';
import type { OutputPlace } from './places.ts';
import { digestOfDirectory } from './success.ts';

/** Flushing less takes as long as the way to another thread and back, and thousands of small files are many ways. */
const WORTH_AHEAD = 1 << 18;

export async function digestOutputs(places: readonly OutputPlace[]): Promise<readonly OutputFact[]> {
  const files = places.filter(({ directory }) => !directory).map(({ temporary }) => temporary);
  const worth = files.some((file) => statSync(file).size >= WORTH_AHEAD);
  if (!worth) return digests(places);
  const flushed = flushAhead(files);
  // What waits for the room that this target has left is started before anything is hashed: a thread would wait as well.
  await nextTurn();
  const outputs = await digests(places);
  await flushed;
  return outputs;
}

function digests(places: readonly OutputPlace[]): Promise<readonly OutputFact[]> {
  return Promise.all(
    places.map(
      async ({ name, path, temporary, directory }): Promise<OutputFact> => ({
        name,
        path,
        digest: directory ? digestOfDirectory(temporary) : await sha256File(temporary),
      }),
    ),
  );
}

/**
 * The small ones, too: beside a large one they are flushed as slowly (measured: 8 ms each on a busy disk), and the commit
 * would hold up the loop for that long. One after the other: DuckDB's queries need the same few threads.
 */
async function flushAhead(files: readonly string[]): Promise<void> {
  // Only ahead: why one cannot be flushed is found out, and told, by the commit.
  for (const path of files) await flushAll([path]);
}
