/**
 * What a thread of the engine starts with: the registry, of which it imports a task when it is asked for one. Compiled,
 * it is handed to the engine by compose.ts, whose other half it is; kept apart from it, since a thread needs no more.
 */
import { parentPort } from 'node:worker_threads';
import { registry } from '../tasks/index.ts';
import { serve } from './engine/run/thread-entry.ts';

if (parentPort === null) throw new Error('this file is run in a thread');
serve(parentPort, async (name) => {
  const registered = registry[name];
  if (registered === undefined) throw new Error(`the loop let an unknown task through: "${name}"`);
  return (await registered.load()).default;
});
