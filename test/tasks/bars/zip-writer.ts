/** Writes small ZIPs, right and wrong ones, for tests of readers. It knows nothing of what is in them. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface MemberSpec {
  readonly name: string;
  readonly data: string | Uint8Array;
  /** 8 (deflated) by default; the data are deflated with 8 only. */
  readonly method?: number;
  /** Upper half of the external attributes: a Unix mode. */
  readonly mode?: number;
  readonly flags?: number;
  /** What the archive says instead of the truth. */
  readonly lies?: {
    readonly crc?: number;
    readonly size?: number;
    readonly localName?: string;
    readonly localMethod?: number;
  };
}

export function zipOf(...members: readonly MemberSpec[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, method = 8, mode = 0o100644, flags = 0, lies = {} } of members) {
    const bytes = Buffer.from(data);
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const shared = (itsMethod: number, itsName: Buffer): Buffer => {
      const fields = Buffer.alloc(26);
      fields.writeUInt16LE(20, 0);
      fields.writeUInt16LE(flags, 2);
      fields.writeUInt16LE(itsMethod, 4);
      fields.writeUInt32LE(0x00210000, 6); // 1980-01-01
      fields.writeUInt32LE(lies.crc ?? crc32(bytes), 10);
      fields.writeUInt32LE(packed.length, 14);
      fields.writeUInt32LE(lies.size ?? bytes.length, 18);
      fields.writeUInt16LE(itsName.length, 22);
      return fields;
    };
    const localName = Buffer.from(lies.localName ?? name);
    const local = Buffer.concat([
      Buffer.from('PK\x03\x04'),
      shared(lies.localMethod ?? method, localName),
      localName,
      packed,
    ]);
    const centralName = Buffer.from(name);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        Buffer.from([20, 3]), // made by Unix
        shared(method, centralName),
        rest,
        centralName,
      ]),
    );
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
