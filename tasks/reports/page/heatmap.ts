/**
 * The heatmap of coverage: a cell for each symbol and month, coloured by adjusted coverage, with a mark where a gate
 * is broken. Colours keep their order in grey; what must not be overlooked has a shape as well. It judges nothing.
 */
import type { SymbolImplementation } from '@observablehq/plot';
import { cell, dot, text } from '@observablehq/plot';
import type { SymbolSummary } from '../document.ts';
import type { Html } from './escape.ts';
import { html, trusted } from './escape.ts';
import { counted, countText, percentText } from './figures.ts';
import { CHART_MARGIN, CHART_WIDTH, symbolLabels } from './labels.ts';
import { chart, strip } from './svg.ts';

type Month = SymbolSummary['months'][number];

interface Cell extends Month {
  readonly symbol: string;
}

/** Bounds as fractions, from best to worst; the last one takes the rest. */
const STEPS = [
  { from: 1, fill: 'var(--c0)', name: '100 %' },
  { from: 0.999, fill: 'var(--c1)', name: '99.9 % or more' },
  { from: 0.99, fill: 'var(--c2)', name: '99 % or more' },
  { from: 0.95, fill: 'var(--c3)', name: '95 % or more' },
  { from: 0.5, fill: 'var(--c4)', name: '50 % or more' },
  { from: 0, fill: 'var(--c5)', name: 'less' },
] as const;

/** Upon these a mark of the other ink would be lost. */
const DARK_FILLS: ReadonlySet<string> = new Set(['var(--c4)', 'var(--c5)']);

const AXIS = 22;
/** Room for `2024-01`, and for `2024`. */
const [LABEL, YEAR_LABEL] = [52, 34];

export function heatmap(symbols: readonly SymbolSummary[]): Html {
  const months = [...new Set(cellsOf(symbols).map(({ month }) => month))].sort();
  const wide = Math.min(64, Math.max(4, CHART_WIDTH / Math.max(1, months.length)));
  const labels = symbolLabels(symbols, AXIS);
  const width = wide * months.length + CHART_MARGIN;
  const blocks = labels.blocks.map(({ symbols: some, names, height, which }) => {
    const name = `Coverage of ${counted(symbols.length, 'symbol')} over ${counted(months.length, 'month')}${which}; the same figures stand in the table of months`;
    return { names, drawn: drawing(name, some, { months, wide, row: labels.row, width, height }) };
  });
  return html`${strip(blocks, labels.width, width)}${legend()}`;
}

interface Room {
  readonly months: readonly string[];
  /** Of one cell. */
  readonly wide: number;
  readonly row: number;
  readonly width: number;
  readonly height: number;
}

function drawing(
  name: string,
  symbols: readonly SymbolSummary[],
  { months, wide, row, width, height }: Room,
): Html {
  const cells = cellsOf(symbols);
  const mark = Math.min(wide, row, 14) / 2;
  const of = (level: 'warning' | 'critical'): readonly Cell[] =>
    cells.filter((each) => each.level === level && STATE_MARKS[each.status] === undefined);
  const at = { x: 'month', y: 'symbol', pointerEvents: 'none' } as const;
  return chart(name, 'cells', {
    width,
    height,
    marginTop: AXIS,
    marginRight: CHART_MARGIN,
    x: { axis: null, type: 'band', domain: months, padding: 0, round: false },
    y: { axis: null, type: 'band', domain: symbols.map(({ symbol }) => symbol), padding: 0, round: false },
    color: { type: 'identity' },
    marks: [
      text(axisOf(months, wide), {
        x: 'month',
        text: 'label',
        frameAnchor: 'top',
        textAnchor: wide >= LABEL ? 'middle' : 'start',
        dx: wide >= LABEL ? 0 : -wide / 2,
        dy: -12,
        fontSize: 11,
        fill: 'var(--muted)',
      }),
      cell(cells, {
        x: 'month',
        y: 'symbol',
        fill: fillOf,
        title: titleOf,
        inset: wide > 6 ? 0.75 : 0.25,
        rx: 1.5,
        stroke: strokeOf,
      }),
      dot(of('warning'), { ...at, r: mark * 0.3, fill: inkOn }),
      dot(of('critical'), { ...at, r: mark * 0.72, symbol: 'triangle', fill: inkOn }),
      dot(
        cells.filter((each) => STATE_MARKS[each.status] !== undefined && each.coverage_adjusted !== null),
        {
          ...at,
          r: mark * 0.72,
          symbol: (each: Cell) => STATE_MARKS[each.status],
          stroke: 'var(--on-dark)',
          strokeWidth: 1.6,
        },
      ),
    ],
  });
}

