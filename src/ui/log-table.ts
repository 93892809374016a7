/** Builds as a table, one a line: when, as of when, how long, how much ran, what changed in the data. Pure. */
import { formatCount } from './amounts.ts';
import { formatDuration } from './duration.ts';
import { itemsTable } from './items-table.ts';
import type { LoggedRun } from './logged-run.ts';
import { allChanges, changeWords, hasNothingToDo, ranCount } from './logged-run.ts';
import { styleFor } from './style.ts';
import type { Column, TableOptions } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: '#', align: 'right' },
  { title: 'when (UTC)', align: 'right' },
  { title: 'as of', align: 'right' },
  { title: 'took', align: 'right' },
  { title: 'ran', align: 'right' },
  { title: 'failed', align: 'right' },
];

/** In the order given. Lines that each end with a line end. */
export function formatLog(runs: readonly LoggedRun[], options: TableOptions): string {
  const style = styleFor(options.color);
  const rows = runs.map((run) => ({
    cells: [
      String(run.number),
      minuteOf(run.startedAt),
      asOfText(run.asOf),
      formatDuration(run.seconds),
      String(ranCount(run)),
      run.counts.failed === 0 ? '' : String(run.counts.failed),
    ],
    items: itemsOf(run),
  }));
  const [titles = '', ...lines] = itemsTable(COLUMNS, 'what changed', rows, options);
  const painted = runs.map((run, at) => {
    const line = lines[at] ?? '';
    if (run.counts.failed > 0 || run.ended === 'broken') return style.red(line);
    return hasNothingToDo(run) ? style.dim(line) : line;
  });
  return `${[titles, ...painted].join('\n')}\n`;
}

function itemsOf(run: LoggedRun): readonly string[] {
  if (run.ended === 'broken') return [`broke off: ${run.error ?? ''}`];
  const critical = run.alerts?.filter(({ level }) => level === 'critical').length ?? 0;
  const alarm = critical === 0 ? [] : [`${formatCount(critical)} critical`];
  const changes = changeWords(allChanges(run));
  if (run.ended === 'interrupted') return ['interrupted', ...alarm, ...changes];
  if (!hasNothingToDo(run)) return [...alarm, ...changes];
  return ['nothing to do', ...(run.builds === 1 ? [] : [`${formatCount(run.builds)} times`]), ...alarm];
}

/** `2026-01-05 08:00`. */
function minuteOf(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}

/** A day that was over by its date alone, as `--as-of` takes it. */
function asOfText(instant: string): string {
  return instant.endsWith('T23:59:00Z') ? instant.slice(0, 10) : minuteOf(instant);
}
