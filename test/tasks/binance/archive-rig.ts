/** Runs the archive task on one invented file, asked of the given addresses. It knows no server. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../../src/engine/hash.ts';
import type { TaskFailure } from '../../../src/engine/task.ts';
import archive from '../../../tasks/binance/archive.ts';
import { zipOf } from '../../../tasks/binance/emulator/zip.ts';
import type { FakeContext, FakeContextOptions } from '../context.ts';
import { fakeContext, scratch } from '../context.ts';

export const NAME = 'BTCUSDT-1m-2020-01.zip';
export const KEY = `data/spot/monthly/klines/BTCUSDT/1m/${NAME}`;
export const FINAL = `data/raw/binance/BTCUSDT/1m/${NAME}`;
/** Where the parts of the file are gathered. */
export const PARTIAL = 'data/cache/partial';
export const PART = `${PARTIAL}/${encodeURIComponent(KEY)}`;

/** About 50 kB: rows that do not deflate well. */
export const ZIP = zipOf(
  NAME.replace('.zip', '.csv'),
  Array.from({ length: 1_500 }, (_, row) => `${sha256(String(row))}\n`).join(''),
);
export const SUM = `${sha256(ZIP)}  ${NAME}\n`;
export const GOOD = { [`/${KEY}`]: ZIP, [`/${KEY}.CHECKSUM`]: SUM };
export const ENTRY = {
  key: KEY,
  size: ZIP.length,
  etag: 'v1',
  lastModified: '2020-02-02T00:00:00.000Z',
};

/** The same length, other bytes, and a member that is damaged. */
export function damaged(at = ZIP.length >> 1): Buffer {
  const bytes = Buffer.from(ZIP);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return bytes;
}

/** Where a file with these bytes is kept when it is refused. */
export function keptPath(bytes: Buffer): string {
  return `data/quarantine/binance/BTCUSDT/1m/BTCUSDT-1m-2020-01.${sha256(bytes).slice(0, 8)}`;
}

const params = { symbol: 'BTCUSDT', interval: '1m', file: '2020-01' };

export interface Setup extends Partial<Omit<FakeContextOptions<typeof params>, 'settings'>> {
  readonly settings?: Readonly<Record<string, string>>;
  readonly network?: Readonly<Record<string, string>>;
  readonly entry?: object;
  readonly limits?: Readonly<Record<string, number>>;
}

export interface ArchiveRun {
  readonly workspace: string;
  readonly ctx: FakeContext<typeof params>;
  readonly failed: TaskFailure | undefined;
  /** The temporary output. */
  readonly path: string;
}

export async function fetchFrom(
  urls: string | readonly string[],
  { settings, network = {}, entry, limits, ...given }: Setup = {},
): Promise<ArchiveRun> {
  const workspace = given.workspace ?? scratch();
  const ctx = fakeContext({
    params,
    values: { entry: { ...ENTRY, ...entry } },
    settings: {
      archive_url: urls,
      partial: PARTIAL,
      quarantine: 'data/quarantine/binance',
      network,
      ...(limits === undefined ? {} : { limits }),
      ...settings,
    },
    out: { zip: FINAL },
    target: 'archive/BTCUSDT/2020-01',
    ...given,
    workspace,
  });
  const result = await archive.run(ctx);
  const failed = result !== undefined && 'failed' in result ? result.failed : undefined;
  return { workspace, ctx, failed, path: ctx.outputs['zip'] ?? '' };
}

/** As an earlier build would have left it. */
export function leavePart(workspace: string, bytes: Buffer, etag = '"v1"'): void {
  mkdirSync(join(workspace, PARTIAL), { recursive: true });
  writeFileSync(join(workspace, `${PART}.partial`), bytes);
  writeFileSync(join(workspace, `${PART}.json`), JSON.stringify({ version: 1, etag, size: ZIP.length }));
}

/** Files below `data`, sorted. */
export function dataFiles(workspace: string): readonly string[] {
  const folder = join(workspace, 'data');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(workspace.length + 1))
    .sort();
}
