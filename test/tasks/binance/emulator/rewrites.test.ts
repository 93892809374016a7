import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FaultKind } from '../../../../tasks/binance/emulator/emulator.ts';
import {
  chunked,
  cutInHalf,
  empty,
  firstPageAgain,
  noEtag,
  noNextMarker,
  otherDigest,
  otherEtag,
  otherName,
  rangeIgnored,
  twiceAsLong,
  wrongLength,
} from '../../../../tasks/binance/emulator/rewrites.ts';
import { testHistory } from '../../../../tasks/binance/emulator/test-history.ts';
import type { Got } from './client.ts';
import { get, running } from './client.ts';

const NAME = 'BTCUSDT-1m-2024-02-02.zip';
const FOLDER = 'data/spot/daily/klines/BTCUSDT/1m/';
const KEY = `/${FOLDER}${NAME}`;
const PART = { headers: { range: 'bytes=1000-1099' } };

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What a file, or its sidecar, is without the fault and with it; the third time it is past. */
async function both(
  kind: FaultKind,
  path = KEY,
  init: RequestInit = {},
): Promise<{ truth: Got; bent: Got; after: Got }> {
  const { url, faults } = await running({ history: testHistory() });
  const truth = await get(url + path, init);
  faults.add({ match: path, times: 1, ...kind });
  const bent = await get(url + path, init);
  return { truth, bent, after: await get(url + path, init) };
}

