/** The tables of the page: gates, symbols, months, gaps. They say what summary.json and the CSV files say. */
import type { GateSummary, SymbolSummary } from '../document.ts';
import { VERDICTS } from '../document.ts';
import type { GapRow } from '../rows.ts';
import type { Content, Html } from './escape.ts';
import { html } from './escape.ts';
import { counted, countText, durationText, momentText, NOTHING, percentText, shareText } from './figures.ts';
import type { Column } from './layout.ts';
import { badge, table } from './layout.ts';
import { fillOf } from './timeline.ts';

/** What a check counts, in a few words; a check that has none is told by its name alone. */
const MEANING: Readonly<Record<string, string>> = {
  archive: 'files refused: damaged, or not what their checksum says',
  schema: 'files refused: not the columns and numbers of bars',
  'empty-file': 'files without a row',
  'file-rows': 'bars that files lack of their own span',
  order: 'rows that open before the row above',
  duplicates: 'rows of a bar that is there already',
  conflicts: 'rows that contradict another one of the same bar',
  'off-grid': 'rows that open between two bars of the grid',
  outside: 'rows outside of their month, or after the as-of',
  high: 'bars whose high is not the highest',
  low: 'bars whose low is not the lowest',
  price: 'bars with a price of zero or less',
  volume: 'bars with a negative volume',
  taker: 'bars whose takers bought more than was traded',
  'quote-volume': 'bars whose quote volume does not fit price and volume',
  'zero-trades': 'bars with trades and no volume, or the other way round',
  'short-close': 'bars that close before their time',
  jumps: 'bars that leap away from the one before',
  flats: 'long stretches without a trade',
  coverage: 'bars that are there of those that there could be',
  gap: 'the longest gap that nothing excuses',
  symbols: 'configured symbols without a bar',
  lag: 'age of the newest bar at the as-of',
  failed: 'months that could not be built',
};

const number = (name: string): Column => ({ name, kind: 'number' });

/** Broken ones first, the graver the earlier; else as declared. */
export function gateTable(gates: readonly GateSummary[]): Html {
  const gravity = ({ broken, level }: GateSummary): number => (broken === 0 ? 0 : VERDICTS.indexOf(level));
  const sorted = [...gates].sort((a, b) => gravity(b) - gravity(a));
  const columns = [
    { name: 'Check' },
    { name: 'Result' },
    { name: 'Level' },
    number('Threshold'),
    number('Worst'),
    { name: 'Measured' },
    { name: 'Where it is broken', kind: 'wide' as const },
  ];
  return table('Gates', columns, sorted.map(gateRow));
}

function gateRow({
  check,
  level,
  scope,
  threshold,
  unit,
  units,
  broken,
  excepted,
  worst,
  where,
}: GateSummary) {
  const result = broken > 0 ? badge(level, `${countText(broken)} broken`) : badge('ok', 'passed');
  const more = broken - where.length;
  const accepted = excepted === 0 ? null : html`<small>${counted(excepted, 'exception')}</small>`;
  const meaning = MEANING[check];
  const bound = unit === 'fraction' ? '≥' : '≤';
  const limit =
    typeof threshold === 'string'
      ? threshold
      : unit === 'fraction'
        ? shareText(threshold)
        : valueText(threshold, unit);
  const cells: readonly Content[] = [
    html`${check}${meaning === undefined ? null : html`<small>${meaning}</small>`}`,
    html`${result}${accepted}`,
    level,
    `${bound} ${limit}`,
    worst === null ? NOTHING : valueText(worst, unit),
    scope === 'dataset' ? 'the dataset' : counted(units, scope),
    where.length === 0 ? null : `${where.join(', ')}${more > 0 ? ` and ${countText(more)} more` : ''}`,
  ];
  return cells;
}

function valueText(value: number, unit: GateSummary['unit']): string {
  switch (unit) {
    case 'fraction':
      return percentText(value);
    case 'minutes':
      return durationText(value);
    case 'bars':
    case 'rows':
    case 'files':
    case 'runs':
    case 'months':
    case 'symbols':
      return `${countText(value)} ${value === 1 ? unit.slice(0, -1) : unit}`;
  }
}

export function symbolTable(symbols: readonly SymbolSummary[]): Html {
  const columns = [
    { name: 'Symbol' },
    { name: 'Level' },
    ...['Adjusted', 'Raw', 'Expected', 'Present', 'Missing', 'Excused', 'Gaps', 'Longest gap'].map(number),
    ...[{ name: 'First bar' }, { name: 'Last bar' }],
    ...['Lag', 'Provisional'].map(number),
  ];
  const rows = symbols.map((each) => [
    each.symbol,
    html`${badge(each.level)}${STANDING.has(each.status) ? badge(each.status) : null}`,
    percentText(each.coverage_adjusted),
    percentText(each.coverage_raw),
    ...[each.expected, each.present, each.missing, each.excused, each.gaps].map(countText),
    durationText(each.longest_gap_minutes),
    momentText(each.first_ts),
    momentText(each.last_ts),
    each.lag_minutes === null ? NOTHING : durationText(each.lag_minutes),
    countText(each.provisional),
  ]);
  return table('Symbols', columns, rows);
}

/** States that no level tells. */
const STANDING: ReadonlySet<string> = new Set(['absent', 'failed']);

export function monthTable(symbols: readonly SymbolSummary[]): Html {
  const columns = [
    { name: 'Symbol' },
    { name: 'Month' },
    { name: 'Status' },
    { name: 'Level' },
    ...['Adjusted', 'Raw', 'Missing', 'Excused'].map(number),
  ];
  const rows = symbols.flatMap(({ symbol, months }) =>
    months.map((each) => [
      symbol,
      each.month,
      each.status,
      each.level,
      percentText(each.coverage_adjusted),
      percentText(each.coverage_raw),
      countText(each.missing),
      countText(each.excused),
    ]),
  );
  return table('Months', columns, rows);
}

export function gapTable(gaps: readonly GapRow[]): Html {
  const columns = [
    { name: 'Symbol' },
    { name: 'Cause' },
    { name: 'First missing' },
    { name: 'Last missing' },
    ...['Bars', 'Length'].map(number),
    { name: 'Evidence', kind: 'wide' as const },
  ];
  const rows = gaps.map((gap) => [
    gap.symbol,
    html`<svg class="swatch" width="10" height="10" aria-hidden="true"><rect width="10" height="10" fill="${fillOf(gap.cause)}"/></svg>${gap.cause}`,
    momentText(gap.first_missing),
    momentText(gap.last_missing),
    countText(gap.missing),
    durationText(gap.minutes),
    gap.evidence,
  ]);
  return table('Gaps', columns, rows);
}
