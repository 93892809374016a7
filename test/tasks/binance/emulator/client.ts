/**
 * What the emulator's tests share: an emulator that ends with its test, requests, and readers that are not
 * its own.
 */
import { parse } from 'csv-parse/sync';
import { onTestFinished } from 'vitest';
import { fromBuffer } from 'yauzl';
import type { Emulator, EmulatorOptions } from '../../../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../../../tasks/binance/emulator/emulator.ts';

export async function running(options: EmulatorOptions): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly text: string;
}

export async function get(url: string, init: RequestInit = {}): Promise<Got> {
  const response = await fetch(url, init);
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body, text: body.toString() };
}

/** The one member, by yauzl. */
export async function unzip(zip: Buffer): Promise<{ name: string; crc32: number; text: Buffer }> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true }, (error, file) => {
      if (error !== null) return reject(error);
      if (file.entryCount !== 1) return reject(new Error(`${file.entryCount} members`));
      file.on('entry', (entry) => {
        file.openReadStream(entry, (failure, stream) => {
          if (failure !== null) return reject(failure);
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('error', reject);
          stream.on('end', () =>
            resolve({ name: entry.fileName, crc32: entry.crc32, text: Buffer.concat(chunks) }),
          );
        });
      });
      file.on('error', reject);
      file.readEntry();
    });
  });
}

/** The rows of a ZIP, by csv-parse, which refuses rows of different widths. A header row is a row. */
export async function recordsOf(zip: Buffer): Promise<readonly (readonly string[])[]> {
  return parse((await unzip(zip)).text);
}

/** `12.340` → 12340n at 3 decimals: exact, where doubles would not be. */
export function exact(text: string, decimals: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  if (fraction.length > decimals) throw new Error(`${text} has more than ${decimals} decimals`);
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}
