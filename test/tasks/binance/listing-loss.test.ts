import { describe, expect, it } from 'vitest';
import type { Known } from '../../../tasks/binance/listing-file.ts';
import { lossSince } from '../../../tasks/binance/listing-loss.ts';

const entry = { key: 'k', size: 1, etag: 'e', lastModified: '2024-01-01T00:00:00.000Z' };
const now = Date.parse('2024-06-01T00:00:00Z');

function known(...keys: readonly string[]): Known {
  const of = (length: number) =>
    Object.fromEntries(keys.filter((key) => key.length === length).map((key) => [key, entry]));
  return { monthly: of(7), daily: of(10), probed: false };
}

describe('what a listing has no longer', () => {
  it.each<[string, readonly string[], readonly string[], readonly string[], readonly string[]]>([
    ['is nothing where all is there, and more', ['2024-01'], ['2024-01', '2024-02'], [], []],
    ['is a month before all others', ['2023-12', '2024-04'], ['2024-04'], ['2023-12'], ['2023-12']],
    [
      'is no month while a day of it is left',
      ['2024-01', '2024-01-05', '2024-05'],
      ['2024-01-05', '2024-05'],
      ['2024-01'],
      [],
    ],
    [
      'is no month between others',
      ['2024-01', '2024-02', '2024-05'],
      ['2024-01', '2024-05'],
      ['2024-02'],
      [],
    ],
    [
      'is a month after all others, when these are old',
      ['2024-03', '2024-04-02'],
      ['2024-03'],
      ['2024-04-02'],
      ['2024-04'],
    ],
    [
      'is no month after others that are recent: REST has it',
      ['2024-04', '2024-05'],
      ['2024-04'],
      ['2024-05'],
      [],
    ],
  ])('%s', (_, before, after, files, months) => {
    expect(lossSince(known(...before), known(...after), now)).toEqual({ files, months });
  });
});
