/**
 * Finds the file that is not what its name says: rows there are, and not one of them opens in its month or day, as of
 * times in seconds or of another month's content. Single rows of neighbours are usual and no concern of it.
 */
import type { Span, TaskFailure } from '../../src/engine/task.ts';
import { floorTo } from './grid.ts';
import type { Klines } from './kline-csv.ts';
import { STRIDE } from './kline-csv.ts';
import { cell } from './table.ts';

export interface NamedFile {
  readonly name: string;
  /** The month or day that it is of. */
  readonly key: string;
}

/** Undefined where a row lies in `own`, or where there is none. Of a usual file it looks at the first row only. */
export function misplacedFile(
  { rows, unit, values }: Klines,
  own: Span,
  interval: number,
  { name, key }: NamedFile,
): TaskFailure | undefined {
  const perMs = unit === 'us' ? 1000 : 1;
  for (let at = 0; at < rows * STRIDE; at += STRIDE) {
    const ts = floorTo(interval * perMs, cell(values, at)) / perMs;
    if (ts >= own.start && ts < own.end) return undefined;
  }
  if (rows === 0) return undefined;
  const first = cell(values, 0);
  const instant = new Date(Math.floor(first / perMs)).toISOString();
  return {
    code: 'csv-misplaced',
    message: `${name}: none of its ${rows} rows opens within ${key}: the first one says ${first}, which is ${instant}`,
    hint: 'the file is wrong as published: serve its month from other files (binance.prefer_daily), or build again once it is republished',
  };
}
