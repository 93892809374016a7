/**
 * The server that downloads are measured against, as a process of its own so that it takes no time from the client's
 * loop: monthly files of one size for many symbols, from memory. Ends when its standard input does.
 */
import { startEmulator, zipOf } from '../tasks/binance/emulator/emulator.ts';

export interface ExchangeSpec {
  readonly symbols: readonly string[];
  readonly months: readonly string[];
  /** Of one CSV; the ZIP is about a third of it. */
  readonly csvBytes: number;
  /** Of the whole server; undefined: as fast as it goes. */
  readonly bytesPerSecond?: number;
}

/** Rows that compress like real ones: a price that walks, amounts without a pattern. */
function csvOf(bytes: number): Buffer {
  let state = 42;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  const rows: string[] = [];
  let price = 43_000;
  for (let size = 0, at = 1_704_067_200_000; size < bytes; at += 60_000) {
    price += next() * 20 - 10;
    const cells = [0, next() * 9, -next() * 9, next() * 4 - 2].map((each) => (price + each).toFixed(8));
    const amounts = [0, 0, 0, 0].map(() => (next() * 90).toFixed(8));
    const row = `${at},${cells.join(',')},${amounts[0]},${at + 59_999},${amounts[1]},${Math.floor(next() * 3_000)},${amounts[2]},${amounts[3]},0\n`;
    rows.push(row);
    size += row.length;
  }
  return Buffer.from(rows.join(''));
}

const spec = JSON.parse(process.argv[2] ?? '') as ExchangeSpec;
const csv = csvOf(spec.csvBytes);
const files = new Map<string, Buffer>();
for (const symbol of spec.symbols) {
  for (const month of spec.months) {
    const name = `${symbol}-1m-${month}`;
    files.set(`data/spot/monthly/klines/${symbol}/1m/${name}.zip`, zipOf(`${name}.csv`, csv));
  }
}
const { bytesPerSecond } = spec;
const emulator = await startEmulator({
  files,
  now: Date.UTC(2025, 0, 1),
  ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
});
const bytes = [...files.values()].reduce((sum, each) => sum + each.length, 0);
process.stdout.write(`${JSON.stringify({ url: emulator.url, listingUrl: emulator.listingUrl, bytes })}\n`);
process.stdin.on('end', () => void emulator.close()).resume();
