/**
 * The REST interfaces of the three markets: klines, time, ping, and as much of exchangeInfo as names the symbols
 * (docs/DOMAIN.md §3). Every answer carries the weight used. It knows neither files nor sockets.
 */
import type { Market } from './calendar.ts';
import type { Ask, Reply } from './reply.ts';
import { header, json } from './reply.ts';
import { INVALID_SYMBOL, klineParams } from './rest-params.ts';
import type { KlineRow, Source } from './source.ts';
import type { Verdict } from './weight.ts';

type Call = 'klines' | 'time' | 'ping' | 'exchangeInfo';

const ROOTS: readonly (readonly [root: string, market: Market])[] = [
  ['/api/v3/', 'spot'],
  ['/fapi/v1/', 'um'],
  ['/dapi/v1/', 'cm'],
];
const CALLS: readonly Call[] = ['klines', 'time', 'ping', 'exchangeInfo'];

/** Whose REST a path is, or undefined where it is nobody's. */
export function marketOf(path: string): Market | undefined {
  return ROOTS.find(([root]) => path.startsWith(root))?.[1];
}

/** Spot counts 2 a klines call, futures by the limit asked for; a path that is none counts like `ping`. */
export function weightOf(ask: Ask, market: Market): number {
  const call = callOf(ask);
  if (call === 'exchangeInfo') return market === 'spot' ? 20 : 1;
  if (call !== 'klines') return 1;
  if (market === 'spot') return 2;
  const limit = Number(ask.query.get('limit') ?? 500);
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10;
}

export interface RestQuestion {
  readonly ask: Ask;
  readonly market: Market;
  readonly now: number;
  /** What the meter says of this request. */
  readonly verdict: Verdict;
  /** The market's weight a minute. */
  readonly limit: number;
}

export function restReply(sources: readonly Source[], question: RestQuestion): Reply {
  const { ask, verdict, limit } = question;
  const used = String(verdict.used);
  const headers = { 'X-MBX-USED-WEIGHT': used, 'X-MBX-USED-WEIGHT-1M': used, 'Cache-Control': 'no-store' };
  switch (verdict.kind) {
    case 'refused': {
      const msg = `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`;
      return json(429, { code: -1003, msg }, { ...headers, 'Retry-After': String(verdict.retryAfter) });
    }
    case 'banned': {
      const msg = `Way too much request weight used; IP banned until ${verdict.until}. Please use WebSocket Streams for live updates to avoid bans.`;
      return json(418, { code: -1003, msg }, { ...headers, 'Retry-After': String(verdict.retryAfter) });
    }
    case 'allowed': {
      const call = callOf(ask);
      if (call === undefined || ask.method !== 'GET') {
        return json(404, { code: -5000, msg: `Path ${ask.path}, Method ${ask.method} is invalid` }, headers);
      }
      const { status, value } = answer(sources, call, question);
      return json(status, value, headers);
    }
  }
}

function callOf(ask: Ask): Call | undefined {
  const [root = ''] = ROOTS.find(([start]) => ask.path.startsWith(start)) ?? [];
  return CALLS.find((call) => root !== '' && ask.path === root + call);
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

function answer(sources: readonly Source[], call: Call, question: RestQuestion): Answer {
  const { ask, market, now } = question;
  const unit = market === 'spot' ? header(ask, 'x-mbx-time-unit')?.toUpperCase() : undefined;
  const micro = unit === 'MICROSECOND';
  if (call === 'ping') return { status: 200, value: {} };
  if (call === 'time') return { status: 200, value: { serverTime: micro ? now * 1_000 : now } };
  if (call === 'exchangeInfo') return exchangeInfo(sources, question);
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

function exchangeInfo(sources: readonly Source[], { ask, market, now, limit }: RestQuestion): Answer {
  const known = new Map(
    sources.flatMap((source) => source.symbols(market, now)).map((symbol) => [symbol.name, symbol]),
  );
  const asked = ask.query.get('symbol');
  if (asked !== null && !known.has(asked)) return { status: 400, value: INVALID_SYMBOL };
  const symbols = [...known.values()]
    .filter(({ name }) => asked === null || name === asked)
    .map(({ name: symbol, trades }) => {
      const status = trades ? 'TRADING' : market === 'spot' ? 'BREAK' : 'CLOSE';
      return { symbol, ...(market === 'cm' ? { contractStatus: status } : { status }) };
    });
  const rateLimits = [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit }];
  return {
    status: 200,
    value: { timezone: 'UTC', serverTime: now, rateLimits, exchangeFilters: [], symbols },
  };
}
