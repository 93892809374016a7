/** The colours of the page as eyes see them that tell no red from green, or no blue from yellow. */
import { describe, expect, it } from 'vitest';
import { STYLE } from '../../../tasks/reports/page/style.ts';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const EYES: Readonly<Record<string, Matrix>> = {
  common: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanope: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranope: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanope: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** What must be told apart by colour alone; `failed`, absent months and broken gates have a mark as well. */
const COVERAGE = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'panel'];
/** Thin bars, and bars of the whole height. */
const EXCUSED = ['pre-listing', 'delisted', 'halt'];
const UNEXCUSED = ['quarantined', 'not-published', 'archive-defect', 'confirmed-empty', 'unknown'];

/** A difference of about 2 is just seen; a colour beside another one wants more. */
const LEAST = 8;

const [light = '', dark = ''] = STYLE.split('@media screen and (prefers-color-scheme: dark)');

describe.each([
  ['light', light],
  ['dark', dark],
])('on a %s screen', (_, style) => {
  describe.each(Object.entries(EYES))('for the eyes of a %s', (_, matrix) => {
    it.each([
      ['coverage', COVERAGE],
      ['what is excused', EXCUSED],
      ['what nothing excuses', UNEXCUSED],
    ])('the colours of %s differ', (_, names) => {
      const seen = names.map((name) => ({ name, at: labOf(colourOf(style, name), matrix) }));
      const alike = seen.flatMap((one, index) =>
        seen.slice(index + 1).flatMap((other) => {
          const [a, b] = [one.at, other.at];
          const difference = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
          return difference >= LEAST ? [] : [`${one.name} and ${other.name}: ${difference.toFixed(1)}`];
        }),
      );
      expect(alike).toEqual([]);
    });
  });

  it('the colours of coverage go one way in grey', () => {
    const steps = COVERAGE.slice(0, 6).map((name) => labOf(colourOf(style, name), EYES['common'])[0]);
    const sorted = [...steps].sort((a, b) => a - b);
    expect(steps).toEqual(style === light ? sorted.reverse() : sorted);
  });
});

function colourOf(style: string, name: string): Triple {
  const hex = new RegExp(`--${name}: #([0-9a-f]{6});`).exec(style)?.[1];
  if (hex === undefined) throw new Error(`no colour --${name}`);
  const part = (at: number): number => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return [part(0), part(2), part(4)];
}

/** CIE L*a*b* of what such eyes see of linear RGB. */
function labOf(rgb: Triple, matrix: Matrix | undefined): Triple {
  if (matrix === undefined) throw new Error('no such eyes');
  const dot = (row: Triple, of: Triple): number => row[0] * of[0] + row[1] * of[1] + row[2] * of[2];
  const seen = matrix.map((row) => Math.min(1, Math.max(0, dot(row, rgb))));
  const [r = 0, g = 0, b = 0] = seen;
  const curve = (share: number): number => (share > 0.008_856 ? Math.cbrt(share) : 7.787 * share + 16 / 116);
  const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47);
  const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
