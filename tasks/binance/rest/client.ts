/**
 * Asks the REST interface of one market: the time, and klines, each answer checked. Requests are steered by weight,
 * and none is sent to a host that has banned this address. One try each: whether to try again is for the rule's
 * `retries`. It stores nothing and knows no gaps.
 */
import type { TaskFailure } from '../../../src/engine/task.ts';
import { activeBan, hostAnswered, recordBan } from '../../lib/hosts/bans.ts';
import type { HttpFailure, TextResult } from '../../lib/http.ts';
import { getText } from '../../lib/http.ts';
import { oneOf } from '../../lib/http-body.ts';
import type { NetworkSettings, Read } from '../../lib/settings.ts';
import type { Market } from '../layout.ts';
import { restBase } from '../layout.ts';
import { PAGE } from './asking.ts';
import type { Klines } from './body.ts';
import { rowsIn, timeIn } from './body.ts';
import type { Gate } from './gate.ts';
import { gateOf } from './gate.ts';
import type { Ticket, WeightLimits } from './limiter.ts';
import { budgetOf } from './limiter.ts';
import { bannedFailure, banStatus, elsewhere, errorIn, refusalOf, UNKNOWN_SYMBOL } from './refusal.ts';
import { isStale, learnt } from './server-clock.ts';

export interface RestOptions extends WeightLimits {
  readonly market: Market;
  /** May have a path of its own. */
  readonly restUrl: string;
  readonly network: NetworkSettings;
  readonly workspace: string;
  readonly signal: AbortSignal;
  log(line: string): void;
}

export interface KlinesQuery {
  readonly symbol: string;
  readonly interval: string;
  /** Epoch milliseconds, both included. */
  readonly startTime: number;
  readonly endTime: number;
}

/** Of a page of rows: futures count by the limit that is asked for (docs/DOMAIN.md §3). */
const PAGE_WEIGHT: Readonly<Record<Market, number>> = { spot: 2, um: 5, cm: 5 };
const TIME_WEIGHT = 1;
/** A page takes about 200 kB. */
const MAX_BYTES = 4 << 20;
/** A pause is waited for; a longer one is left to the rule's retries and deadline. */
const LONGEST_PAUSE = 65_000;

/** Where rows of the span are asked for, in pages. */
export function klinesAddress(
  rest: Pick<RestOptions, 'restUrl' | 'market'>,
  { symbol, interval, startTime, endTime }: KlinesQuery,
): string {
  const span = { startTime: String(startTime), endTime: String(endTime) };
  return `${restBase(rest.restUrl, rest.market)}klines?${new URLSearchParams({ symbol, interval, ...span })}`;
}

export class RestClient {
  readonly #options: RestOptions;
  readonly #base: string;
  readonly #host: string;
  readonly #gate: Gate;

  constructor(options: RestOptions) {
    const { restUrl, market } = options;
    this.#options = options;
    this.#base = restBase(restUrl, market);
    this.#host = new URL(restUrl).host;
    this.#gate = gateOf(this.#base, options);
  }

  /** The exchange's time now, at the earliest; it is asked for where it is not known, or when `anew`. */
  async serverNow(anew = false): Promise<Read<number>> {
    const { limiter, timer } = this.#gate;
    const known = limiter.clock;
    if (anew || known === undefined || isStale(known, timer.now(), Date.now())) {
      const failure = await this.#gate.learn(this.#options.signal, () => this.#learn());
      if (failure !== undefined) return { ok: false, failure };
    }
    return { ok: true, value: timer.now() + (limiter.clock?.earliest ?? Number.NaN) };
  }

