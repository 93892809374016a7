/** `pipeline query SQL`: DuckDB over the built tables by name. */
import { loadQuery } from '../compose.ts';
import { formatTable } from '../ui/table.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson } from './io.ts';
import { builtTables } from './tables.ts';
import type { Common } from './workspace.ts';
import { openWorkspace } from './workspace.ts';

const FORMATS = ['table', 'csv', 'json'] as const;

export async function query(
  common: Common,
  sql: string,
  asked: string | undefined,
  io: Io,
): Promise<ExitCode> {
  const wanted = asked ?? (common.json ? 'json' : 'table');
  const format = FORMATS.find((each) => each === wanted);
  if (format === undefined) {
    throw new UsageError(`--format ${wanted}: no such format`, `formats: ${FORMATS.join(', ')}`);
  }
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  const { runQuery } = await loadQuery();
  const result = await runQuery({ tables: builtTables(opened), sql, signal: io.signal });
  if (!result.ok) {
    complain(io, result.message);
    return io.signal.aborted ? EXIT.interrupted : EXIT.failed;
  }
  const { columns, rows } = result;
  switch (format) {
    case 'json':
      printJson(
        io,
        rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null]))),
      );
      break;
    case 'csv':
      io.stdout.write(
        [columns, ...rows].map((row) => `${row.map((cell) => csvCell(textOf(cell))).join(',')}\n`).join(''),
      );
      break;
    case 'table':
      io.stdout.write(
        formatTable(
          columns.map((title) => ({ title })),
          rows.map((row) => row.map(textOf)),
          outTerminal(io),
        ),
      );
  }
  return EXIT.done;
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

/** RFC 4180. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
