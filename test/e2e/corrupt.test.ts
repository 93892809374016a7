import { readFileSync } from 'node:fs';
import { crc32, inflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/engine/task.ts';
import type { Emulator, HistorySpec } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Rig } from '../rig.ts';
import { cli, ended } from './cli.ts';
import { FROM, fewDays, fileKey, TO } from './history.ts';
import { barsFolder, coverageOf, differences, marketRig, published, report } from './market.ts';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'];

let exchange: Emulator;

afterEach(() => exchange.close());

async function start(changes: Partial<HistorySpec> = {}): Promise<void> {
  const { symbols } = fewDays();
  const third = { name: 'BNBUSDT', listed: FROM, ticks: 30_000 };
  exchange = await startEmulator({ history: fewDays({ symbols: [...symbols, third], ...changes }) });
}

function workspace(symbols: readonly string[] = SYMBOLS): Rig {
  return marketRig({ exchange, symbols, from: FROM, to: TO });
}

async function served(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

const urlOf = (symbol: string, period: string): string => `${exchange.archiveUrl}/${fileKey(symbol, period)}`;

/** Byte where the member's data begin, and the CRC-32 that its header states and that it has. */
function crcOf(zip: Buffer): { readonly start: number; readonly states: string; readonly has: string } {
  const start = 30 + zip.readUInt16LE(26);
  const data = inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(18)));
  const hex = (crc: number): string => crc.toString(16).padStart(8, '0');
  return { start, states: hex(zip.readUInt32LE(14)), has: hex(crc32(data)) };
}

const raw = (symbol: string, period: string): string =>
  `data/raw/binance/${symbol}/1m/${symbol}-1m-${period}.zip`;

