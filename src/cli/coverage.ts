/** `pipeline coverage` and `pipeline gaps`: what the last reports say, as a table or JSON, and the halts that they suggest. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { loadPropose, loadReports } from '../compose.ts';
import { formatProposedHalts } from '../ui/proposed-halts.ts';
import type { Column } from '../ui/table.ts';
import { formatTable } from '../ui/table.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson } from './io.ts';
import { builtTables } from './tables.ts';
import type { Common, OpenWorkspace } from './workspace.ts';
import { openWorkspace } from './workspace.ts';

export interface CoverageOptions {
  /** Only the row that sums a symbol up. */
  readonly summary: boolean;
}

export async function coverage(common: Common, options: CoverageOptions, io: Io): Promise<ExitCode> {
  const { readCoverage } = await loadReports();
  const all = lastReport('coverage', readCoverage, common, io);
  if (typeof all === 'number') return all;
  const rows = all.filter(({ month }) => !options.summary || month === 'all');
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
  const { readGaps } = await loadReports();
  const rows = lastReport('gaps', readGaps, common, io);
  if (typeof rows === 'number') return rows;
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

/** Nothing is applied: whether it was a halt is for people to say. */
export async function proposeHalts(common: Common, io: Io): Promise<ExitCode> {
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  const { readCoverage, readGaps } = await loadReports();
  const covered = rowsIn(opened, 'coverage', readCoverage, io);
  if (typeof covered === 'number') return covered;
  const missing = rowsIn(opened, 'gaps', readGaps, io);
  if (typeof missing === 'number') return missing;
  const propose = await loadPropose();
  const proposed = propose.proposeHalts(covered, missing);
  if (common.json) printJson(io, proposed);
  else io.stdout.write(formatProposedHalts(proposed, propose.LEAST_SYMBOLS));
  return EXIT.done;
}

/** Short enough that a row fits 80 columns; the CSV and JSON have the whole instant. */
function minuteOf(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}

/** The rows of a report, or the exit code after a complaint: also where it was edited, or another version wrote it. */
export function lastReport<Row>(
  name: string,
  read: (text: string) => readonly Row[],
  common: Common,
  io: Io,
): readonly Row[] | ExitCode {
  const opened = openWorkspace(common, io);
  return opened === undefined ? EXIT.usage : rowsIn(opened, name, read, io);
}

function rowsIn<Row>(
  opened: OpenWorkspace,
  name: string,
  read: (text: string) => readonly Row[],
  io: Io,
): readonly Row[] | ExitCode {
  const file = builtTables(opened)
    .find((table) => table.name === name)
    ?.files.at(-1);
  if (file === undefined) {
    complain(io, `there is no ${name} report yet`, 'make it with `pipeline build reports`');
    return EXIT.failed;
  }
  const text = readFileSync(file, 'utf8');
  try {
    return read(text);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    complain(
      io,
      `${relative(opened.workspace, file)} cannot be read as a ${name} report: ${why}`,
      'make it again with `pipeline build reports`',
    );
    return EXIT.failed;
  }
}
