import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../../../tasks/binance/emulator/emulator.ts';
import { testHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import { get, running } from './client.ts';

const DAILY = 'data/spot/daily/klines/BTCUSDT/1m/';
const ROOT = 'data/spot/';

interface Page {
  readonly text: string;
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  readonly next: string | undefined;
}

async function page(emulator: Emulator, query: Record<string, string>): Promise<Page> {
  const { status, text } = await get(`${emulator.listingUrl}?${new URLSearchParams(query)}`);
  expect(status).toBe(200);
  const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  return {
    text,
    keys: all(/<Contents><Key>([^<]*)<\/Key>/g),
    prefixes: all(/<CommonPrefixes><Prefix>([^<]*)<\/Prefix>/g),
    truncated: text.includes('<IsTruncated>true</IsTruncated>'),
    next: all(/<NextMarker>([^<]*)<\/NextMarker>/g)[0],
  };
}

/** As a client pages: by NextMarker where it is given, else by the last key or prefix (docs/DOMAIN.md §1). */
async function pages(emulator: Emulator, query: Record<string, string>): Promise<readonly Page[]> {
  const seen: Page[] = [];
  for (let marker = ''; ; ) {
    const one = await page(emulator, { ...query, marker });
    seen.push(one);
    if (!one.truncated) return seen;
    marker = one.next ?? [...one.keys, ...one.prefixes].toSorted().at(-1) ?? '';
  }
}

describe('the listing', () => {
  it('names every published file and its sidecar as S3 does, with what GET says of them', async () => {
    const emulator = await running({ history: testHistory() });
    const { keys, text, truncated } = await page(emulator, { delimiter: '/', prefix: DAILY });
    expect(
      text.startsWith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>data.binance.vision</Name><Prefix>data/spot/daily/klines/BTCUSDT/1m/</Prefix><Marker></Marker><MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter><IsTruncated>false</IsTruncated><Contents>',
      ),
    ).toBe(true);
    expect(truncated).toBe(false);
    expect(keys.length).toBe((31 + 29 + 2) * 2);
    expect(keys).toEqual(keys.toSorted());
    for (const key of keys.slice(0, 4)) {
      const { headers, body } = await get(`${emulator.url}/${key}`);
      const modified = new Date(headers.get('last-modified') ?? '').toISOString();
      const etag = (headers.get('etag') ?? '').replaceAll('"', '&quot;');
      expect(text).toContain(
        `<Contents><Key>${key}</Key><LastModified>${modified}</LastModified><ETag>${etag}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
      );
    }
  });

  it.each([
    ['with NextMarker', true],
    ['without NextMarker', false],
  ])('in pages gives every key once, in order, %s', async (_, nextMarker) => {
    const whole = await page(await running({ history: testHistory() }), { delimiter: '/', prefix: DAILY });
    const emulator = await running({ history: testHistory(), listing: { pageSize: 7, nextMarker } });
    const cut = await pages(emulator, { delimiter: '/', prefix: DAILY });
    expect(cut.flatMap(({ keys }) => keys)).toEqual(whole.keys);
    expect(cut.length).toBe(Math.ceil(whole.keys.length / 7));
    expect(cut.slice(0, -1).every(({ next }) => (next === undefined) !== nextMarker)).toBe(true);
    expect(cut.at(-1)?.next).toBeUndefined();
  });

  it('folds what lies below a delimiter into common prefixes, which count and page like keys', async () => {
    const symbols = ['BTCUSDT', 'ADAUSDT', 'ETHUSDT'].map((name) => ({
      name,
      listed: '2024-02-01T00:00:00Z',
    }));
    const history = testHistory({ symbols, now: '2024-02-05T12:00:00Z' });
    const emulator = await running({ history, listing: { pageSize: 2 } });
    const cut = await pages(emulator, { delimiter: '/', prefix: 'data/spot/daily/klines/' });
    expect(cut.map(({ prefixes, next }) => [prefixes.map((p) => p.slice(23)), next?.slice(23)])).toEqual([
      [['ADAUSDT/', 'BTCUSDT/'], 'BTCUSDT/'],
      [['ETHUSDT/'], undefined],
    ]);
  });

  it('without a delimiter goes through all folders, and never names a NextMarker', async () => {
    const emulator = await running({ history: testHistory(), listing: { pageSize: 50 } });
    const cut = await pages(emulator, { prefix: ROOT });
    expect(cut.every(({ next }) => next === undefined)).toBe(true);
    const keys = cut.flatMap((one) => one.keys);
    expect(keys.length).toBe((31 + 29 + 2 + 2) * 2);
    expect(keys).toEqual(keys.toSorted());
  });

  it('starts after a marker that is no key', async () => {
    const emulator = await running({ history: testHistory() });
    const marker = `${DAILY}BTCUSDT-1m-2024-02`;
    const { keys } = await page(emulator, { delimiter: '/', prefix: DAILY, marker });
    expect(keys[0]).toBe(`${DAILY}BTCUSDT-1m-2024-02-01.zip`);
  });

  it('obeys max-keys, and refuses one that is no number', async () => {
    const emulator = await running({ history: testHistory() });
    const { keys, truncated, text } = await page(emulator, { prefix: DAILY, 'max-keys': '3' });
    expect([keys.length, truncated]).toEqual([3, true]);
    expect(text).toContain('<MaxKeys>3</MaxKeys>');
    const refused = await get(`${emulator.listingUrl}?max-keys=many`);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('<Code>InvalidArgument</Code>');
  });

  it('of a prefix that nothing has is empty', async () => {
    const emulator = await running({ history: testHistory() });
    expect(
      await page(emulator, { delimiter: '/', prefix: 'data/spot/daily/klines/XRPUSDT/1m/' }),
    ).toMatchObject({
      keys: [],
      prefixes: [],
      truncated: false,
    });
  });

  it('follows the clock, republication and withdrawal', async () => {
    const emulator = await running({ history: testHistory({ lateMonths: [{ month: '2024-02' }] }) });
    const prefix = 'data/spot/monthly/klines/BTCUSDT/1m/';
    const january = `${prefix}BTCUSDT-1m-2024-01.zip`;
    const february = `${prefix}BTCUSDT-1m-2024-02.zip`;
    const both = (key: string): string[] => [key, `${key}.CHECKSUM`];
    const before = await page(emulator, { delimiter: '/', prefix });
    expect(before.keys).toEqual(both(january));
    emulator.publish(february);
    expect((await page(emulator, { delimiter: '/', prefix })).keys).toEqual([
      ...both(january),
      ...both(february),
    ]);
    emulator.withdraw(february);
    emulator.republish(january);
    const after = await page(emulator, { delimiter: '/', prefix });
    expect(after.keys).toEqual(before.keys);
    expect(after.text).not.toBe(before.text);
    expect(after.text).toContain('<LastModified>2024-03-03T12:00:00.000Z</LastModified>');
    emulator.clock.set(Date.parse('2024-01-15T12:00:00Z'));
    expect((await page(emulator, { delimiter: '/', prefix })).keys).toEqual([]);
  });

  it('stands at the path that was asked for', async () => {
    const emulator = await running({ history: testHistory(), listing: { path: '/data.binance.vision' } });
    expect(emulator.listingUrl).toBe(`${emulator.url}/data.binance.vision`);
    expect((await page(emulator, { delimiter: '/', prefix: 'data/' })).prefixes).toEqual([ROOT]);
  });

  it('knows its first version only', async () => {
    const emulator = await running({ history: testHistory() });
    expect((await get(`${emulator.listingUrl}?list-type=2`)).status).toBe(501);
  });
});
