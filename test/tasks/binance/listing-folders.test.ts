import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byCodeUnit } from '../../../src/engine/task.ts';
import { folderPrefix, keyFor } from '../../../tasks/binance/layout.ts';
import type { Known } from '../../../tasks/binance/listing-file.ts';
import { listingText } from '../../../tasks/binance/listing-file.ts';
import type { List } from '../../../tasks/binance/listing-folders.ts';
import { firstMonthWithout, listFolders } from '../../../tasks/binance/listing-folders.ts';
import { monthOfKey } from '../../../tasks/binance/time-keys.ts';

const series = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;
const DAY = 86_400_000;

/** ETag by month or day. */
type Bucket = Readonly<Record<string, string>>;

function bucket(...timeKeys: readonly string[]): Bucket {
  return Object.fromEntries(timeKeys.map((timeKey) => [timeKey, 'e']));
}

/** Lists a bucket as S3 does, in one page. */
function listing(files: Bucket, asked: string[] = []): List {
  return async ({ prefix, marker = '' }) => {
    asked.push(marker === '' ? prefix : `${prefix} after ${marker.slice(prefix.length)}`);
    const objects = Object.entries(files)
      .flatMap(([timeKey, etag]) => {
        const key = keyFor(series, timeKey);
        return [key, `${key}.CHECKSUM`].map((each) => ({ key: each, size: 1, etag, lastModified: 'T' }));
      })
      .filter(({ key }) => key.startsWith(prefix) && byCodeUnit(key, marker) > 0);
    return { ok: true, objects, prefixes: [] };
  };
}

async function known(files: Bucket, previous?: Known, asked?: string[]): Promise<Known> {
  const listed = await listFolders(listing(files, asked), series, previous);
  if (!listed.ok) throw new Error(listed.failure.message);
  return listed.known;
}

const monthly = folderPrefix(series, 'monthly');
const daily = folderPrefix(series, 'daily');

describe('the folders of a series', () => {
  it('are both listed whole by a sweep', async () => {
    const asked: string[] = [];
    const { daily: days } = await known(bucket('2024-01', '2024-01-01', '2024-02-01'), undefined, asked);
    expect(asked).toEqual([monthly, daily]);
    expect(Object.keys(days)).toEqual(['2024-01-01', '2024-02-01']);
  });

  it('are listed otherwise from the first month without a monthly file on, and earlier days are kept', async () => {
    const before = await known(bucket('2024-01', '2024-01-01', '2024-02-01', '2024-02-02'));
    const asked: string[] = [];
    const now = await known(bucket('2024-01', '2024-02-01', '2024-02-03'), before, asked);
    expect(asked).toEqual([monthly, `${daily} after BTCUSDT-1m-2024-02-`]);
    // What was listed in the open month and is not any more is gone; before it nothing was looked at.
    expect(Object.keys(now.daily).sort()).toEqual(['2024-01-01', '2024-02-01', '2024-02-03']);
  });

  it('are listed once more from a month whose monthly file has come since: its last days had not', async () => {
    const before = await known(bucket('2024-01', '2024-02-28'));
    const asked: string[] = [];
    const now = await known(bucket('2024-01', '2024-02', '2024-02-28', '2024-02-29'), before, asked);
    expect(asked[1]).toBe(`${daily} after BTCUSDT-1m-2024-02-`);
    expect(Object.keys(now.daily)).toEqual(['2024-02-28', '2024-02-29']);
    await known(bucket('2024-01', '2024-02', '2024-02-28', '2024-02-29'), now, asked);
    expect(asked[3]).toBe(`${daily} after BTCUSDT-1m-2024-03-`);
  });

  it('are listed from a month on whose monthly file was withdrawn', async () => {
    const before = await known(bucket('2024-01', '2024-02', '2024-02-10', '2024-03'));
    const asked: string[] = [];
    await known(bucket('2024-01', '2024-02-10', '2024-03'), before, asked);
    expect(asked[1]).toBe(`${daily} after BTCUSDT-1m-2024-02-`);
  });

  it('are listed whole where no monthly file is or was', async () => {
    const before = await known(bucket('2024-01-30', '2024-01-31'));
    const asked: string[] = [];
    const now = await known(bucket('2024-01', '2024-01-31', '2024-02-01'), before, asked);
    expect(asked[1]).toBe(daily);
    expect(Object.keys(now.daily)).toEqual(['2024-01-31', '2024-02-01']);
    await known(bucket('2024-02-01'), now, asked);
    expect(asked[3]).toBe(daily);
  });

  it('fail with the first failure of either', async () => {
    const failure = { code: 'http-cut', message: 'cut' };
    for (const broken of [monthly, daily]) {
      const list: List = async (query) =>
        query.prefix === broken ? { ok: false, failure } : listing(bucket('2024-01'))(query);
      expect(await listFolders(list, series, undefined)).toEqual({ ok: false, failure });
    }
  });
});

const EPOCH = Date.UTC(2023, 10, 1);
const day = fc.nat(150).map((n) => new Date(EPOCH + n * DAY).toISOString().slice(0, 10));
const month = fc.constantFrom('2023-11', '2023-12', '2024-01', '2024-02', '2024-03');
const etag = fc.constantFrom('a', 'b');
const anyFiles = fc
  .tuple(fc.dictionary(month, etag), fc.dictionary(day, etag, { maxKeys: 60 }))
  .map(([months, days]): Bucket => ({ ...months, ...days }));

describe('whatever is published, replaced or withdrawn', () => {
  it('an update has the same bytes as a sweep, unless days before the first open month changed', async () => {
    await fc.assert(
      fc.asyncProperty(anyFiles, anyFiles, async (before, drawn) => {
        const open = firstMonthWithout(Object.keys(before).filter((key) => key.length === 7));
        const isOld = (key: string): boolean =>
          key.length === 10 && open !== undefined && byCodeUnit(monthOfKey(key), open) < 0;
        const only = (files: Bucket, keep: (key: string) => boolean): Bucket =>
          Object.fromEntries(Object.entries(files).filter(([key]) => keep(key)));
        const now = { ...only(before, isOld), ...only(drawn, (key) => !isOld(key)) };
        const updated = await known(now, await known(before));
        expect(listingText(series, updated)).toBe(listingText(series, await known(now)));
      }),
    );
  });
});

describe('the first month without a monthly file', () => {
  it('comes after the first one, be it a hole or the end', () => {
    expect(firstMonthWithout([])).toBeUndefined();
    expect(firstMonthWithout(['2023-12', '2023-11', '2024-01'])).toBe('2024-02');
    expect(firstMonthWithout(['2023-11', '2024-01'])).toBe('2023-12');
  });
});
