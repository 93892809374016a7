/**
 * What has come of a file that is being fetched: its first bytes, written in order, and beside them a sidecar that
 * says of which content they are, so that another process can go on. It knows no address and asks nothing.
 */
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import type { TaskFailure } from '../../src/engine/task.ts';
import { diskFailure, errorCode, makeFolder } from './disk-failure.ts';

/** Where one file's first bytes are kept. */
export interface Place {
  readonly data: string;
  readonly sidecar: string;
  /** What messages call `data`. */
  readonly shown: string;
}

/** What there is to go on with. */
export interface Begun {
  /** At least one. */
  readonly bytes: number;
  /** Strong (RFC 9110 §8.8.1), as it was sent: equal tags are equal bytes, whichever server says so. */
  readonly etag: string;
}

/** A strong entity tag that can be sent back as it is: RFC 9110 §8.8.3 allows more, of which no header can hold all. */
const STRONG_ETAG = /^"[\x21\x23-\x7e]*"$/;

export function isStrong(etag: string): boolean {
  return STRONG_ETAG.test(etag);
}

const sidecarSchema = z.strictObject({
  version: z.literal(1),
  etag: z.string().regex(STRONG_ETAG),
  size: z.int().nonnegative(),
});

/** `key` may be any text: what no file system takes is escaped. */
export function placeOf(workspace: string, folder: string, key: string): Place {
  const name = encodeURIComponent(key).replaceAll('*', '%2A');
  const home = isAbsolute(folder) ? folder : join(workspace, folder);
  const [data, sidecar] = [`${name}.partial`, `${name}.json`];
  return { data: join(home, data), sidecar: join(home, sidecar), shown: join(folder, data) };
}

/** What has come of a file of `size` bytes, or undefined where there is nothing to go on with. */
export function begun(place: Place, size: number): Begun | undefined {
  const bytes = ifThere(() => statSync(place.data).size) ?? 0;
  if (bytes === 0 || bytes > size) return undefined;
  const sidecar = sidecarSchema.safeParse(
    ifThere(() => JSON.parse(readFileSync(place.sidecar, 'utf8'))),
  ).data;
  return sidecar?.size === size ? { bytes, etag: sidecar.etag } : undefined;
}

/** A sidecar that was cut short says nothing, like none. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(errorCode(thrown))) return undefined;
    throw thrown;
  }
}

export interface Kind {
  readonly size: number;
  /** Undefined where the server gave no strong one: what comes cannot be gone on with. */
  readonly etag: string | undefined;
}

/**
 * Takes bytes in order. Each piece is handed to the system before the next one is asked for, so that a process that is
 * killed loses no more than one piece; calls that wait take 0.6 of the time of calls that do not (measured).
 */
export class PartialFile {
  readonly #fd: number;
  readonly #place: Place;
  readonly #size: number;
  #bytes: number;

  private constructor(fd: number, place: Place, bytes: number, size: number) {
    this.#fd = fd;
    this.#place = place;
    this.#bytes = bytes;
    this.#size = size;
  }

  /** From nothing: what was there is gone before a sidecar says what comes now. */
  static fresh(place: Place, { size, etag }: Kind): PartialFile | TaskFailure {
    return guarded(
      place,
      () => size,
      () => {
        makeFolder(dirname(place.data));
        const fd = openSync(place.data, 'w');
        try {
          if (etag === undefined) rmSync(place.sidecar, { force: true });
          else writeFileSync(place.sidecar, `${JSON.stringify({ version: 1, etag, size })}\n`);
        } catch (thrown) {
          closeSync(fd);
          throw thrown;
        }
        return new PartialFile(fd, place, 0, size);
      },
    );
  }

  /** After what has come. */
  static after(place: Place, { bytes }: Begun, size: number): PartialFile | TaskFailure {
    return guarded(
      place,
      () => size - bytes,
      () => new PartialFile(openSync(place.data, 'r+'), place, bytes, size),
    );
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined when it is written. */
  append(piece: Uint8Array): TaskFailure | undefined {
    const needed = (): number => this.#size - this.#bytes;
    return guarded(this.#place, needed, () => {
      for (let at = 0; at < piece.length; ) {
        const written = writeSync(this.#fd, piece, at, piece.length - at, this.#bytes);
        at += written;
        this.#bytes += written;
      }
      return undefined;
    });
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** `needed`: bytes that are missing when it fails, of which a full disk may have taken some. */
function guarded<T>({ shown, data }: Place, needed: () => number, work: () => T): T | TaskFailure {
  try {
    return work();
  } catch (thrown) {
    const failure = diskFailure(thrown, { shown, path: data, needed: needed() });
    if (failure === undefined) throw thrown;
    return failure;
  }
}

/** Undefined when nothing of it is left. */
export function discardPartial(place: Place): TaskFailure | undefined {
  return guarded(
    place,
    () => 0,
    () => {
      rmSync(place.data, { force: true });
      rmSync(place.sidecar, { force: true });
      return undefined;
    },
  );
}

/** Gives a finished file another name, on another volume by copying. Nothing stays behind. */
export function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EXDEV') throw thrown;
    copyFileSync(from, to);
    rmSync(from);
  }
}
