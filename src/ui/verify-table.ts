/**
 * What `verify` found: a table of the files that are not as the lockfile says, below it how they differ, what failed, and
 * a line of counts. Knows how it looks, not how it came to be.
 */
import type { Failure } from '../engine/events.ts';
import { formatCount } from './amounts.ts';
import { differingRows } from './differing-rows.ts';
import { printable, printableLines } from './printable.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';
import { formatTable } from './table.ts';

export interface ShownDifference {
  readonly summary: string;
  readonly rows: readonly {
    readonly row: number;
    readonly cells: readonly {
      readonly column: string;
      readonly inPlace: string | null;
      readonly rebuilt: string | null;
    }[];
  }[];
}

export interface ShownFinding {
  readonly target: string;
  readonly path: string;
  readonly locked: string | null;
  readonly inPlace: string | null;
  readonly rebuilt: string | null;
  readonly remark?: string;
  readonly difference?: ShownDifference;
}

export interface ShownVerification {
  readonly findings: readonly ShownFinding[];
  readonly failures: readonly { readonly target: string; readonly failure: Failure }[];
  readonly unproven: readonly string[];
  readonly counts: { readonly read: number; readonly rebuilt: number; readonly compared: number };
}

export interface VerifyTableOptions {
  readonly width: number;
  readonly color: boolean;
  /** Everything, however much. */
  readonly verbose: boolean;
  readonly asOf: string;
}

const MOST = 50;
/** Enough to tell two contents apart, and to find the line. */
const DIGITS = 12;
const COLUMNS = ['target', 'path', 'locked', 'in place', 'made again'].map((title) => ({ title }));

/** Lines that each end with a line end. */
export function formatVerification(found: ShownVerification, options: VerifyTableOptions): string {
  const style = styleFor(options.color);
  const sections = [
    table(found.findings, options),
    lines(found.findings.flatMap((finding) => detailsOf(finding, style))),
    lines(found.failures.flatMap((each) => failureLines(each, style))),
    lines(unprovenLines(found.unproven, options)),
    `${verdict(found, options.asOf, style)}\n`,
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function table(findings: readonly ShownFinding[], options: VerifyTableOptions): string {
  if (findings.length === 0) return '';
  const most = options.verbose ? findings.length : MOST;
  const rows = findings.slice(0, most).map((finding) => {
    const { target, path, locked, inPlace, rebuilt } = finding;
    return [
      target,
      path,
      locked?.slice(0, DIGITS) ?? 'no line',
      shown(inPlace, locked, 'missing'),
      shown(rebuilt, locked, 'no'),
    ];
  });
  const more = findings.length > most ? `and ${findings.length - most} more: --verbose shows them\n` : '';
  return formatTable(COLUMNS, rows, options) + more;
}

function shown(digest: string | null, locked: string | null, none: string): string {
  if (digest === null) return none;
  return digest === locked ? 'as locked' : digest.slice(0, DIGITS);
}

function detailsOf({ path, remark, difference }: ShownFinding, style: Style): readonly string[] {
  const said = [...(remark === undefined ? [] : [remark]), ...(difference ? [difference.summary] : [])];
  if (said.length === 0) return [];
  const rows = (difference?.rows ?? []).map(({ row, cells }) => ({
    row,
    cells: cells.map(({ column, inPlace, rebuilt }) => ({ column, values: [inPlace, rebuilt] as const })),
  }));
  return [
    `${style.bold(printable(path))}: ${said.map(printable).join('; ')}`,
    ...differingRows(rows, ['in place', 'made again']),
  ];
}

function failureLines(
  { target, failure }: ShownVerification['failures'][number],
  style: Style,
): readonly string[] {
  const [first = '', ...more] = printableLines(failure.message);
  return [
    `${style.red('failed')}  ${style.bold(printable(target))}  ${printable(failure.code)}: ${first}`,
    ...more.map((line) => `  | ${line}`),
    ...(failure.hint === undefined ? [] : [`  hint: ${printable(failure.hint)}`]),
    ...(failure.log ?? []).flatMap(printableLines).map((line) => style.dim(`  | ${line}`)),
  ];
}

const MOST_UNPROVEN = 10;

function unprovenLines(targets: readonly string[], { verbose }: VerifyTableOptions): readonly string[] {
  if (targets.length === 0) return [];
  const most = verbose ? targets.length : MOST_UNPROVEN;
  const more = targets.length > most ? [`  and ${targets.length - most} more: --verbose shows them`] : [];
  return [
    'nothing can be said of these, since what they are made of is missing, differs or failed:',
    ...targets.slice(0, most).map((target) => `  ${printable(target)}`),
    ...more,
  ];
}

function verdict(
  { findings, failures, unproven, counts }: ShownVerification,
  asOf: string,
  style: Style,
): string {
  const { read, rebuilt, compared } = counts;
  const did = `${plural(read, 'file')} read, ${plural(rebuilt, 'target')} made again, ${plural(compared, 'output')} compared (as of ${asOf})`;
  const wrong = [
    ...(findings.length > 0 ? [`${plural(findings.length, 'file')} not as pipeline.lock says`] : []),
    ...(failures.length > 0 ? [`${failures.length} failed`] : []),
    ...(unproven.length > 0 ? [`${unproven.length} unproven`] : []),
  ];
  // Nothing was held against anything: a selection of listings alone, or of nothing.
  if (wrong.length === 0 && read + rebuilt + compared === 0)
    return `nothing to verify: pipeline.lock names no file of what was asked for (as of ${asOf})`;
  return wrong.length === 0
    ? `${style.green('verified')}: ${did}: all as pipeline.lock says`
    : `${style.red(wrong.join(', '))}: ${did}`;
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
