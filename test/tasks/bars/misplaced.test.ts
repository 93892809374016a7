import { describe, expect, it } from 'vitest';
import { misplacedFile } from '../../../tasks/bars/misplaced.ts';
import { bar, klinesOf } from './rows.ts';

const MINUTE = 60_000;
const MARCH = { start: Date.UTC(2024, 2, 1), end: Date.UTC(2024, 3, 1) };
const FILE = { name: 'BTCUSDT-1m-2024-03.zip', key: '2024-03' };
const found = (times: readonly number[], unit: 'ms' | 'us' = 'ms') =>
  misplacedFile(
    klinesOf(
      times.map((time) => bar(time)),
      unit,
    ),
    MARCH,
    MINUTE,
    FILE,
  );

describe('a file', () => {
  it('may have rows of its neighbours among its own, or none at all', () => {
    expect(found([MARCH.start - 1, MARCH.end - 1, MARCH.end])).toBeUndefined();
    expect(found([(MARCH.end - 1) * 1000], 'us')).toBeUndefined();
    expect(found([])).toBeUndefined();
  });

  it('without one row of its own is refused: other content, or times in seconds', () => {
    expect(found([MARCH.end, MARCH.start - 1])).toEqual({
      code: 'csv-misplaced',
      message:
        'BTCUSDT-1m-2024-03.zip: none of its 2 rows opens within 2024-03: the first one says 1711929600000, which is 2024-04-01T00:00:00.000Z',
      hint: 'the file is wrong as published: serve its month from other files (binance.prefer_daily), or build again once it is republished',
    });
    expect(found([MARCH.start / 1000])?.message).toContain(
      'the first one says 1709251200, which is 1970-01-20T18:47:31.200Z',
    );
  });
});
