/**
 * Whether REST answers, how far the clock of this machine is off, and how much request weight is used up
 * (docs/DOMAIN.md §3). Two requests of weight 1, and none to a host that has banned this address. It knows neither
 * klines nor the archive.
 */
import type { TaskFailure } from '../../src/engine/task.ts';
import { restBase } from '../binance/layout.ts';
import { timeIn } from '../binance/rest/body.ts';
import { bannedFailure, banStatus, elsewhere, refusalOf } from '../binance/rest/refusal.ts';
import { activeBan, hostAnswered, recordBan } from '../lib/hosts/bans.ts';
import type { HttpFailure } from '../lib/http.ts';
import type { Asking } from './ask.ts';
import { askText } from './ask.ts';
import type { Check } from './check.ts';
import { fail, failed, ok, warn } from './check.ts';
import type { MarketConfig } from './market.ts';

/** `now`: the clock of this machine, epoch milliseconds. */
export async function restChecks(
  { series, restUrl, fills, weightLimit }: MarketConfig,
  asking: Asking,
  now: () => number,
): Promise<readonly Check[]> {
  if (restUrl === undefined) return [];
  const url = `${restBase(restUrl, series.market)}time`;
  const other = elsewhere(series.market, restUrl);
  // Without it gaps stay gaps, which may be what is wanted.
  const bad = fills ? 'fail' : 'warn';
  // The first answer pays for the connection, so that the way of the second one is short.
  const first = await askTime(url, other, asking, now);
  if (!first.ok) return [failed('rest', first.failure, bad)];
  const second = await askTime(url, other, asking, now);
  if (!second.ok) return [failed('rest', second.failure, bad)];
  const best = second.roundTrip <= first.roundTrip ? second : first;
  return [
    ok('rest', `${new URL(url).host} answers in ${best.roundTrip} ms`),
    clockCheck(best.ahead),
    weightCheck(second.weight, weightLimit),
  ];
}

interface Told {
  readonly ok: true;
  readonly roundTrip: number;
  /** Milliseconds by which this machine's clock is ahead of the exchange's. */
  readonly ahead: number;
  readonly weight: number | undefined;
}

type Time = Told | { readonly ok: false; readonly failure: TaskFailure };

async function askTime(url: string, other: string, asking: Asking, now: () => number): Promise<Time> {
  const { host } = new URL(url);
  const ban = activeBan(host, Date.now());
  if (ban !== undefined) return { ok: false, failure: bannedFailure(host, ban, Date.now()) };
  const sent = now();
  const answer = await askText(url, asking, other);
  const received = now();
  if (!answer.ok) return { ok: false, failure: refused(host, answer) };
  hostAnswered(host, Date.now());
  const time = timeIn(url, answer.text);
  if (!time.ok) return time;
  const used = answer.headers['x-mbx-used-weight-1m'];
  return {
    ok: true,
    roundTrip: received - sent,
    // The exchange looked at its clock half way.
    ahead: (sent + received) / 2 - time.value,
    weight: typeof used === 'string' && /^\d+$/.test(used) ? Number(used) : undefined,
  };
}

/** A ban is remembered for builds too. */
function refused(host: string, answer: HttpFailure): TaskFailure {
  const status = banStatus(answer);
  if (status === undefined) return refusalOf(answer);
  const refusal = { status, waitMs: answer.retryAfterMs, reason: `it answered ${answer.status}` };
  const now = Date.now();
  return bannedFailure(host, recordBan(host, refusal, { now, log: () => undefined }), now);
}

const WARN_MS = 1_000;
const FAIL_MS = 30_000;

export function clockCheck(aheadMs: number): Check {
  const off = Math.abs(aheadMs);
  const seconds = (off / 1_000).toFixed(off < 10_000 ? 2 : 0);
  const detail = `this machine's clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the exchange's`;
  const hint =
    'set the clock by the network: timedatectl set-ntp true, or systemsetup -setusingnetworktime on';
  if (off > FAIL_MS) return fail('clock', detail, hint);
  return off > WARN_MS ? warn('clock', detail, hint) : ok('clock', detail);
}

/** From here on builds of this address wait for each other. */
const MUCH = 0.8;

export function weightCheck(used: number | undefined, limit: number): Check {
  const name = 'rest-weight';
  if (used === undefined) {
    const hint = 'a proxy leaves out headers: builds cannot steer by it, lower binance.rest_weight_share';
    return warn(name, 'the answer has no X-MBX-USED-WEIGHT-1M', hint);
  }
  const detail = `${used} of ${limit} used in this minute, by all programs of this address`;
  if (used < MUCH * limit) return ok(name, detail);
  return warn(name, detail, 'wait a minute, or stop what else asks the exchange from this address');
}
