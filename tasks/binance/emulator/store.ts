/**
 * The bucket: what is published at an instant, sidecars included, over any number of sources; and what a test
 * does to it (republish, damage, mend, withdraw). Sizes, ETags and digests follow from the bytes. It knows no
 * HTTP.
 */
import { byCodeUnit, sha256 } from '../../../src/engine/task.ts';
import { remember } from './cache.ts';
import { fieldsOf, HEADER } from './csv.ts';
import type { Damage } from './history-spec.ts';
import type { ArchiveFile, KlineRow, Source } from './source.ts';
import { flipped, memberOf, truncated, withBadCrc, zipOf } from './zip.ts';

export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** With its quotes. 32 hex digits like S3's MD5, but of SHA-256: only equality means anything. */
  readonly etag: string;
  readonly modified: number;
  bytes(): Buffer;
}

/** What was done to one ZIP. */
interface Change {
  readonly bytes?: Buffer;
  readonly modified?: number;
  /** Instead of the source's time; `Infinity` once withdrawn. */
  readonly published?: number;
  readonly damage?: Damage;
}

interface Facts {
  readonly size: number;
  readonly etag: string;
  readonly sidecar: string;
}

const SIDECAR = '.CHECKSUM';

export class Store {
  readonly #sources: Source[] = [];
  readonly #changes = new Map<string, Change>();
  /** Never forgotten: a few hundred bytes a file, where making one again costs milliseconds. */
  readonly #facts = new Map<string, Facts>();
  #intact = this.#bodies();

  constructor(sources: readonly Source[]) {
    for (const source of sources) this.add(source);
  }

  /** Later sources stand before earlier ones where both have a key. */
  add(source: Source): void {
    this.#sources.unshift(source);
    for (const [key, damage] of source.damaged) this.#change(key, { damage });
    this.#facts.clear();
    this.#intact = this.#bodies();
  }

  object(key: string, now: number): StoredObject | undefined {
    const isSidecar = key.endsWith(SIDECAR);
    const zip = isSidecar ? key.slice(0, -SIDECAR.length) : key;
    const file = this.#file(zip);
    if (file === undefined || file.published > now) return undefined;
    const modified = this.#changes.get(zip)?.modified ?? file.published;
    const { size, etag, sidecar } = this.#factsOf(zip);
    if (!isSidecar) return { key, size, etag, modified, bytes: () => this.#served(zip) };
    const bytes = Buffer.from(sidecar);
    return { key, size: bytes.length, etag: etagOf(bytes), modified, bytes: () => bytes };
  }

  /** Every published key, sidecars included, in the order of the listing: by bytes. Keys are ASCII. */
  keys(prefix: string, now: number): readonly string[] {
    const keys = new Set<string>();
    const zips = [
      ...this.#sources.flatMap((source) => source.files(prefix, now).map(({ key }) => key)),
      ...[...this.#changes.keys()].filter((key) => key.startsWith(prefix)),
    ];
    for (const key of zips) {
      if ((this.#file(key)?.published ?? Number.POSITIVE_INFINITY) > now) continue;
      keys.add(key);
      keys.add(key + SIDECAR);
    }
    return [...keys].filter((key) => key.startsWith(prefix)).sort(byCodeUnit);
  }

  /** Puts a file where it is seen from now on: a late one as it would have come, or any bytes at any key. */
  publish(key: string, now: number, bytes?: Buffer): void {
    if (bytes === undefined) {
      this.#owner(key);
      this.#change(key, { published: now });
    } else {
      this.#change(key, { published: now, modified: this.#after(key, now), bytes });
    }
  }

  withdraw(key: string): void {
    this.#change(key, { published: Number.POSITIVE_INFINITY });
  }

  /** New bytes under the old key: other rows, or the same ones packed anew. The old damage is gone. */
  republish(key: string, now: number, transform?: (rows: readonly KlineRow[]) => readonly KlineRow[]): void {
    const { name, text } = memberOf(this.#intact(key));
    const old = text.toString();
    const header = old.startsWith('open_time') ? HEADER : '';
    const rows = transform?.(fieldsOf(old));
    const csv = rows === undefined ? old : header + rows.map((row) => `${row.join(',')}\n`).join('');
    const modified = this.#after(key, now);
    const { damage: _, ...rest } = this.#changes.get(key) ?? {};
    this.#changes.set(key, rest);
    this.#change(key, { modified, bytes: zipOf(name, csv, modified) });
  }

  damage(key: string, damage: Damage): void {
    this.#owner(key);
    this.#change(key, { damage });
  }

  /**
   * Gives the intact bytes again. Where the bad file was the publisher's own, that is a new revision: its
   * date changes.
   */
  mend(key: string, now: number): void {
    const { damage, ...rest } = this.#changes.get(key) ?? {};
    if (damage === undefined) throw new Error(`nothing is damaged at ${key}`);
    const modified =
      damage === 'truncated' || damage === 'bad-crc' ? { modified: this.#after(key, now) } : {};
    this.#changes.set(key, rest);
    this.#change(key, modified);
  }

  #change(key: string, change: Change): void {
    this.#changes.set(key, { ...this.#changes.get(key), ...change });
    this.#facts.delete(key);
    if (change.bytes !== undefined) this.#intact = this.#bodies();
  }

  /** The files asked for last, as their sources made them. */
  #bodies(): (key: string) => Buffer {
    return remember(24, (key) => this.#changes.get(key)?.bytes ?? this.#owner(key).make(key));
  }

  /** Now, but always later than the revision before, in steps of the two seconds that a ZIP's dates have. */
  #after(key: string, now: number): number {
    const before = this.#changes.get(key)?.modified ?? this.#file(key)?.published ?? 0;
    const step = (ms: number): number => Math.floor(ms / 2_000) * 2_000;
    return Number.isFinite(before) ? Math.max(step(now), step(before) + 2_000) : step(now);
  }

  #file(key: string): ArchiveFile | undefined {
    const change = this.#changes.get(key);
    const own = this.#sources.map((source) => source.file(key)).find((file) => file !== undefined);
    if (change?.published !== undefined && (own !== undefined || change.bytes !== undefined)) {
      return { key, published: change.published };
    }
    return own;
  }

  #owner(key: string): Source {
    const owner = this.#sources.find((source) => source.file(key) !== undefined);
    if (owner !== undefined) return owner;
    throw new Error(`no source of the emulator has ${key}`);
  }

  #served(key: string): Buffer {
    const intact = this.#intact(key);
    const damage = this.#changes.get(key)?.damage;
    switch (damage) {
      case undefined:
      case 'wrong-checksum':
        return intact;
      case 'flipped':
        return flipped(intact);
      case 'truncated':
        return truncated(intact);
      case 'bad-crc':
        return withBadCrc(intact);
    }
  }

  #factsOf(key: string): Facts {
    const known = this.#facts.get(key);
    if (known !== undefined) return known;
    const { damage, bytes } = this.#changes.get(key) ?? {};
    // Flipped on the way out: the bucket itself knows only the intact file.
    const stored = damage === 'flipped' ? this.#intact(key) : this.#served(key);
    const digest = sha256(damage === 'wrong-checksum' ? `not ${key}` : stored);
    const given = bytes === undefined && damage === undefined ? this.#owner(key).sidecar(key) : undefined;
    const name = key.slice(key.lastIndexOf('/') + 1);
    const facts = { size: stored.length, etag: etagOf(stored), sidecar: given ?? `${digest}  ${name}\n` };
    this.#facts.set(key, facts);
    return facts;
  }
}

function etagOf(bytes: Uint8Array): string {
  return `"${sha256(bytes).slice(0, 32)}"`;
}
