import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Looked } from '../../../tasks/binance/archive-head.ts';
import { choose } from '../../../tasks/binance/choose.ts';
import { keyFor } from '../../../tasks/binance/layout.ts';
import type { Entry, Known } from '../../../tasks/binance/listing-file.ts';
import type { Probing } from '../../../tasks/binance/probe.ts';
import { probe } from '../../../tasks/binance/probe.ts';
import { daysOf } from '../../../tasks/binance/time-keys.ts';

const series = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;
const NOW = Date.parse('2024-03-02T12:00:00Z');

function entry(timeKey: string, etag = 'e'): Entry {
  return { key: keyFor(series, timeKey), size: 1, etag, lastModified: '2024-01-01T00:00:00.000Z' };
}

async function probed(there: readonly string[], more: Partial<Probing> = {}) {
  const asked: string[] = [];
  let open = 0;
  let most = 0;
  const look = async (key: string): Promise<Looked> => {
    most = Math.max(most, ++open);
    await new Promise(setImmediate);
    open -= 1;
    const timeKey = /-(\d{4}-[\d-]+)\.zip$/.exec(key)?.[1] ?? key;
    asked.push(timeKey);
    return { ok: true, entry: there.includes(timeKey) ? entry(timeKey) : undefined };
  };
  const probing = { series, from: '2023-12', now: NOW, preferDaily: [], previous: undefined, ...more };
  const result = await probe(look, probing, () => {});
  if (!result.ok) throw new Error(result.failure.message);
  const { monthly, daily } = result.known;
  return {
    asked: asked.sort(),
    files: [...Object.keys(monthly), ...Object.keys(daily)].sort(),
    result,
    most,
  };
}

function knew(probed: boolean, ...timeKeys: readonly string[]): Known {
  const of = (length: number) =>
    Object.fromEntries(
      timeKeys.filter((key) => key.length === length).map((key) => [key, entry(key, 'old')]),
    );
  return { monthly: of(7), daily: of(10), probed };
}

const MARCH = ['2024-03', '2024-03-01', '2024-03-02'];

