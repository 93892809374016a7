/** All that the reports say of hand-made months, without files: reckoned, judged and spelt as rows. */
import type { Gate } from '../../../tasks/quality/gates.ts';
import { gatesSchema } from '../../../tasks/quality/gates.ts';
import type { HaltedBars } from '../../../tasks/quality/halts.ts';
import type { Judgement } from '../../../tasks/quality/judge.ts';
import { judge } from '../../../tasks/quality/judge.ts';
import { coverageRows, gapRows } from '../../../tasks/reports/coverage-rows.ts';
import type { SymbolFacts } from '../../../tasks/reports/months.ts';
import { qualityRows } from '../../../tasks/reports/quality-rows.ts';
import type { Figures } from '../../../tasks/reports/reckon.ts';
import { reckon } from '../../../tasks/reports/reckon.ts';
import type { CoverageRow, GapRow, QualityRow } from '../../../tasks/reports/rows.ts';
import { MINUTE } from './facts.ts';

/** Those by which coverage has its status. */
export const COVERAGE_GATES: readonly object[] = [
  { check: 'coverage', level: 'critical', scope: 'month', min: 0.95 },
  { check: 'coverage', level: 'warning', scope: 'month', min: 0.99 },
];

export interface Reported {
  readonly figures: Figures;
  readonly judgement: Judgement;
  readonly coverage: readonly CoverageRow[];
  readonly gaps: readonly GapRow[];
  readonly quality: readonly QualityRow[];
}

export interface ReportedOptions {
  readonly step?: number;
  readonly gates?: readonly object[];
  readonly halted?: readonly HaltedBars[];
  /** Default: the end of the last month. */
  readonly watermark?: number;
}

export function reported(symbols: readonly SymbolFacts[], options: ReportedOptions = {}): Reported {
  const { step = MINUTE, gates = COVERAGE_GATES, halted = [] } = options;
  const ends = symbols.flatMap(({ months }) => months.map(({ span }) => span.end));
  const watermark = options.watermark ?? Math.max(0, ...ends);
  const figures = reckon(symbols, { step, watermark, halted });
  const judgement = judge(gatesOf(gates), figures);
  return {
    figures,
    judgement,
    coverage: coverageRows(figures, judgement),
    gaps: gapRows(figures),
    quality: qualityRows(judgement.results),
  };
}

export function gatesOf(gates: readonly object[]): readonly Gate[] {
  return gatesSchema.parse(gates);
}
