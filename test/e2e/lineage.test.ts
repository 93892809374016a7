/** Where a report came from, byte by byte of every source, and what became of one raw file. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lineage, LineageTarget } from '../../src/engine/lineage/trace.ts';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { cli } from '../cli/cli.ts';
import { eventsIn } from '../openlineage.ts';
import type { Rig } from '../rig.ts';
import { scratch } from '../tasks/context.ts';
import { FROM, fewDays, SYMBOLS, TO } from './history.ts';
import { marketRig } from './market.ts';

const RAW = 'data/raw/binance';
/** Minutes of BTCUSDT and ETHUSDT that the files lack and REST has. */
const HOLE = { first: '2024-02-02T10:00:00Z', last: '2024-02-02T11:59:00Z' };
const REPORT = 'reports/latest/coverage_report.csv';

let exchange: Emulator;
let rig: Rig;
let before: string;

beforeEach(async () => {
  vi.stubEnv('XDG_STATE_HOME', scratch());
  before = new Date().toISOString();
  exchange = await startEmulator({ history: fewDays({ archiveGaps: [HOLE] }) });
  rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO });
  const { failures, diagnostics } = await rig.build();
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await exchange.close();
});

async function text(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await cli(['-C', rig.dir, 'lineage', ...args]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

const lineage = async (of: string): Promise<Lineage> => JSON.parse(await text(of, '--json'));

const sha256Of = (path: string): string =>
  createHash('sha256')
    .update(readFileSync(rig.path(path)))
    .digest('hex');

interface Entry {
  readonly etag: string;
  readonly lastModified: string;
  readonly size: number;
  readonly key: string;
}

/** Of what the listing has, by the name of the file. */
function listed(symbol: string): ReadonlyMap<string, Entry> {
  const { monthly, daily } = rig.json(`${RAW}/${symbol}/1m/listing.json`) as unknown as Readonly<
    Record<'monthly' | 'daily', Readonly<Record<string, Entry>>>
  >;
  return new Map(
    [...Object.values(monthly), ...Object.values(daily)].map((each) => [basename(each.key), each]),
  );
}

const ofRule = ({ targets }: Lineage, rule: string): readonly LineageTarget[] =>
  targets.filter((each) => each.rule === rule);

describe('upstream of a report', () => {
  it('is every ZIP with its address, ETag, checksum and time of download', async () => {
    const found = await lineage(REPORT);
    expect(found.of).toMatchObject({ kind: 'output', target: 'reports' });
    const zips = ofRule(found, 'archive').flatMap(({ outputs }) => outputs);
    expect(zips.map(({ path }) => path)).toEqual(
      SYMBOLS.flatMap((symbol) => rig.files(`${RAW}/${symbol}/1m`).filter((path) => path.endsWith('.zip'))),
    );
    const after = new Date().toISOString();
    for (const { path, digest, origins = [] } of zips) {
      const entry = listed(path.split('/')[3] ?? '').get(basename(path));
      const [origin] = origins;
      expect(origins).toEqual([
        {
          url: `${exchange.archiveUrl}/${entry?.key}`,
          revision: entry?.etag,
          modified: entry?.lastModified,
          checksum: sha256Of(path),
          bytes: entry?.size,
          fetchedAt: expect.any(String),
        },
      ]);
      expect(digest).toBe(origin?.checksum);
      expect([before, origin?.fetchedAt ?? '', after]).toEqual([before, origin?.fetchedAt, after].sort());
    }
  });

  it('is every answer of REST that filled a gap, the file that keeps it, and the listings', async () => {
    const found = await lineage(REPORT);
    const fills = ofRule(found, 'fill').filter(({ outputs }) => outputs[0]?.origins !== undefined);
    expect(fills.map(({ target }) => target)).toEqual(SYMBOLS.map((symbol) => `fill/${symbol}/2024-02`));
    for (const { outputs, inputs, target } of fills) {
      const symbol = target.split('/')[1] ?? '';
      const [first, last] = [Date.parse(HOLE.first), Date.parse(HOLE.last)];
      const file = `data/raw/binance-rest/spot/${symbol}/1m/2024-02-02T100000Z_2024-02-02T115900Z.json`;
      const answer = {
        url: `${exchange.restUrl}/api/v3/klines?symbol=${symbol}&interval=1m&startTime=${first}&endTime=${last + 59_999}`,
        fetchedAt: (rig.json(file) as { readonly asked_at: string }).asked_at,
        file,
      };
      expect(outputs[0]?.origins).toEqual([answer]);
      expect(inputs).toContainEqual({ path: file, digest: sha256Of(file), origins: [answer] });
      expect(found.files).toContainEqual({ path: file, digests: [sha256Of(file)], origins: [answer] });
      expect(exchange.requests.map(({ path }) => path)).toContain('/api/v3/klines');
    }
    const addresses = ofRule(found, 'listing').flatMap(({ outputs }) => outputs[0]?.origins ?? []);
    const listing = (symbol: string, period: string): string => {
      const url = new URL(exchange.listingUrl);
      url.searchParams.set('delimiter', '/');
      url.searchParams.set('prefix', `data/spot/${period}/klines/${symbol}/1m/`);
      return url.href;
    };
    expect(addresses.map(({ url }) => url)).toEqual(
      SYMBOLS.flatMap((symbol) => [listing(symbol, 'monthly'), listing(symbol, 'daily')]),
    );
  });

  it('names in a page of text what the report is made of', async () => {
    const page = await text(REPORT);
    expect(page.split('\n').length).toBeLessThan(60);
    expect(page).toContain('  archive BTCUSDT, ETHUSDT 2024-01..2024-02-03 (8)\n');
    expect(page).toContain('  bars BTCUSDT, ETHUSDT 2024-01..2024-02 (4)\n');
    expect(page).toMatch(/fetched \d{4}-\S+\.\.\d{4}-\S+\n/);
  });

  it('says that a file which was in place has no time of download, and keeps the time of one that was fetched', async () => {
    const zip = `${RAW}/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip`;
    const time = async (): Promise<string | undefined> =>
      ofRule(await lineage(zip), 'archive')[0]?.outputs[0]?.origins?.[0]?.fetchedAt;
    const first = await time();
    expect(first).toMatch(/Z$/);
    await rig.build('archive/BTCUSDT/2024-01', { force: true });
    expect(await time()).toBe(first);
    // All that is known of the workspace is lost, and its files are not.
    rig.remove('.pipeline');
    await rig.build('archive/BTCUSDT/2024-01');
    expect(await time()).toBeUndefined();
    const page = await text(zip);
    expect(page).toContain(
      `${exchange.archiveUrl}/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip\n`,
    );
    expect(page).toContain(', found in place: no time of download\n');
    expect(page).toContain(`sha256 ${sha256Of(zip)}\n`);
  });
});

describe('downstream of a raw ZIP', () => {
  it('are the bars of its month and the reports, and nothing of other symbols', async () => {
    const found = await lineage(`${RAW}/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip`);
    expect(found.targets.map(({ relation, target }) => `${relation} ${target}`)).toEqual([
      'from listing/BTCUSDT',
      'from sources/BTCUSDT',
      'of archive/BTCUSDT/2024-02-02',
      'into staged/BTCUSDT/2024-02',
      'into fill/BTCUSDT/2024-02',
      'into bars/BTCUSDT/2024-02',
      'into reports',
    ]);
    expect(found.targets.at(-1)?.outputs.map(({ path }) => basename(path))).toContain('coverage_report.csv');
  });

  it('is told as OpenLineage, where the address is what the archive has read', async () => {
    const zip = `${RAW}/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip`;
    const events = eventsIn(await text(zip, '--format', 'openlineage'));
    const fetched = events.find(
      ({ eventType, job }) => eventType === 'COMPLETE' && job.name === 'archive/BTCUSDT/2024-02-02',
    );
    const remote = fetched?.inputs.find(({ namespace }) => namespace === exchange.archiveUrl);
    expect(remote?.name).toBe('/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip');
    expect(remote?.facets['version']?.['datasetVersion']).toBe(`sha256:${sha256Of(zip)}`);
    expect(remote?.facets['pipeline_origin']).toMatchObject({
      revision: listed('BTCUSDT').get(basename(zip))?.etag,
      fetchedAt: expect.any(String),
    });
  });
});
