/**
 * The bucket: what is published at an instant, sidecars included, over any number of sources; and what a test
 * does to it (republish, damage, mend, withdraw). Sizes, ETags and digests follow from the bytes. It knows no
 * HTTP.
 */
import { byCodeUnit, sha256 } from '../../../src/engine/task.ts';
import { fieldsOf, HEADER } from './csv.ts';
import type { Damage } from './history-spec.ts';
import type { ArchiveFile, Facts, KlineRow, Source } from './source.ts';
import { factsOf } from './source.ts';
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

const SIDECAR = '.CHECKSUM';

export class Store {
  readonly #first: readonly Source[];
  #sources: Source[] = [];
  readonly #changes = new Map<string, Change>();
  /** Of changed files; of the others the sources know. */
  readonly #facts = new Map<string, Facts>();

  constructor(sources: readonly Source[]) {
    this.#first = sources;
    this.reset();
  }

  /** In the order in which they are asked. */
  get sources(): readonly Source[] {
    return this.#sources;
  }

  /** Later sources stand before earlier ones where both have a key. */
  add(source: Source): void {
    this.#sources.unshift(source);
    for (const [key, damage] of source.damaged) this.#change(key, { damage });
    this.#facts.clear();
  }

  /** As it was made: nothing added, changed or mended. */
  reset(): void {
    this.#sources = [];
    this.#changes.clear();
    for (const source of this.#first) this.add(source);
  }

  object(key: string, now: number): StoredObject | undefined {
    const isSidecar = key.endsWith(SIDECAR);
    const zip = isSidecar ? key.slice(0, -SIDECAR.length) : key;
    const file = this.#file(zip);
    if (file === undefined || file.published > now) return undefined;
    const modified = this.#changes.get(zip)?.modified ?? file.published;
    if (!isSidecar) {
      const { size, sha256: digest } = this.#factsOf(zip);
      return { key, size, etag: etagOf(digest), modified, bytes: () => this.#served(zip) };
    }
    const text = this.#sidecar(zip);
    if (text === undefined) return undefined;
    const bytes = Buffer.from(text);
    return { key, size: bytes.length, etag: etagOf(sha256(bytes)), modified, bytes: () => bytes };
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
      if (this.#changes.get(key)?.damage !== 'no-checksum') keys.add(key + SIDECAR);
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
  }

  #intact(key: string): Buffer {
    return this.#changes.get(key)?.bytes ?? this.#owner(key).bytes(key);
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
      case 'misnamed-checksum':
      case 'empty-checksum':
      case 'no-checksum':
        return intact;
      case 'flipped':
        return flipped(intact);
      case 'truncated':
        return truncated(intact);
      case 'bad-crc':
        return withBadCrc(intact);
    }
  }

  /** Of what the bucket holds: what is flipped on the way out is intact there. */
  #factsOf(key: string): Facts {
    const { damage, bytes } = this.#changes.get(key) ?? {};
    const broken = damage === 'truncated' || damage === 'bad-crc';
    if (bytes === undefined && !broken) return this.#owner(key).facts(key);
    const facts = this.#facts.get(key) ?? factsOf(broken ? this.#served(key) : this.#intact(key));
    this.#facts.set(key, facts);
    return facts;
  }

  #sidecar(key: string): string | undefined {
    const { damage, bytes } = this.#changes.get(key) ?? {};
    const given = bytes === undefined && damage === undefined ? this.#owner(key).sidecar(key) : undefined;
    if (given !== undefined) return given;
    const name = key.slice(key.lastIndexOf('/') + 1);
    switch (damage) {
      case 'no-checksum':
        return undefined;
      case 'empty-checksum':
        return '';
      case 'wrong-checksum':
        return `${sha256(`not ${key}`)}  ${name}\n`;
      case 'misnamed-checksum':
        return `${this.#factsOf(key).sha256}  OTHER${name}\n`;
      case undefined:
      case 'flipped':
      case 'truncated':
      case 'bad-crc':
        return `${this.#factsOf(key).sha256}  ${name}\n`;
    }
  }
}

function etagOf(digest: string): string {
  return `"${digest.slice(0, 32)}"`;
}
