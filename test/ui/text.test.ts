import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../src/ui/duration.ts';
import { printable, printableLines } from '../../src/ui/printable.ts';
import { crop, padEnd, padStart, textWidth } from '../../src/ui/width.ts';

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
