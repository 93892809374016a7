/**
 * The names of the symbols to the left of a chart, a row each, in drawings of their own, and how many rows a drawing has:
 * no more than a page of paper takes. It knows no chart.
 */
import { text } from '@observablehq/plot';
import type { Html } from './escape.ts';
import { chart } from './svg.ts';

/** Room for a chart beside the names, the same for all, so that years stand below years. */
export const CHART_WIDTH = 930;
export const CHART_MARGIN = 12;

export interface Labels<T> {
  readonly width: number;
  /** Height of one row. */
  readonly row: number;
  readonly blocks: readonly Block<T>[];
}

/** Rows that stand on one page, with the names to the left of them. */
export interface Block<T> {
  readonly symbols: readonly T[];
  readonly names: Html;
  readonly height: number;
  /** `, symbols 1 to 30`; empty where there is but one block. */
  readonly which: string;
}

/** Longer names are cut: the whole one is told when the pointer rests on it. */
const MOST = 20;
/** Of a page of A4 on its side, without its margins, 700 pixels high: heading and lead stand there as well. */
const BLOCK_HEIGHT = 560;

export function symbolLabels<T extends { readonly symbol: string }>(
  symbols: readonly T[],
  above: number,
  below = 0,
): Labels<T> {
  const row = symbols.length > 40 ? 14 : 22;
  const fontSize = symbols.length > 40 ? 10 : 12;
  const longest = Math.max(0, ...symbols.map(({ symbol }) => Math.min(MOST, symbol.length)));
  const width = Math.ceil(longest * fontSize * 0.66) + 14;
  const count = Math.ceil(symbols.length / Math.floor(BLOCK_HEIGHT / row));
  const each = Math.ceil(symbols.length / count);
  const blocks = Array.from({ length: count }, (_, at): Block<T> => {
    const some = symbols.slice(at * each, (at + 1) * each);
    const names = some.map(({ symbol }) => symbol);
    const height = above + row * names.length + below;
    const which = count === 1 ? '' : `, symbols ${at * each + 1} to ${at * each + names.length}`;
    const drawn = chart(`Symbols${which}`, 'labels', {
      width,
      height,
      marginTop: above,
      marginBottom: below,
      y: { axis: null, type: 'band', domain: names, padding: 0, round: false },
      marks: [
        text(names, {
          y: (name: string) => name,
          text: (name: string) => (name.length > MOST ? `${name.slice(0, MOST - 1)}…` : name),
          title: (name: string) => name,
          frameAnchor: 'left',
          fontSize,
          fill: 'var(--ink)',
        }),
      ],
    });
    return { symbols: some, names: drawn, height, which };
  });
  return { width, row, blocks };
}
