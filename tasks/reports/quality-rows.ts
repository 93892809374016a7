/** The rows of quality_report.csv, from gates that have been applied. It judges nothing and spells no CSV. */

import { factsOf } from '../quality/checks.ts';
import type { GateResult } from '../quality/judge.ts';
import type { QualityRow } from './rows.ts';
import { ALL_MONTHS } from './rows.ts';

/** For each gate what it comes to, then each unit beyond its threshold: the dataset has no others than itself. */
export function qualityRows(results: readonly GateResult[]): readonly QualityRow[] {
  return results.flatMap(({ gate, worst, broken, excepted }) => {
    const { check, level, scope, threshold } = gate;
    const of = { check, level, scope, threshold: String(threshold), unit: factsOf(check).unit };
    const result = broken.length > 0 ? 'broken' : 'pass';
    const all: QualityRow = { ...of, symbol: 'all', month: ALL_MONTHS, value: worst, result };
    if (scope === 'dataset') return [all];
    return [
      all,
      ...broken.map((breach): QualityRow => ({ ...of, ...breach, result: 'broken' })),
      ...excepted.map((breach): QualityRow => ({ ...of, ...breach, result: 'excepted' })),
    ];
  });
}
