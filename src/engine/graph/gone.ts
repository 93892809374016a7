/** Whether a target of earlier builds is one of this graph's, now or some day. Knows no files and no records. */
import { timeKey } from './calendar.ts';
import type { Graph } from './graph.ts';

/**
 * Its rule is gone, or one of its keys. Not where that cannot be said (keys that are not known, or cannot be had), nor
 * where only the as-of stands before it: time brings it back.
 */
export function isGone(graph: Graph, id: string): boolean {
  if (graph.find(id) !== undefined) return false;
  const [name = '', ...keys] = id.split('/');
  const rule = graph.manifest.rules.get(name);
  if (rule === undefined || rule.for.length !== keys.length) return true;
  const chosen = new Map<string, string>();
  for (const [position, dimension] of rule.for.entries()) {
    const key = keys[position] ?? '';
    const known = graph.keysOf(dimension, chosen);
    if (!('keys' in known)) return false;
    if (!known.positions.has(key)) return !isToCome(graph, dimension, key);
    chosen.set(dimension, key);
  }
  // Every key is there: what keeps it out is `partitions`. What is open now closes; what has closed never opens again.
  return rule.partitions === 'open';
}

function isToCome(graph: Graph, dimension: string, key: string): boolean {
  const span = graph.dimension(dimension).kind === 'calendar' ? timeKey(key) : undefined;
  return span !== undefined && span.start >= graph.watermark;
}
