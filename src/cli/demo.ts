/**
 * `pipeline demo [DIR]`: the whole pipeline without a network. A local exchange serves three months of two
 * symbols, one file of which is corrupt; the first build says so and goes on, the exchange mends the file, the
 * second build heals.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { loadEmulator, templateFile } from '../compose.ts';
import { LOCK_FOLDER, LOCKFILE } from '../engine/state/lockfile-shards.ts';
import { STATE_FOLDER } from '../engine/state/workspace-state.ts';
import { UsageError } from './args.ts';
import { build } from './build.ts';
import { coverage } from './coverage.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import { writeWorkspace } from './init.ts';
import type { Io } from './io.ts';
import { builtTables } from './tables.ts';
import type { Common } from './workspace.ts';
import { openWorkspace } from './workspace.ts';

const SEED = 7;
const MARK = 'configs/demo.yaml';
/** It is no table, but stands beside them. */
const PAGE = 'report.html';
const CONFIGS =
  'configs: [configs/base.yaml, configs/data.history.yaml, configs/quality.yaml, configs/halts.yaml]';

export async function demo(common: Common, directory: string, io: Io): Promise<ExitCode> {
  const folder = resolve(io.cwd, directory);
  clear(folder, directory);
  const { startEmulator, demoHistory, DEMO_AS_OF, DEMO_DAMAGED_KEY } = await loadEmulator();
  const exchange = await startEmulator({ history: demoHistory(SEED) });
  try {
    writeWorkspace(folder, demoFiles(exchange, DEMO_AS_OF));
    const say = (line: string): void => {
      if (!common.quiet) io.stderr.write(`\n${line}\n`);
    };
    say(`A local exchange speaks the archive's language at ${exchange.url}; one of its files is corrupt.`);
    const inDemo = { ...common, directory: folder };
    const first = await buildAll(inDemo, io);
    if (first === EXIT.interrupted || first === EXIT.usage) return first;
    if (first !== EXIT.failed) throw new Error(`the demo's corrupt file went unnoticed: exit code ${first}`);
    exchange.mend(DEMO_DAMAGED_KEY);
    say(
      'The exchange has mended the file. The same command again builds what was missing, and nothing else.',
    );
    const second = await buildAll(inDemo, io);
    if (second !== EXIT.done) return second;
    return await close(inDemo, directory, io);
  } finally {
    await exchange.close();
  }
}

function buildAll(common: Common, io: Io): Promise<ExitCode> {
  return build(
    common,
    {
      selectors: [],
      between: undefined,
      jobs: undefined,
      dryRun: false,
      force: false,
      refresh: false,
      sweep: false,
      offline: false,
      failFast: false,
      wait: true,
    },
    io,
  );
}

async function close(common: Common, directory: string, io: Io): Promise<ExitCode> {
  // With --json the events of both builds are the result.
  if (common.json) return EXIT.done;
  io.stdout.write('\n');
  const shown = await coverage(common, { summary: false }, io);
  const opened = openWorkspace({ ...common, quiet: true }, io);
  if (opened === undefined) return EXIT.usage;
  const reports = builtTables(opened).flatMap(({ kind, files }) => (kind === 'csv' ? files : []));
  const shownPath = (path: string): string => relative(io.cwd, path) || '.';
  const [first] = reports;
  const page = first === undefined ? [] : [join(dirname(first), PAGE)];
  const lines = [
    '',
    ...page.filter(existsSync).map((path) => `page     ${shownPath(path)}`),
    ...reports.map((path) => `report   ${shownPath(path)}`),
    `dataset  ${shownPath(join(opened.workspace, 'data/processed/spot/bars_1m'))}`,
    '',
    'next:',
    `  pipeline -C ${directory} build     nothing to do: everything is fresh`,
    `  pipeline -C ${directory} status`,
    `  pipeline -C ${directory} query "select symbol, count(*) from bars group by symbol"`,
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
  return shown;
}

/** Only what an earlier demo made is cleared away. */
function clear(folder: string, directory: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  if (!existsSync(join(folder, MARK))) {
    throw new UsageError(
      `${directory} is not empty and not an earlier demo: nothing was written`,
      'name another folder',
    );
  }
  for (const made of ['data', 'reports', STATE_FOLDER, LOCKFILE, LOCK_FOLDER])
    rmSync(join(folder, made), { recursive: true, force: true });
}

interface Served {
  readonly archiveUrl: string;
  readonly listingUrl: string;
  readonly restUrl: string;
}

function demoFiles(exchange: Served, asOf: string): ReadonlyMap<string, string> {
  const manifest = templateFile('pipeline.yaml').replace(CONFIGS, CONFIGS.replace(']', `, ${MARK}]`));
  const config = [
    '# Made by `pipeline demo`: a market that is over, served by an exchange that has gone. Neither its listing nor',
    '# its gaps are asked for again, so that a later build has nothing to do.',
    'symbols: [BTCUSDT, ETHUSDT]',
    `history: { start_ts_utc: "2024-12-01T00:00:00Z", end_ts_utc: "${asOf}" }`,
    'binance:',
    `  archive_url: ${exchange.archiveUrl}`,
    `  listing_url: ${exchange.listingUrl}`,
    `  rest_url: ${exchange.restUrl}`,
    '  listing_refresh: 36500d',
    '  listing_sweep: 36500d',
    '  rest_recheck: 36500d',
    '# The real calendar is configs/halts.yaml; this is the one of the exchange of the demo.',
    'halts:',
    '  version: 1',
    '  spot: [{ first: 2025-01-14T12:40:00Z, last: 2025-01-14T13:59:00Z, source: the exchange of the demo }]',
    '',
  ].join('\n');
  return new Map([
    ['pipeline.yaml', manifest],
    [MARK, config],
  ]);
}
