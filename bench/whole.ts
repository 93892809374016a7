/**
 * The whole pipeline from nothing: listings, downloads, bars, features and reports of monthly files that lie ready in
 * the memory of an exchange on the loopback. The exchange is this process, which waits otherwise; its CPU seconds are
 * told apart from those of the build. Two cores that never wait would give a ratio of 1.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from '../tasks/binance/emulator/emulator.ts';
import type { Logged } from './build-events.ts';
import { loggedIn } from './build-events.ts';
import { layOutMarket } from './market-workspace.ts';
import { median } from './median.ts';
import type { Series } from './month-files.ts';
import { zipsOf } from './month-files.ts';
import type { Cost } from './run.ts';
import { costOf, pipelineIn, textOf } from './run.ts';

export interface WholeResult {
  readonly part: 'whole';
  readonly symbols: number;
  /** Of each symbol. */
  readonly months: number;
  readonly repeats: number;
  readonly executed: number;
  /** Of all ZIPs. */
  readonly megabytes: number;
  readonly seconds: number;
  readonly cpu_seconds: { readonly build: number | null; readonly exchange: number };
  /** The time ÷ half of the CPU seconds: of the build alone, and of both processes. */
  readonly ratio_to_build_cpu: number | null;
  readonly ratio_to_all_cpu: number | null;
  /** Of each rule: while at least one target of it ran. */
  readonly busy: Readonly<Record<string, number>>;
  readonly rss_mb: number | null;
}

const MOST_TURNS = 3;
const CORES = 2;

export async function benchWhole(project: string, series: Series, repeats: number): Promise<WholeResult> {
  const files = zipsOf(series);
  const exchange = await startEmulator({ files, now: Date.parse(series.end) + 5 * 86_400_000 });
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    // Sizes and digests are reckoned when they are first asked for.
    for (const key of files.keys()) {
      const answer = await fetch(`${exchange.archiveUrl}/${key}.CHECKSUM`);
      if (!answer.ok) throw new Error(`${key} is not served: ${answer.status}`);
      await answer.text();
    }
    layOutMarket(project, folder, {
      market: 'spot',
      interval: '1m',
      symbols: [...series.symbols],
      history: { start_ts_utc: series.start, end_ts_utc: series.end },
      binance: {
        archive_url: exchange.archiveUrl,
        listing_url: exchange.listingUrl,
        rest_url: exchange.restUrl,
      },
    });
    const kept = readdirSync(folder);
    const measured: (Cost & Logged & { readonly exchange: number })[] = [];
    for (let turn = 0; turn < Math.min(repeats, MOST_TURNS); turn++) {
      for (const name of readdirSync(folder))
        if (!kept.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
      const before = process.cpuUsage();
      const cost = await costOf(pipelineIn(project, folder, '--quiet', 'build', '--quality', 'warn'));
      const { user, system } = process.cpuUsage(before);
      const log = loggedIn(textOf(pipelineIn(project, folder, 'log', 'last', '--json')));
      measured.push({ ...cost, ...log, exchange: (user + system) / 1e6 });
    }
    const [one] = measured;
    if (one === undefined) throw new Error('nothing was measured');
    const mid = (figure: (of: (typeof measured)[number]) => number): number => median(measured.map(figure));
    const seconds = mid((of) => of.seconds);
    const own = one.cpu === null ? null : mid(({ cpu }) => cpu ?? 0);
    const theirs = mid((of) => of.exchange);
    return {
      part: 'whole',
      symbols: series.symbols.length,
      months: series.months.length,
      repeats: measured.length,
      executed: one.executed,
      megabytes: Math.round([...files.values()].reduce((sum, { length }) => sum + length, 0) / 1e6),
      seconds,
      cpu_seconds: { build: own, exchange: theirs },
      ratio_to_build_cpu: own === null ? null : seconds / (own / CORES),
      ratio_to_all_cpu: own === null ? null : seconds / ((own + theirs) / CORES),
      busy: Object.fromEntries(
        Object.keys(one.busy).map((rule) => [rule, mid(({ busy }) => busy[rule] ?? 0)]),
      ),
      rss_mb: one.rssMb === null ? null : mid(({ rssMb }) => rssMb ?? 0),
    };
  } finally {
    await exchange.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
