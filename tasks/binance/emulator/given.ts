/**
 * A source of files that someone else made: given ZIPs at given archive keys, such as the publisher's own.
 * REST answers from the same rows. It opens the files it was given and no other path, and only when they are
 * asked for.
 */
import { readFileSync } from 'node:fs';
import { byCodeUnit } from '../../../src/engine/task.ts';
import { remember } from './cache.ts';
import type { Market } from './calendar.ts';
import { partsOf } from './calendar.ts';
import { fieldsOf } from './csv.ts';
import type { ArchiveFile, KlineQuery, KlineRow, Source } from './source.ts';
import { factsOf } from './source.ts';
import { memberOf } from './zip.ts';

/**
 * Bytes, or the path of a file. Keys ending in `.CHECKSUM` are sidecars; without one the emulator computes
 * it.
 */
export type GivenFiles = ReadonlyMap<string, Buffer | string>;

const SIDECAR = '.CHECKSUM';

/** All of it is published already, and dated by the ZIP's member. */
export function serveFiles(files: GivenFiles): Source {
  const content = new Map(files);
  const bytesOf = remember(24, (key) => {
    const given = content.get(key);
    if (given === undefined) throw new Error(`no file was given for ${key}`);
    return typeof given === 'string' ? readFileSync(given) : given;
  });
  const keys = [...content.keys()].filter((key) => !key.endsWith(SIDECAR)).sort(byCodeUnit);
  for (const key of keys) {
    if (partsOf(key) === undefined) throw new Error(`"${key}" is no key of the archive's kline files`);
  }
  const published = remember(keys.length, (key) => datedBy(bytesOf(key)));
  const rowsOf = remember(8, (series) =>
    allRows(keys.filter((key) => seriesOf(key) === series).map(bytesOf)),
  );

  const file = (key: string): ArchiveFile | undefined =>
    content.has(key) && !key.endsWith(SIDECAR) ? { key, published: published(key) } : undefined;

  return {
    files: (prefix) => keys.filter((key) => key.startsWith(prefix)).flatMap((key) => file(key) ?? []),
    file,
    bytes: bytesOf,
    facts: remember(content.size, (key) => factsOf(bytesOf(key))),
    sidecar: (key) => (content.has(key + SIDECAR) ? bytesOf(key + SIDECAR).toString() : undefined),
    damaged: new Map(),
    symbols(market: Market) {
      const named = keys.flatMap((key) => {
        const parts = partsOf(key);
        return parts?.market === market ? [parts.symbol] : [];
      });
      return [...new Set(named)].map((name) => ({ name, trades: true }));
    },
    klines(query: KlineQuery) {
      const known = keys.some((key) => {
        const parts = partsOf(key);
        return parts?.market === query.market && parts.symbol === query.symbol;
      });
      if (!known) return undefined;
      const last = Math.min(query.end ?? query.now, query.now);
      const rows = rowsOf(`${query.market}/${query.symbol}/${query.interval}`).filter(
        ([time]) => Number(time) >= (query.start ?? 0) && Number(time) <= last,
      );
      return query.start === undefined ? rows.slice(-query.limit) : rows.slice(0, query.limit);
    },
  };
}

function seriesOf(key: string): string {
  const parts = partsOf(key);
  return `${parts?.market}/${parts?.symbol}/${parts?.interval}`;
}

/**
 * What cannot be read as a ZIP is served all the same (tests give broken files): it has a date of its own and
 * no rows.
 */
function datedBy(zip: Buffer): number {
  return readable(zip)?.modified ?? Date.UTC(2020, 0, 1);
}

/** Every row of the files once, ascending, times in milliseconds as REST gives them. */
function allRows(zips: readonly Buffer[]): readonly KlineRow[] {
  const rows = new Map<number, KlineRow>();
  for (const zip of zips) {
    for (const row of fieldsOf(readable(zip)?.text.toString() ?? '')) {
      const inMs = row.map((field, column) => (column === 0 || column === 6 ? milliseconds(field) : field));
      rows.set(Number(inMs[0]), inMs);
    }
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
}

/** More than 1e14 is microseconds (docs/DOMAIN.md §1). */
function milliseconds(time: string): string {
  return Number(time) > 1e14 ? String(Math.floor(Number(time) / 1_000)) : time;
}

function readable(zip: Buffer): ReturnType<typeof memberOf> | undefined {
  try {
    return memberOf(zip);
  } catch {
    return undefined;
  }
}
