/**
 * A local exchange on a loopback port that speaks the publisher's interfaces (docs/DOMAIN.md §1, §3): the
 * archive, its listing and REST, from a declared history or from given files, with faults on demand. It knows
 * nothing of the pipeline.
 *
 *   const emulator = await startEmulator({ history: demoHistory(7) });
 *   … binance.archive_url: emulator.archiveUrl …
 *   await emulator.close();
 */
import type { Market } from './calendar.ts';
import type { Clock } from './clock.ts';
import { clockOf } from './clock.ts';
import { sharedContentOf } from './content.ts';
import { exchangeOf } from './exchange.ts';
import type { AddedFault, Fault, FaultKind, Faults } from './faults.ts';
import { faultBook } from './faults.ts';
import type { GivenFiles } from './given.ts';
import { serveFiles } from './given.ts';
import { defineHistory } from './history.ts';
import type { Damage, HistorySpec } from './history-spec.ts';
import type { Ask, Reply } from './reply.ts';
import type { LoggedRequest } from './server.ts';
import { serve } from './server.ts';
import type { KlineRow } from './source.ts';
import { Store } from './store.ts';
import { synthetic } from './synthetic.ts';
import type { WeightOptions } from './weight.ts';
import type { Weights } from './weights.ts';
import { metersOf } from './weights.ts';

export { serveFiles } from './given.ts';
export { zipOf } from './zip.ts';
export type {
  AddedFault,
  Ask,
  Damage,
  Fault,
  FaultKind,
  Faults,
  GivenFiles,
  HistorySpec,
  KlineRow,
  LoggedRequest,
  Reply,
  Weights,
};

export interface EmulatorOptions {
  /** Invented content; several for several markets. */
  readonly history?: HistorySpec | readonly HistorySpec[];
  /** Given files at archive keys: they stand before invented ones. */
  readonly files?: GivenFiles;
  /** Epoch milliseconds at which the clock starts. Default: the first history's `now`. */
  readonly now?: number;
  /** The clock runs from there at the pace of the machine's. Default: it stands until it is set. */
  readonly running?: boolean;
  /** Default: 1,000 keys a page, cut pages name their NextMarker. */
  readonly listing?: { readonly path?: string; readonly pageSize?: number; readonly nextMarker?: boolean };
  /** Default: each market's own limit, and no bans. */
  readonly weight?: Partial<WeightOptions>;
  /** Of bodies, all connections together, for measurements of speed. Default: as fast as the machine. */
  readonly bytesPerSecond?: number;
  /** Passes before each answer. Default: none. */
  readonly latencyMs?: number;
}

export interface Emulator {
  readonly url: string;
  /** For `binance.archive_url`, `binance.listing_url`, `binance.rest_url`. */
  readonly archiveUrl: string;
  readonly listingUrl: string;
  readonly restUrl: string;
  readonly clock: Clock;
  /** Since the start, by a clock that nobody sets: the scale of `seenMs` in the log. */
  elapsedMs(): number;
  /** Every request so far, in the order of the answers. */
  readonly requests: readonly LoggedRequest[];
  clearRequests(): void;
  readonly faults: Faults;
  readonly weight: Weights;
  /** From now on REST of that market is 418, for so long by the emulator's clock. */
  ban(market: Market, seconds: number): void;
  /** Adds given files to what is served. */
  serveFiles(files: GivenFiles): void;
  /** A file that is late, missing or withdrawn comes now; with bytes: these, at any key. */
  publish(key: string, bytes?: Buffer): void;
  /** As if the file had never been there. */
  withdraw(key: string): void;
  /** New content under the old key: other ETag, LastModified and CHECKSUM, with the same rows too. */
  republish(key: string, transformRows?: (rows: readonly KlineRow[]) => readonly KlineRow[]): void;
  damage(key: string, damage: Damage): void;
  /** Undoes the damage at a key. */
  mend(key: string): void;
  /**
   * All as it was at the start: clock, weight and bans, files as they were declared and given; no faults, an
   * empty log. Only connections and address stay, and requests on their way are not logged any more.
   */
  reset(): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

const DEFAULT_NOW = Date.UTC(2025, 0, 1);

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const specs = options.history === undefined ? [] : [options.history].flat();
  const histories = specs.map(defineHistory);
  const invented = histories.map((history) => synthetic(history, sharedContentOf(history)));
  const store = new Store([...invented, ...(options.files === undefined ? [] : [serveFiles(options.files)])]);
  const start = options.now ?? histories[0]?.now ?? DEFAULT_NOW;
  const clock = clockOf(start, options.running ?? false);
  const faults = faultBook();
  const meters = metersOf(options.weight ?? {}, clock.now);
  const listing = {
    path: options.listing?.path ?? '/listing',
    pageSize: Math.min(options.listing?.pageSize ?? 1_000, 1_000),
    nextMarker: options.listing?.nextMarker ?? true,
  };
  const requests: LoggedRequest[] = [];
  let loggedFrom = 0;
  const server = await serve({
    take: exchangeOf({ store, clock, faults, meters, listing }),
    log: (request) => {
      if (request.seenMs >= loggedFrom) requests.push(request);
    },
    bytesPerSecond: options.bytesPerSecond,
    latencyMs: options.latencyMs,
  });
  return {
    url: server.url,
    archiveUrl: server.url,
    listingUrl: server.url + listing.path,
    restUrl: server.url,
    clock,
    elapsedMs: server.elapsedMs,
    requests,
    clearRequests: () => void requests.splice(0),
    faults,
    weight: meters.weights,
    ban: (market, seconds) => meters.of(market).ban(clock.now() + seconds * 1_000),
    serveFiles: (files) => store.add(serveFiles(files)),
    publish: (key, bytes) => store.publish(key, clock.now(), bytes),
    withdraw: (key) => store.withdraw(key),
    republish: (key, transformRows) => store.republish(key, clock.now(), transformRows),
    damage: (key, damage) => store.damage(key, damage),
    mend: (key) => store.mend(key, clock.now()),
    reset: () => {
      faults.clear();
      meters.reset();
      store.reset();
      clock.set(start);
      loggedFrom = server.elapsedMs();
      requests.splice(0);
    },
    close: () => server.close(),
  };
}
