/**
 * The daily update with more and more years behind it: a history that was built beforehand, one more day of every
 * symbol, and a build. What grows is told apart by what a build with nothing to do takes there, and by how long the
 * targets of each rule ran. `market` is the project's manifest on 1h bars from an exchange in this process; `stub` has
 * its reports alone (daily-stub.ts), for more months than can be made here.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { startEmulator } from '../tasks/binance/emulator/emulator.ts';
import type { Logged } from './build-events.ts';
import { endedOf, loggedIn } from './build-events.ts';
import type { Extent, History } from './daily-files.ts';
import { endOf, filesOf, historyOf, INTERVAL, keyIn, zipOfHours } from './daily-files.ts';
import { stubFiles } from './daily-stub.ts';
import { layOutMarket } from './market-workspace.ts';
import { median } from './median.ts';
import type { Command, Cost } from './run.ts';
import { costOf, pipelineIn, textOf } from './run.ts';

export interface DailyResult extends Extent {
  readonly part: 'daily';
  readonly graph: 'market' | 'stub';
  readonly targets: number;
  readonly repeats: number;
  /** Targets that ran in one update. */
  readonly executed: number;
  readonly seconds: {
    readonly update: number;
    /** A build with nothing to do right after it, and `status`, which makes a pass over all targets. */
    readonly idle: number;
    readonly status: number;
  };
  /** Of each rule: while at least one target of it ran, in one update. */
  readonly busy: Readonly<Record<string, number>>;
  readonly cpu_seconds: { readonly update: number | null; readonly status: number | null };
  readonly rss_mb: number | null;
  /** To the update of as many symbols with the fewest years: of its time, and of its time without that of `status`. */
  readonly ratio_to_shortest: number | null;
  readonly ratio_without_pass: number | null;
}

type Measured = Omit<DailyResult, 'ratio_to_shortest' | 'ratio_without_pass'>;

export interface DailyOptions {
  readonly project: string;
  readonly repeats: number;
  readonly histories: readonly Extent[];
  readonly say: (line: string) => void;
}

/** Each is another day of the open month. */
const MOST_TURNS = 5;
/** Of the project's manifest more months than these take too long to be built here. */
const MOST_MARKET_MONTHS = 1_500;

export async function* benchDaily({
  project,
  repeats,
  histories,
  say,
}: DailyOptions): AsyncIterable<DailyResult> {
  const turns = Math.min(repeats, MOST_TURNS);
  const shortest = new Map<string, Measured>();
  const compared = (measured: Measured): DailyResult => {
    const key = `${measured.graph} ${measured.symbols}`;
    const first = shortest.get(key);
    if (first === undefined) shortest.set(key, measured);
    return {
      ...measured,
      ratio_to_shortest: first === undefined ? null : measured.seconds.update / first.seconds.update,
      ratio_without_pass: first === undefined ? null : withoutPass(measured) / withoutPass(first),
    };
  };
  for (const extent of [...histories].sort((a, b) => a.symbols - b.symbols || a.years - b.years)) {
    const months = extent.symbols * extent.years * 12;
    if (months <= MOST_MARKET_MONTHS) yield compared(await ofMarket(project, extent, turns));
    else say(`${months} months are not built by the project's manifest: the stub alone`);
    yield compared(await ofStub(project, extent, turns));
  }
}

function withoutPass({ seconds }: Measured): number {
  return seconds.update - seconds.status;
}

async function ofMarket(project: string, extent: Extent, turns: number): Promise<Measured> {
  const history = historyOf(extent, turns);
  const noon = (day: string | undefined): number => Date.parse(endOf(day)) + 43_200_000;
  const exchange = await startEmulator({ files: filesOf(history), now: noon(history.days.at(-1)) });
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    layOutMarket(project, folder, {
      market: 'spot',
      interval: INTERVAL,
      symbols: [...history.symbols],
      history: { start_ts_utc: history.start, end_ts_utc: null },
      binance: {
        archive_url: exchange.archiveUrl,
        listing_url: exchange.listingUrl,
        rest_url: exchange.restUrl,
        listing_refresh: '36500d',
        prefer_daily: [],
      },
    });
    const publish = (day: string): void => {
      for (const symbol of history.symbols) exchange.publish(keyIn(symbol, day), zipOfHours(symbol, day));
      exchange.clock.set(noon(day));
    };
    return {
      part: 'daily',
      graph: 'market',
      ...extent,
      ...(await updates(project, folder, history, publish)),
    };
  } finally {
    await exchange.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const manifest = z.object({ rules: z.record(z.string(), z.json()) });

async function ofStub(project: string, extent: Extent, turns: number): Promise<Measured> {
  const history = historyOf(extent, turns);
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    layOutMarket(project, folder, {});
    const own = manifest.parse(parse(readFileSync(join(project, 'pipeline.yaml'), 'utf8')));
    for (const [path, text] of stubFiles(own, history)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return { part: 'daily', graph: 'stub', ...extent, ...(await updates(project, folder, history)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Updates = Omit<Measured, 'part' | 'graph' | keyof Extent>;

/** Gates are broken here and there, which is no matter. */
const BUILD = ['build', '--quality', 'warn'];

async function updates(
  project: string,
  workspace: string,
  { days, updates: turns }: History,
  publish: (day: string) => void = () => undefined,
): Promise<Updates> {
  const command = (day: string | undefined, ...args: readonly string[]): Command =>
    pipelineIn(project, workspace, '--quiet', '--as-of', endOf(day), ...args);
  await costOf(command(days.at(-1), ...BUILD));
  const measured: {
    readonly update: Cost;
    readonly idle: Cost;
    readonly status: Cost;
    readonly log: Logged;
  }[] = [];
  for (const day of turns) {
    publish(day);
    const update = await costOf(command(day, ...BUILD, '--refresh'));
    const log = loggedIn(textOf(pipelineIn(project, workspace, 'log', 'last', '--json')));
    // The first one after an update may have files to read that the update wrote.
    await costOf(command(day, ...BUILD));
    const idle = await costOf(command(day, ...BUILD));
    measured.push({ update, idle, status: await costOf(command(day, 'status')), log });
  }
  const { fresh, absent } = endedOf(
    textOf(pipelineIn(project, workspace, '--json', '--as-of', endOf(turns.at(-1)), ...BUILD)),
  );
  const mid = (figure: (of: (typeof measured)[number]) => number): number => median(measured.map(figure));
  const [one] = measured;
  if (one === undefined) throw new Error('no update was measured');
  if (one.log.executed === 0) throw new Error('the update had nothing to do');
  return {
    targets: fresh + absent,
    repeats: turns.length,
    executed: mid(({ log }) => log.executed),
    seconds: {
      update: mid(({ update }) => update.seconds),
      idle: mid(({ idle }) => idle.seconds),
      status: mid(({ status }) => status.seconds),
    },
    busy: Object.fromEntries(
      Object.keys(one.log.busy).map((rule) => [rule, mid(({ log }) => log.busy[rule] ?? 0)]),
    ),
    cpu_seconds: {
      update: one.update.cpu === null ? null : mid(({ update }) => update.cpu ?? 0),
      status: one.status.cpu === null ? null : mid(({ status }) => status.cpu ?? 0),
    },
    rss_mb: one.update.rssMb === null ? null : mid(({ update }) => update.rssMb ?? 0),
  };
}