  /** Up to `PAGE` rows that open within the span, ascending. */
  async klines({ symbol, interval, startTime, endTime }: KlinesQuery): Promise<Klines> {
    const url = `${klinesAddress(this.#options, { symbol, interval, startTime, endTime })}&limit=${PAGE}`;
    const weight = PAGE_WEIGHT[this.#options.market];
    const budget = budgetOf(this.#options);
    if (weight > budget) return { ok: false, failure: tooLittle(weight, budget, this.#options) };
    const ready = await this.serverNow();
    if (!ready.ok) return ready;
    const answer = await this.#get(url, weight);
    if (answer.ok) return rowsIn(url, answer.text, startTime);
    const error = answer.status === 400 ? errorIn(answer.body ?? '') : undefined;
    if (error?.code === UNKNOWN_SYMBOL) return { ok: 'unknown-symbol', error };
    return { ok: false, failure: answer.failure };
  }

  async #learn(): Promise<TaskFailure | undefined> {
    const url = `${this.#base}time`;
    const { timer, limiter } = this.#gate;
    let sentAt = timer.now();
    const answer = await this.#get(url, TIME_WEIGHT, () => {
      sentAt = timer.now();
    });
    if (!answer.ok) return answer.failure;
    const time = timeIn(url, answer.text);
    if (!time.ok) return time.failure;
    const serverTime = time.value;
    limiter.clock = learnt({ serverTime, sentAt, receivedAt: timer.now(), wall: Date.now() });
    return undefined;
  }

  /** Sends one request when its weight fits and no ban lasts, and remembers what the answer says of both. */
  async #get(url: string, weight: number, onSend: () => void = () => {}): Promise<TextResult> {
    const { limiter } = this.#gate;
    const { signal, workspace, network: settings, market, restUrl } = this.#options;
    const options = {
      signal,
      workspace,
      settings,
      maxBytes: MAX_BYTES,
      elsewhere: elsewhere(market, restUrl),
    };
    for (;;) {
      const admitted = await this.#admitted(weight);
      if (!admitted.ok) return admitted;
      let answer: TextResult | undefined;
      try {
        answer = this.#heeded(await getText(url, { ...options, gate: () => this.#lastLook(onSend) }));
      } finally {
        const sent = answer === undefined || answer.ok || answer.held !== true;
        limiter.release(admitted.value, sent ? { sent, used: usedIn(answer) } : { sent });
      }
      if (answer.ok || answer.held !== true) return answer;
    }
  }

  /** Right before a request is sent: making the connection ready may have taken a while. */
  async #lastLook(onSend: () => void): Promise<TaskFailure | undefined> {
    const now = Date.now();
    const ban = activeBan(this.#host, now);
    if (ban !== undefined) return bannedFailure(this.#host, ban, now);
    onSend();
    return undefined;
  }

  /** All others are to know what it says before another request is let go. */
  #heeded(answer: TextResult): TextResult {
    const now = Date.now();
    if (answer.ok || answer.status === 400) hostAnswered(this.#host, now);
    if (answer.ok || answer.held === true) return answer;
    const status = banStatus(answer);
    if (status === undefined) return { ...answer, failure: refusalOf(answer) };
    const waitMs = answer.retryAfterMs ?? (status === 429 ? this.#toNextMinute() : undefined);
    const told = { status, waitMs, reason: reasonOf(answer) };
    const ban = recordBan(this.#host, told, { now, log: this.#options.log });
    return { ...answer, failure: bannedFailure(this.#host, ban, now) };
  }

  /** A ticket, or why there is none. What another process learns while this one waits counts as well. */
  async #admitted(weight: number): Promise<Read<Ticket>> {
    const { signal, log } = this.#options;
    const { limiter } = this.#gate;
    for (;;) {
      const failure = await this.#afterPause();
      if (failure !== undefined) return { ok: false, failure };
      const ticket = await limiter.acquire(weight, signal, (ms) =>
        log(`the request weight of this minute is used up: waiting for ${Math.ceil(ms / 1_000)} s`),
      );
      if (activeBan(this.#host, Date.now()) === undefined) return { ok: true, value: ticket };
      limiter.release(ticket, { sent: false });
    }
  }

  /** Waits for the end of a short pause. A failure where a ban or a longer pause lasts. */
  async #afterPause(): Promise<TaskFailure | undefined> {
    const { signal, log } = this.#options;
    for (;;) {
      const now = Date.now();
      const ban = activeBan(this.#host, now);
      if (ban === undefined) return undefined;
      const rest = ban.until - now;
      if (ban.status === 418 || rest > LONGEST_PAUSE) return bannedFailure(this.#host, ban, now);
      log(`${this.#host} wants nothing to be asked for ${Math.ceil(rest / 1_000)} s: waiting`);
      await this.#gate.sleep(rest, signal);
    }
  }

  #toNextMinute(): number | undefined {
    const { limiter, timer } = this.#gate;
    if (limiter.clock === undefined) return undefined;
    return 60_000 - ((timer.now() + limiter.clock.earliest) % 60_000);
  }
}

/** Of the address in this minute, other processes included (docs/DOMAIN.md §3). */
function usedIn(answer: TextResult | undefined): number | undefined {
  const text = oneOf(answer?.headers?.['x-mbx-used-weight-1m']);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function reasonOf({ status, body = '' }: HttpFailure): string {
  const error = errorIn(body);
  return error === undefined ? `it answered ${status}` : `it answered ${status} (${error.code} ${error.msg})`;
}

function tooLittle(weight: number, budget: number, { limit, share }: WeightLimits): TaskFailure {
  return {
    code: 'rest-weight',
    message: `a request of klines weighs ${weight}, and ${share} of a limit of ${limit} a minute is ${budget}`,
    hint: 'raise binance.rest_weight_share or binance.rest_weight_limit',
  };
}
