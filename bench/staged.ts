/**
 * Whole `staged` targets through `pipeline build`, as people have them: start, hashing, flushing and records included,
 * month by month, with one worker and with two, beside the floor of the same files.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endedOf } from './build-events.ts';
import { unpacked } from './kernel.ts';
import { layOutMarket } from './market-workspace.ts';
import { median } from './median.ts';
import type { Series } from './month-files.ts';
import { startSeries } from './month-files.ts';
import type { Command } from './run.ts';
import { peakMbOf, pipelineIn, secondsOf, textOf } from './run.ts';

export interface StagedResult {
  readonly part: 'normalize';
  readonly what: 'staged';
  readonly months: number;
  readonly repeats: number;
  /** Of all months. */
  readonly seconds: { readonly floor: number; readonly one_worker: number; readonly two_workers: number };
  /** With one worker, our time ÷ the floor's. */
  readonly ratio_to_inflate: number;
  /** The time with one worker ÷ that with two: higher is better. */
  readonly speedup_2_workers: number;
  /** With two. */
  readonly peak_rss_mb: number | null;
}

const MOST_TURNS = 3;

export async function benchStaged(project: string, series: Series, repeats: number): Promise<StagedResult> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    const zips = await fetchAll(project, folder, series);
    const build = (workers: number): Command =>
      pipelineIn(project, folder, '--set', `pools.cpu=${workers}`, ...FORCED);
    const fresh = (): void => rmSync(join(folder, 'data/cache'), { recursive: true, force: true });
    fresh();
    const { executed } = endedOf(textOf(pipelineIn(project, folder, '--json', ...FORCED.slice(1))));
    if (executed !== zips.length) throw new Error(`of ${zips.length} months ${executed} were made`);
    const [floor, one, two]: [number[], number[], number[]] = [[], [], []];
    const times = Math.min(repeats, MOST_TURNS);
    for (let turn = 0; turn < times; turn++) {
      const started = performance.now();
      for (const zip of zips) unpacked(zip);
      floor.push((performance.now() - started) / 1_000);
      fresh();
      one.push(secondsOf(build(1)));
      fresh();
      two.push(secondsOf(build(2)));
    }
    fresh();
    const peak = peakMbOf(build(2));
    const seconds = { floor: median(floor), one_worker: median(one), two_workers: median(two) };
    return {
      part: 'normalize',
      what: 'staged',
      months: zips.length,
      repeats: times,
      seconds,
      ratio_to_inflate: seconds.one_worker / seconds.floor,
      speedup_2_workers: seconds.one_worker / seconds.two_workers,
      peak_rss_mb: peak,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The files are gone, but what was built of them is on record: without force it would be put back. */
const FORCED = ['--quiet', 'build', 'staged', '--force', '--offline'];

/** From an exchange in this process, which is gone before anything is measured. */
async function fetchAll(project: string, workspace: string, series: Series): Promise<readonly string[]> {
  const emulator = await startSeries(series);
  try {
    layOutMarket(project, workspace, {
      market: 'spot',
      interval: '1m',
      symbols: [...series.symbols],
      history: { start_ts_utc: series.start, end_ts_utc: series.end },
      binance: {
        archive_url: emulator.archiveUrl,
        listing_url: emulator.listingUrl,
        rest_url: emulator.restUrl,
        listing_refresh: '36500d',
      },
    });
    const { program, args, cwd } = pipelineIn(project, workspace, '--quiet', 'build', 'archive');
    const child = spawn(program, [...args], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the files could not be fetched: build ended with ${code}`);
  } finally {
    await emulator.close();
  }
  const zips = series.symbols.flatMap((symbol) => {
    const folder = join(workspace, 'data/raw/binance', symbol, '1m');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.zip'))
      .map((name) => join(folder, name));
  });
  const wanted = series.symbols.length * series.months.length;
  if (zips.length !== wanted) throw new Error(`${zips.length} files came, expected ${wanted}`);
  return zips;
}
