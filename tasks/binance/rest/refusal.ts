/**
 * What a refusal of the REST interface means and what to do about it: HTTP status, the exchange's own code, or a page
 * where JSON was expected. Pure: it sends nothing and waits for nothing.
 */
import type { TaskFailure } from '../../../src/engine/task.ts';
import type { Ban } from '../../lib/hosts/bans.ts';
import type { HttpFailure } from '../../lib/http.ts';
import type { Market } from '../layout.ts';
import { REST_URLS } from '../layout.ts';
import type { RestError } from './answer-file.ts';

/** "Error codes for Binance" of the publisher; docs/DOMAIN.md §3. */
export const UNKNOWN_SYMBOL = -1121;
const INVALID_INTERVAL = -1120;
const TOO_MUCH_WEIGHT = -1003;
const OVERLOADED = -1008;

const OR_NONE = 'leave gaps as they are with binance.fill: none';

/** For hints: what else may be asked where an address is refused. */
export function elsewhere(market: Market, restUrl: string): string {
  if (market !== 'spot' || new URL(restUrl).host === new URL(REST_URLS.spot).host) return OR_NONE;
  return `set binance.rest_url: ${REST_URLS.spot}, which has market data only and is served everywhere, or ${OR_NONE}`;
}

/** The exchange's error in a body, or undefined where it is none. */
export function errorIn(body: string): RestError | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || !('code' in json) || typeof json.code !== 'number')
    return undefined;
  return { code: json.code, msg: 'msg' in json && typeof json.msg === 'string' ? json.msg : '' };
}

/** Any refusal but a ban, a pause and an unknown symbol. */
export function refusalOf(refused: HttpFailure): TaskFailure {
  const { failure, status, body = '' } = refused;
  // A firewall's page, mostly, and gone after a while (docs/DOMAIN.md §3).
  if (status === 403) return { ...failure, transient: true };
  const error = errorIn(body);
  switch (error?.code) {
    case undefined:
      return failure;
    case OVERLOADED:
      return {
        ...failure,
        code: 'rest-overloaded',
        hint: 'the exchange is overloaded and drops requests: build again later',
        transient: true,
      };
    case INVALID_INTERVAL:
      return {
        ...failure,
        code: 'rest-interval',
        hint: `REST of this market has no such interval: choose another one, or ${OR_NONE}`,
      };
    default:
      if (status !== 400) return failure;
      return {
        ...failure,
        code: 'rest-refused',
        hint: `the exchange takes this request for wrong, and trying again does not help: report it as a defect of the pipeline, and ${OR_NONE} meanwhile`,
      };
  }
}

const TOO_FAST =
  'too much was asked of this address, by this or by another program: lower binance.rest_weight_share';

/** Whether a refusal is one that all must heed: 418 and 429, and their code under another status. */
export function banStatus({ status, body = '' }: HttpFailure): Ban['status'] | undefined {
  if (status === 418 || status === 429) return status;
  return status !== undefined && errorIn(body)?.code === TOO_MUCH_WEIGHT ? 429 : undefined;
}

/** The failure of a request that is not sent, or was not served, because of a ban or a pause. */
export function bannedFailure(host: string, { status, until, reason }: Ban, now: number): TaskFailure {
  const at = new Date(Math.ceil(until / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
  const retryAfterMs = Math.max(1, Math.ceil(until - now));
  if (status === 429) {
    const message = `${host} wants nothing more to be asked until ${at}: ${reason}`;
    return { code: 'rest-limited', message, hint: TOO_FAST, transient: true, retryAfterMs };
  }
  const message = `${host} has banned this address until ${at}, and nothing is sent there before: ${reason}`;
  const hint = `build again then; ${TOO_FAST}`;
  return { code: 'rest-banned', message, hint, transient: true, retryAfterMs };
}

/** A body that is no JSON, or JSON of another shape. */
export function malformed(url: string, body: string, problem: string): TaskFailure {
  if (/^\s*</.test(body)) {
    const title = /<title[^>]*>([^<]*)</i.exec(body)?.[1]?.replace(/\s+/g, ' ').trim();
    const named = title ? `, "${title.slice(0, 100)}"` : '';
    return {
      code: 'rest-html',
      message: `GET ${url} answered a page${named}, where JSON was expected`,
      hint: `a proxy, a firewall or a login page answers in the exchange's place: check the proxy (HTTPS_PROXY) and binance.rest_url, or ${OR_NONE}`,
      transient: true,
    };
  }
  return {
    code: 'rest-malformed',
    message: `GET ${url} answered what cannot be used: ${problem}`,
    hint: `build again; if it stays, check binance.rest_url, or ${OR_NONE}`,
    transient: true,
  };
}
