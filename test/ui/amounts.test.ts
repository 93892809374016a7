import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatRate } from '../../src/ui/amounts.ts';

describe('amounts', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1 kB'],
    [38_240_000, '38.2 MB'],
    [512_000_000, '512 MB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [1_234_000_000, '1.23 GB'],
    [4.2e15, '4200 TB'],
  ])('of %i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('of a rate are told by the second', () => {
    expect(formatRate(38_240_000)).toBe('38.2 MB/s');
  });

  it('are never further from the truth than half of the third digit', () => {
    const factors: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900_000_000_000_000 }), (bytes) => {
        const [number = '', unit = ''] = formatBytes(bytes).split(' ');
        const shown = Number(number) * (factors[unit] ?? Number.NaN);
        expect(Math.abs(shown - bytes)).toBeLessThanOrEqual(bytes * 0.0051);
        expect(Number(number)).toBeLessThan(1000);
      }),
    );
  });

  it('are parted by thousands with commas, whatever the locale', () => {
    expect([0, 999, 1_000, 44_640, 1_234_567].map(formatCount)).toEqual([
      '0',
      '999',
      '1,000',
      '44,640',
      '1,234,567',
    ]);
    expect([-5_000, 1234.56789, 0.12345].map(formatCount)).toEqual(['-5,000', '1,234.56789', '0.12345']);
    fc.assert(
      fc.property(fc.nat(), (count) => {
        expect(formatCount(count)).toMatch(/^\d{1,3}(,\d{3})*$/);
        expect(Number(formatCount(count).replaceAll(',', ''))).toBe(count);
      }),
    );
  });
});
