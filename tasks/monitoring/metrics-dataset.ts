/** What the last reports say of the dataset, as metrics: a sample a symbol, never one a month. Knows no build. */
import type { SummaryDocument, SymbolSummary, Verdict } from '../reports/document.ts';
import { VERDICTS } from '../reports/document.ts';
import { CAUSES } from '../reports/rows.ts';
import type { AddGauge, Sample } from './metrics.ts';

/** Of more symbols than these only the totals are told: about ten series a symbol are what a server takes. */
export const MOST_SYMBOLS = 5_000;

const LEVELS = VERDICTS.map((level, at) => `${at} ${level}`).join(', ');

export function addDataset(
  gauge: AddGauge,
  { as_of, verdict, totals, gates, symbols }: SummaryDocument,
): void {
  const one = (name: string, help: string, value: number | null): void =>
    gauge(name, help, [], value === null ? [] : [[[], value]]);
  one('pipeline_dataset_as_of_timestamp_seconds', 'The last minute that counts.', Date.parse(as_of) / 1000);
  one('pipeline_dataset_level', `The worst gate that is broken: ${LEVELS}.`, rank(verdict.level));
  one('pipeline_dataset_symbols', 'Symbols that are reported on.', totals.symbols);
  one('pipeline_dataset_expected_bars', 'Bars from the configured start to the as-of.', totals.expected);
  one('pipeline_dataset_present_bars', 'Bars that are there.', totals.present);
  one(
    'pipeline_dataset_excused_bars',
    'Missing bars that listing, delisting or a halt explain.',
    totals.excused,
  );
  one('pipeline_dataset_coverage_raw_ratio', 'Present ÷ expected.', totals.coverage_raw);
  one(
    'pipeline_dataset_coverage_adjusted_ratio',
    'Present ÷ (expected − excused).',
    totals.coverage_adjusted,
  );
  one('pipeline_dataset_duplicate_rows', 'Rows that came more than once.', totals.duplicates);
  one('pipeline_dataset_off_grid_rows', 'Rows whose time was not on the grid.', totals.off_grid);
  one('pipeline_dataset_rule_breaks', 'Bars that break a rule of prices or volumes.', totals.rule_breaks);
  gauge(
    'pipeline_dataset_missing_bars',
    'Bars that are missing, by cause.',
    ['cause'],
    CAUSES.map((cause): Sample => [[cause], totals.missing_by_cause[cause] ?? 0]),
  );
  gauge(
    'pipeline_gate_broken_units',
    'Months, symbols or datasets that break gates of this check.',
    ['check', 'level', 'scope'],
    brokenGates(gates),
  );
  addSymbols(gauge, symbols);
}

function addSymbols(gauge: AddGauge, symbols: readonly SymbolSummary[]): void {
  const told = symbols.length > MOST_SYMBOLS ? [] : symbols;
  const each = (name: string, help: string, value: (of: SymbolSummary) => number | null): void =>
    gauge(
      name,
      help,
      ['symbol'],
      told.flatMap((of): Sample[] => {
        const is = value(of);
        return is === null ? [] : [[[of.symbol], is]];
      }),
    );
  each('pipeline_symbol_level', `The worst gate that is broken there: ${LEVELS}.`, ({ level }) =>
    rank(level),
  );
  each('pipeline_symbol_coverage_raw_ratio', 'Present ÷ expected.', ({ coverage_raw }) => coverage_raw);
  each(
    'pipeline_symbol_coverage_adjusted_ratio',
    'Present ÷ (expected − excused).',
    ({ coverage_adjusted }) => coverage_adjusted,
  );
  each('pipeline_symbol_missing_bars', 'Bars that are missing, excused ones too.', ({ missing }) => missing);
  each('pipeline_symbol_excused_bars', 'Missing bars that are explained.', ({ excused }) => excused);
  each('pipeline_symbol_gaps', 'Runs of missing bars.', ({ gaps }) => gaps);
  each(
    'pipeline_symbol_longest_gap_seconds',
    'The longest run of missing bars.',
    ({ longest_gap_minutes }) => longest_gap_minutes * 60,
  );
  each(
    'pipeline_symbol_lag_seconds',
    'From the end of the newest bar to that of the as-of.',
    ({ lag_minutes }) => (lag_minutes === null ? null : lag_minutes * 60),
  );
  each(
    'pipeline_symbol_provisional_bars',
    'Bars that the monthly file does not serve yet.',
    ({ provisional }) => provisional,
  );
}

function rank(level: Verdict): number {
  return VERDICTS.indexOf(level);
}

/** Gates that differ in their threshold alone are added up. */
function brokenGates(gates: SummaryDocument['gates']): readonly Sample[] {
  const sums = new Map<string, { readonly labels: readonly string[]; broken: number }>();
  for (const { check, level, scope, broken } of gates) {
    const labels = [check, level, scope];
    const known = sums.get(labels.join());
    if (known === undefined) sums.set(labels.join(), { labels, broken });
    else known.broken += broken;
  }
  return [...sums.values()].map(({ labels, broken }): Sample => [labels, broken]);
}