describe('three corrupt archives', { timeout: 120_000 }, () => {
  it('fail their months alone, with whole messages; once mended, all is as if nothing had been', async () => {
    await start({
      damaged: [
        { symbol: 'BTCUSDT', period: '2024-01', damage: 'bad-crc' },
        { symbol: 'ETHUSDT', period: '2024-02-02', damage: 'truncated' },
        { symbol: 'BNBUSDT', period: '2024-01', damage: 'flipped' },
      ],
    });
    const rig = workspace();
    const first = await cli(rig.dir, ['build']);
    expect(first.code).toBe(1);
    const broken = ['archive/BNBUSDT/2024-01', 'archive/BTCUSDT/2024-01', 'archive/ETHUSDT/2024-02-02'];
    expect(ended(first, 'failed')).toEqual(broken);
    const months = ['BNBUSDT/2024-01', 'BTCUSDT/2024-01', 'ETHUSDT/2024-02'];
    expect(ended(first, 'blocked')).toEqual(
      ['bars', 'fill', 'staged'].flatMap((rule) => months.map((month) => `${rule}/${month}`)),
    );
    // Of each symbol: listing, sources, 4 archives but one, one month of staged, fill and bars; and the reports.
    expect(ended(first, 'executed')).toHaveLength(3 * (2 + 3 + 3) + 1);

    const messages = Object.fromEntries(
      first.events.flatMap(({ target, failure }) => (failure ? [[target, failure]] : [])),
    );
    const urls = {
      crc: urlOf('BTCUSDT', '2024-01'),
      truncated: urlOf('ETHUSDT', '2024-02-02'),
      flipped: urlOf('BNBUSDT', '2024-01'),
    };
    const crc = crcOf(await served(urls.crc));
    const cut = (await served(urls.truncated)).length;
    const kept = async (symbol: string, period: string): Promise<string> => {
      const digest = sha256(await served(urlOf(symbol, period)));
      return `data/quarantine/binance/${symbol}/1m/${symbol}-1m-${period}.${digest.slice(0, 8)}.zip`;
    };
    const [keptCrc, keptCut, keptFlipped] = [
      await kept('BTCUSDT', '2024-01'),
      await kept('ETHUSDT', '2024-02-02'),
      await kept('BNBUSDT', '2024-01'),
    ];
    expect(messages['archive/BTCUSDT/2024-01']).toEqual({
      code: 'archive-corrupt',
      message: `${raw('BTCUSDT', '2024-01')}: member "BTCUSDT-1m-2024-01.csv": byte ${crc.start}: data have CRC-32 ${crc.has}, expected ${crc.states}; ${urls.crc} is served like this, its CHECKSUM matches; kept as ${keptCrc}`,
      hint: 'the publisher must replace the file: once the listing shows another one, it is fetched',
    });
    expect(messages['archive/ETHUSDT/2024-02-02']).toEqual({
      code: 'archive-corrupt',
      message: `${raw('ETHUSDT', '2024-02-02')}: byte ${cut}: the file ends, and member "ETHUSDT-1m-2024-02-02.csv" is in no readable central directory: End of central directory record signature not found. Either not a zip file, or file is truncated; ${urls.truncated} is served like this, its CHECKSUM matches; kept as ${keptCut}`,
      hint: 'the publisher must replace the file: once the listing shows another one, it is fetched',
    });
    const [sum = ''] = (await served(`${urls.flipped}.CHECKSUM`)).toString().split(' ');
    const got = sha256(await served(urls.flipped));
    const mismatch = messages['archive/BNBUSDT/2024-01'];
    const asFar = `${raw('BNBUSDT', '2024-01')}: ${urls.flipped} has the SHA-256 ${got}: expected ${sum}, as its CHECKSUM says`;
    expect(mismatch).toEqual({
      code: 'archive-checksum',
      message: expect.stringContaining(asFar),
      hint: 'damaged on the way, or ZIP and CHECKSUM do not belong together at the publisher: build again later',
    });
    // Where inflation stops depends on zlib.
    expect(mismatch?.message.slice(asFar.length)).toMatch(
      /^; member "BNBUSDT-1m-2024-01\.csv": byte \d+: .*(unpack|deflate|CRC-32).*; kept as \S+$/,
    );
    const quarantined = [keptCrc, keptCut, keptFlipped];
    expect(rig.files('data/quarantine')).toEqual(
      quarantined.flatMap((path) => [path.replace(/zip$/, 'json'), path]).sort(),
    );
    expect(readFileSync(rig.path(keptFlipped)).equals(await served(urls.flipped))).toBe(true);
    expect(rig.json(keptFlipped.replace(/zip$/, 'json'))).toMatchObject({
      target: 'archive/BNBUSDT/2024-01',
      code: 'archive-checksum',
      url: urls.flipped,
      expected_sha256: sum,
      actual_sha256: got,
    });

    for (const month of months) {
      const [symbol = '', period = ''] = month.split('/');
      expect(coverageOf(rig, symbol, period)).toMatchObject({
        present: '0',
        source: 'none',
        status: 'failed',
      });
      expect(rig.has(barsFolder({ symbol, month: period }))).toBe(false);
    }
    expect(coverageOf(rig, 'BTCUSDT', '2024-02')).toMatchObject({ present: '4320', status: 'ok' });
    const gaps = report(rig, 'gap_report').map((row) =>
      ['symbol', 'first_missing', 'missing', 'cause', 'evidence'].map((name) => row[name]),
    );
    expect(gaps).toEqual([
      ['BTCUSDT', FROM, '2880', 'quarantined', 'archive-corrupt archive/BTCUSDT/2024-01'],
      [
        'ETHUSDT',
        '2024-02-01T00:00:00Z',
        '4320',
        'quarantined',
        'archive-corrupt archive/ETHUSDT/2024-02-02',
      ],
      ['BNBUSDT', FROM, '2880', 'quarantined', 'archive-checksum archive/BNBUSDT/2024-01'],
    ]);

    for (const [symbol, period] of [
      ['BTCUSDT', '2024-01'],
      ['ETHUSDT', '2024-02-02'],
      ['BNBUSDT', '2024-01'],
    ] as const)
      exchange.mend(fileKey(symbol, period));
    const second = await cli(rig.dir, ['build', '--refresh']);
    expect(second.code).toBe(0);
    // Its listing always showed the intact file.
    expect(ended(second, 'checked')).toEqual(['listing/BNBUSDT']);
    expect(ended(second, 'executed')).toEqual(
      [
        ...broken,
        ...['listing/BTCUSDT', 'listing/ETHUSDT', 'sources/BTCUSDT', 'sources/ETHUSDT', 'reports'],
        ...['bars', 'fill', 'staged'].flatMap((rule) => months.map((month) => `${rule}/${month}`)),
      ].sort(),
    );

    const clean = workspace();
    expect((await clean.build()).failures).toEqual({});
    expect(differences(published(rig.dir), published(clean.dir))).toEqual([]);
    expect((await cli(rig.dir, ['build'])).code).toBe(0);
  });
});

