/** A line now and then on stderr, for commands that take long and have no targets: how far it is. */
import type { Progress } from '../engine/backup/progress.ts';
import { formatFilesDone } from '../ui/backup-table.ts';
import type { Io } from './io.ts';
import type { Common } from './workspace.ts';

/** As often as a build's log says it. */
const EVERY_MS = 10_000;

export function slowly({ quiet }: Pick<Common, 'quiet'>, io: Io): (progress: Progress) => void {
  let last = io.now();
  return (progress) => {
    const now = io.now();
    if (quiet || now - last < EVERY_MS) return;
    last = now;
    io.stderr.write(formatFilesDone(progress));
  };
}
