/**
 * How old the newest bar of each symbol is, read from the one summary.json that holds it. It is told which files
 * there are, newest month first, and opens no more of them than it must.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { floorTo, isoSeconds } from './bars/grid.ts';
import { instantMs } from './lib/instant.ts';
import { intervalMs } from './lib/interval.ts';

/** Where the summaries come from: the rule that writes them, its output, and the dimension whose keys are symbols. */
export const LAG_SOURCE = { rule: 'bars', output: 'summary', dimension: 'symbol' } as const;

export interface SymbolSummaries {
  readonly symbol: string;
  /** Paths of the summaries that builds have left, newest month first. */
  readonly summaries: readonly string[];
}

export interface Lag {
  readonly symbol: string;
  /** Opening of the newest bar, `2025-08-22T23:59:00Z`; null where there is none. */
  readonly newest: string | null;
  /** From the end of the newest bar to the end of the newest one that there can be: 0 when nothing is missing there. */
  readonly lagSeconds: number | null;
}

export interface LagResult {
  readonly lag: readonly Lag[];
  /** Files that are there and no summaries: their symbols look older than they are. */
  readonly unreadable: readonly string[];
}

const MINUTE = 60_000;

const summarySchema = z.object({
  interval: z.string().transform((text, ctx) => intervalMs(text) ?? issue(ctx)),
  last_ts: z
    .string()
    .transform((text, ctx) => instantMs(text) ?? issue(ctx))
    .nullable(),
});

function issue(ctx: z.RefinementCtx): never {
  ctx.addIssue({ code: 'custom' });
  return z.NEVER;
}

type Found = z.output<typeof summarySchema>;

/** `asOf` is the last minute that counts, epoch milliseconds. */
export function readLag(symbols: readonly SymbolSummaries[], asOf: number): LagResult {
  const unreadable: string[] = [];
  const lag = symbols.map(({ symbol, summaries }): Lag => {
    for (const path of summaries) {
      const found = readSummary(path);
      if (found === 'unreadable') unreadable.push(path);
      // A month of nothing but gaps says nothing of the newest bar.
      else if (found !== 'missing' && found.last_ts !== null)
        return { symbol, newest: isoSeconds(found.last_ts), lagSeconds: lagOf(found, found.last_ts, asOf) };
    }
    return { symbol, newest: null, lagSeconds: null };
  });
  return { lag, unreadable };
}

/** A bar that is longer than a minute can be there only once it has ended. */
function lagOf({ interval }: Found, newest: number, asOf: number): number {
  const due = floorTo(interval, asOf + MINUTE) - interval;
  return Math.max(0, due - newest) / 1_000;
}

function readSummary(path: string): Found | 'missing' | 'unreadable' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    const gone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    return gone ? 'missing' : 'unreadable';
  }
  try {
    const parsed = summarySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : 'unreadable';
  } catch {
    return 'unreadable';
  }
}
