/**
 * Everything that has gone wrong between the exchange and its users, as faults of the local exchange: the catalogue
 * that the fault tests go through, one by one and mixed. Each passes by: after some requests the truth is told again.
 */
import type { Emulator, Fault, FaultKind } from '../../tasks/binance/emulator/emulator.ts';
import * as rewrites from '../../tasks/binance/emulator/rewrites.ts';
import type { Rig } from '../rig.ts';
import { marketRig } from './market.ts';

/** A whole number of 0 … n − 1. */
export type Draw = (n: number) => number;

export interface FaultCase {
  readonly name: string;
  /** Where it may strike. */
  readonly at: RegExp;
  readonly fault: (draw: Draw) => FaultKind;
  /** What must have been served for it to show, such as a cut before a range is asked for. */
  readonly after?: FaultKind;
  /** Costs seconds, because something must time out. */
  readonly slow?: true;
}

const ZIP = /^\/data\/.*\.zip$/;
const CHECKSUM = /\.CHECKSUM$/;
const FILE = /^\/data\//;
const LISTING = /^\/listing/;
const KLINES = /^\/api\/v3\/klines/;
const REST = /^\/api\//;
const ANY = /./;

const HTML = '<html><head><title>403 Forbidden</title></head><body>CloudFront</body></html>';
const html = { 'Content-Type': 'text/html' };

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, body = ''): FaultCase['fault'] =>
  () => ({ kind: 'status', status: code, headers, body });
const always =
  (kind: FaultKind): FaultCase['fault'] =>
  () =>
    kind;

export const FAULT_CASES: readonly FaultCase[] = [
  { name: 'REST says 429 with Retry-After', at: REST, fault: status(429, { 'Retry-After': '1' }) },
  {
    name: 'REST says 429 with its code -1003',
    at: KLINES,
    fault: status(429, { 'Retry-After': '1' }, '{"code":-1003,"msg":"Too much request weight used"}'),
  },
  { name: 'REST bans with 418', at: REST, fault: always({ kind: 'ban', seconds: 1 }) },
  { name: 'the archive says 403 in HTML', at: FILE, fault: status(403, html, HTML) },
  { name: 'the listing says 403 in HTML', at: LISTING, fault: status(403, html, HTML) },
  { name: 'REST says 403 in HTML', at: REST, fault: status(403, html, HTML) },
  {
    name: 'REST says 451',
    at: REST,
    fault: status(451, {}, '{"code":0,"msg":"Service unavailable from a restricted location"}'),
  },
  { name: 'anything says 500', at: ANY, fault: status(500) },
  { name: 'anything says 502 in HTML', at: ANY, fault: status(502, html, HTML) },
  { name: 'anything says 503 with Retry-After', at: ANY, fault: status(503, { 'Retry-After': '1' }) },
  { name: 'a connection is reset before the answer', at: ANY, fault: always({ kind: 'reset' }) },
  {
    name: 'a connection is reset within the body',
    at: ANY,
    fault: (draw) => ({ kind: 'reset', after: 1 + draw(600) }),
  },
  { name: 'a body ends early', at: ANY, fault: always({ kind: 'truncate' }) },
  {
    name: 'a ZIP ends early, at any byte',
    at: ZIP,
    fault: (draw) => ({ kind: 'truncate', after: draw(900) }),
  },
  { name: 'a byte of a ZIP is flipped', at: ZIP, fault: (draw) => ({ kind: 'flip', offset: draw(400) }) },
  {
    name: 'a byte of a CHECKSUM is flipped',
    at: CHECKSUM,
    fault: (draw) => ({ kind: 'flip', offset: draw(60) }),
  },
  { name: 'a CHECKSUM is of other bytes', at: CHECKSUM, fault: always(rewrites.otherDigest) },
  { name: 'a CHECKSUM is of another name', at: CHECKSUM, fault: always(rewrites.otherName) },
  { name: 'a CHECKSUM is empty', at: CHECKSUM, fault: always(rewrites.empty) },
  { name: 'a CHECKSUM is not there yet', at: CHECKSUM, fault: status(404) },
  { name: 'a listed ZIP is not served yet', at: ZIP, fault: status(404) },
  { name: 'a ZIP comes twice as long', at: ZIP, fault: always(rewrites.twiceAsLong) },
  { name: 'half a ZIP is announced as the whole', at: ZIP, fault: always(rewrites.cutInHalf) },
  { name: 'the announced length is too great', at: FILE, fault: always(rewrites.wrongLength(100)) },
  { name: 'the announced length is too small', at: ZIP, fault: always(rewrites.wrongLength(-100)) },
  {
    name: 'a range is ignored after a cut',
    at: ZIP,
    after: { kind: 'truncate' },
    fault: always(rewrites.rangeIgnored),
  },
  {
    name: 'another ETag comes after a cut',
    at: ZIP,
    after: { kind: 'truncate' },
    fault: always(rewrites.otherEtag),
  },
  {
    name: 'there is no ETag to go on with',
    at: ZIP,
    after: { kind: 'truncate' },
    fault: always(rewrites.noEtag),
  },
  { name: 'a redirect', at: ANY, fault: always({ kind: 'redirect', status: 307 }) },
  { name: 'a body of no announced length', at: ANY, fault: always(rewrites.chunked) },
  { name: 'a slow trickle', at: FILE, fault: always({ kind: 'trickle', bytes: 2_000, everyMs: 20 }) },
  { name: 'a late answer', at: ANY, fault: (draw) => ({ kind: 'delay', ms: draw(300) }) },
  { name: 'a listing page without its NextMarker', at: LISTING, fault: always(rewrites.noNextMarker) },
  { name: 'the first listing page once more', at: LISTING, fault: always(rewrites.firstPageAgain) },
  { name: 'a listing cut in its XML', at: LISTING, fault: always(rewrites.cutInHalf) },
  { name: 'an empty listing page', at: LISTING, fault: always(rewrites.empty) },
  { name: 'REST answers with half a JSON', at: KLINES, fault: always(rewrites.cutInHalf) },
  { name: 'REST answers in HTML with 200', at: REST, fault: status(200, html, HTML) },
  { name: 'an answer stalls before its head', at: ANY, fault: always({ kind: 'stall' }), slow: true },
  {
    name: 'a file stalls in the middle',
    at: ZIP,
    fault: (draw) => ({ kind: 'stall', after: draw(900) }),
    slow: true,
  },
];

