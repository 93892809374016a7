/**
 * The REST server that top-ups are measured against, as a process of its own with a clock that runs: a symbol with a
 * few months of bars. When its standard input ends, it says what came.
 */
import { startEmulator } from '../tasks/binance/emulator/emulator.ts';

export interface RestTally {
  readonly calls: number;
  readonly refused: number;
  /** Weight used in each minute that was served from its beginning to its end. */
  readonly wholeMinutes: readonly number[];
  readonly limit: number;
}

const emulator = await startEmulator({
  history: {
    seed: 3,
    market: 'spot',
    now: '2024-04-01T00:00:40Z',
    symbols: [{ name: 'BTCUSDT', listed: '2024-01-01T00:00:00Z', ticks: 4_300_000 }],
    // Nothing but REST has rows.
    dailyDelayMs: 1e11,
    monthlyDelayMs: 1e11,
  },
  running: true,
  latencyMs: Number(process.argv[2] ?? 0),
});
process.stdout.write(`${JSON.stringify({ url: emulator.url })}\n`);
process.stdin.resume().on('end', () => {
  const used = new Map<number, number>();
  for (const { at, weight = 0 } of emulator.requests) {
    const minute = Math.floor(at / 60_000);
    used.set(minute, Math.max(used.get(minute) ?? 0, weight));
  }
  const minutes = [...used.keys()].sort((a, b) => a - b);
  const tally: RestTally = {
    calls: emulator.requests.length,
    refused: emulator.weight.refused,
    wholeMinutes: minutes.slice(1, -1).map((minute) => used.get(minute) ?? 0),
    limit: emulator.weight.limit(),
  };
  process.stdout.write(`${JSON.stringify(tally)}\n`, () => void emulator.close());
});
