/**
 * In which order the addresses of the archive are asked, and which are left alone for a while: those that could not be
 * reached, for as long as others answer, and those that asked for it, which all processes of this machine heed. It
 * sends nothing and knows no file.
 */
import { z } from 'zod';
import type { TaskFailure } from '../../src/engine/task.ts';
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

/** There was no connection, or none that was good for anything. */
const UNREACHED: ReadonlySet<string> = new Set([
  'http-connect',
  'http-dns',
  'http-proxy',
  'http-timeout',
  'http-tls',
]);

export type Held = TaskFailure & { readonly retryAfterMs: number };

/** `tick` runs evenly, `clock` is the wall's: what one process is told to wait, another one reads. */
export interface Clocks {
  tick(): number;
  clock(): number;
}

export class MirrorHealth {
  readonly #clocks: Clocks;
  readonly #unreachedUntil = new Map<string, number>();

  constructor(clocks: Clocks = { tick: () => performance.now(), clock: () => Date.now() }) {
    this.#clocks = clocks;
  }

  /** All of them, in the given order, but those last that could not be reached a short while ago. */
  inTurn(urls: readonly string[]): readonly string[] {
    const now = this.#clocks.tick();
    const unreached = (url: string): boolean => (this.#unreachedUntil.get(hostOf(url)) ?? now) > now;
    return [...urls.filter((url) => !unreached(url)), ...urls.filter(unreached)];
  }

  /** Why a host must not be asked now; `retryAfterMs`: for how long. */
  hold(url: string): Held | undefined {
    const now = this.#clocks.clock();
    const host = hostOf(url);
    const ban = activeBan(banKey(host), now);
    return ban === undefined ? undefined : heldBack(host, ban, now);
  }

  /** What a request that was sent has come to. */
  failed(url: string, { failure, status, retryAfterMs }: HttpFailure, log: (line: string) => void): void {
    const host = hostOf(url);
    if (UNREACHED.has(failure.code)) this.#unreachedUntil.set(host, this.#clocks.tick() + UNREACHED_MS);
    // What says neither is a matter of the one file.
    if (status === 418 || (status === 429 && retryAfterMs !== undefined)) {
      const refusal = { status, waitMs: retryAfterMs, reason: failure.message } as const;
      recordBan(banKey(host), refusal, { now: this.#clocks.clock(), log });
    }
  }

  worked(url: string): void {
    this.#unreachedUntil.delete(hostOf(url));
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
