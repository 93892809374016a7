/** `pipeline coverage` and `pipeline gaps`: what the last reports say, as a table or JSON. */
import { readFileSync } from 'node:fs';
import { loadReports } from '../compose.ts';
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
  const titles = ['symbol', 'first missing', 'last missing', 'missing', 'minutes', 'cause', 'evidence'];
  const cells = rows.map((row) => [
    row.symbol,
    row.first_missing,
    row.last_missing,
    String(row.missing),
    String(row.minutes),
    row.cause,
    row.evidence,
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
