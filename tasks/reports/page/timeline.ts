/**
 * Gaps and their causes: a row for each symbol, a bar for each gap. Excused gaps are thin bars, the others have the
 * height of the row, so that the two differ in grey as well. It knows no coverage.
 */
import { axisX, barX, gridX, ruleY } from '@observablehq/plot';
import type { SymbolSummary } from '../document.ts';
import { isExcused } from '../gaps.ts';
import type { Cause, GapRow } from '../rows.ts';
import { CAUSES } from '../rows.ts';
import type { Html } from './escape.ts';
import { html, trusted } from './escape.ts';
import { counted, countText, durationText, momentText } from './figures.ts';
import { CHART_MARGIN, CHART_WIDTH, symbolLabels } from './labels.ts';
import { chart, strip } from './svg.ts';

const AXIS = 24;
const WIDTH = CHART_WIDTH + CHART_MARGIN;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** What a cause is, in a few words. */
const MEANING: Readonly<Record<Cause, string>> = {
  'pre-listing': 'before the symbol was listed',
  delisted: 'after it was traded for the last time',
  halt: 'the exchange stood still',
  quarantined: 'the file was refused',
  'not-published': 'no file was published',
  'archive-defect': 'the file lacks what the exchange has',
  'confirmed-empty': 'asked for, and the exchange has nothing',
  unknown: 'nothing is known',
};

export interface Stretch {
  /** First month of the reports, `2017-08`, and the last minute that counts. */
  readonly from: string;
  readonly to: string;
}

/** Rows for the symbols that have gaps among these; null where none has. */
export function timeline(
  symbols: readonly SymbolSummary[],
  gaps: readonly GapRow[],
  { from, to }: Stretch,
): Html | null {
  const having = new Set(gaps.map(({ symbol }) => symbol));
  const rows = symbols.filter(({ symbol }) => having.has(symbol));
  if (rows.length === 0) return null;
  const labels = symbolLabels(rows, 4, AXIS);
  const among = new Set(rows.map(({ symbol }) => symbol));
  // The longest first: what is short is drawn over what is long.
  const drawn = gaps.filter(({ symbol }) => among.has(symbol)).sort((a, b) => b.missing - a.missing);
  const span: [Date, Date] = [new Date(`${from}-01T00:00:00Z`), new Date(Date.parse(to) + MINUTE)];
  const blocks = labels.blocks.map(({ symbols: some, names, height, which }) => {
    const name = `${counted(drawn.length, 'gap')} of ${counted(rows.length, 'symbol')} by cause${which}; the same stand in the table of gaps`;
    const domain = some.map(({ symbol }) => symbol);
    return { names, drawn: drawing(name, domain, drawn, { span, row: labels.row, height }) };
  });
  return strip(blocks, labels.width, WIDTH);
}

interface Room {
  readonly span: [Date, Date];
  readonly row: number;
  readonly height: number;
}

function drawing(
  name: string,
  domain: readonly string[],
  all: readonly GapRow[],
  { span, row, height }: Room,
): Html {
  const among = new Set(domain);
  const drawn = all.filter(({ symbol }) => among.has(symbol));
  const ticks = ticksOf(span);
  const bars = (of: readonly GapRow[], inset: number) =>
    barX(of, {
      y: 'symbol',
      x1: ({ first_missing }: GapRow) => new Date(first_missing),
      x2: (gap: GapRow) => new Date(Date.parse(gap.first_missing) + gap.minutes * MINUTE),
      fill: ({ cause }: GapRow) => fillOf(cause),
      title: titleOf,
      // A minute of eight years would be nothing: no bar is narrower than this.
      insetLeft: -0.9,
      insetRight: -0.9,
      insetTop: inset,
      insetBottom: inset,
    });
  return chart(name, 'gaps', {
    width: WIDTH,
    height,
    marginTop: 4,
    marginBottom: AXIS,
    marginRight: CHART_MARGIN,
    x: { type: 'utc', domain: span },
    y: { axis: null, type: 'band', domain, padding: 0, round: false },
    color: { type: 'identity' },
    marks: [
      gridX({ ticks, stroke: 'var(--line)', strokeOpacity: 1 }),
      ruleY(domain, { y: (each: string) => each, stroke: 'var(--line)' }),
      bars(drawn.filter(isExcused), row * 0.32),
      bars(
        drawn.filter((gap) => !isExcused(gap)),
        row * 0.1,
      ),
      axisX({
        anchor: 'bottom',
        tickSize: 0,
        ticks,
        tickFormat: (at: Date) => tickText(at, span),
        color: 'var(--muted)',
        fontSize: 11,
        label: null,
      }),
    ],
  });
}

/**
 * About how many ticks: the more is written at each, the fewer. There may come twice as many, since what is between
 * them is a round time.
 */
function ticksOf([from, to]: readonly [Date, Date]): number {
  const days = (to.getTime() - from.getTime()) / DAY;
  if (days > 130) return 9;
  return days > 5 ? 6 : 5;
}

/** Each cause that there is, with the bars that are missing for it: the key to the colours and a figure at once. */
export function causeLegend(missing: Readonly<Record<Cause, number>>): Html {
  const found = CAUSES.filter((cause) => missing[cause] > 0);
  const square = (cause: Cause): Html => {
    const [y, height] = isExcused({ cause }) ? [5, 6] : [1, 14];
    return trusted(
      `<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><rect y="${y}" width="16" height="${height}" rx="1.5" fill="${fillOf(cause)}"/></svg>`,
    );
  };
  return html`<ul class="legend" aria-label="Causes of missing bars">${found.map(
    (cause) =>
      html`<li>${square(cause)}<b>${cause}</b> <span>${countText(missing[cause])} bars: ${MEANING[cause]}</span></li>`,
  )}</ul>`;
}

/** As times are spelt on the whole page: as much of one as the tick needs. Nothing at the ends, where it would be cut. */
function tickText(at: Date, [from, to]: readonly [Date, Date]): string {
  const place = (at.getTime() - from.getTime()) / (to.getTime() - from.getTime());
  if (place < 0.02 || place > 0.97) return '';
  const text = at.toISOString();
  if (text.endsWith('-01-01T00:00:00.000Z')) return text.slice(0, '2024'.length);
  if (text.endsWith('-01T00:00:00.000Z')) return text.slice(0, '2024-01'.length);
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, '2024-01-05'.length) : momentText(text.slice(0, 16));
}

export function fillOf(cause: Cause): string {
  return `var(--${cause})`;
}

function titleOf({ symbol, first_missing, last_missing, missing, minutes, cause, evidence }: GapRow): string {
  const size = `${counted(missing, 'bar')}, ${durationText(minutes)}`;
  return [
    `${symbol}: ${cause}`,
    `${momentText(first_missing)} to ${momentText(last_missing)} (${size})`,
    ...(evidence === '' ? [] : [evidence]),
  ].join('\n');
}
