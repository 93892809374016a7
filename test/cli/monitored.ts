/** A workspace of shell rules whose reports are what a test says: for what a build tells those who watch over it. */

import type { Json } from '../../src/engine/json.ts';
import { toCsv } from '../../tasks/reports/csv.ts';
import type { SummaryDocument } from '../../tasks/reports/document.ts';
import type { GapRow } from '../../tasks/reports/rows.ts';
import { GAP_COLUMNS } from '../../tasks/reports/rows.ts';
import { Rig } from '../rig.ts';
import { documentOf } from '../tasks/monitoring/fixtures.ts';

export const METRICS = 'reports/metrics.prom';

const MANIFEST = `version: 1
configs: [config.yaml]
rules:
  bars: { in: { a: in.txt }, out: { bars: bars.txt }, run: "cat \${in.a} > \${out.bars}" }
  reports:
    in: { summary: summary.in, gaps: gaps.in }
    out:
      summary: "reports/runs/\${run_id}/summary.json"
      gaps: "reports/runs/\${run_id}/gap_report.csv"
    run: "cp \${in.summary} \${out.summary}; cp \${in.gaps} \${out.gaps}"
`;

export function monitored(config: Readonly<Record<string, Json>> = {}): Rig {
  const rig = new Rig({ 'pipeline.yaml': MANIFEST, 'in.txt': 'one\n' });
  configure(rig, config);
  report(rig, documentOf());
  return rig;
}

export function configure(rig: Rig, config: Readonly<Record<string, Json>>): void {
  rig.write('config.yaml', JSON.stringify({ market: 'spot', ...config }));
}

/** What the next build's reports say. */
export function report(rig: Rig, document: SummaryDocument, gaps: readonly GapRow[] = []): void {
  rig.write('summary.in', JSON.stringify(document));
  rig.write('gaps.in', toCsv(GAP_COLUMNS, gaps));
}

export function failBars(rig: Rig): void {
  rig.edit('pipeline.yaml', (text) => text.replace('cat ${in.a} >', 'exit 3; cat ${in.a} >'));
}

export function mendBars(rig: Rig): void {
  rig.edit('pipeline.yaml', (text) => text.replace('exit 3; cat', 'cat'));
}
