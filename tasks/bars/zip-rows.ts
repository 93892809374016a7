/**
 * The rows of one ZIP of the archive: unpacked, parsed, and refused where they are not of the month or day that the
 * file is named for. It knows neither which files serve a month nor what becomes of their rows.
 */
import { basename } from 'node:path';
import type { Member, Span, TaskFailure } from '../../src/engine/task.ts';
import { byCodeUnit, sha256 } from '../../src/engine/task.ts';
import { discard } from '../lib/discard.ts';
import { intervalMs } from '../lib/interval.ts';
import type { limitsSchema } from '../lib/settings.ts';
import { readOnlyMember } from '../lib/zip.ts';
import type { Batch } from './collect.ts';
import type { SourceFile } from './documents.ts';
import { countWithin } from './grid.ts';
import { parseKlines } from './kline-csv.ts';
import { misplacedFile } from './misplaced.ts';

export interface Zip {
  /** `2024-01` or `2024-01-05`. */
  readonly key: string;
  readonly path: string;
  /** What its key stands for, whole. */
  readonly own: Span | undefined;
}

/** As the archive spells them. */
export interface ZipSeries {
  readonly symbol: string;
  readonly interval: string;
}

/**
 * By name, whatever the order they come in: it decides between rows of equal rank. The last dimension of the rule that
 * brought them is what each is of.
 */
export function zipsOf(members: readonly Member[]): readonly Zip[] {
  return members
    .map(({ path, partition: { keys, spans } }) => {
      const dimension = Object.keys(keys).at(-1) ?? '';
      return { key: keys[dimension] ?? '', path, own: spans[dimension] };
    })
    .sort((a, b) => byCodeUnit(a.key, b.key));
}

export type ZipRows =
  | { readonly ok: true; readonly batch: Batch; readonly file: SourceFile }
  | { readonly ok: false; readonly failure: TaskFailure };

export async function rowsOfZip(
  { symbol, interval }: ZipSeries,
  { key, path, own }: Zip,
  limits: ReturnType<typeof limitsSchema.parse>,
): Promise<ZipRows> {
  const kind = kindOf(key);
  const step = intervalMs(interval);
  if (kind === undefined || step === undefined) {
    throw new Error(
      `file "${key}" of ${path} is neither a month (2024-01) nor a day (2024-01-05), or "${interval}" no interval`,
    );
  }
  const name = basename(path);
  const member = `${symbol}-${interval}-${key}.csv`;
  const { max_zip_bytes: maxZipBytes, max_csv_bytes: maxMemberBytes } = limits;
  const unpacked = await readOnlyMember(path, { member, display: name }, { maxZipBytes, maxMemberBytes });
  if (!unpacked.ok) return unpacked;
  const { bytes, archive } = unpacked;
  const digest = sha256(archive);
  // Each as soon as it has been used: what lies there at once decides how often the garbage collector runs.
  if (bytes.buffer !== archive.buffer) discard(archive);
  const parsed = parseKlines(bytes, name);
  discard(bytes);
  if (!parsed.ok) return parsed;
  const { klines } = parsed;
  const misplaced = own === undefined ? undefined : misplacedFile(klines, own, step, { name, key });
  if (misplaced !== undefined) return { ok: false, failure: misplaced };
  return {
    ok: true,
    batch: { source: kind, klines, own },
    file: {
      name,
      sha256: digest,
      kind,
      rows: klines.rows,
      expected: own === undefined ? null : countWithin(own, step),
    },
  };
}

/** Undefined where the key is that of no file. */
export function kindOf(key: string): SourceFile['kind'] | undefined {
  if (/^\d{4}-\d{2}$/.test(key)) return 'monthly';
  return /^\d{4}-\d{2}-\d{2}$/.test(key) ? 'daily' : undefined;
}
