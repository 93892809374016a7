/**
 * The section `crosscheck` of the market's config: which of the publisher's longer bars ours are held against. It holds
 * nothing against anything.
 */
import type { Json } from '../src/engine/task.ts';
import type { ConfigIssue } from './config-contradictions.ts';
import { at } from './config-contradictions.ts';
import * as v from './config-values.ts';
import { intervalMs } from './lib/interval.ts';

export const CROSSCHECK = { interval: v.interval };

/** Of values that are right each by itself: bars of the one length cannot be made of bars of the other. */
export function crosscheckContradictions(config: Json): readonly ConfigIssue[] {
  const [longer, bar] = [lengthAt(config, 'crosscheck', 'interval'), lengthAt(config, 'interval')];
  if (longer === undefined || bar === undefined || longer % bar === 0) return [];
  const message = `${v.shown(at(config, 'crosscheck', 'interval'))}: expected a whole number of bars of ${String(at(config, 'interval'))} such as 1d`;
  return [{ path: ['crosscheck', 'interval'], message }];
}

function lengthAt(config: Json, ...path: readonly string[]): number | undefined {
  const interval = at(config, ...path);
  return typeof interval === 'string' ? intervalMs(interval) : undefined;
}
