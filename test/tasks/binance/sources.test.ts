import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import sources from '../../../tasks/binance/sources.ts';
import { fakeContext, scratch } from '../context.ts';

const entry = { key: 'k', size: 1, etag: 'e', lastModified: '2024-03-01T00:00:00.000Z' };
const listing = {
  version: 2,
  market: 'spot',
  symbol: 'BTCUSDT',
  interval: '1m',
  monthly: { '2024-01': entry },
  daily: { '2024-02-01': entry },
  digest: 'd',
};

function context(text: string) {
  const workspace = scratch();
  writeFileSync(join(workspace, 'listing.json'), text);
  const params = sources.params?.parse({
    as_of: '2024-02-01T23:59:00Z',
    start: '2024-01-01T00:00:00Z',
    prefer_daily: ['2020-12'],
  });
  if (params === undefined) throw new Error('the task checks no params');
  const inputs = { listing: join(workspace, 'listing.json') };
  return fakeContext({ workspace, params, inputs, out: { sources: 'sources.json' } });
}

describe('the sources task', () => {
  it('writes what serves, one entry a line', async () => {
    const ctx = context(JSON.stringify(listing));
    expect(await sources.run(ctx)).toBeUndefined();
    const line = '{"etag":"e","key":"k","lastModified":"2024-03-01T00:00:00.000Z","size":1}';
    expect(readFileSync(ctx.outputs['sources'] ?? '', 'utf8')).toBe(`{
  "files": {
    "2024-01": ${line},
    "2024-02-01": ${line}
  },
  "first": "2024-01",
  "months": {
    "2024-01": {"provisional":false,"served":"monthly"},
    "2024-02": {"provisional":true,"served":"daily"}
  },
  "others": {},
  "version": 1
}
`);
  });

  it.each(['', '{"version":1}', '[]', JSON.stringify({ ...listing, daily: { '2024-02-30': entry } })])(
    'refuses a listing that is %j',
    async (text) => {
      const result = await sources.run(context(text));
      expect(result).toMatchObject({ failed: { code: 'listing-unreadable' } });
      expect(JSON.stringify(result)).toContain('listing.json is no listing: ');
    },
  );

  it('takes no as-of that is no instant', () => {
    expect(() => sources.params?.parse({ as_of: '2024-02-30', start: '2024-01-01T00:00:00Z' })).toThrow(
      'expected an instant in UTC such as 2025-08-22T23:59:00Z',
    );
  });
});
