/**
 * The state of all targets for people: by rule, counted, and what is not fresh with its reasons, runs of
 * partitions compressed. Pure; knows neither how states are found nor where the text goes.
 */
import type { FreshRun, TargetState, TargetStatus } from '../engine/events.ts';
import { alertLines } from './plain.ts';
import { printable } from './printable.ts';
import { describeAbsence, describeReasons } from './reasons.ts';
import type { Run } from './status-runs.ts';
import { runsOf } from './status-runs.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';
import { ruleOf } from './target-name.ts';
import { crop, padEnd, textWidth } from './width.ts';

export interface StatusOptions {
  readonly color: boolean;
  readonly width: number;
  /** All reasons instead of the first three. */
  readonly verbose: boolean;
}

/** The order in which states are counted: from good to bad. */
const STATES: readonly TargetState[] = [
  'fresh',
  'absent',
  'unknown',
  'stale',
  'pending',
  'blocked',
  'failed',
];

/** Lines that each end with a line end. The list is expected in partition order. */
export function formatStatus(targets: readonly (TargetStatus | FreshRun)[], options: StatusOptions): string {
  if (targets.length === 0) return 'no targets\n';
  const style = styleFor(options.color);
  const rules = new Map<string, (TargetStatus | FreshRun)[]>();
  for (const target of targets) {
    const rule = 'fresh' in target ? target.rule : ruleOf(target.target);
    const group = rules.get(rule);
    if (group === undefined) rules.set(rule, [target]);
    else group.push(target);
  }
  const nameWidth = Math.max(...[...rules.keys()].map((rule) => textWidth(printable(rule))));
  const lines: string[] = [];
  for (const [rule, group] of rules) {
    const name = padEnd(printable(rule), nameWidth);
    lines.push(headed(name, `  ${countStates(group)}`, options.width, style.bold));
    for (const run of runsOf(group)) lines.push(runLine(run, options, style), ...logLine(run, options.width));
  }
  const count = targets.reduce((sum, each) => sum + ('fresh' in each ? each.fresh : 1), 0);
  const sum = `${count} ${count === 1 ? 'target' : 'targets'}: ${countStates(targets)}`;
  const alerts = targets.flatMap((each) =>
    'fresh' in each || each.alerts === undefined
      ? []
      : alertLines({ ...each, outcome: 'fresh', alerts: each.alerts }, style, options.verbose),
  );
  return `${[...lines, crop(sum, options.width), ...alerts].join('\n')}\n`;
}

function countStates(targets: readonly (TargetStatus | FreshRun)[]): string {
  const counts = new Map<TargetState, number>();
  for (const each of targets) {
    const [state, count] = 'fresh' in each ? (['fresh', each.fresh] as const) : [each.state, 1];
    counts.set(state, (counts.get(state) ?? 0) + count);
  }
  return STATES.flatMap((state) => (counts.has(state) ? [`${counts.get(state)} ${state}`] : [])).join(', ');
}

/** `  bars BTCUSDT 2021-03..2021-07 (5): code changed tasks/bars/normalize.ts`. */
function runLine(run: Run, options: StatusOptions, style: Style): string {
  const range = run.count === 1 ? run.first : `${run.first}..${run.last}`;
  const names = [run.rule, ...run.prefix.split('/'), range].filter((name) => name !== '');
  const count = run.count === 1 ? '' : ` (${run.count})`;
  const head = `  ${printable(names.join(' '))}${count}`;
  return headed(head, `: ${because(run, options.verbose)}`, options.width, paintFor(run.state, style));
}

function logLine({ log, count }: Run, width: number): readonly string[] {
  if (log === undefined) return [];
  return [crop(`    ${count === 1 ? 'log' : 'log of the first'}: ${printable(log)}`, width)];
}

/** The state stands in the words of its reason where there is one: `waits for …`, `failed: …`. */
function because({ state, reasons, absent }: Run, verbose: boolean): string {
  const words = describeReasons(reasons, verbose ? Number.POSITIVE_INFINITY : undefined);
  const head = absent === undefined ? state : describeAbsence(absent, reasons);
  if (words === '') return head;
  const said =
    state === 'stale' ||
    (state === 'pending' && reasons.some(({ kind }) => kind === 'upstream')) ||
    (state === 'failed' && reasons.some(({ kind }) => kind === 'failed'));
  return said ? words : `${head}, ${words}`;
}

function paintFor(state: TargetState, style: Style): (text: string) => string {
  switch (state) {
    case 'fresh':
      return style.green;
    case 'stale':
    case 'pending':
      return style.yellow;
    case 'failed':
    case 'blocked':
      return style.red;
    case 'absent':
    case 'unknown':
      return style.dim;
  }
}

/** A line cropped as a whole, its head painted afterwards, so that no colour is cut in two. */
function headed(head: string, rest: string, width: number, paint: (text: string) => string): string {
  const line = crop(head + rest, width);
  return line.startsWith(head) ? paint(head) + line.slice(head.length) : paint(line);
}
