/**
 * The parameters of a klines call, checked as the exchange does, with its codes and messages
 * (docs/DOMAIN.md §3 and the publisher's page "Error codes for Binance"). It knows no rows.
 */
import { intervalMs } from '../../lib/interval.ts';
import type { Market } from './calendar.ts';
import { MINUTE } from './calendar.ts';

export interface RestError {
  readonly code: number;
  readonly msg: string;
}

export interface KlineParams {
  readonly symbol: string;
  readonly interval: string;
  readonly start?: number;
  readonly end?: number;
  readonly limit: number;
}

export type CheckedParams =
  | { readonly ok: true; readonly params: KlineParams }
  | { readonly ok: false; readonly error: RestError };

/** Spot gives up to 1,000 rows a call, futures up to 1,500. */
const MOST_ROWS: Readonly<Record<Market, number>> = { spot: 1_000, um: 1_500, cm: 1_500 };

const DEFAULT_ROWS = 500;
const KNOWN = ['symbol', 'interval', 'startTime', 'endTime', 'timeZone', 'limit'];
const SYMBOL = '^[A-Z0-9-_.]{1,20}$';
const NUMBER = '^[0-9]{1,20}$';
export const INVALID_SYMBOL: RestError = { code: -1121, msg: 'Invalid symbol.' };

export function klineParams(query: URLSearchParams, market: Market): CheckedParams {
  const names = [...query.keys()];
  if (new Set(names).size < names.length) return no(-1101, 'Duplicate values for a parameter detected.');
  const symbol = mandatory(query, 'symbol') ?? illegal(query, 'symbol', SYMBOL);
  if (symbol !== undefined) return { ok: false, error: symbol };
  const interval = mandatory(query, 'interval');
  if (interval !== undefined) return { ok: false, error: interval };
  // Below a minute and above a day there is nothing here to make bars of.
  if ((intervalMs(query.get('interval') ?? '') ?? 0) < MINUTE) return no(-1120, 'Invalid interval.');
  for (const name of ['startTime', 'endTime', 'limit']) {
    const wrong = query.has(name) ? illegal(query, name, NUMBER) : undefined;
    if (wrong !== undefined) return { ok: false, error: wrong };
  }
  const read = names.filter((name) => KNOWN.includes(name)).length;
  if (market === 'spot' && read < names.length) {
    const msg = `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${names.length}'.`;
    return no(-1104, msg);
  }
  const limit = Number(query.get('limit') ?? DEFAULT_ROWS);
  // Futures refuse too high a limit, spot gives what it has.
  if (limit < 1 || (market !== 'spot' && limit > MOST_ROWS[market])) {
    return no(-1130, "Data sent for parameter 'limit' is not valid.");
  }
  const start = time(query.get('startTime'), Math.ceil);
  const end = time(query.get('endTime'), Math.floor);
  if (market !== 'spot' && start !== undefined && end !== undefined && start > end) {
    return no(-1023, 'Start time is greater than end time.');
  }
  return {
    ok: true,
    params: {
      symbol: query.get('symbol') ?? '',
      interval: query.get('interval') ?? '',
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      limit: Math.min(limit, MOST_ROWS[market]),
    },
  };
}

/** The bound in milliseconds: it may be sent in microseconds too (docs/DOMAIN.md §3). */
function time(text: string | null, round: (ms: number) => number): number | undefined {
  if (text === null) return undefined;
  return Number(text) > 1e14 ? round(Number(text) / 1_000) : Number(text);
}

function mandatory(query: URLSearchParams, name: string): RestError | undefined {
  if (query.get(name) === '') return { code: -1105, msg: `Parameter '${name}' was empty.` };
  if (query.has(name)) return undefined;
  return { code: -1102, msg: `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.` };
}

function illegal(query: URLSearchParams, name: string, legal: string): RestError | undefined {
  if (new RegExp(legal).test(query.get(name) ?? '')) return undefined;
  return { code: -1100, msg: `Illegal characters found in parameter '${name}'; legal range is '${legal}'.` };
}

function no(code: number, msg: string): CheckedParams {
  return { ok: false, error: { code, msg } };
}
