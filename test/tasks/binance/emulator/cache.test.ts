import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remember, shelf } from '../../../../tasks/binance/emulator/cache.ts';

describe('a shelf', () => {
  it('gives what is kept, and makes the rest: the used last stay while their weights fit', () => {
    const keys = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), keys, (most, asked) => {
        const keep = shelf<number>(most, (weight) => weight);
        let recent: readonly number[] = [];
        for (const weight of asked) {
          let made = false;
          const make = (): number => {
            made = true;
            return weight;
          };
          expect(keep(String(weight), make)).toBe(weight);
          expect(made).toBe(!recent.includes(weight));
          recent = [weight, ...recent.filter((other) => other !== weight)];
          const total = (kept: readonly number[]): number => kept.reduce((sum, each) => sum + each, 0);
          while (recent.length > 1 && total(recent) > most) recent = recent.slice(0, -1);
        }
      }),
    );
  });

  it('keeps the newest even where it alone is too heavy', () => {
    const keep = shelf<number>(1, (weight) => weight);
    keep('heavy', () => 5);
    expect(keep('heavy', () => 6)).toBe(5);
    keep('light', () => 1);
    expect(keep('heavy', () => 6)).toBe(6);
  });

  it('remembers so many by their number', () => {
    const made: string[] = [];
    const known = remember(2, (key) => {
      made.push(key);
      return key;
    });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) expect(known(key)).toBe(key);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });
});
