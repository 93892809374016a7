/**
 * Downloads beside `curl --parallel`: the same 200 files from the same server, turn by turn, shaped to 40 MB/s and
 * unshaped. Ours also fetches and checks each CHECKSUM, tests each ZIP and flushes it to disk; curl only writes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExchangeSpec } from './exchange.ts';
import { layOutMarket } from './market-workspace.ts';
import { median } from './median.ts';

const PARALLEL = 6;
const SYMBOLS = Array.from({ length: 10 }, (_, at) => `BENCH${at}USDT`);
const MONTHS = Array.from({ length: 20 }, (_, at) =>
  new Date(Date.UTC(2023, at, 1)).toISOString().slice(0, 7),
);

export interface DownloadResult {
  readonly part: 'download';
  readonly server: string;
  readonly files: number;
  readonly megabytes: number;
  readonly seconds: { readonly ours: number; readonly curl: number | null };
  readonly ratio_to_curl: number | null;
}

export async function benchDownload(project: string, repeats: number): Promise<readonly DownloadResult[]> {
  const shaped = await measure(project, 'shaped to 40 MB/s', 40_000_000, Math.min(repeats, 3));
  return [shaped, await measure(project, 'unshaped', undefined, repeats)];
}

async function measure(
  project: string,
  server: string,
  bytesPerSecond: number | undefined,
  repeats: number,
): Promise<DownloadResult> {
  const spec: ExchangeSpec = {
    symbols: SYMBOLS,
    months: MONTHS,
    csvBytes: 6_200_000,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  };
  const program = ['--import', 'tsx', join(project, 'bench/exchange.ts'), JSON.stringify(spec)];
  const exchange = spawn(process.execPath, program, { cwd: project, stdio: ['pipe', 'pipe', 'inherit'] });
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    const [line] = (await once(createInterface(exchange.stdout), 'line')) as [string];
    const { url, listingUrl, bytes } = JSON.parse(line) as { url: string; listingUrl: string; bytes: number };
    const workspace = join(folder, 'ours');
    prepare(project, workspace, url, listingUrl);
    const hasCurl = spawnSync('curl', ['--version']).status === 0;
    const ours: number[] = [];
    const curl: number[] = [];
    for (let turn = 0; turn < repeats; turn++) {
      ours.push(await ourSeconds(project, workspace));
      if (hasCurl) curl.push(curlSeconds(join(folder, 'curl'), url));
    }
    const seconds = { ours: median(ours), curl: hasCurl ? median(curl) : null };
    return {
      part: 'download',
      server,
      files: SYMBOLS.length * MONTHS.length,
      megabytes: Math.round(bytes / 1e6),
      seconds,
      ratio_to_curl: seconds.curl === null ? null : seconds.curl / seconds.ours,
    };
  } finally {
    exchange.stdin.end();
    exchange.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function prepare(project: string, workspace: string, url: string, listingUrl: string): void {
  layOutMarket(project, workspace, {
    market: 'spot',
    interval: '1m',
    symbols: SYMBOLS,
    history: { start_ts_utc: '2023-01-01T00:00:00Z', end_ts_utc: '2024-08-31T23:59:00Z' },
    binance: { archive_url: url, listing_url: listingUrl, rest_url: url, listing_refresh: '36500d' },
    pools: { network: PARALLEL },
  });
}

/** Of the archives alone: what is to be fetched is known beforehand, as curl knows it. */
async function ourSeconds(project: string, workspace: string): Promise<number> {
  for (const made of ['data', 'reports', '.pipeline'])
    rmSync(join(workspace, made), { recursive: true, force: true });
  const program = join(project, 'dist/src/main.js');
  const run = (...args: readonly string[]): number => {
    const started = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      [program, '-C', workspace, '--quiet', 'build', ...args],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`build ${args.join(' ')} ended with ${status}: ${stderr}`);
    return (performance.now() - started) / 1_000;
  };
  run('listing', 'sources');
  return run('archive');
}

function curlSeconds(folder: string, url: string): number {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const wanted = SYMBOLS.flatMap((symbol) =>
    MONTHS.map((month) => {
      const name = `${symbol}-1m-${month}.zip`;
      return `url = "${url}/data/spot/monthly/klines/${symbol}/1m/${name}"\noutput = "${join(folder, name)}"\n`;
    }),
  );
  const list = join(folder, 'list');
  writeFileSync(list, wanted.join(''));
  const started = performance.now();
  const { status, stderr } = spawnSync(
    'curl',
    ['--parallel', '--parallel-max', `${PARALLEL}`, '--silent', '--show-error', '--fail', '--config', list],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`curl ended with ${status}: ${stderr}`);
  return (performance.now() - started) / 1_000;
}
