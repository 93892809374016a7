/**
 * From which build on a target is no longer there: `gc` asks for it, since what the last builds have is not removed.
 * Noted by builds in which something ran, at their end; looks at keys alone.
 */
import { isGone } from '../graph/gone.ts';
import type { Session } from './session.ts';

export function markGone({ graph, loaded, past }: Session): void {
  if (past === undefined) return;
  const marked = past.results.goneSince();
  for (const target of loaded.successes.keys()) {
    const gone = isGone(graph, target);
    if (gone && !marked.has(target)) past.results.markGone(target, past.run);
    if (!gone && marked.has(target)) past.results.markGone(target, 0);
  }
}
