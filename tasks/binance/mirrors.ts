/**
 * In which order the addresses of the archive are asked, and which are left alone for a while: those that could not be
 * reached, for as long as others answer, and those that asked for it, which all processes of this machine heed. It
 * sends nothing and knows no file.
 */
import { z } from 'zod';
import type { TaskFailure } from '../../src/engine/task.ts';
import { durationText } from '../lib/duration.ts';
import type { Ban } from '../lib/hosts/bans.ts';
import { activeBan, hostAnswered, recordBan } from '../lib/hosts/bans.ts';
import type { HttpFailure } from '../lib/http.ts';
import { baseUrlSchema } from '../lib/settings.ts';

/** One address or several, at least one. */
export const archiveUrlsSchema = z.preprocess(
  (given) => (Array.isArray(given) ? given : [given]),
  z.array(baseUrlSchema).min(1, { error: 'expected at least one address' }),
);

const UNREACHED_MS = 60_000;
/** However many files are wanted of a host, no more time than this goes by in trying, but for what is under way. */
const GIVEN_UP_MS = 300_000;
/** Requests in vain that lie further apart say nothing of the time between them. */
const APART_MS = 180_000;

/** There was no connection, or none that was good for anything. */
const UNREACHED: ReadonlySet<string> = new Set([
  'http-connect',
  'http-dns',
  'http-proxy',
  'http-timeout',
  'http-tls',
]);

export type Held = TaskFailure & { readonly retryAfterMs: number };

/** Requests to a host that came to nothing, and none that did not: when the first and the last of them failed, by `tick`. */
interface Silence {
  readonly since: number;
  readonly last: number;
  readonly failure: TaskFailure;
}

/** `tick` runs evenly, `clock` is the wall's: what one process is told to wait, another one reads. */
export interface Clocks {
  tick(): number;
  clock(): number;
}

export class MirrorHealth {
  readonly #clocks: Clocks;
  readonly #silent = new Map<string, Silence>();

  constructor(clocks: Clocks = { tick: () => performance.now(), clock: () => Date.now() }) {
    this.#clocks = clocks;
  }

  /** All of them, in the given order, but those last that could not be reached a short while ago. */
  inTurn(urls: readonly string[]): readonly string[] {
    const now = this.#clocks.tick();
    const unreached = (url: string): boolean =>
      now < (this.#silent.get(hostOf(url))?.last ?? Number.NEGATIVE_INFINITY) + UNREACHED_MS;
    return [...urls.filter((url) => !unreached(url)), ...urls.filter(unreached)];
  }

  /** Why a host must not be asked now; `retryAfterMs`: for how long. */
  hold(url: string): Held | undefined {
    const now = this.#clocks.clock();
    const host = hostOf(url);
    const ban = activeBan(banKey(host), now);
    return ban === undefined ? undefined : heldBack(host, ban, now);
  }

  /**
   * Why a host is not asked at all, instead of once more in vain for each file: it has been silent for long. Now and
   * then it is asked all the same, so that it is found again.
   */
  givenUp(url: string): TaskFailure | undefined {
    const host = hostOf(url);
    const silence = this.#silent.get(host);
    if (silence === undefined) return undefined;
    const { since, last, failure } = silence;
    if (last - since < GIVEN_UP_MS || this.#clocks.tick() >= last + UNREACHED_MS) return undefined;
    const { transient: _, ...said } = failure;
    const lasts = durationText(Math.floor((last - since) / 60_000) * 60_000);
    const message = `${host} has not been reached for ${lasts}, and is left alone for a minute: ${said.message}`;
    return { ...said, message };
  }

  /** What a request that was sent has come to. */
  failed(url: string, { failure, status, retryAfterMs }: HttpFailure, log: (line: string) => void): void {
    const host = hostOf(url);
    if (UNREACHED.has(failure.code)) {
      const last = this.#clocks.tick();
      const before = this.#silent.get(host);
      const since = before !== undefined && last - before.last <= APART_MS ? before.since : last;
      this.#silent.set(host, { since, last, failure });
    } else if (status !== undefined) this.#silent.delete(host);
    // What says neither is a matter of the one file.
    if (status === 418 || (status === 429 && retryAfterMs !== undefined)) {
      const refusal = { status, waitMs: retryAfterMs, reason: failure.message } as const;
      recordBan(banKey(host), refusal, { now: this.#clocks.clock(), log });
    }
  }

  worked(url: string): void {
    this.#silent.delete(hostOf(url));
    hostAnswered(banKey(hostOf(url)), this.#clocks.clock());
  }
}

function hostOf(url: string): string {
  return new URL(url).host;
}

/** REST counts by itself, also where one host serves all. */
function banKey(host: string): string {
  return `${host}-archive`;
}

function heldBack(host: string, { status, until, reason }: Ban, now: number): Held {
  const at = new Date(Math.ceil(until / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
  const said =
    status === 418
      ? { code: 'http-banned', does: 'has banned this address' }
      : { code: 'http-rate-limited', does: 'wants nothing to be asked' };
  return {
    code: said.code,
    message: `${host} ${said.does} until ${at}, and nothing is sent there before: ${reason}`,
    hint: 'build again then, or name a mirror in binance.archive_url; if it comes back, lower pools.network',
    transient: true,
    retryAfterMs: Math.max(1, Math.ceil(until - now)),
  };
}

/** What is said of all when none of them had it: what the first one said, and whether any is worth another try. */
export function failureOfAll(failures: readonly TaskFailure[]): TaskFailure {
  const [first, ...others] = failures;
  if (first === undefined) throw new Error('no mirror was asked');
  if (others.length === 0) return first;
  const { transient: _, retryAfterMs: __, ...said } = first;
  const worth = failures.filter(({ transient }) => transient === true);
  const wait = Math.min(...worth.map(({ retryAfterMs = 0 }) => retryAfterMs));
  return {
    ...said,
    message: `${said.message}; tried ${failures.length} mirrors`,
    ...(worth.length > 0 ? { transient: true } : {}),
    ...(worth.length > 0 && wait > 0 ? { retryAfterMs: wait } : {}),
  };
}
