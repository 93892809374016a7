import { describe, expect, it } from 'vitest';
import { isConfirmedGone, listedSince, listedUntil, withoutRefuted } from '../../../tasks/reports/listing.ts';
import type { MonthFacts } from '../../../tasks/reports/months.ts';
import type { SummaryChanges } from './facts.ts';
import { absent, failed, MINUTE, ms, present, symbol } from './facts.ts';

const listedLate = present('2017-11', [['2017-11-01', '2017-11-06T03:53']]);

describe('a symbol counts as listed', () => {
  it('from its first bar, where that lies in the first file', () => {
    expect(listedSince(symbol('2017-11', listedLate))).toBe(ms('2017-11-06T03:54'));
    expect(listedSince(symbol('2017-11-06', listedLate))).toBe(ms('2017-11-06T03:54'));
  });

  it('from the start of the first file, where the bars only begin after its span', () => {
    expect(listedSince(symbol('2017-11-04', listedLate))).toBe(ms('2017-11-04'));
    expect(listedSince(symbol('2017-10', absent('2017-10', 'not-published'), listedLate))).toBe(
      ms('2017-10-01'),
    );
  });

  it('from the start of the first file, where its month failed', () => {
    const months = [failed('2017-11', 'archive-corrupt', ['archive/X/2017-11']), present('2017-12')];
    expect(listedSince(symbol('2017-11', ...months))).toBe(ms('2017-11-01'));
    expect(listedSince(symbol('2017-11-06', ...months))).toBe(ms('2017-11-06'));
  });

  it('from the start of the first file, where no month has any bar', () => {
    const empty = present('2017-11', [['2017-11-01', '2017-11-30T23:59']]);
    expect(listedSince(symbol('2017-11', empty))).toBe(ms('2017-11-01'));
    expect(listedSince(symbol('2017-11'))).toBe(ms('2017-11-01'));
  });

  it('before the history, where that starts later than the first file ends', () => {
    expect(listedSince(symbol('2017-08', present('2018-01', [['2018-01-01', '2018-01-05']])))).toBe(
      ms('2017-08-01'),
    );
  });

  it('from its first bar, where the history starts in the month of the first file and nothing was cut', () => {
    const span = { start: ms('2017-08-17T04:00'), end: ms('2017-09-01') };
    const late = present('2017-08', [['2017-08-17T04:00', '2017-08-19T23:59']], { span });
    expect(listedSince(symbol('2017-08', late))).toBe(ms('2017-08-20'));
  });

  it('before the history, where rows that were cut show that it may have been trading', () => {
    const span = { start: ms('2017-08-25'), end: ms('2017-09-01') };
    const holed = present('2017-08', [['2017-08-25', '2017-08-25T11:59']], { span, outside: 11_000 });
    expect(listedSince(symbol('2017-08', holed))).toBe(ms('2017-08-01'));
  });

  it('from its first bar, where rows of another month were cut from a month that is whole', () => {
    const month = present('2017-11', [['2017-11-01', '2017-11-06T03:53']], { outside: 3 });
    expect(listedSince(symbol('2017-11', month))).toBe(ms('2017-11-06T03:54'));
  });

  it('never later than its first bar, where REST had bars from before the first file', () => {
    expect(listedSince(symbol('2017-12', listedLate, present('2017-12')))).toBe(ms('2017-11-06T03:54'));
  });

  it('for ever, where no first file is known', () => {
    expect(listedSince(symbol(null, listedLate))).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('the key of the first file', () => {
  it.each(['2017', '2017-13', '2019-02-29', '2017-08-17T04', ''])('is not %j', (key) => {
    expect(() => listedSince(symbol(key))).toThrow(
      `"${key}" is no key of a listed file: expected a month such as 2017-08 or a day such as 2017-08-17`,
    );
  });
});

describe('a symbol counts as traded no more', () => {
  const ended = present('2022-05', [['2022-05-13T00:31', '2022-05-31T23:59']]);

  it('after its last bar, where the months after it are gone', () => {
    const gone = ['2022-06', '2022-07'].map((month) => absent(month, 'delisted'));
    expect(listedUntil(symbol('2020-08', present('2022-04'), ended, ...gone))).toBe(ms('2022-05-13T00:30'));
  });

  it('not while a file may only be late, and not where the month before failed or has no bar', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(listedUntil(symbol('2020-08', ended))).toBe(never);
    expect(listedUntil(symbol('2020-08', ended, absent('2022-06', 'not-published')))).toBe(never);
    const broken = failed('2022-05', 'archive-corrupt', ['archive/X/2022-05']);
    expect(listedUntil(symbol('2020-08', broken, absent('2022-06', 'delisted')))).toBe(never);
    expect(listedUntil(symbol('2020-08', absent('2022-06', 'delisted')))).toBe(never);
    const empty = present('2022-05', [['2022-05-01', '2022-05-31T23:59']]);
    expect(listedUntil(symbol('2020-08', empty, absent('2022-06', 'delisted')))).toBe(never);
  });
});

describe('that a symbol is gone, since no file has come for long,', () => {
  const gone = absent('2022-06', 'sources/BTCUSDT: delisted');
  const until = (day: string, changes: SummaryChanges = {}): MonthFacts =>
    present('2022-05', [[`${day}T00:00`, '2022-05-31T23:59']], changes);
  const days = ['2022-05-01', '2022-05-02'].map((day) => ({ name: `BTCUSDT-1m-${day}.zip` }));

  it('is refuted by bars that REST has from after its last file', () => {
    const traded = until('2022-05-04', { files: days, sources: { monthly: 0, daily: 2_880, rest: 1_440 } });
    expect(withoutRefuted([traded, gone], MINUTE)).toEqual([traded, { ...gone, reason: 'not-published' }]);
    const filled = until('2022-05-03', { files: days, sources: { monthly: 0, daily: 2_879, rest: 1 } });
    expect(withoutRefuted([filled, gone], MINUTE)).toEqual([filled, gone]);
    const beside = until('2022-05-04', { files: days, sources: { monthly: 0, daily: 4_320, rest: 0 } });
    expect(withoutRefuted([beside, gone], MINUTE)).toEqual([beside, gone]);
    const sources = { monthly: 0, daily: 2_880, rest: 1_440 };
    const tail = { first: ms('2022-05-04'), last: ms('2022-05-31T23:59'), missing: 28 * 1_440 };
    const ends = until('2022-05-04', { files: days, sources, empty_at_source: [tail] });
    expect(withoutRefuted([ends, gone], MINUTE)).toEqual([ends, gone]);
    const late = [traded, absent('2022-06', 'not-published')];
    expect(withoutRefuted(late, MINUTE)).toEqual(late);
  });

  it('is confirmed by REST where it has none of the bars after the last one', () => {
    const said = (first: string, last: string) => [
      { first: ms(first), last: ms(last), missing: (ms(last) - ms(first)) / MINUTE + 1 },
    ];
    const half = said('2022-05-03T00:00', '2022-05-09T23:59');
    const rest = said('2022-05-10T00:00', '2022-05-31T23:59');
    const confirmed = (changes: SummaryChanges): boolean =>
      isConfirmedGone([until('2022-05-03', changes), gone], MINUTE);
    expect(confirmed({ empty_at_source: rest, unknown_symbol: half })).toBe(true);
    expect(confirmed({ empty_at_source: half })).toBe(false);
    expect(confirmed({})).toBe(false);
    expect(isConfirmedGone([present('2022-05'), gone], MINUTE)).toBe(false);
    const hole = said('2022-05-10', '2022-05-10T00:09');
    const inner = present('2022-05', [['2022-05-10', '2022-05-10T00:09']], { empty_at_source: hole });
    expect(isConfirmedGone([inner, gone], MINUTE)).toBe(false);
    expect(isConfirmedGone([gone], MINUTE)).toBe(false);
  });
});
