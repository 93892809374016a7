/**
 * What must hold of every table of bars that is published: ascending, unique, on the grid, within its partition,
 * and whole. A break of it is a defect of ours or of an intermediate file, never of the publisher: nothing is kept.
 */
import type { Span, TaskFailure } from '../../src/engine/task.ts';
import { barsWithin, isoSeconds } from './grid.ts';
import type { Bars } from './table.ts';
import { COLUMNS, cell } from './table.ts';

const HINT =
  'this is a defect of the pipeline or of a damaged intermediate: build again with --force, and report it if it stays';

/** `what` is what messages call the table. */
export function checkBars(bars: Bars, span: Span, interval: number, what: string): TaskFailure | undefined {
  const { first, beyond } = barsWithin(span, interval);
  const failure = (code: string, message: string): TaskFailure => ({
    code,
    message: `${what}: ${message}`,
    hint: HINT,
  });
  for (const name of COLUMNS) {
    const row = bars[name].findIndex((value) => !Number.isFinite(value));
    if (row >= 0 || bars[name].length !== bars.rows) {
      return failure(
        'gate-null',
        `row ${row >= 0 ? row : bars[name].length} has no ${name}, expected a number`,
      );
    }
  }
  let before = first - interval;
  for (let row = 0; row < bars.rows; row++) {
    const ts = cell(bars.ts, row);
    if (ts % interval !== 0) {
      return failure(
        'gate-grid',
        `row ${row} opens at ${new Date(ts).toISOString()}, expected a multiple of ${interval} ms`,
      );
    }
    if (ts < first || ts >= beyond) {
      const within = `${isoSeconds(span.start)} to ${isoSeconds(span.end)}`;
      return failure('gate-span', `row ${row} opens at ${isoSeconds(ts)}, expected a bar within ${within}`);
    }
    if (ts <= before) {
      return failure(
        'gate-order',
        `row ${row} opens at ${isoSeconds(ts)}, expected one after ${isoSeconds(before)}`,
      );
    }
    before = ts;
  }
  return undefined;
}
