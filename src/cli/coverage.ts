/** `pipeline coverage` and `pipeline gaps`: what the last reports say, as a table or JSON. */
import { readFileSync } from 'node:fs';
import { loadReports } from '../compose.ts';
import type { Column } from '../ui/table.ts';
import { formatTable } from '../ui/table.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson } from './io.ts';
import { builtTables } from './tables.ts';
import type { Common } from './workspace.ts';
import { openWorkspace } from './workspace.ts';

export interface CoverageOptions {
  /** Only the row that sums a symbol up. */
  readonly summary: boolean;
}

export async function coverage(common: Common, options: CoverageOptions, io: Io): Promise<ExitCode> {
  const text = lastReport('coverage', common, io);
  if (typeof text !== 'string') return text;
  const { readCoverage } = await loadReports();
  const rows = readCoverage(text).filter(({ month }) => !options.summary || month === 'all');
  if (common.json) {
    printJson(io, rows);
    return EXIT.done;
  }
  const titles = ['symbol', 'month', 'present', 'missing', 'raw', 'adjusted', 'gaps', 'longest', 'status'];
  const cells = rows.map((row) => [
    row.symbol,
    row.month,
    String(row.present),
    String(row.missing),
    row.coverage_raw?.toFixed(6) ?? '',
    row.coverage_adjusted?.toFixed(6) ?? '',
    String(row.gaps),
    String(row.longest_gap_minutes),
    row.status,
  ]);
  io.stdout.write(
    formatTable(
      titles.map((title) => ({ title })),
      cells,
      outTerminal(io),
    ),
  );
  return EXIT.done;
}

export async function gaps(common: Common, io: Io): Promise<ExitCode> {
  const text = lastReport('gaps', common, io);
  if (typeof text !== 'string') return text;
  const { readGaps } = await loadReports();
  const rows = readGaps(text);
  if (common.json) {
    printJson(io, rows);
    return EXIT.done;
  }
  if (rows.length === 0) {
    io.stdout.write('no gaps\n');
    return EXIT.done;
  }
  // Right-aligned columns are never cropped: of an instant every digit counts.
  const columns: readonly Column[] = [
    { title: 'symbol' },
    { title: 'first (UTC)', align: 'right' },
    { title: 'last (UTC)', align: 'right' },
    { title: 'bars', align: 'right' },
    { title: 'cause' },
    { title: 'evidence' },
  ];
  const cells = rows.map((row) => [
    row.symbol,
    minuteOf(row.first_missing),
    minuteOf(row.last_missing),
    String(row.missing),
    row.cause,
    row.evidence,
  ]);
  io.stdout.write(formatTable(columns, cells, outTerminal(io)));
  return EXIT.done;
}

/** Short enough that a row fits 80 columns; the CSV and JSON have the whole instant. */
function minuteOf(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}

/** The text of a report, or the exit code after a complaint. */
function lastReport(name: string, common: Common, io: Io): string | ExitCode {
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  const file = builtTables(opened)
    .find((table) => table.name === name)
    ?.files.at(-1);
  if (file === undefined) {
    complain(io, `there is no ${name} report yet`, 'make it with `pipeline build reports`');
    return EXIT.failed;
  }
  return readFileSync(file, 'utf8');
}