describe('files asked for one by one', () => {
  it('are the months up to this one, and the days of those without a file up to today', async () => {
    const { asked, files, result } = await probed([
      '2023-11',
      '2023-12',
      '2024-01',
      '2024-02-29',
      '2024-03-01',
    ]);
    // The month before the first tells whether the symbol was listed when that began.
    expect(asked).toEqual(
      ['2023-11', '2023-12', '2024-01', '2024-02', ...daysOf('2024-02'), ...MARCH].sort(),
    );
    expect(files).toEqual(['2023-11', '2023-12', '2024-01', '2024-02-29', '2024-03-01']);
    expect(result).toMatchObject({ asked: asked.length, found: 5, known: { probed: true } });
  });

  it('are the days of the first month, and of those before it as long as there are any', async () => {
    const there = ['2023-12-31', '2024-01-01', '2024-01', '2024-02'];
    const { asked, files } = await probed(there, { from: '2023-07' });
    expect(asked).toEqual(
      [
        ...daysOf('2023-11'),
        ...[
          '2023-06',
          '2023-07',
          '2023-08',
          '2023-09',
          '2023-10',
          '2023-11',
          '2023-12',
          ...daysOf('2023-12'),
        ],
        ...['2024-01', ...daysOf('2024-01'), '2024-02', ...MARCH],
      ].sort(),
    );
    expect(files).toEqual([...there].sort());
  });

  it('are never more than six at a time', async () => {
    expect((await probed([])).most).toBe(6);
  });

  it('are the days of a month that is taken from dailies, where its monthly file is there', async () => {
    const there = ['2023-11', '2023-12', '2023-12-05', '2024-01', '2024-02', '2024-03-01'];
    const { asked, files } = await probed(there, { preferDaily: ['2023-12', '2019-01'] });
    expect(asked).toEqual(
      ['2023-11', '2023-12', ...daysOf('2023-12'), '2024-01', '2024-02', ...MARCH].sort(),
    );
    expect(files).toEqual([...there].sort());
  });

  it('are those that the listing lacked when it could be reached, and what it had is kept', async () => {
    const previous = knew(false, '2023-03', '2023-11', '2023-11-07', '2023-12', '2024-01', '2024-02-01');
    const { asked, files, result } = await probed(['2024-02-01', '2024-03-01'], {
      from: '2017-08',
      previous,
    });
    // A hole is asked for again, month by month, and by the days of its first month.
    const hole = ['2023-04', '2023-05', '2023-06', '2023-07', '2023-08', '2023-09', '2023-10'];
    expect(asked).toEqual(
      [...hole, ...daysOf('2023-04'), '2024-02', ...daysOf('2024-02').slice(1), ...MARCH].sort(),
    );
    expect(files).toEqual([
      ...['2023-03', '2023-11', '2023-11-07', '2023-12', '2024-01', '2024-02-01', '2024-03-01'],
    ]);
    expect(result.known.daily['2024-02-01']?.etag).toBe('old');
  });

  it('begin with the first day that was listed, where no monthly file was', async () => {
    const previous = knew(false, '2024-02-10', '2024-02-11');
    const { asked } = await probed([], { from: '2017-08', previous });
    const february = daysOf('2024-02').filter((day) => day !== '2024-02-10' && day !== '2024-02-11');
    expect(asked).toEqual(['2024-02', ...february, ...MARCH].sort());
  });

  it('are all that lack where the earlier ones were asked for one by one, too: from another month on, perhaps', async () => {
    const { asked } = await probed([], { from: '2023-11', previous: knew(true, '2023-12', '2024-01') });
    expect(asked.filter((key) => key.length === 7)).toEqual(['2023-10', '2023-11', '2024-02', '2024-03']);
  });

  it('are no days of years without a file, but the latest, in which a new one may come', async () => {
    const { asked, files } = await probed(['2020-02', '2020-03-03', '2024-03-01'], { from: '2020-03' });
    expect(asked.filter((key) => key.length === 10)).toEqual([
      ...daysOf('2020-03'),
      ...daysOf('2020-04'),
      ...daysOf('2024-01'),
      ...daysOf('2024-02'),
      '2024-03-01',
      '2024-03-02',
    ]);
    expect(files).toEqual(['2020-02', '2020-03-03', '2024-03-01']);
  });

  it('end with the first failure', async () => {
    let asked = 0;
    const failure = { code: 'http-cut', message: 'cut' };
    const look = async (): Promise<Looked> => {
      asked += 1;
      return { ok: false, failure };
    };
    const probing = { series, from: '2017-08', now: NOW, preferDaily: [], previous: undefined };
    expect(await probe(look, probing, () => {})).toEqual({ ok: false, failure });
    expect(asked).toBe(6);
  });

  it('give the same choice as a listing would, whatever there is of the last months', async () => {
    const EPOCH = Date.UTC(2024, 0, 1);
    const day = fc.nat(61).map((n) => new Date(EPOCH + n * 86_400_000).toISOString().slice(0, 10));
    const month = fc.constantFrom('2024-01', '2024-02');
    const anyFiles = fc.tuple(fc.uniqueArray(month), fc.uniqueArray(day, { maxLength: 60 }));
    await fc.assert(
      fc.asyncProperty(anyFiles, fc.uniqueArray(month), async ([months, days], preferDaily) => {
        const there = [...months, ...days];
        const { result } = await probed(there, { from: '2024-01', preferDaily });
        const options = { start: EPOCH, asOf: NOW, preferDaily };
        const [{ others: _, ...is }, { others: __, ...due }] = [
          choose(result.known, options),
          choose(knew(false, ...there), options),
        ];
        const names = (files: typeof is.files) => Object.keys(files).sort();
        expect({ ...is, files: names(is.files) }).toEqual({ ...due, files: names(due.files) });
      }),
      { numRuns: 40 },
    );
  });
});