describe('a file', () => {
  it('rangeIgnored: the whole where a part was asked for', async () => {
    const { truth, bent, after } = await both(rangeIgnored, KEY, PART);
    expect([truth.status, bent.status, after.status]).toEqual([206, 200, 206]);
    expect(bent.headers.get('content-range')).toBeNull();
    expect(bent.body.subarray(1000, 1100).equals(truth.body)).toBe(true);
  });

  it('otherEtag: a part in spite of If-Match, with the ETag of something else', async () => {
    const { url, faults } = await running({ history: testHistory() });
    const { headers, body } = await get(url + KEY);
    faults.add({ match: KEY, ...otherEtag });
    for (const etag of [headers.get('etag') ?? '', '"of another revision"']) {
      const part = await get(url + KEY, { headers: { ...PART.headers, 'if-match': etag } });
      expect([part.status, part.body.equals(body.subarray(1000, 1100))]).toEqual([206, true]);
      expect(part.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
      expect(part.headers.get('etag')).not.toBe(headers.get('etag'));
    }
  });

  it('noEtag: all but the ETag', async () => {
    const { truth, bent } = await both(noEtag);
    expect(truth.headers.get('etag')).not.toBeNull();
    expect(bent.headers.get('etag')).toBeNull();
    expect(bent.headers.get('last-modified')).toBe(truth.headers.get('last-modified'));
    expect(bent.body.equals(truth.body)).toBe(true);
  });

  it('wrongLength: more is announced than comes', async () => {
    const { url, faults } = await running({ history: testHistory() });
    faults.add({ match: KEY, times: 1, ...wrongLength(10) });
    await expect(get(url + KEY)).rejects.toThrow('terminated');
    expect((await get(url + KEY)).status).toBe(200);
  });

  it('wrongLength: less is announced than comes, and less is what a client takes', async () => {
    const { truth, bent, after } = await both(wrongLength(-10));
    expect(bent.headers.get('content-length')).toBe(String(truth.body.length - 10));
    expect(bent.body.equals(truth.body.subarray(0, -10))).toBe(true);
    expect(after.body.equals(truth.body)).toBe(true);
  });

  it('wrongLength: HEAD says the same, and the connection goes on', async () => {
    const { truth, bent, after } = await both(wrongLength(7), KEY, { method: 'HEAD' });
    const lengths = [truth, bent, after].map(({ headers }) => Number(headers.get('content-length')));
    expect(lengths.map((length) => length - (lengths[0] ?? 0))).toEqual([0, 7, 0]);
  });

  it('chunked: no length is announced', async () => {
    const { truth, bent } = await both(chunked);
    expect(bent.headers.get('content-length')).toBeNull();
    expect(bent.headers.get('transfer-encoding')).toBe('chunked');
    expect(bent.body.equals(truth.body)).toBe(true);
  });

  it('twiceAsLong, cutInHalf, empty: announced as they come', async () => {
    const { bent: twice, truth } = await both(twiceAsLong);
    expect(twice.body.equals(Buffer.concat([truth.body, truth.body]))).toBe(true);
    expect(twice.headers.get('content-length')).toBe(String(2 * truth.body.length));
    const { bent: half } = await both(cutInHalf);
    expect(half.body.equals(truth.body.subarray(0, truth.body.length >> 1))).toBe(true);
    const { bent: none } = await both(empty);
    expect([none.status, none.headers.get('content-length'), none.text]).toEqual([200, '0', '']);
  });

  it('of a rewrite that throws is a 500 that says so', async () => {
    const { url, faults } = await running({ history: testHistory() });
    const reply = (): never => {
      throw new Error('a mistake of the test');
    };
    faults.add({ match: KEY, kind: 'rewrite', reply });
    const { status, text } = await get(url + KEY);
    expect(status).toBe(500);
    expect(text).toMatch(/^the emulator failed: Error: a mistake of the test\n/);
  });
});

describe('a CHECKSUM', () => {
  it('otherDigest: well-formed, and of other bytes', async () => {
    const { truth, bent } = await both(otherDigest, `${KEY}.CHECKSUM`);
    expect(bent.text).toMatch(new RegExp(`^[0-9a-f]{64} {2}${NAME}\n$`));
    expect(bent.text).not.toBe(truth.text);
  });

  it('otherName: right, for a file of another name', async () => {
    const { truth, bent } = await both(otherName, `${KEY}.CHECKSUM`);
    expect(bent.text).toBe(truth.text.replace(NAME, `OTHER${NAME}`));
  });
});

describe('a CHECKSUM of the publisher', () => {
  const URL_OF = { delimiter: '/', prefix: FOLDER };
  const damaged = (damage: 'misnamed-checksum' | 'empty-checksum' | 'no-checksum') =>
    running({ history: testHistory({ damaged: [{ symbol: 'BTCUSDT', period: '2024-02-02', damage }] }) });
  const listed = async (listingUrl: string): Promise<readonly string[]> => {
    const { text } = await get(`${listingUrl}?${new URLSearchParams(URL_OF)}`);
    const keys = [...text.matchAll(/<Key>([^<]*)<\/Key>.*?<Size>(\d+)<\/Size>/g)];
    return keys.flatMap(([, key = '', size = '']) => (key.includes(NAME) ? [`${key} ${size}`] : []));
  };

  it.each(['misnamed-checksum', 'empty-checksum', 'no-checksum'] as const)(
    '%s: the file is right, and mending brings the CHECKSUM back as it should be',
    async (damage) => {
      const { url, listingUrl, mend } = await damaged(damage);
      const { body } = await get(url + KEY);
      const right = `${sha256(body)}  ${NAME}\n`;
      const { status, text } = await get(`${url}${KEY}.CHECKSUM`);
      const expected = {
        'misnamed-checksum': [200, right.replace(NAME, `OTHER${NAME}`)],
        'empty-checksum': [200, ''],
        'no-checksum': [404, expect.stringContaining('<Code>NoSuchKey</Code>')],
      };
      expect([status, text]).toEqual(expected[damage]);
      const sidecar = `${FOLDER}${NAME}.CHECKSUM ${text.length}`;
      const zip = `${FOLDER}${NAME} ${body.length}`;
      expect(await listed(listingUrl)).toEqual(damage === 'no-checksum' ? [zip] : [zip, sidecar]);
      mend(KEY.slice(1));
      expect((await get(`${url}${KEY}.CHECKSUM`)).text).toBe(right);
      expect(await listed(listingUrl)).toEqual([zip, `${FOLDER}${NAME}.CHECKSUM ${right.length}`]);
    },
  );
});

describe('a page of the listing', () => {
  async function pages(kind: FaultKind, skip: number) {
    const { listingUrl, faults } = await running({ history: testHistory(), listing: { pageSize: 10 } });
    faults.add({ match: '/listing', skip, times: 1, ...kind });
    const seen: string[] = [];
    for (let marker = ''; seen.length < 4; ) {
      const query = new URLSearchParams({ delimiter: '/', prefix: FOLDER, marker });
      const { text } = await get(`${listingUrl}?${query}`);
      seen.push(text);
      marker = [...text.matchAll(/<Contents><Key>([^<]*)</g)].at(-1)?.[1] ?? '';
    }
    return seen;
  }
  const firstKey = (text: string): string => /<Contents><Key>[^<]*2024-(\d\d-\d\d)/.exec(text)?.[1] ?? '';

  it('noNextMarker: it alone is cut without saying where the next one begins', async () => {
    const seen = await pages(noNextMarker, 1);
    expect(seen.map((text) => text.includes('<NextMarker>'))).toEqual([true, false, true, true]);
    expect(seen.map((text) => text.includes('<IsTruncated>true<'))).toEqual([true, true, true, true]);
    expect(seen.map(firstKey)).toEqual(['01-01', '01-06', '01-11', '01-16']);
  });

  it('firstPageAgain: the first one comes twice', async () => {
    const seen = await pages(firstPageAgain, 1);
    expect(seen.map(firstKey)).toEqual(['01-01', '01-01', '01-06', '01-11']);
    expect(seen[1]).toBe(seen[0]);
  });

  it('cutInHalf: the XML has no end', async () => {
    const seen = await pages(cutInHalf, 2);
    expect(seen.map((text) => text.endsWith('</ListBucketResult>'))).toEqual([true, true, false, true]);
  });
});