function cellsOf(symbols: readonly SymbolSummary[]): readonly Cell[] {
  return symbols.flatMap(({ symbol, months }) => months.map((month) => ({ ...month, symbol })));
}

/** What a symbol is drawn with: as much of a canvas as is needed. */
interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

/** A line across: nothing is there. Plot has no such symbol. */
const DASH: SymbolImplementation = {
  draw: (context: Pen, size: number) => {
    const half = Math.sqrt(size / Math.PI);
    context.moveTo(-half, 0);
    context.lineTo(half, 0);
  },
};

/** What no coverage tells: whether there is no file, or none that serves. */
const STATE_MARKS: Readonly<Partial<Record<Month['status'], SymbolImplementation | 'times'>>> = {
  absent: DASH,
  failed: 'times',
};

function fillOf({ status, coverage_adjusted }: Month): string {
  if (status === 'failed') return 'var(--failed)';
  if (coverage_adjusted === null) return 'var(--panel)';
  return STEPS.find(({ from }) => coverage_adjusted >= from)?.fill ?? 'var(--c5)';
}

/** An empty frame: no colour of coverage is meant. */
function strokeOf({ status, coverage_adjusted }: Month): string {
  return coverage_adjusted === null && status !== 'failed' ? 'var(--frame)' : 'none';
}

function inkOn(month: Month): string {
  return DARK_FILLS.has(fillOf(month)) ? 'var(--on-dark)' : 'var(--on-light)';
}

function titleOf(of: Cell): string {
  const { symbol, month, coverage_adjusted, coverage_raw, missing, excused, status, level } = of;
  const judged = status === 'absent' || status === 'failed' ? `${status}, ${level}` : level;
  return [
    `${symbol} ${month}: ${judged}`,
    `coverage ${percentText(coverage_adjusted)} (raw ${percentText(coverage_raw)})`,
    `${countText(missing)} missing, ${countText(excused)} of them excused`,
  ].join('\n');
}

/** Every month where there is room, else every quarter, else each year at its January and the first one. */
function axisOf(months: readonly string[], wide: number): readonly { month: string; label: string }[] {
  if (wide >= LABEL) return months.map((month) => ({ month, label: month }));
  if (3 * wide >= LABEL) {
    return months.flatMap((month) => (/-(?:01|04|07|10)$/.test(month) ? [{ month, label: month }] : []));
  }
  const years = months.filter((month) => month.endsWith('-01'));
  const [first = ''] = months;
  const next = months.indexOf(years[0] ?? '');
  // A year that begins right after the first label would be written over it.
  const begins = next === 0 || (next > 0 && next * wide < YEAR_LABEL) ? [] : [first];
  return [...begins, ...years].map((month) => ({ month, label: month.slice(0, 4) }));
}

function legend(): Html {
  const square = (inner: string): Html =>
    trusted(`<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">${inner}</svg>`);
  const box = (fill: string): string => `<rect width="16" height="16" rx="2" fill="${fill}"/>`;
  const steps = STEPS.map(({ fill, name }) => html`<li>${square(box(fill))}${name}</li>`);
  const mark = (inner: string, fill = 'var(--c0)'): Html => square(box(fill) + inner);
  return html`<ul class="legend" aria-label="Colours of coverage">${steps}
<li>${mark('<circle cx="8" cy="8" r="2.2" fill="var(--on-light)"/>')}a gate broken: warning</li>
<li>${mark('<path d="M8 3 13 12.5H3Z" fill="var(--on-light)"/>')}critical</li>
<li>${mark('<path d="M4 8h8" stroke="var(--on-dark)" stroke-width="1.8"/>', 'var(--c5)')}absent: no file was published</li>
<li>${mark('<path d="M4.5 4.5l7 7M11.5 4.5l-7 7" stroke="var(--on-dark)" stroke-width="1.8"/>', 'var(--failed)')}failed</li>
<li>${square('<rect x="0.5" y="0.5" width="15" height="15" rx="2" fill="var(--panel)" stroke="var(--frame)"/>')}nothing expected, or all of it excused</li></ul>`;
}
