/**
 * What the emulator asks of a source of content, and the answer's shapes: which ZIPs there are, what is in
 * one, and which rows REST knows. It knows neither HTTP nor damage: the store lays those over any source.
 */
import { sha256 } from '../../../src/engine/task.ts';
import type { Market } from './calendar.ts';
import type { Damage } from './history-spec.ts';

export interface ArchiveFile {
  readonly key: string;
  /** Epoch milliseconds; `Infinity` for a file that does not come by itself. */
  readonly published: number;
}

/** What follows from a file's bytes. */
export interface Facts {
  readonly size: number;
  readonly sha256: string;
}

export function factsOf(bytes: Uint8Array): Facts {
  return { size: bytes.length, sha256: sha256(bytes) };
}

export interface KlineQuery {
  readonly market: Market;
  readonly symbol: string;
  readonly interval: string;
  /** Open times, both included. Without `start` the newest rows up to `end` are meant. */
  readonly start?: number;
  readonly end?: number;
  readonly limit: number;
  readonly now: number;
}

/** The twelve columns as text, times in milliseconds. */
export type KlineRow = readonly string[];

export interface Source {
  /**
   * Every ZIP whose key starts with the prefix and whose time has begun by `now`, published or not, in any
   * order.
   */
  files(prefix: string, now: number): readonly ArchiveFile[];
  file(key: string): ArchiveFile | undefined;
  /** The intact bytes of one of its files. They are shared: nobody changes them. */
  bytes(key: string): Buffer;
  facts(key: string): Facts;
  /** A sidecar given as it is, instead of the digest of the bytes. */
  sidecar(key: string): string | undefined;
  /** Files that are broken from the start. */
  readonly damaged: ReadonlyMap<string, Damage>;
  /** What REST knows at that time, and whether it is traded then. */
  symbols(market: Market, now: number): readonly { readonly name: string; readonly trades: boolean }[];
  /** Undefined where it does not know the symbol in that market. */
  klines(query: KlineQuery): readonly KlineRow[] | undefined;
}
