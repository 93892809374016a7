/**
 * What is wrong with values of the market's config that are right each by itself. Values of a wrong form are passed
 * over: `config.ts` has said so already.
 */
import type { Json } from '../src/engine/task.ts';
import { MARKETS, RAW_FOLDERS } from './binance/layout.ts';
import * as v from './config-values.ts';
import { instantMs } from './lib/instant.ts';

export interface ConfigIssue {
  readonly path: readonly (string | number)[];
  /** Gives the bad value and what is expected; the path is not in it. */
  readonly message: string;
}

/** Values that are right each by itself and wrong together. */
export function contradictions(config: Json): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const [start, end] = ['start_ts_utc', 'end_ts_utc'].map((name) => at(config, 'history', name));
  if (msOf(start) > msOf(end)) {
    const message = `${v.shown(end)}: expected nothing before history.start_ts_utc, ${v.shown(start)}`;
    issues.push({ path: ['history', 'end_ts_utc'], message });
  }
  const name = at(config, 'market');
  if (at(config, 'interval') === '1s' && (name === 'um' || name === 'cm')) {
    issues.push({
      path: ['interval'],
      message: `"1s": expected 1m or longer, only spot has seconds and market is "${name}"`,
    });
  }
  const folder = at(config, 'binance', 'folder');
  const known = MARKETS.find((each) => each === name);
  if (typeof folder === 'string' && known !== undefined && folder !== RAW_FOLDERS[known]) {
    const message = `${v.shown(folder)}: expected "${RAW_FOLDERS[known]}", which follows from market "${known}": leave it out`;
    issues.push({ path: ['binance', 'folder'], message });
  }
  const symbols = at(config, 'symbols');
  for (const name of ['listed', 'unlisted']) {
    const patterns = at(config, 'binance', name) ?? null;
    // Where `keys` stands the config is complete.
    if (patterns === null || at(config, 'symbols', 'keys') !== undefined) continue;
    const message = `${v.shown(patterns)}: expected nothing, it follows from symbols: leave it out`;
    issues.push({ path: ['binance', name], message });
  }
  if (Array.isArray(symbols)) {
    symbols.forEach((symbol: Json, index: number) => {
      if (symbols.indexOf(symbol) === index) return;
      issues.push({ path: ['symbols', index], message: `${v.shown(symbol)}: expected each symbol once` });
    });
  }
  return issues;
}

/** NaN, which no comparison holds for, where there is no instant. */
function msOf(value: Json | undefined): number {
  return typeof value === 'string' ? (instantMs(value) ?? Number.NaN) : Number.NaN;
}

export function at(config: Json, ...path: readonly string[]): Json | undefined {
  let here: Json | undefined = config;
  for (const name of path) here = isMap(here) && Object.hasOwn(here, name) ? here[name] : undefined;
  return here;
}

export function isMap(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
