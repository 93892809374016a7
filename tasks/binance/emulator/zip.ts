/**
 * ZIP files as the archive makes them: one deflated member, version 2.0, no flags, no extra fields, Unix
 * 0644. Written here because the emulator needs files that are broken in chosen ways. It knows neither rows
 * nor keys; it reads only what it wrote or what the publisher did (a single member, no ZIP64).
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const VERSION = 20;
const DEFLATED = 8;
/** `-rw-r--r--` of a regular file, as Unix puts it into the upper half of the external attributes. */
const REGULAR_0644 = (0o100644 << 16) >>> 0;
/** When nothing else is said: a member is never dated by the wall clock. */
const EPOCH = Date.UTC(2020, 0, 1);

/**
 * The same name, text and time give the same bytes on one Node version (zlib may change between versions).
 * Level 1: the emulator makes files while someone waits.
 */
export function zipOf(memberName: string, csvText: string | Uint8Array, modified: number = EPOCH): Buffer {
  const text = typeof csvText === 'string' ? Buffer.from(csvText) : csvText;
  const name = Buffer.from(memberName);
  const data = deflateRawSync(text, { level: 1 });
  // Version, flags, method, time, date, CRC, sizes and name length: the same 26 bytes stand in both headers.
  const common = Buffer.alloc(26);
  common.writeUInt16LE(VERSION, 0);
  common.writeUInt16LE(DEFLATED, 4);
  common.writeUInt32LE(dosTime(modified), 6);
  common.writeUInt32LE(crc32(text), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(text.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.alloc(LOCAL_BYTES);
  local.writeUInt32LE(LOCAL, 0);
  common.copy(local, 4);
  const central = Buffer.alloc(CENTRAL_BYTES);
  central.writeUInt32LE(CENTRAL, 0);
  central.writeUInt16LE(0x0300 | VERSION, 4);
  common.copy(central, 6);
  central.writeUInt32LE(REGULAR_0644, 38);
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(CENTRAL_BYTES + name.length, 12);
  end.writeUInt32LE(LOCAL_BYTES + name.length + data.length, 16);
  return Buffer.concat([local, name, data, central, name, end]);
}

export interface ZipMember {
  readonly name: string;
  readonly text: Buffer;
  /** What the member says of its time, read as UTC. */
  readonly modified: number;
}

/**
 * The one member of an intact ZIP. Throws where the bytes are anything else: the emulator is given good
 * files.
 */
export function memberOf(zip: Buffer): ZipMember {
  const central = centralOf(zip);
  const nameBytes = zip.readUInt16LE(central + 28);
  const local = zip.readUInt32LE(central + 42);
  const start = local + LOCAL_BYTES + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const data = zip.subarray(start, start + zip.readUInt32LE(central + 20));
  return {
    name: zip.toString('utf8', central + CENTRAL_BYTES, central + CENTRAL_BYTES + nameBytes),
    text: zip.readUInt16LE(central + 10) === DEFLATED ? inflateRawSync(data) : data,
    modified: fromDosTime(zip.readUInt32LE(central + 12)),
  };
}

/** A copy with eight bytes in the middle of the member turned over. */
export function flipped(zip: Buffer): Buffer {
  const copy = Buffer.from(zip);
  const middle = copy.length >> 1;
  for (let i = middle; i < Math.min(middle + 8, copy.length); i++) copy[i] = (copy[i] ?? 0) ^ 0xff;
  return copy;
}

/** The first half: no directory, as after an upload that broke off. */
export function truncated(zip: Buffer): Buffer {
  return Buffer.from(zip.subarray(0, Math.max(1, zip.length >> 1)));
}

/** A copy whose headers both name a CRC-32 that is not the member's. */
export function withBadCrc(zip: Buffer): Buffer {
  const copy = Buffer.from(zip);
  const central = centralOf(copy);
  const wrong = (copy.readUInt32LE(central + 16) ^ 0x5a5a5a5a) >>> 0;
  copy.writeUInt32LE(wrong, central + 16);
  copy.writeUInt32LE(wrong, copy.readUInt32LE(central + 42) + 14);
  return copy;
}

/**
 * Where the directory's one entry starts. The publisher writes no comments, so the end record is the last 22
 * bytes.
 */
function centralOf(zip: Buffer): number {
  const end = zip.length - END_BYTES;
  if (end < 0 || zip.readUInt32LE(end) !== END || zip.readUInt16LE(end + 10) !== 1) {
    throw new Error(`a ZIP of ${zip.length} bytes with one member and no comment was expected`);
  }
  return zip.readUInt32LE(end + 16);
}

/** Date in the upper, time in the lower 16 bits, to two seconds. */
function dosTime(ms: number): number {
  const date = new Date(ms);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  return ((day << 16) | time) >>> 0;
}

function fromDosTime(dos: number): number {
  const day = dos >>> 16;
  return Date.UTC(
    1980 + (day >>> 9),
    ((day >>> 5) & 15) - 1,
    day & 31,
    (dos >>> 11) & 31,
    (dos >>> 5) & 63,
    (dos & 31) * 2,
  );
}
