/**
 * The closing lines of a build for people: what failed and what to do, what changed in the data, what was
 * downloaded, then one line of counts. Knows no progress.
 */
import type { BuildEvent } from '../engine/events.ts';
import { formatBytes, formatRate } from './amounts.ts';
import { formatDuration, formatSpan } from './duration.ts';
import type { FailedTarget } from './failure.ts';
import type { Reporter, TextStream } from './listener.ts';
import { changeWords } from './logged-run.ts';
import { printable } from './printable.ts';
import { styleFor } from './style.ts';
import type { Downloaded } from './transfer.ts';
import { createTransfer } from './transfer.ts';

export interface SummaryOptions {
  readonly color: boolean;
  /** Nothing at all unless something failed. */
  readonly quiet?: boolean;
  /** Milliseconds, from any start. For tests. */
  readonly now?: () => number;
}

/** By rule, then by what is counted, both in the order in which they were first seen. */
type Changes = ReadonlyMap<string, ReadonlyMap<string, number>>;

export type BuildFinished = Extract<BuildEvent, { type: 'build-finished' }>;

const LISTED = 20;

/** Says it at `close`, so that it stands below what other reporters leave when they close before it. */
export function createSummary(stream: TextStream, options: SummaryOptions): Reporter {
  const failed: FailedTarget[] = [];
  const changes = new Map<string, Map<string, number>>();
  const transfer = createTransfer(options.now ?? (() => performance.now()));
  let finished: BuildFinished | undefined;
  let dryRun = false;
  return {
    listener: (event) => {
      transfer.apply(event);
      if (event.type === 'target-finished') addChanges(changes, event);
      if (event.type === 'build-started') dryRun = event.dryRun;
      else if (event.type === 'target-finished' && event.outcome === 'failed') failed.push(event);
      else if (event.type === 'build-finished') finished = event;
    },
    close: () => {
      if (finished === undefined || (options.quiet && !isWrong(finished, failed))) return;
      const downloaded = transfer.downloaded();
      stream.write(formatSummary(finished, failed, { color: options.color, dryRun, changes, downloaded }));
    },
  };
}

function isWrong({ interrupted, alerts }: BuildFinished, failed: readonly FailedTarget[]): boolean {
  return failed.length > 0 || interrupted || alerts.critical > 0;
}

function addChanges(
  changes: Map<string, Map<string, number>>,
  { rule, changes: counts = {} }: Extract<BuildEvent, { type: 'target-finished' }>,
): void {
  for (const [key, count] of Object.entries(counts)) {
    const sums = changes.get(rule) ?? new Map<string, number>();
    changes.set(rule, sums.set(key, (sums.get(key) ?? 0) + count));
  }
}

/** Text that ends with a line end. */
export function formatSummary(
  finished: BuildFinished,
  failed: readonly FailedTarget[],
  options: {
    readonly color: boolean;
    readonly dryRun?: boolean;
    readonly changes?: Changes;
    readonly downloaded?: Downloaded | undefined;
  },
): string {
  const style = styleFor(options.color);
  const groups = alike(failed);
  const lines = groups.slice(0, LISTED).flatMap(({ target, failure, more }) => {
    // The whole message stands above, where the target ended.
    const what = printable(failure?.code ?? 'failed');
    const others = more === 0 ? '' : ` and ${more} more`;
    const todo = failure?.hint ?? `its whole log: pipeline --verbose build ${target}`;
    return [
      `${style.red('failed')} ${style.bold(printable(target))}${others}: ${what}`,
      `  ${printable(todo)}`,
    ];
  });
  const left = groups.slice(LISTED).reduce((sum, { more }) => sum + 1 + more, 0);
  if (left > 0) lines.push(`and ${left} more: pipeline status @failed`);
  for (const [rule, counts] of options.changes ?? []) lines.push(...changesLine(rule, counts));
  if (options.downloaded !== undefined) lines.push(downloadedLine(options.downloaded));
  const alerts = alertsText(finished.alerts);
  const closing = `${closingLine(finished, options.dryRun === true)}${alerts === '' ? '' : `; ${alerts}`}`;
  const { interrupted } = finished;
  const paint = finished.failed > 0 || interrupted || finished.alerts.critical > 0 ? style.red : style.green;
  return `${[...lines, paint(closing)].join('\n')}\n`;
}

/** Failures with the very same message are one trouble: the first of each, and how many more there are. */
function alike(failed: readonly FailedTarget[]): readonly (FailedTarget & { readonly more: number })[] {
  const groups = new Map<string, FailedTarget & { more: number }>();
  for (const each of failed) {
    const key = each.failure === undefined ? each.target : `${each.failure.code} ${each.failure.message}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...each, more: 0 });
    else known.more++;
  }
  return [...groups.values()];
}

/** `bars: 1,440 rows added, 44,640 rows made final`; nothing where every count is 0. */
function changesLine(rule: string, counts: ReadonlyMap<string, number>): readonly string[] {
  const said = [...counts].filter(([, count]) => count !== 0);
  if (said.length === 0) return [];
  return [`${printable(rule)}: ${changeWords(Object.fromEntries(said)).join(', ')}`];
}

/** `downloaded 512 MB in 14 s (36 MB/s)`. */
function downloadedLine({ bytes, seconds }: Downloaded): string {
  const time = seconds < 10 ? `${Math.max(0.1, Number(seconds.toFixed(1)))} s` : formatSpan(seconds);
  const rate = seconds < 0.1 ? '' : ` (${formatRate(bytes / seconds)})`;
  return `downloaded ${formatBytes(bytes)} in ${time}${rate}`;
}

/** `built 12, 30 fresh, 1 failed in 3.2s (as of …)`, or `nothing to do: 43 targets fresh`. */
function closingLine(finished: BuildFinished, dryRun: boolean): string {
  const { executed, restored, checked, fresh, absent, failed, blocked, interrupted } = finished;
  const rest = [`${fresh} fresh`, `${absent} absent`, `${failed} failed`, `${blocked} blocked`];
  const others = rest.filter((text) => !text.startsWith('0 '));
  const acted = executed + restored + checked + failed + blocked > 0;
  if (!acted && !interrupted) return `nothing to do: ${settled(fresh, absent)}`;
  const verbs = [`built ${executed}`, `restored ${restored}`, `checked ${checked}`];
  const done = verbs.filter((text) => !text.endsWith(' 0'));
  if (done.length === 0) done.push('built 0');
  const counts = [...done, ...others].join(', ').replace(/^built/, dryRun ? 'would build' : 'built');
  const start = interrupted ? 'interrupted: ' : '';
  return `${start}${counts} in ${formatDuration(finished.seconds)} (as of ${finished.asOf})`;
}

/** `1 critical alert, 2 warnings`. */
function alertsText({ critical, warning }: BuildFinished['alerts']): string {
  const said = [
    ...(critical === 0 ? [] : [`${critical} critical ${critical === 1 ? 'alert' : 'alerts'}`]),
    ...(warning === 0 ? [] : [`${warning} ${warning === 1 ? 'warning' : 'warnings'}`]),
  ];
  return said.join(', ');
}

function settled(fresh: number, absent: number): string {
  if (fresh === 0 && absent === 0) return 'no targets';
  const first = `${fresh} ${fresh === 1 ? 'target' : 'targets'} fresh`;
  return absent === 0 ? first : `${first}, ${absent} absent`;
}
