/**
 * The market graph for daily updates of more months than can be made here: what says which files serve and what makes a
 * month are small tasks that leave a summary of the real shape, and no bars; the reports are the project's own. Archives,
 * staged tables, fills and features are left out: a pass over them is what `noop` measures.
 */
import type { Json } from '../src/engine/json.ts';
import type { History } from './daily-files.ts';

export function stubFiles(
  manifest: { readonly rules: Readonly<Record<string, Json>> },
  { symbols, start }: History,
): readonly (readonly [path: string, text: string])[] {
  const { reports } = manifest.rules;
  if (reports === undefined) throw new Error('the manifest of the project has no rule "reports"');
  const stub = {
    version: 1,
    configs: ['configs/base.yaml', 'configs/data.history.yaml', 'configs/quality.yaml', 'configs/halts.yaml'],
    as_of: '${history.end_ts_utc}',
    dimensions: {
      symbol: '${symbols}',
      month: { every: 'month', from: '${history.start_ts_utc}', to: '${as_of}' },
    },
    rules: {
      sources: {
        for: ['symbol'],
        in: { first: 'first.json' },
        out: { sources: 'data/raw/${symbol}/sources.json' },
        task: './tasks/sources.ts',
      },
      bars: {
        for: ['symbol', 'month'],
        in: { sources: { rule: 'sources' } },
        out: { summary: 'data/processed/symbol=${symbol}/month=${month}/summary.json' },
        task: './tasks/bars.ts',
        params: { symbol: '${symbol}', interval: '${interval}' },
      },
      reports,
    },
  };
  const config = {
    market: 'spot',
    interval: '1m',
    symbols: [...symbols],
    history: { start_ts_utc: start, end_ts_utc: null },
  };
  return [
    ['pipeline.yaml', JSON.stringify(stub)],
    ['configs/data.history.yaml', JSON.stringify(config)],
    ['first.json', JSON.stringify({ first: start.slice(0, '2024-01'.length) })],
    ['tasks/sources.ts', SOURCES],
    ['tasks/bars.ts', BARS],
  ];
}

const SOURCES = `import { copyFileSync } from 'node:fs';

interface Context {
  readonly inputs: { readonly first: string };
  readonly outputs: { readonly sources: string };
}

export default { version: 1, run: ({ inputs, outputs }: Context): void => copyFileSync(inputs.first, outputs.sources) };
`;

/** Of a month a few hours are missing, and of every day it has a close with as many digits as a real one. */
const BARS = `import { writeFileSync } from 'node:fs';

interface Context {
  readonly params: { readonly symbol: string };
  readonly partition: {
    readonly keys: { readonly month: string };
    readonly spans: { readonly month: { readonly start: number; readonly end: number } };
  };
  readonly outputs: { readonly summary: string };
}

const [MINUTE, DAY] = [60_000, 86_400_000];
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000', '');

export default {
  version: 1,
  run({ params: { symbol }, partition, outputs }: Context): void {
    const { month } = partition.keys;
    const { start, end } = partition.spans.month;
    const expected = (end - start) / MINUTE;
    const gap = { first: iso(start + 3_600_000), last: iso(start + 3_600_000 + 89 * MINUTE), missing: 90 };
    const rows = expected - gap.missing;
    const sha256 = Buffer.from(month.padEnd(32, symbol)).toString('hex').slice(0, 64);
    const days = Array.from({ length: (end - start) / DAY }, (_, at) => {
      const from = start + at * DAY;
      return [iso(from).slice(0, 10), 43_000.01 + (from % 9_973), 123_456_789.012 + (from % 99_991)];
    });
    const none = { duplicates: 0, off_grid: 0, zero_trade: 0, price_rule: 0, volume_rule: 0, outside: 0 };
    const more = { out_of_order: 0, conflicts: 0, short_close: 0, provisional: 0 };
    const summary = {
      breaks: { high: 0, low: 0, price: 0, volume: 0, taker: 0, quote_volume: 0, zero_trades: 0 },
      days,
      empty_at_source: [gap],
      end: iso(end),
      expected,
      files: [{ name: \`\${symbol}-1m-\${month}.zip\`, sha256, kind: 'monthly', rows, expected }],
      first_ts: iso(start),
      flats: { count: 0, longest: 0 },
      gaps: [gap],
      interval: '1m',
      jumps: { count: 0, largest: null },
      last_ts: iso(end - MINUTE),
      market: 'spot',
      max_high: 52_973.01,
      min_low: 43_000.01,
      month,
      rows,
      sources: { monthly: rows, daily: 0, rest: 0 },
      start: iso(start),
      symbol,
      unanswered: [],
      unknown_symbol: [],
      version: 2,
      ...none,
      ...more,
    };
    writeFileSync(outputs.summary, \`\${JSON.stringify(summary)}\\n\`);
  },
};
`;
