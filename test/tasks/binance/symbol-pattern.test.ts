import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matcherOf, nearestSymbols } from '../../../tasks/binance/symbol-pattern.ts';

describe('a pattern of symbols', () => {
  it.each([
    ['*USDT', ['BTCUSDT', 'USDT'], ['USDTTRY', 'BTCUSDT_240628']],
    ['BTC????', ['BTCUSDT', 'BTCUSDC'], ['BTCTRY', 'BTCFDUSD', 'WBTCUSD']],
    ['*_PERP', ['BTCUSD_PERP'], ['BTCUSD_240628', 'PERPUSDT']],
    ['BTC*USD*', ['BTCUSDT', 'BTCFDUSD', 'BTCSTUSDT'], ['ETHBTC', 'XBTCUSD']],
    ['BTCUSDT', ['BTCUSDT'], ['BTCUSDTX', 'XBTCUSDT', 'BTCUSD']],
    ['*', ['A', ''], []],
    ['**?', ['A'], ['']],
  ])('%s matches whole symbols', (pattern, matched, others) => {
    expect(matched.filter(matcherOf(pattern))).toEqual(matched);
    expect(others.filter(matcherOf(pattern))).toEqual([]);
  });

  it('is nothing but letters, digits, _, * and ?', () => {
    for (const text of ['', 'btc', 'BTC.', '[A-Z]', 'A|B', '^A', '{A,B}', '!A', 'A/B'])
      expect(() => matcherOf(text)).toThrow(`"${text}" is no pattern of symbols`);
  });

  it('made of a symbol by replacing parts of it matches that symbol', () => {
    const letter = fc.constantFrom('A', 'B', '_', '1');
    const piece = fc.tuple(fc.array(letter, { maxLength: 4 }), fc.constantFrom('as is', 'any', 'each'));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const symbol = pieces.map(([letters]) => letters.join('')).join('');
        const pattern = pieces
          .map(([letters, how]) => (how === 'any' ? '*' : how === 'each' ? letters.map(() => '?') : letters))
          .map((part) => (typeof part === 'string' ? part : part.join('')))
          .join('');
        fc.pre(pattern !== '');
        expect(matcherOf(pattern)(symbol)).toBe(true);
        expect(matcherOf(`${pattern}X`)(symbol)).toBe(false);
      }),
    );
  });
});

describe('patterns with stars', () => {
  it('match what the regular expression of the same meaning matches', () => {
    const text = (letters: string[], maxLength: number) =>
      fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength }).map((all) => all.join(''));
    fc.assert(
      fc.property(text(['A', 'B', '*', '?'], 8), text(['A', 'B'], 10), (pattern, symbol) => {
        const form = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`);
        expect(matcherOf(pattern)(symbol)).toBe(form.test(symbol));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are decided at once, be there ever so many', () => {
    expect(matcherOf(`${'*A'.repeat(500)}*B`)('A'.repeat(5_000))).toBe(false);
    expect(matcherOf(`${'*A'.repeat(500)}*B`)(`${'A'.repeat(5_000)}B`)).toBe(true);
  });
});

describe('the symbols nearest to a pattern', () => {
  const symbols = ['BNBBTC', 'BTCUSDC', 'BTCUSDT', 'DOGEUSDT', 'ETHBTC', 'LTCUSDT'];

  it('hold something like its letters', () => {
    expect(nearestSymbols('*USTD', symbols, 3)).toEqual(['BTCUSDC', 'BTCUSDT', 'DOGEUSDT']);
    expect(nearestSymbols('DGOE*', symbols, 1)).toEqual(['DOGEUSDT']);
    expect(nearestSymbols('XBT*', symbols, 2)).toEqual(['BNBBTC', 'BTCUSDC']);
  });

  it('are as many as there are, at most', () => {
    expect(nearestSymbols('*X', symbols, 20)).toHaveLength(symbols.length);
    expect(nearestSymbols('??', [], 3)).toEqual([]);
  });
});
