/**
 * One build in full: how it was asked for, what each rule did and how fast, why targets ran, what changed, what
 * failed. Pure; knows neither where builds are kept nor how one is picked.
 */
import type { TargetState, TargetStatus } from '../engine/events.ts';
import { formatBytes, formatCount, formatRate } from './amounts.ts';
import { formatDuration } from './duration.ts';
import { formatFailure, verb } from './failure.ts';
import { itemsTable } from './items-table.ts';
import type { LoggedRule, LoggedRun, LoggedTarget } from './logged-run.ts';
import { allChanges, changeWords, hasNothingToDo } from './logged-run.ts';
import { printable } from './printable.ts';
import { describeReasons } from './reasons.ts';
import type { Run } from './status-runs.ts';
import { runsOf } from './status-runs.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';
import type { Column } from './table.ts';
import { ruleOf } from './target-name.ts';
import { crop } from './width.ts';

export interface LogRunOptions {
  readonly color: boolean;
  readonly width: number;
  /** All listed targets with their times, not only those that changed something. */
  readonly verbose: boolean;
}

/** Lines that each end with a line end. Paragraphs of which there is nothing to say are left out. */
export function formatLogRun(run: LoggedRun, options: LogRunOptions): string {
  const style = styleFor(options.color);
  const paragraphs = [
    heading(run, style),
    rulesTable(run.rules, options),
    whyLines(run, options, style),
    targetsTable(run.targets, options),
    failureLines(run.targets, style),
    alertLines(run, style),
    warningLines(run, style),
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function heading(run: LoggedRun, style: Style): readonly string[] {
  const one = run.builds === 1;
  const rows: readonly (readonly [name: string, text: string])[] = [
    [one ? 'when' : 'first', second(run.startedAt)],
    ['last', one ? '' : second(run.finishedAt)],
    ['took', formatDuration(run.seconds)],
    ['as of', run.asOf],
    ['run', run.runId ?? ''],
    ['asked', askedFor(run)],
    ['by', run.version === undefined ? '' : `pipeline ${run.version}`],
    ['targets', countsText(run)],
    ['ended', endText(run)],
    ['changed', changeWords(allChanges(run)).join(', ')],
  ];
  const said = rows.filter(([, text]) => text !== '');
  // Never cropped: these are few lines, and each says what no other does.
  return [
    style.bold(`build ${run.number}`),
    ...said.map(([name, text]) => `  ${name.padEnd(8)} ${printable(text)}`),
  ];
}

function endText({ ended, error }: LoggedRun): string {
  switch (ended) {
    case 'done':
      return '';
    case 'interrupted':
      return 'interrupted';
    case 'broken':
      return `broke off: ${error ?? ''}`;
  }
}

/** As it would be typed. */
function askedFor({ selectors, moreSelectors, from, to, options }: LoggedRun): string {
  const { force, refresh, sweep, offline } = options;
  return [
    'build',
    ...selectors,
    ...(moreSelectors > 0 ? [`(and ${moreSelectors} more)`] : []),
    ...(from === undefined ? [] : [`--from ${from}`]),
    ...(to === undefined ? [] : [`--to ${to}`]),
    ...(force ? ['--force'] : []),
    ...(sweep ? ['--refresh=all'] : refresh ? ['--refresh'] : []),
    ...(offline ? ['--offline'] : []),
  ].join(' ');
}

function countsText(run: LoggedRun): string {
  const { executed, restored, checked, fresh, absent, failed, blocked } = run.counts;
  const verbs = { built: executed, restored, checked };
  const states = { fresh, absent, failed, blocked };
  const said = [
    ...Object.entries(verbs).map(([word, count]) => [count, `${word} ${formatCount(count)}`] as const),
    ...Object.entries(states).map(([word, count]) => [count, `${formatCount(count)} ${word}`] as const),
  ].flatMap(([count, text]) => (count > 0 ? [text] : []));
  if (!hasNothingToDo(run)) return said.join(', ');
  const times = run.builds === 1 ? '' : ` ${formatCount(run.builds)} times in a row`;
  return `nothing to do${times}: ${said.join(', ') || 'no targets'}`;
}

const RULE_COLUMNS: readonly Column[] = [
  { title: 'rule' },
  { title: 'ran', align: 'right' },
  { title: 'failed', align: 'right' },
  { title: 'took', align: 'right' },
  { title: 'bytes', align: 'right' },
  { title: 'rate', align: 'right' },
];
/** Of less time no rate can be told. */
const LEAST_SECONDS = 0.1;

function rulesTable(rules: readonly LoggedRule[], options: LogRunOptions): readonly string[] {
  if (rules.length === 0) return [];
  const rows = rules.map(({ rule, counts, busySeconds, bytes, changes }) => {
    const { executed = 0, restored = 0, checked = 0, failed = 0 } = counts;
    const cells = [
      rule,
      formatCount(executed + restored + checked),
      failed === 0 ? '' : formatCount(failed),
      formatDuration(busySeconds),
      bytes === 0 ? '' : formatBytes(bytes),
      bytes === 0 || busySeconds < LEAST_SECONDS ? '' : formatRate(bytes / busySeconds),
    ];
    return { cells, items: changeWords(changes) };
  });
  return itemsTable(RULE_COLUMNS, 'changed', rows, options);
}

/** What ran and why, ranges of partitions compressed as `status` does. */
function whyLines(run: LoggedRun, options: LogRunOptions, style: Style): readonly string[] {
  if (run.targets.length === 0) return [];
  const rules = new Set(run.targets.map(({ target }) => ruleOf(target)));
  const lines = [...rules].flatMap((rule) =>
    rangeLines(
      run.targets.filter(({ target }) => ruleOf(target) === rule),
      options.width,
    ),
  );
  if (run.moreTargets > 0) lines.push(`  and ${formatCount(run.moreTargets)} more targets`);
  return [style.bold('why'), ...lines];
}

/** Of one rule. */
function rangeLines(targets: readonly LoggedTarget[], width: number): string[] {
  let next = 0;
  return runsOf(targets.flatMap(asStatus)).map((range) => {
    const members = targets.slice(next, next + range.count);
    next += range.count;
    return crop(`  ${nameOf(range)}: ${because(range, members)}`, width);
  });
}

/** What is fresh without a reason parts two ranges: that is how others between them come in. */
const OTHERS: TargetStatus = { target: '', state: 'fresh', reasons: [] };

function asStatus({ target, outcome, reasons, apart }: LoggedTarget): readonly TargetStatus[] {
  const status = { target, state: stateBefore(outcome), reasons };
  return apart ? [OTHERS, status] : [status];
}

/** What runs was stale; of ranges only targets with one end are joined. */
function stateBefore(outcome: LoggedTarget['outcome']): TargetState {
  switch (outcome) {
    case 'executed':
    case 'restored':
      return 'stale';
    case 'checked':
    case 'fresh':
      return 'pending';
    case 'absent':
    case 'failed':
    case 'blocked':
      return outcome;
  }
}

function because({ reasons }: Run, members: readonly LoggedTarget[]): string {
  const more = new Set(members.map(({ moreReasons }) => moreReasons));
  const [count = 0] = more;
  const rest = more.size > 1 ? ' and more' : count > 0 ? ` and ${formatCount(count)} more` : '';
  const words = `${describeReasons(reasons, Number.POSITIVE_INFINITY)}${rest}`;
  const outcome = members[0]?.outcome ?? 'executed';
  return outcome === 'executed' && words !== '' ? words : [outcome, words].filter(Boolean).join(', ');
}

/** `bars BTCUSDT 2021-03..2021-07 (5)`. */
function nameOf({ rule, prefix, first, last, count }: Run): string {
  const range = count === 1 ? first : `${first}..${last}`;
  const names = [rule, ...prefix.split('/'), range].filter((name) => name !== '');
  return `${printable(names.join(' '))}${count === 1 ? '' : ` (${count})`}`;
}

const TARGET_COLUMNS: readonly Column[] = [
  { title: 'target' },
  { title: 'outcome' },
  { title: 'took', align: 'right' },
];

function targetsTable(targets: readonly LoggedTarget[], options: LogRunOptions): readonly string[] {
  const shown = targets.filter(({ changes }) => options.verbose || changes !== undefined);
  if (shown.length === 0) return [];
  const rows = shown.map(({ target, outcome, seconds, changes = {} }) => ({
    cells: [target, outcome, formatDuration(seconds)],
    items: changeWords(changes),
  }));
  return itemsTable(TARGET_COLUMNS, 'changed', rows, options);
}

function failureLines(targets: readonly LoggedTarget[], style: Style): readonly string[] {
  const failed = targets.filter(({ failure }) => failure !== undefined);
  return failed.flatMap((each) => formatFailure(each, style, false));
}

function alertLines({ alerts = [], moreAlerts = 0 }: LoggedRun, style: Style): readonly string[] {
  const lines = alerts.map(({ target, level, code, message }) => {
    const head = (level === 'critical' ? style.red : style.yellow)(verb(level));
    return `${head}${printable(target)}  ${printable(code)}: ${printable(message)}`;
  });
  return moreAlerts === 0 ? lines : [...lines, `${verb('alerts')}and ${formatCount(moreAlerts)} more`];
}

function warningLines({ warnings, moreWarnings }: LoggedRun, style: Style): readonly string[] {
  const head = style.yellow(verb('warning'));
  const lines = warnings.map(({ target, message }) => `${head}${printable(target)}  ${printable(message)}`);
  return moreWarnings === 0 ? lines : [...lines, `${head}and ${formatCount(moreWarnings)} more`];
}

/** `2026-01-05 08:00:01 UTC`. */
function second(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')} UTC`;
}
