import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Known } from '../../../tasks/binance/listing-file.ts';
import {
  listingSchema,
  listingText,
  parseListing,
  readPrevious,
} from '../../../tasks/binance/listing-file.ts';
import { scratch } from '../context.ts';

const series = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;
const entry = { key: 'k', size: 1, etag: 'e', lastModified: '2024-03-01T00:00:00.000Z' };
const known: Known = {
  monthly: { '2024-01': entry },
  daily: { '2024-02-01': { ...entry, checksum: false } },
  probed: false,
};

async function readBack(
  text: string,
  of = series as Parameters<typeof readPrevious>[1],
): Promise<Known | undefined> {
  const path = join(scratch(), 'listing.json');
  writeFileSync(path, text);
  return readPrevious(path, of);
}

describe('the file of a listing', () => {
  it('is read back as it was written, and by the schema of its readers', async () => {
    for (const each of [known, { ...known, probed: true }, { monthly: {}, daily: {}, probed: false }]) {
      const text = listingText(series, each);
      expect(await readBack(text)).toEqual(each);
      expect(listingSchema.safeParse(JSON.parse(text)).success).toBe(true);
    }
  });

  it('says so where files were asked for one by one', () => {
    expect(listingText(series, known)).not.toContain('probed');
    expect(listingText(series, { ...known, probed: true })).toContain('\n  "probed": true,\n');
  });

  it.each([
    ['is of another symbol', { ...series, symbol: 'ETHUSDT' }],
    ['is of another interval', { ...series, interval: '1h' }],
    ['is of another market', { ...series, market: 'um' }],
  ] as const)('is not built upon where it %s', async (_, of) => {
    expect(await readBack(listingText(series, known), of)).toBeUndefined();
  });

  it('is not built upon where anything in it was changed', async () => {
    const text = listingText(series, known);
    expect(await readBack(text.replace('"size":1', '"size":2'))).toBeUndefined();
    expect(await readBack(text.replace('2024-02-01', '2024-02-02'))).toBeUndefined();
    expect(await readBack(text.replace('"version": 2', '"version": 1'))).toBeUndefined();
    for (let length = 0; length < text.length - 1; length += 1)
      expect(await readBack(text.slice(0, length))).toBeUndefined();
  });

  it('may be missing, or a folder', async () => {
    const folder = scratch();
    mkdirSync(join(folder, 'listing.json'));
    expect(await readPrevious(join(folder, 'none.json'), series)).toBeUndefined();
    expect(await readPrevious(join(folder, 'listing.json'), series)).toBeUndefined();
  });

  it('is taken and refused as its schema does, with the same words', () => {
    const odd = fc.constantFrom<unknown>(undefined, null, '', 'x', 0, -1, 1.5, 2 ** 53, true, false, [], {});
    const good = fc.constantFrom<unknown>(entry, { ...entry, checksum: false });
    const names = ['key', 'size', 'etag', 'lastModified', 'checksum', 'other'];
    const bent = fc
      .tuple(good, fc.constantFrom(...names), odd)
      .map(([of, name, value]) => ({ ...(of as object), [name]: value }));
    const short = fc
      .tuple(good, fc.constantFrom(...names))
      .map(([of, name]) =>
        Object.fromEntries(Object.entries(of as object).filter(([each]) => each !== name)),
      );
    const one = fc.oneof({ weight: 6, arbitrary: good }, bent, short, odd);
    const keys = fc.constantFrom('2024-01', '2024-02-29', '2023-02-29', '2024-02-01', 'x', '__proto__');
    const months = fc.constantFrom('2024-01', '2024-02', '2024-03');
    const days = fc.constantFrom('2024-02-01', '2024-02-29', '2024-03-01');
    const some = (key: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
      fc.oneof(
        { weight: 4, arbitrary: fc.dictionary(key, good) },
        fc.dictionary(key, one),
        fc.dictionary(keys, good),
        odd,
      );
    const envelope = fc.constantFrom(
      {},
      {},
      {},
      { probed: true },
      { probed: false },
      { version: 1 },
      { more: 1 },
    );
    const counts = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(some(months), some(days), envelope, (monthly, daily, more) => {
        const value: unknown = { version: 2, ...series, monthly, daily, digest: 'd', ...more };
        const [is, should] = [parseListing(value), listingSchema.safeParse(value)];
        counts[should.success ? 'taken' : 'refused'] += 1;
        expect([is.success, is.data]).toEqual([should.success, should.data]);
        expect(is.error?.issues).toEqual(should.error?.issues);
      }),
      { numRuns: 500 },
    );
    expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(20);
    for (const value of [undefined, null, 1, [], {}])
      expect(parseListing(value).error?.issues).toEqual(listingSchema.safeParse(value).error?.issues);
  });
});
