/** What the words after `npm run bench --` ask for. */
import { describe, expect, it } from 'vitest';
import { readOptions, USAGE } from '../../bench/options.ts';

describe('the options of a measurement', () => {
  it('are all parts at affordable sizes where nothing is said', () => {
    expect(readOptions([], 5, '/real')).toEqual({
      ok: true,
      options: {
        parts: ['noop', 'cold', 'normalize', 'parquet', 'download', 'rest', 'journal', 'daily', 'whole'],
        json: false,
        repeats: 7,
        sizes: [200, 2_000, 20_000, 100_000],
        targets: 20_000,
        months: undefined,
        symbols: 10,
        histories: [
          { symbols: 10, years: 1 },
          { symbols: 10, years: 5 },
          { symbols: 10, years: 10 },
          { symbols: 500, years: 1 },
          { symbols: 500, years: 8 },
        ],
        data: '/real',
        seed: 5,
      },
    });
  });

  it('are the parts that are named, in their own order, with the figures that are given', () => {
    const words =
      'cold --repeats 3 --json noop --sizes 200,1000000 --targets 10 --months 48 --symbols 3 --histories 2x1,30x8 --data files --seed 9';
    expect(readOptions(words.split(' '), 5, '/real')).toEqual({
      ok: true,
      options: {
        parts: ['noop', 'cold'],
        json: true,
        repeats: 3,
        sizes: [200, 1_000_000],
        targets: 10,
        months: 48,
        symbols: 3,
        histories: [
          { symbols: 2, years: 1 },
          { symbols: 30, years: 8 },
        ],
        data: 'files',
        seed: 9,
      },
    });
  });

  it.each([
    [['nop'], 'no part "nop"'],
    [['--repeats', '0'], '--repeats 0: expected a whole number from 1'],
    [['--sizes', '200,2e4'], '--sizes 2e4: expected a whole number from 1'],
    [['--histories', '10x1,10'], '--histories 10: expected symbols and years such as 10x5'],
    [['--histories', '10x0'], '--histories 0: expected a whole number from 1'],
  ])('are refused as %j', (words, problem) => {
    expect(readOptions(words, 5, '/real')).toEqual({ ok: false, problem: `${problem}\n${USAGE}` });
  });

  it('are refused where nobody knows the name', () => {
    const read = readOptions(['--repeat', '3'], 5, '/real');
    expect(read).toEqual({ ok: false, problem: expect.stringMatching(/^Unknown option '--repeat'/) });
  });
});
