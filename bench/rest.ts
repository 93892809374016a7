/**
 * REST at the full budget: four callers, as the pool `rest` has them, ask for page after page for a little over two
 * whole minutes of the exchange. What counts is how much of the allowed weight they use, and that none is refused.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RestClient } from '../tasks/binance/rest/client.ts';
import { networkSchema } from '../tasks/lib/settings.ts';
import type { RestTally } from './rest-exchange.ts';

export interface RestResult {
  readonly part: 'rest';
  readonly seconds: number;
  readonly calls: number;
  readonly refused: number;
  /** Of the exchange's limit, in the whole minutes. */
  readonly used_share: number;
}

const CALLERS = 4;
const LATENCY_MS = 20;
const LONG_ENOUGH_MS = 150_000;
const PAGE_MS = 1_000 * 60_000;
const FIRST = Date.UTC(2024, 0, 1);
const PAGES = 120;

export async function benchRest(project: string): Promise<readonly RestResult[]> {
  const program = ['--import', 'tsx', join(project, 'bench/rest-exchange.ts'), String(LATENCY_MS)];
  const exchange = spawn(process.execPath, program, { cwd: project, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(exchange.stdout)[Symbol.asyncIterator]();
  const { url } = JSON.parse((await lines.next()).value ?? '') as { url: string };
  const started = performance.now();
  const client = (): RestClient =>
    new RestClient({
      market: 'spot',
      restUrl: url,
      network: networkSchema.parse({}),
      workspace: project,
      signal: new AbortController().signal,
      log: () => undefined,
      limit: 6_000,
      share: 0.95,
    });
  let page = 0;
  const caller = async (): Promise<void> => {
    const rest = client();
    while (performance.now() - started < LONG_ENOUGH_MS) {
      const startTime = FIRST + (page++ % PAGES) * PAGE_MS;
      const answer = await rest.klines({
        symbol: 'BTCUSDT',
        interval: '1m',
        startTime,
        endTime: startTime + PAGE_MS - 1,
      });
      if (answer.ok !== true) throw new Error(`a call was refused: ${JSON.stringify(answer)}`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const seconds = (performance.now() - started) / 1_000;
  const ended = once(exchange, 'exit');
  exchange.stdin.end();
  const { calls, refused, wholeMinutes, limit } = JSON.parse((await lines.next()).value ?? '') as RestTally;
  await ended;
  const used = wholeMinutes.reduce((sum, each) => sum + each, 0) / wholeMinutes.length / limit;
  return [{ part: 'rest', seconds, calls, refused, used_share: used }];
}
