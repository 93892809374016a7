import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatSpan } from '../../src/ui/duration.ts';
import { printable, printableLines } from '../../src/ui/printable.ts';
import { crop, padEnd, padStart, textWidth, wrap } from '../../src/ui/width.ts';

describe('printable text', () => {
  it('shows what could command a terminal', () => {
    expect(printable('a\x1b[2Jb')).toBe('a\\x1b[2Jb');
    expect(printable('bell\x07 csi\x9b1A del\x7f')).toBe('bell\\x07 csi\\x9b1A del\\x7f');
    expect(printable('one\r\ntwo\tthree')).toBe('one\\r\\ntwo\\tthree');
  });

  it('shows what turns the direction of writing around', () => {
    expect(printable('evil\u202egpj.exe')).toBe('evil\\u202egpj.exe');
  });

  it('leaves letters of all scripts and pictures alone, but not halves of them', () => {
    expect(printable('Zürich 币安人生USDT 🎉 \\ %')).toBe('Zürich 币安人生USDT 🎉 \\ %');
    expect(printable('\ud83c!\udf89')).toBe('\\ud83c!\\udf89');
  });

  it('holds no control character, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        expect(stripVTControlCharacters(shown)).toBe(shown);
      }),
    );
  });

  it('parts lines, expands tabs and drops the last line end', () => {
    expect(printableLines('a\r\n\tb\x1b\n')).toEqual(['a', '    b\\x1b']);
    expect(printableLines('')).toEqual(['']);
  });
});

describe('the width of text', () => {
  it('counts Han letters double and accents not at all', () => {
    expect(textWidth('USDT')).toBe(4);
    expect(textWidth('币安USDT')).toBe(8);
    expect(textWidth('e\u0301…')).toBe(2);
  });

  it('crops with an ellipsis that counts', () => {
    expect(crop('abcdef', 6)).toBe('abcdef');
    expect(crop('abcdef', 5)).toBe('abcd…');
    expect(crop('币安币', 4)).toBe('币…');
    expect(crop('abc', 1)).toBe('…');
    expect(crop('abc', 0)).toBe('');
    expect(crop('abc', Number.POSITIVE_INFINITY)).toBe('abc');
  });

  it('never exceeds what it is cropped to, and fills what it is padded to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, width) => {
        expect(textWidth(crop(text, width))).toBeLessThanOrEqual(width);
        expect(textWidth(padEnd(crop(text, width), width))).toBe(width);
        expect(textWidth(padStart(crop(text, width), width))).toBe(width);
      }),
    );
  });
});

describe('a duration', () => {
  it.each([
    [0, '0.0s'],
    [0.84, '0.8s'],
    [59.94, '59.9s'],
    [59.96, '1m 00s'],
    [65, '1m 05s'],
    [3599.7, '1h 00m'],
    [7380, '2h 03m'],
  ])('of %d seconds reads %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('a span of time', () => {
  it.each([
    [0, '0'],
    [0.4, '0'],
    [14, '14 s'],
    [60, '1 min'],
    [80, '1 min 20 s'],
    [180, '3 min'],
    [3_600, '1 h'],
    [3_659, '1 h'],
    [7_500, '2 h 5 min'],
    [187_200, '2 d 4 h'],
    [172_859, '2 d'],
    [31_536_000, '365 d'],
  ])('of %d seconds is %s: its two largest units', (seconds, text) => {
    expect(formatSpan(seconds)).toBe(text);
  });
});

describe('wrapped text', () => {
  it('is parted at spaces, long words left whole', () => {
    expect(wrap('check the network, and whether a proxy is needed', 20)).toEqual([
      'check the network,',
      'and whether a proxy',
      'is needed',
    ]);
    expect(wrap('GET https://example.com/a/long/path failed', 12)).toEqual([
      'GET',
      'https://example.com/a/long/path',
      'failed',
    ]);
    expect(wrap('', 10)).toEqual(['']);
  });

  it('loses nothing, and is too wide only where one word is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.integer({ min: 1, max: 30 }),
        (words, width) => {
          const text = words.join(' ');
          const lines = wrap(text, width);
          expect(lines.join(' ')).toBe(text);
          for (const line of lines) expect(textWidth(line) <= width || !line.includes(' ')).toBe(true);
        },
      ),
    );
  });
});
