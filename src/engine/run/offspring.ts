/**
 * Counts the processes and threads that this process starts, whoever does so: they may outlive the task that started them.
 * Processes that are waited for (`spawnSync`) are not counted: of these only what they leave in the background does.
 */
import { subscribe } from 'node:diagnostics_channel';

let started = 0;

const count = (): void => {
  started++;
};
subscribe('child_process', count);
subscribe('worker_threads', count);

/** How many so far. */
export function offspring(): number {
  return started;
}
