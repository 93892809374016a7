/**
 * How far features look back: what the tail of a month must hold for the month after it, and the times and closes in
 * it. It reckons nothing.
 */
import type { Session } from '../lib/duckdb.ts';

/**
 * Milliseconds. It is what volatility is measured over, and no resampled bar is longer, so that the close before the
 * first bar of a month lies within it as well.
 */
export const WINDOW = 86_400_000;

/** Closes of bars, ascending by `ts`, the bar's opening in epoch milliseconds. */
export interface Closes {
  readonly ts: Float64Array;
  readonly close: Float64Array;
}

export const NO_CLOSES: Closes = { ts: new Float64Array(0), close: new Float64Array(0) };

export async function readCloses(session: Session, path: string): Promise<Closes> {
  const [ts = NO_CLOSES.ts, close = NO_CLOSES.close] = await session.doubles(
    'SELECT epoch_ms(ts)::DOUBLE, close FROM read_parquet($1)',
    [path],
  );
  return { ts, close };
}