/** The faults of one case, so that they meet `times` requests after `skip` others. */
export function faultsOf(each: FaultCase, draw: Draw, times: number, skip: number): readonly Fault[] {
  const fault = { ...each.fault(draw), match: each.at, times, skip };
  return each.after === undefined
    ? [fault]
    : [
        { ...each.after, match: each.at, times: 1, skip },
        { ...fault, skip: 0 },
      ];
}

export const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const;

/**
 * A month in its monthly file, days in daily ones, half a day that only REST has; a halt, and hours that the daily
 * file lacks. Listed in pages of four keys.
 */
export const HISTORY = {
  seed: 23,
  market: 'spot',
  now: '2024-02-04T12:00:30Z',
  intervals: ['1h'],
  symbols: [
    { name: 'BTCUSDT', listed: '2024-01-29T00:00:00Z', ticks: 4_300_000 },
    { name: 'ETHUSDT', listed: '2024-01-30T00:00:00Z', ticks: 230_000, stepDecimals: 4 },
  ],
  halts: [{ first: '2024-01-30T04:00:00Z', last: '2024-01-30T06:59:00Z' }],
  archiveGaps: [{ first: '2024-02-02T10:00:00Z', last: '2024-02-02T14:59:00Z', cadence: 'daily' }],
} as const;

export const PAGE = 4;

/** Must be called within a test. */
export function faultRig(exchange: Emulator): Rig {
  return marketRig({
    exchange,
    symbols: SYMBOLS,
    from: '2024-01-29T00:00:00Z',
    to: '2024-02-04T11:59:00Z',
    interval: '1h',
    more: {
      network: { connect_timeout: '1s', headers_timeout: '1s', body_timeout: '1s', deadline: '20s' },
      pools: { network: 6, rest: 4 },
    },
  });
}

/** Builds until nothing fails, as cron does; answers how often it took. */
export async function buildUntilWhole(rig: Rig, most = 12): Promise<number> {
  for (let builds = 1; ; builds++) {
    const { failures, outcomes, diagnostics } = await rig.build([], { refresh: builds > 1 });
    if (diagnostics !== '') throw new Error(diagnostics);
    const unwell = Object.entries(outcomes).filter(
      ([, outcome]) => outcome === 'failed' || outcome === 'blocked',
    );
    if (unwell.length === 0) return builds;
    if (builds === most)
      throw new Error(
        `still unwell after ${most} builds: ${JSON.stringify({ failures, unwell }, undefined, 1)}`,
      );
  }
}

/** What a build must never leave: half-written files, and what is left of downloads. */
export function leftovers(rig: Rig): readonly string[] {
  return [...rig.files('data'), ...rig.files('reports')].filter((path) =>
    /partial|\.tmp|~$|\.part$/.test(path),
  );
}
