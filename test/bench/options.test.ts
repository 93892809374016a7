/** What the words after `npm run bench --` ask for. */
import { describe, expect, it } from 'vitest';
import { readOptions, USAGE } from '../../bench/options.ts';

describe('the options of a measurement', () => {
  it('are all parts at affordable sizes where nothing is said', () => {
    expect(readOptions([], 5, '/real')).toEqual({
      ok: true,
      options: {
        parts: ['noop', 'cold', 'normalize', 'parquet', 'download', 'rest', 'journal'],
        json: false,
        repeats: 7,
        sizes: [200, 2_000, 20_000, 100_000],
        targets: 20_000,
        months: 12,
        data: '/real',
        seed: 5,
      },
    });
  });

  it('are the parts that are named, in their own order, with the figures that are given', () => {
    const words =
      'cold --repeats 3 --json noop --sizes 200,1000000 --targets 10 --months 48 --data files --seed 9';
    expect(readOptions(words.split(' '), 5, '/real')).toEqual({
      ok: true,
      options: {
        parts: ['noop', 'cold'],
        json: true,
        repeats: 3,
        sizes: [200, 1_000_000],
        targets: 10,
        months: 48,
        data: 'files',
        seed: 9,
      },
    });
  });

  it.each([
    [['nop'], 'no part "nop"'],
    [['--repeats', '0'], '--repeats 0: expected a whole number from 1'],
    [['--sizes', '200,2e4'], '--sizes 2e4: expected a whole number from 1'],
  ])('are refused as %j', (words, problem) => {
    expect(readOptions(words, 5, '/real')).toEqual({ ok: false, problem: `${problem}\n${USAGE}` });
  });

  it('are refused where nobody knows the name', () => {
    const read = readOptions(['--repeat', '3'], 5, '/real');
    expect(read).toEqual({ ok: false, problem: expect.stringMatching(/^Unknown option '--repeat'/) });
  });
});
