import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator, zipOf } from '../../tasks/binance/emulator/emulator.ts';
import { monthsIn, spanOf } from '../../tasks/binance/time-keys.ts';
import { days, fileKey } from './history.ts';
import { coverageOf, marketRig } from './market.ts';
import { HOUR } from './rows.ts';

const SYMBOLS = Array.from({ length: 10 }, (_, n) => `S${n}USDT`);
const FROM = '2022-01-01T00:00:00Z';

/** A ZIP of whole hours that all look the same. */
function zip(symbol: string, period: string): Buffer {
  const span = spanOf(period);
  if (span === undefined) throw new Error(`bad period in the test: ${period}`);
  const lines: string[] = [];
  for (let ts = span.start; ts < span.end; ts += HOUR)
    lines.push(`${ts},100,110,90,105,2,${ts + HOUR - 1},200,3,1,100,0\n`);
  return zipOf(`${symbol}-1h-${period}.csv`, lines.join(''), span.end + HOUR);
}

/** A thousand targets: by far the longest of these tests, and the only one with a history to speak of. */
describe('a daily update of ten symbols with two years behind them', () => {
  it('asks for two listings, one ZIP and one CHECKSUM a symbol, and builds the open month alone', async () => {
    const months = monthsIn({ start: Date.parse(FROM), end: Date.UTC(2024, 0, 1) });
    const old = days('2022-01-01', '2023-12-31');
    const open = days('2024-01-01', '2024-01-03');
    // The days of months that have a file of their own are listed and never fetched.
    const unread = zip('ANY', '2022-01-01');
    const files = SYMBOLS.flatMap((symbol) => [
      ...[...months, ...open].map(
        (period) => [fileKey(symbol, period, 'spot', '1h'), zip(symbol, period)] as const,
      ),
      ...old.map((period) => [fileKey(symbol, period, 'spot', '1h'), unread] as const),
    ]);
    const exchange = await startEmulator({ files: new Map(files), now: Date.parse('2024-01-04T12:00:00Z') });
    onTestFinished(() => exchange.close());
    const spec = { exchange, symbols: SYMBOLS, from: FROM, to: null, interval: '1h' };
    const rig = marketRig(spec);
    const first = await rig.build([], { asOf: '2024-01-03T23:59:00Z' });
    expect([first.failures, first.ran.length]).toEqual([{}, 10 * (2 + 24 + 3 + 3 * 25) + 1]);

    for (const symbol of SYMBOLS)
      exchange.publish(fileKey(symbol, '2024-01-04', 'spot', '1h'), zip(symbol, '2024-01-04'));
    exchange.clock.set(Date.parse('2024-01-05T12:00:00Z'));
    exchange.clearRequests();
    const { ran, failures } = await rig.build([], { asOf: '2024-01-04T23:59:00Z', refresh: true });
    expect(failures).toEqual({});
    const asked = (test: (path: string) => boolean): number =>
      exchange.requests.filter(({ path }) => test(path)).length;
    expect({
      listing: asked((path) => path === '/listing'),
      zip: asked((path) => path.endsWith('-2024-01-04.zip')),
      checksum: asked((path) => path.endsWith('-2024-01-04.zip.CHECKSUM')),
      all: exchange.requests.length,
    }).toEqual({ listing: 20, zip: 10, checksum: 10, all: 40 });
    expect(ran).toEqual(
      [
        'reports',
        ...SYMBOLS.flatMap((symbol) => [
          `archive/${symbol}/2024-01-04`,
          `bars/${symbol}/2024-01`,
          `fill/${symbol}/2024-01`,
          `listing/${symbol}`,
          `sources/${symbol}`,
          `staged/${symbol}/2024-01`,
        ]),
      ].sort(),
    );
    expect(coverageOf(rig, 'S9USDT', 'all')).toMatchObject({ missing: '0', status: 'ok' });
  }, 240_000);
});
