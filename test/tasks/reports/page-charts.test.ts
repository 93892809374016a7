/** The charts of the page where symbols are many or months are few. */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { pageOf } from '../../../tasks/reports/page/page.ts';
import type { DatasetSpec } from './page-data.ts';
import { dataset } from './page-data.ts';

/** As much of a DOM as is asked for. */
interface Tick {
  readonly textContent: string | null;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
}
const ticksIn = (text: string): readonly Tick[] => [...parseHTML(text).document.querySelectorAll('text')];
const page = (spec: DatasetSpec): string => {
  const { document, gaps, series } = dataset(spec);
  return pageOf(document, gaps, series);
};
/** All drawings of a kind: there is one for each block of symbols. */
const drawnIn = (text: string, kind: 'cells' | 'gaps' | 'labels'): readonly string[] =>
  text.match(new RegExp(`<svg [^>]*class="${kind}".*?</svg>`, 'gs')) ?? [];

describe('the charts', () => {
  it.each([25, 26, 40, 41, 60, 200])('of %i symbols are blocks that a page of paper takes', (symbols) => {
    const text = page({ symbols, months: 2, holes: 1 });
    for (const kind of ['cells', 'labels', 'gaps'] as const) {
      const heights = drawnIn(text, kind).map((svg) => Number(/ height="([\d.]+)"/.exec(svg)?.[1]));
      expect(heights.filter((height) => !(height <= 600))).toEqual([]);
    }
    const names = dataset({ symbols, months: 2 }).document.symbols.map(({ symbol }) => symbol);
    const drawn = drawnIn(text, 'labels').join('');
    const written = [...drawn.matchAll(/<text[^>]*>([A-Z\d]+)</g)].map(([, name]) => name);
    // The names of the heatmap, then those of the gaps.
    expect(written.slice(0, symbols)).toEqual(names);
    expect(drawnIn(text, 'cells').join('').match(/<rect/g)).toHaveLength(2 * symbols);
  });

  /** Digits and a hyphen of 11 pixels are no wider than this. */
  const LETTER = 6.4;

  it.each([1, 2, 3, 4, 5, 6, 9, 14, 24, 48, 96, 180])('write no time over another in %i months', (months) => {
    const text = page({ symbols: 1, months, holes: 3 });
    const ticks = ticksIn(drawnIn(text, 'gaps').join('')).map((tick) => {
      const transform = [...tick.attributes].find(({ name }) => name === 'transform');
      const x = Number(/translate\(([\d.]+)/.exec(transform?.value ?? '')?.[1]);
      const half = ((tick.textContent ?? '').length * LETTER) / 2;
      return { from: x - half, to: x + half };
    });
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.filter((tick, at) => at > 0 && tick.from < (ticks[at - 1]?.to ?? Number.NaN))).toEqual([]);
  });
});
