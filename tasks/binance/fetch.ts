/**
 * One ZIP of the archive from the first of its mirrors that gives it as a CHECKSUM says it is. It knows neither what
 * to do with it nor what is in place, and gives it no name.
 */
import { renameSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { sha256File } from '../../src/engine/task.ts';
import type { DownloadResult } from '../lib/download.ts';
import { download } from '../lib/download.ts';
import type { HttpFailure, HttpOptions } from '../lib/http.ts';
import type { Place } from '../lib/partial.ts';
import { discardPartial } from '../lib/partial.ts';
import type { NetworkSettings } from '../lib/settings.ts';
import type { MemberResult } from '../lib/zip.ts';
import { readOnlyMember } from '../lib/zip.ts';
import { askChecksum } from './ask-checksum.ts';
import { addressOf, CHECKSUM_SUFFIX, memberName } from './layout.ts';
import type { Entry } from './listing-file.ts';
import { failureOfAll, MirrorHealth } from './mirrors.ts';

export interface Wanted {
  readonly entry: Entry;
  readonly name: string;
  /** The final path, relative to the workspace: what messages call the file. */
  readonly shown: string;
  /** Addresses of the archive, at least one. */
  readonly urls: readonly string[];
  /** The SHA-256 that the file must have, where a lockfile says so. */
  readonly locked: string | undefined;
  readonly place: Place;
  readonly network: NetworkSettings;
  readonly limits: { readonly max_zip_bytes: number; readonly max_csv_bytes: number };
}

/** Whole, of the listed length, and not what any CHECKSUM says. */
export interface Refused {
  readonly path: string;
  readonly url: string;
  readonly expected: string;
  readonly actual: string;
  /** What is wrong inside; undefined where the member is whole. */
  readonly member: string | undefined;
  readonly failure: TaskFailure;
}

export type Fetched =
  /** It is there already. */
  | { readonly kind: 'published'; readonly url: string; readonly sha256: string }
  | { readonly kind: 'fetched'; readonly path: string; readonly url: string; readonly sha256: string }
  | { readonly kind: 'failed'; readonly failure: TaskFailure; readonly refused: Refused | undefined };

type Context = Pick<TaskContext<unknown>, 'signal' | 'workspace' | 'progress' | 'log'>;

/** Bytes a second: of a mirror that is slower than this the rest is left to the next one. */
const LEAST_RATE = 10_000;

/** A longer wait is left to the engine, which shows it and knows the deadline. */
const LONGEST_HOLD_MS = 60_000;

const health = new MirrorHealth();

/** `isThere`: whether the file with this SHA-256 need not be fetched. */
export async function fetchZip(
  ctx: Context,
  wanted: Wanted,
  isThere: (sha256: string) => boolean,
): Promise<Fetched> {
  const turn = health.inTurn(wanted.urls);
  const round = new MirrorRound(ctx, wanted, isThere);
  const failures: TaskFailure[] = [];
  for (const [at, base] of turn.entries()) {
    const got = await round.ask(base, { only: turn.length === 1, last: at === turn.length - 1 });
    if (got.kind !== 'failed') return got;
    if (turn.length > 1) ctx.log(`mirror ${at + 1} of ${turn.length}: ${got.failure.message}`);
    if (got.final === true) return { kind: 'failed', failure: got.failure, refused: round.refused };
    failures.push(got.failure);
  }
  return { kind: 'failed', failure: failureOfAll(failures), refused: round.refused };
}

interface Published {
  readonly sha256: string;
  /** Of the ZIP whose CHECKSUM says so. */
  readonly url: string;
}

type Failed = { readonly kind: 'failed'; readonly failure: TaskFailure; readonly final?: true };
type Got = Exclude<Fetched, { readonly kind: 'failed' }> | Failed;

interface Turn {
  /** There is no other mirror. */
  readonly only: boolean;
  /** There is none that has not been asked yet. */
  readonly last: boolean;
}

/** What is known of one file while its mirrors are asked one after the other. */
class MirrorRound {
  readonly #ctx: Context;
  readonly #wanted: Wanted;
  readonly #isThere: (sha256: string) => boolean;
  readonly #published: Published[] = [];
  refused: Refused | undefined;

  constructor(ctx: Context, wanted: Wanted, isThere: (sha256: string) => boolean) {
    this.#ctx = ctx;
    this.#wanted = wanted;
    this.#isThere = isThere;
  }

  async ask(base: string, { only, last }: Turn): Promise<Got> {
    const { entry, name, network } = this.#wanted;
    const { signal, workspace } = this.#ctx;
    const elsewhere = 'name a mirror in binance.archive_url';
    const gate = (): Promise<TaskFailure | undefined> => this.#heldBack(base, only);
    const options = { signal, workspace, settings: network, elsewhere, gate };
    const url = addressOf(base, entry.key);

    const sum = await askChecksum(url, name, options);
    if (sum.ok) {
      health.worked(base);
      const { sha256 } = sum;
      const { locked } = this.#wanted;
      if (locked !== undefined && sha256 !== locked)
        return { kind: 'failed', failure: this.#replaced(url, sha256) };
      this.#published.push({ sha256, url });
      if (this.#isThere(sha256)) return { kind: 'published', url, sha256 };
      // The bytes of one mirror, as the CHECKSUM of another says they are.
      if (this.refused?.actual === sha256)
        return { kind: 'fetched', path: this.refused.path, url: this.refused.url, sha256 };
    } else {
      if (sum.http !== undefined) this.#note(base, sum.http);
      const answered = sum.http === undefined || sum.http.status !== undefined;
      if (!answered || this.#published.length === 0) return { kind: 'failed', failure: sum.failure };
    }
    return this.#askZip(base, url, last ? options : { ...options, leastRate: LEAST_RATE });
  }

  #replaced(url: string, sha256: string): TaskFailure {
    const { shown, locked } = this.#wanted;
    const message = `${shown}: pipeline.lock names the SHA-256 ${locked}, and ${url}${CHECKSUM_SUFFIX} says ${sha256}: the publisher has replaced the file`;
    const hint = `put the locked file in place from a copy, or build without --locked to take the new one`;
    return { code: 'source-gone', message, hint };
  }

  /** Of a request that was not sent there is nothing new to be said. */
  #note(base: string, answer: HttpFailure): void {
    if (answer.held !== true) health.failed(base, answer, this.#ctx.log);
  }

  /** Waits while the host wants to be left alone, or says why it is not asked. */
  async #heldBack(base: string, only: boolean): Promise<TaskFailure | undefined> {
    const { signal, log } = this.#ctx;
    for (;;) {
      const givenUp = health.givenUp(base);
      if (givenUp !== undefined) return givenUp;
      const hold = health.hold(base);
      if (hold === undefined) return undefined;
      if (!only || hold.retryAfterMs > LONGEST_HOLD_MS) return hold;
      log(`waiting: ${hold.message}`);
      await sleep(hold.retryAfterMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async #askZip(base: string, url: string, options: Omit<HttpOptions, 'maxBytes'>): Promise<Got> {
    const { place, entry, limits } = this.#wanted;
    const onProgress = (done: number): void => this.#ctx.progress(done, entry.size, 'bytes');
    const limit = { maxBytes: limits.max_zip_bytes, limitName: 'limits.max_zip_bytes' };
    for (;;) {
      const got = await download(url, { place, size: entry.size }, { ...options, ...limit, onProgress });
      if (!got.ok) {
        if ('failure' in got && !('disk' in got)) this.#note(base, got);
        return this.#notFetched(url, got);
      }
      const sha256 = await sha256File(place.data, this.#ctx.signal);
      if (this.#published.some((each) => each.sha256 === sha256))
        return { kind: 'fetched', path: place.data, url, sha256 };
      if (got.from === 0) return { kind: 'failed', failure: await this.#refuse(url, sha256) };
      // Whether the beginning or the rest is bad, nobody can tell: one answer that is whole decides.
      const from = `gone on with at byte ${got.from}`;
      this.#ctx.log(`${from}, and the SHA-256 is not the published one: fetching all of it`);
      const failure = discardPartial(place);
      if (failure !== undefined) return { kind: 'failed', failure, final: true };
    }
  }

  #notFetched(url: string, got: Extract<DownloadResult, { readonly ok: false }>): Failed {
    const { shown, entry } = this.#wanted;
    if ('gave' in got) {
      const message = `${shown}: ${url} gave ${got.gave} bytes: expected ${entry.size}, the listed size`;
      const hint =
        'cut short on the way, or replaced since it was listed: build again, with --refresh if it stays';
      return { kind: 'failed', failure: { code: 'archive-size', message, hint, transient: true } };
    }
    if ('disk' in got) return { kind: 'failed', failure: got.failure, final: true };
    if (got.status !== 404) return { kind: 'failed', failure: got.failure };
    const message = `${shown} is listed but not served: GET ${url} answered 404`;
    const hint = 'the publisher may be replacing it: build again later, with --refresh if the listing is old';
    return { kind: 'failed', failure: { code: 'archive-gone', message, hint, transient: true } };
  }

  /** Keeps the first file that is refused: another mirror's CHECKSUM may be the one that fits it. */
  async #refuse(url: string, actual: string): Promise<TaskFailure> {
    const { place, shown } = this.#wanted;
    const said = this.#published.find((each) => each.url === url) ?? this.#published.at(-1);
    if (said === undefined) throw new Error(`${url} is compared with no CHECKSUM`);
    const whole = await memberOf(this.#wanted, place.data);
    const member = whole.ok ? undefined : whole.failure.message.replace(`${shown}: `, '');
    const says = said.url === url ? 'its CHECKSUM' : `${said.url}${CHECKSUM_SUFFIX}`;
    // A wrong digest says that something is wrong, the ZIP itself where: if its member is damaged, the message
    // tells the member and the byte; if it is whole, the CHECKSUM is the suspect.
    const failure = {
      code: 'archive-checksum',
      message: `${shown}: ${url} has the SHA-256 ${actual}: expected ${said.sha256}, as ${says} says; ${member ?? 'the ZIP itself is whole'}`,
      hint: 'damaged on the way, or ZIP and CHECKSUM do not belong together at the publisher: build again later',
      transient: true,
    };
    if (this.refused === undefined) {
      const path = refusedPath(place);
      rmSync(path, { force: true });
      renameSync(place.data, path);
      this.refused = { path, url, expected: said.sha256, actual, member, failure };
    }
    discardPartial(place);
    return failure;
  }
}

/** The one member that the ZIP must have, read and checked. */
export function memberOf({ name, shown, limits }: Wanted, path: string): Promise<MemberResult> {
  const expected = { member: memberName(name), display: shown };
  return readOnlyMember(path, expected, {
    maxZipBytes: limits.max_zip_bytes,
    maxMemberBytes: limits.max_csv_bytes,
  });
}

/** Nothing of a file is left where its parts were gathered. */
export function clearPlace(place: Place): void {
  discardPartial(place);
  rmSync(refusedPath(place), { force: true });
}

function refusedPath(place: Place): string {
  return `${place.data}.refused`;
}
