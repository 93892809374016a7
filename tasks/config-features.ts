/**
 * The section `features` of the market's config: which longer bars are made. What follows from it and from the interval
 * of the bars: those that can be made. It makes none.
 */
import type { Json } from '../src/engine/task.ts';
import type { ConfigIssue } from './config-contradictions.ts';
import { at } from './config-contradictions.ts';
import * as v from './config-values.ts';
import { intervalMs } from './lib/interval.ts';

const INTERVALS = v.list(v.interval, 1, 'a list of intervals such as [5m, 1h, 1d]');

export const FEATURES = {
  intervals: INTERVALS,
  /** Follows from `intervals` and the interval of the bars. */
  resampled: INTERVALS,
};

/** Of values that are right each by itself: nothing can be made of what is given. */
export function featureContradictions(config: Json): readonly ConfigIssue[] {
  const [given, made] = [at(config, 'features', 'intervals'), resampledOf(config)];
  if (made === undefined || made.length > 0 || !INTERVALS.safeParse(given).success) return [];
  const message = `${v.shown(given)}: expected at least one that is a whole number of bars of ${String(at(config, 'interval'))}`;
  return [{ path: ['features', 'intervals'], message }];
}

/** Intervals that are a whole number of bars each; undefined where the config says nothing of features. */
export function resampledOf(config: Json): readonly string[] | undefined {
  const given = at(config, 'features', 'intervals');
  if (!Array.isArray(given)) return undefined;
  const bar = at(config, 'interval');
  const length = typeof bar === 'string' ? (intervalMs(bar) ?? 1) : 1;
  return given.filter(
    (each): each is string => typeof each === 'string' && (intervalMs(each) ?? Number.NaN) % length === 0,
  );
}
