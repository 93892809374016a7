/**
 * Counts the processes and threads that this process starts, whoever does so: they may outlive the task that started them.
 * One that is waited for (`spawnSync`) does not, and is not counted; what it leaves in the background is not seen.
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
