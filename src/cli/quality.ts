/** `pipeline quality`: what the gates of the last reports say, as a table or JSON. */
import { loadReports } from '../compose.ts';
import type { QualityLine } from '../ui/quality-table.ts';
import { formatQuality } from '../ui/quality-table.ts';
import { lastReport } from './coverage.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { outTerminal, printJson } from './io.ts';
import type { Common } from './workspace.ts';

export interface QualityOptions {
  /** Only gates that are broken, and each unit of them. */
  readonly broken: boolean;
}

export async function quality(common: Common, options: QualityOptions, io: Io): Promise<ExitCode> {
  const { readQuality } = await loadReports();
  const rows = lastReport<QualityLine>('quality', readQuality, common, io);
  if (typeof rows === 'number') return rows;
  const shown = options.broken ? rows.filter(({ result }) => result === 'broken') : rows;
  if (common.json) printJson(io, shown);
  else if (shown.length === 0) io.stdout.write(rows.length === 0 ? 'no gates\n' : 'no gate is broken\n');
  else io.stdout.write(formatQuality(shown, { ...outTerminal(io), units: options.broken }));
  return EXIT.done;
}
