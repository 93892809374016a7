/**
 * The report as a page: one file that asks for nothing, works without a network and prints. It is made of
 * summary.json's document, the rows of gap_report.csv and a line of days for each symbol, and of nothing else: equal
 * values give equal bytes. It opens no file.
 */
import type { SummaryDocument, SymbolSummary } from '../document.ts';
import type { GapRow } from '../rows.ts';
import type { Chosen } from './choose.ts';
import { longestGaps, MAX_MONTHS, worstSymbols } from './choose.ts';
import type { Html } from './escape.ts';
import { html } from './escape.ts';
import { counted, countText, momentText } from './figures.ts';
import { headline, tiles } from './headline.ts';
import { heatmap } from './heatmap.ts';
import { folded, frame, panel, section } from './layout.ts';
import { provenance } from './provenance.ts';
import type { Series } from './sparklines.ts';
import { cards } from './sparklines.ts';
import { gapTable, gateTable, monthTable, symbolTable } from './tables.ts';
import { causeLegend, timeline } from './timeline.ts';

export function pageOf(
  document: SummaryDocument,
  gaps: readonly GapRow[],
  series: readonly Series[],
): string {
  const symbols = worstSymbols(document);
  const { market, interval, as_of } = document;
  const body = html`${headline(document)}
<main>
${tiles(document)}
${coverageSection(symbols)}
${gateSection(document)}
${gapSection(document, symbols.shown, longestGaps(gaps))}
${symbolSection(symbols, series)}
${section('provenance', 'Provenance', 'What the bars were made of, and what they were judged by.', provenance(document, symbols.shown))}
</main>
<footer><p>The figures are those of summary.json, coverage_report.csv, gap_report.csv and quality_report.csv beside this page.
Fractions are cut, never rounded up: 100.0000 % stands only where nothing is missing.</p></footer>`;
  return frame(`Quality of ${market} ${interval} bars as of ${momentText(as_of)} UTC`, body);
}

function coverageSection(symbols: Chosen<SymbolSummary>): Html {
  const { shown } = symbols;
  const heading = 'Coverage by symbol and month';
  const months = shown.reduce((sum, each) => sum + each.months.length, 0);
  const lead = html`Bars that are there of those that there could be: what lies before listing, after delisting or within a halt
of the exchange is left out of account. ${worstOf(symbols)}`;
  if (months === 0) return section('coverage', heading, lead, panel('There is no month.'));
  const longest = Math.max(...shown.map((each) => each.months.length));
  const listed = worstSymbols({ symbols: shown }, Math.max(1, Math.floor(MAX_MONTHS / longest)));
  const rows = listed.shown.reduce((sum, each) => sum + each.months.length, 0);
  const cut = rows < months ? html`; those of ${counted(listed.shown.length, 'symbol')}, the worst` : null;
  const figures = folded(
    'Figures of every month',
    html`${counted(rows, 'row')}${cut}`,
    monthTable(listed.shown),
  );
  return section('coverage', heading, lead, html`${panel(heatmap(shown))}${figures}`);
}

function gateSection({ gates }: SummaryDocument): Html {
  const lead = 'What was measured, and how far it may go. A broken gate at level critical fails the build.';
  const body = gates.length === 0 ? panel('No gate is declared.') : panel(gateTable(gates), true);
  return section('gates', 'Gates', lead, body);
}

/** The first rows are open to the eye, and printed. */
const OPEN = 12;

function gapSection(
  { totals, as_of, symbols: all }: SummaryDocument,
  symbols: readonly SymbolSummary[],
  gaps: Chosen<GapRow>,
): Html {
  const { shown, of } = gaps;
  const heading = 'Gaps and their causes';
  if (of === 0)
    return section('gaps', heading, 'Where bars are missing, and why.', panel('No bar is missing.'));
  const some = html`<b>${countText(shown.length)} of ${countText(of)} gaps are shown</b>, the longest of those that nothing
excuses first; all of them stand in gap_report.csv.`;
  const lead = html`Where bars are missing, and why. Thin bars are excused. ${shown.length < of ? some : null}`;
  const [from = as_of] = all.flatMap(({ months }) => months.map(({ month }) => month)).sort();
  const drawn = timeline(symbols, shown, { from: from.slice(0, '2024-01'.length), to: as_of });
  const rest = shown.slice(OPEN);
  const body = html`${panel(html`${drawn}${causeLegend(totals.missing_by_cause)}`)}
${panel(gapTable(shown.slice(0, OPEN)), true)}
${rest.length === 0 ? null : folded(counted(rest.length, 'more gap'), 'what nothing excuses first, the longest before the shorter', gapTable(rest))}`;
  return section('gaps', heading, lead, body);
}

function symbolSection(symbols: Chosen<SymbolSummary>, series: readonly Series[]): Html {
  const lead = html`Price on a logarithmic scale, quote volume below, coverage, and the lag of the newest bar behind the as-of. ${worstOf(symbols)}`;
  if (symbols.of === 0) return section('symbols', 'Symbols', lead, panel('There is no symbol.'));
  const body = html`${cards(symbols.shown, series)}${panel(symbolTable(symbols.shown), true)}`;
  return section('symbols', 'Symbols', lead, body);
}

function worstOf({ shown, of }: Chosen<SymbolSummary>): Html | null {
  return shown.length < of
    ? html`<b>The ${countText(shown.length)} worst of ${countText(of)} symbols are shown</b>; all of them stand in coverage_report.csv.`
    : null;
}
