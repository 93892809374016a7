/**
 * A workspace of the market: the shipped manifest and configs, with a config of its own laid over them, built
 * against a local exchange. It knows the shipped files' names and where outputs lie; the rig knows the rest.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { builtins, marketConfig, templateFile } from '../../src/compose.ts';
import type { Json } from '../../src/engine/json.ts';
import { byCodeUnit } from '../../src/engine/json.ts';
import { Rig } from '../rig.ts';

export interface Exchange {
  readonly archiveUrl: string;
  readonly listingUrl: string;
  readonly restUrl: string;
}

export interface MarketSpec {
  readonly exchange: Exchange;
  readonly symbols: readonly string[];
  /** First and last minute that count; null: the as-of of the build. */
  readonly from: string;
  readonly to: string | null;
  /** Default: spot. */
  readonly market?: string;
  /** Default: 1m. */
  readonly interval?: string;
  /** Default: one that is never due, so that only `refresh` asks again. */
  readonly listingRefresh?: string;
  /** Default: gaps are asked for at REST. */
  readonly fill?: 'rest' | 'none';
  /** Default: left out, so that what is counted is what brings in and judges bars. They have tests of their own. */
  readonly features?: true;
  /** Further sections of the config. */
  readonly more?: Readonly<Record<string, Json>>;
}

const CONFIGS =
  'configs: [configs/base.yaml, configs/data.history.yaml, configs/quality.yaml, configs/halts.yaml]';
const OWN = 'configs/e2e.yaml';

export function marketFiles(spec: MarketSpec): Readonly<Record<string, string>> {
  const manifest = templateFile('pipeline.yaml');
  if (!manifest.includes(CONFIGS)) throw new Error(`the shipped manifest no longer says "${CONFIGS}"`);
  return {
    'pipeline.yaml': (spec.features ? manifest : withoutFeatures(manifest)).replace(
      CONFIGS,
      CONFIGS.replace(']', `, ${OWN}]`),
    ),
    'configs/base.yaml': templateFile('configs/base.yaml'),
    'configs/data.history.yaml': templateFile('configs/data.history.yaml'),
    'configs/quality.yaml': templateFile('configs/quality.yaml'),
    'configs/halts.yaml': templateFile('configs/halts.yaml'),
    [OWN]: configText(spec),
  };
}

/** Their rules go, and their dimension, which nobody would use. */
function withoutFeatures(manifest: string): string {
  const rules = /^ {2}# All that the features of the next month need[\s\S]*?(?=^ {2}# One page for all)/m;
  const dimension = /^ {2}resampled: .*\n/m;
  if (!rules.test(manifest) || !dimension.test(manifest))
    throw new Error('the shipped manifest no longer has features where they were');
  return manifest.replace(rules, '').replace(dimension, '');
}

/** JSON is YAML. */
function configText(spec: MarketSpec): string {
  const { exchange, symbols, from, to, market = 'spot', interval = '1m', listingRefresh = '36500d' } = spec;
  const config = {
    ...spec.more,
    market,
    interval,
    symbols,
    history: { start_ts_utc: from, end_ts_utc: to },
    binance: {
      archive_url: exchange.archiveUrl,
      listing_url: exchange.listingUrl,
      rest_url: exchange.restUrl,
      listing_refresh: listingRefresh,
      fill: spec.fill ?? 'rest',
    },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Traced once for all workspaces of a test file. */
export const shippedTasks = builtins();

/** Must be called within a test, at whose end it is removed. */
export function marketRig(spec: MarketSpec, now?: string): Rig {
  return new Rig(marketFiles(spec), {
    builtins: shippedTasks,
    configSchema: marketConfig,
    ...(now === undefined ? {} : { now }),
  });
}

export interface Place {
  readonly symbol: string;
  readonly month: string;
  readonly market?: string;
  readonly interval?: string;
}

/** The folder of one month's bars, relative to the workspace. */
export function barsFolder({ symbol, month, market = 'spot', interval = '1m' }: Place): string {
  return `data/processed/${market}/bars_${interval}/symbol=${symbol}/month=${month}`;
}

export type Cells = Readonly<Record<string, string>>;

/** A report of the last run, its cells as text. */
export function report(rig: Rig, name: 'coverage_report' | 'gap_report'): readonly Cells[] {
  return parse(rig.read(`reports/latest/${name}.csv`), { columns: true });
}

/** The row of one symbol and month. */
export function coverageOf(rig: Rig, symbol: string, month: string): Cells {
  const rows = report(rig, 'coverage_report');
  const row = rows.find((each) => each['symbol'] === symbol && each['month'] === month);
  if (row === undefined) throw new Error(`the coverage report has no row for ${symbol} ${month}`);
  return row;
}

/** Every file below a folder by its path relative to it; of a link, where it points to. */
export function tree(folder: string): ReadonlyMap<string, Buffer | string> {
  const found = new Map<string, Buffer | string>();
  const visit = (relative: string): void => {
    for (const name of readdirSync(join(folder, relative)).sort(byCodeUnit)) {
      const path = relative === '' ? name : `${relative}/${name}`;
      const stat = lstatSync(join(folder, path));
      if (stat.isDirectory()) visit(path);
      else if (stat.isSymbolicLink()) found.set(path, readlinkSync(join(folder, path)));
      else found.set(path, readFileSync(join(folder, path)));
    }
  };
  visit('');
  return found;
}

/** What users see: the dataset, and the last run's reports. Everything that a clean build would leave as well. */
export function published(workspace: string): ReadonlyMap<string, Buffer | string> {
  const reports = tree(join(workspace, 'reports'));
  const latest = reports.get('latest');
  if (typeof latest !== 'string') throw new Error('reports/latest is no link');
  const below = (folder: string): readonly (readonly [string, Buffer | string])[] =>
    existsSync(join(workspace, folder))
      ? [...tree(join(workspace, folder))].map(([path, content]) => [`${folder}/${path}`, content])
      : [];
  return new Map([
    ...below('data/processed'),
    ...below('data/features'),
    ...[...reports].flatMap(([path, content]) =>
      path === 'latest' || path.startsWith(`${latest}/`) ? [[`reports/${path}`, content] as const] : [],
    ),
  ]);
}

/** The paths at which two trees differ, with what is wrong: empty when they are equal byte for byte. */
export function differences(
  actual: ReadonlyMap<string, Buffer | string>,
  expected: ReadonlyMap<string, Buffer | string>,
): readonly string[] {
  const paths = [...new Set([...actual.keys(), ...expected.keys()])].sort(byCodeUnit);
  return paths.flatMap((path) => {
    const [is, due] = [actual.get(path), expected.get(path)];
    if (is === undefined) return [`${path} is missing`];
    if (due === undefined) return [`${path} should not be there`];
    const same = typeof is === 'string' || typeof due === 'string' ? is === due : is.equals(due);
    return same ? [] : [`${path} differs`];
  });
}
