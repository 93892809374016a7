/**
 * The REST interfaces of the three markets: klines, time, and as much of exchangeInfo as names the symbols
 * (docs/DOMAIN.md §3). Every answer carries the weight used. It knows neither files nor sockets.
 */
import type { Market } from './calendar.ts';
import type { Ask, Reply } from './reply.ts';
import { header, json } from './reply.ts';
import { INVALID_SYMBOL, klineParams } from './rest-params.ts';
import type { KlineRow, Source } from './source.ts';
import type { WeightOptions } from './weight.ts';
import { WeightCounter } from './weight.ts';

export type RestReply = (ask: Ask, now: number) => Reply | undefined;

type Call = 'klines' | 'time' | 'exchangeInfo';

const ROOTS: readonly (readonly [root: string, market: Market])[] = [
  ['/api/v3/', 'spot'],
  ['/fapi/v1/', 'um'],
  ['/dapi/v1/', 'cm'],
];
/** A minute. Spot: docs/DOMAIN.md §3; futures: what their exchangeInfo names. */
const LIMITS: Readonly<Record<Market, number>> = { spot: 6_000, um: 2_400, cm: 2_400 };

/** Undefined where the path is none of REST's. `sources` is read at each call: it may grow. */
export function restOf(sources: readonly Source[], weight: Partial<WeightOptions> = {}): RestReply {
  const counters = new Map(
    ROOTS.map(([, market]) => [
      market,
      new WeightCounter({ ...weight, limit: weight.limit ?? LIMITS[market] }),
    ]),
  );
  return (ask, now) => {
    const [root, market] = ROOTS.find(([start]) => ask.path.startsWith(start)) ?? [];
    if (root === undefined || market === undefined) return undefined;
    const name = ask.path.slice(root.length);
    const call = name === 'klines' || name === 'time' || name === 'exchangeInfo' ? name : undefined;
    if (call === undefined || ask.method !== 'GET')
      return json(404, { code: -5000, msg: `Path ${ask.path}, Method ${ask.method} is invalid` });
    const verdict = counters.get(market)?.spend(weightOf(call, market, ask), now);
    const used = String(verdict?.used ?? 0);
    const headers = { 'X-MBX-USED-WEIGHT': used, 'X-MBX-USED-WEIGHT-1M': used, 'Cache-Control': 'no-store' };
    switch (verdict?.kind) {
      case 'refused': {
        const limit = weight.limit ?? LIMITS[market];
        const msg = `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`;
        return json(429, { code: -1003, msg }, { ...headers, 'Retry-After': String(verdict.retryAfter) });
      }
      case 'banned': {
        const msg = `Way too much request weight used; IP banned until ${verdict.until}. Please use WebSocket Streams for live updates to avoid bans.`;
        return json(418, { code: -1003, msg }, { ...headers, 'Retry-After': String(verdict.retryAfter) });
      }
      case 'allowed':
      case undefined: {
        const { status, value } = answer(sources, call, market, ask, now);
        return json(status, value, headers);
      }
    }
  };
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

function answer(sources: readonly Source[], call: Call, market: Market, ask: Ask, now: number): Answer {
  const unit = market === 'spot' ? header(ask, 'x-mbx-time-unit')?.toUpperCase() : undefined;
  const micro = unit === 'MICROSECOND';
  if (call === 'time') return { status: 200, value: { serverTime: micro ? now * 1_000 : now } };
  if (call === 'exchangeInfo') return exchangeInfo(sources, market, ask, now);
  const checked = klineParams(ask.query, market);
  if (!checked.ok) return { status: 400, value: checked.error };
  for (const source of sources) {
    const rows = source.klines({ market, ...checked.params, now });
    if (rows !== undefined) return { status: 200, value: rows.map((row) => asJson(row, micro)) };
  }
  return { status: 400, value: INVALID_SYMBOL };
}

/** Times and the count are numbers, all else text. A close at …999 ms is …999999 µs. */
function asJson(row: KlineRow, micro: boolean): readonly (string | number)[] {
  return row.map((field, column) => {
    if (column === 0) return Number(field) * (micro ? 1_000 : 1);
    if (column === 6) return micro ? Number(field) * 1_000 + 999 : Number(field);
    return column === 8 ? Number(field) : field;
  });
}

function exchangeInfo(sources: readonly Source[], market: Market, ask: Ask, now: number): Answer {
  const names = [...new Set(sources.flatMap((source) => source.symbols(market)))];
  const asked = ask.query.get('symbol');
  if (asked !== null && !names.includes(asked)) return { status: 400, value: INVALID_SYMBOL };
  const symbols = names
    .filter((name) => asked === null || name === asked)
    .map((symbol) => ({
      symbol,
      ...(market === 'cm' ? { contractStatus: 'TRADING' } : { status: 'TRADING' }),
    }));
  const rateLimits = [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: LIMITS[market] },
  ];
  return {
    status: 200,
    value: { timezone: 'UTC', serverTime: now, rateLimits, exchangeFilters: [], symbols },
  };
}

/** Spot counts 2 a klines call, futures by the limit asked for. */
function weightOf(call: Call, market: Market, ask: Ask): number {
  if (call === 'time') return 1;
  if (call === 'exchangeInfo') return market === 'spot' ? 20 : 1;
  if (market === 'spot') return 2;
  const limit = Number(ask.query.get('limit') ?? 500);
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10;
}