describe('a symbol that the archive does not have', () => {
  it('is absent in the reports, everything else is built, and the exit code is 4: each is to be there', async () => {
    await start();
    const rig = workspace(['BTCUSDT', 'NOSUCHUSDT', 'ETHUSDT']);
    const run = await cli(rig.dir, ['build']);
    expect(run.code).toBe(4);
    expect(run.stderr).toContain('critical  reports  symbols: in 1 of 3 symbols: NOSUCHUSDT\n');
    expect(ended(run, 'failed')).toEqual([]);
    expect(ended(run, 'blocked')).toEqual([]);
    const months = ['NOSUCHUSDT/2024-01', 'NOSUCHUSDT/2024-02'];
    expect(ended(run, 'absent')).toEqual([
      ...['bars', 'fill'].flatMap((rule) => months.map((month) => `${rule}/${month}`)),
      'listing/NOSUCHUSDT',
      'sources/NOSUCHUSDT',
      ...months.map((month) => `staged/${month}`),
    ]);
    expect(report(rig, 'coverage_report').map((row) => [row['symbol'], row['month'], row['status']])).toEqual(
      [
        ['BTCUSDT', '2024-01', 'ok'],
        ['BTCUSDT', '2024-02', 'ok'],
        ['BTCUSDT', 'all', 'ok'],
        ['NOSUCHUSDT', '2024-01', 'absent'],
        ['NOSUCHUSDT', '2024-02', 'absent'],
        ['NOSUCHUSDT', 'all', 'absent'],
        ['ETHUSDT', '2024-01', 'ok'],
        ['ETHUSDT', '2024-02', 'ok'],
        ['ETHUSDT', 'all', 'ok'],
      ],
    );
    expect((await rig.build()).ran).toEqual([]);
  });
});

describe('a listing host that is down for one symbol', () => {
  it('blocks that symbol only: the reports are built without it, exit code 1, and a later build heals', async () => {
    await start();
    const fault = exchange.faults.add({ kind: 'reset', match: /\/listing\?.*ETHUSDT/ });
    // Or its files would be found one by one.
    const archive = exchange.faults.add({ kind: 'reset', match: /ETHUSDT/, method: 'HEAD' });
    const rig = workspace();
    const run = await cli(rig.dir, ['build']);
    expect(run.code).toBe(1);
    expect(ended(run, 'failed')).toEqual(['listing/ETHUSDT']);
    const months = ['ETHUSDT/2024-01', 'ETHUSDT/2024-02'];
    expect(ended(run, 'blocked')).toEqual([
      ...['bars', 'fill'].flatMap((rule) => months.map((month) => `${rule}/${month}`)),
      'sources/ETHUSDT',
      ...months.map((month) => `staged/${month}`),
    ]);
    expect(report(rig, 'coverage_report').map((row) => [row['symbol'], row['month'], row['status']])).toEqual(
      ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'].flatMap((symbol) =>
        ['2024-01', '2024-02', 'all'].map((month) => [symbol, month, symbol === 'ETHUSDT' ? 'failed' : 'ok']),
      ),
    );
    expect(report(rig, 'gap_report').map((row) => [row['missing'], row['cause'], row['evidence']])).toEqual([
      ['7200', 'unknown', expect.stringMatching(/^http-\S+ listing\/ETHUSDT$/)],
    ]);

    fault.remove();
    archive.remove();
    const healed = await cli(rig.dir, ['build']);
    expect(healed.code).toBe(0);
    expect(ended(healed, 'executed').every((target) => /ETHUSDT|reports/.test(target))).toBe(true);
    const clean = workspace();
    await clean.build();
    expect(differences(published(rig.dir), published(clean.dir))).toEqual([]);
  });
});
