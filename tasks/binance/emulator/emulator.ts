/**
 * A local exchange on a loopback port that speaks the publisher's interfaces (docs/DOMAIN.md §1, §3): the
 * archive, its listing and REST, from a declared history or from given files, with faults on demand. It knows
 * nothing of the pipeline.
 *
 *   const emulator = await startEmulator({ history: demoHistory(7) });
 *   … binance.archive_url: emulator.archiveUrl …
 *   await emulator.close();
 */
import type { AddedFault, Fault, Faults } from './faults.ts';
import { faultBook } from './faults.ts';
import type { GivenFiles } from './given.ts';
import { serveFiles } from './given.ts';
import { defineHistory } from './history.ts';
import type { Damage, HistorySpec } from './history-spec.ts';
import { listingReply } from './listing.ts';
import { objectReply } from './objects.ts';
import type { Ask, Reply } from './reply.ts';
import { restOf } from './rest.ts';
import type { LoggedRequest } from './server.ts';
import { serve } from './server.ts';
import type { KlineRow, Source } from './source.ts';
import { Store } from './store.ts';
import { synthetic } from './synthetic.ts';
import type { WeightOptions } from './weight.ts';

export { serveFiles } from './given.ts';
export { zipOf } from './zip.ts';
export type { AddedFault, Damage, Fault, Faults, GivenFiles, HistorySpec, KlineRow, LoggedRequest };

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
}

export interface Emulator {
  readonly url: string;
  /** For `binance.archive_url`, `binance.listing_url`, `binance.rest_url`. */
  readonly archiveUrl: string;
  readonly listingUrl: string;
  readonly restUrl: string;
  readonly clock: { now(): number; set(ms: number): void; advance(ms: number): void };
  /** Every request so far, in the order of the answers. */
  readonly requests: readonly LoggedRequest[];
  clearRequests(): void;
  readonly faults: Faults;
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
  /** Ends every connection. */
  close(): Promise<void>;
}

const DEFAULT_NOW = Date.UTC(2025, 0, 1);

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const specs = options.history === undefined ? [] : [options.history].flat();
  const histories = specs.map(defineHistory);
  const sources: Source[] = histories.map(synthetic);
  const store = new Store(sources);
  const requests: LoggedRequest[] = [];
  const faults = faultBook();
  const clock = clockOf(options.now ?? histories[0]?.now ?? DEFAULT_NOW, options.running ?? false);
  const rest = restOf(sources, options.weight);
  const listingPath = options.listing?.path ?? '/listing';
  const listing = {
    pageSize: Math.min(options.listing?.pageSize ?? 1_000, 1_000),
    nextMarker: options.listing?.nextMarker ?? true,
  };
  const addFiles = (files: GivenFiles): void => {
    const source = serveFiles(files);
    sources.unshift(source);
    store.add(source);
  };
  if (options.files !== undefined) addFiles(options.files);

  const answer = (ask: Ask): Reply => {
    const now = clock.now();
    if (ask.path === listingPath) return listingReply(store, ask, now, listing);
    return rest(ask, now) ?? objectReply(store, ask, now);
  };
  const server = await serve(answer, faults, (request) => requests.push(request));
  return {
    url: server.url,
    archiveUrl: server.url,
    listingUrl: server.url + listingPath,
    restUrl: server.url,
    clock,
    requests,
    clearRequests: () => void requests.splice(0),
    faults,
    serveFiles: addFiles,
    publish: (key, bytes) => store.publish(key, clock.now(), bytes),
    withdraw: (key) => store.withdraw(key),
    republish: (key, transformRows) => store.republish(key, clock.now(), transformRows),
    damage: (key, damage) => store.damage(key, damage),
    mend: (key) => store.mend(key, clock.now()),
    close: () => server.close(),
  };
}

function clockOf(start: number, running: boolean): Emulator['clock'] {
  let base = start;
  let since = performance.now();
  const now = (): number => (running ? Math.floor(base + performance.now() - since) : base);
  const set = (ms: number): void => {
    base = ms;
    since = performance.now();
  };
  return { now, set, advance: (ms) => set(now() + ms) };
}
