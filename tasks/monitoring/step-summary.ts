/**
 * A build as Markdown, for the page that GitHub shows of a job: verdict, counts, coverage by symbol, broken gates,
 * failures, where the reports are. Everything that comes from outside is escaped. It writes no file.
 */
import type { SummaryDocument } from '../reports/document.ts';
import type { Run } from './run.ts';
import { OUTCOMES } from './run.ts';

/** Rows of a table; how many more there are is said. */
export const MOST_ROWS = 50;
const MOST_MESSAGE = 300;

export interface StepSummaryFacts {
  readonly run: Run;
  readonly document: SummaryDocument | undefined;
  /** The folder of the last reports, relative to the workspace. */
  readonly folder: string | undefined;
}

const MARKS = { ok: '✅', info: 'ℹ️', warning: '⚠️', critical: '❌' } as const;
const ENDS = {
  done: { mark: '', what: 'is done' },
  failed: { mark: '❌', what: 'has failures' },
  interrupted: { mark: '⚠️', what: 'was interrupted' },
  broken: { mark: '❌', what: 'broke off' },
} as const;

/** Ends with a line end. */
export function stepSummary({ run, document, folder }: StepSummaryFacts): string {
  const blocks = [
    heading(run, document),
    `${endOf(run)}: ${countsText(run)} in ${run.seconds} s (as of ${text(run.asOf)}).`,
    ...(run.failures.length > 0 ? [failureTable(run)] : []),
    ...(document === undefined ? [] : ofDataset(document)),
    ...(folder === undefined ? [] : [`Reports: ${code(folder)}`]),
  ];
  return `${blocks.join('\n\n')}\n\n`;
}

/** The verdict is that of the last reports, which a build that ended otherwise may not have come to. */
function heading({ ended, asOf }: Run, document: SummaryDocument | undefined): string {
  if (document === undefined) return '## pipeline';
  const { market, interval, verdict, as_of } = document;
  const { level, sentence } = verdict;
  const older = as_of === asOf ? '' : ` (the last reports, as of ${text(as_of)})`;
  const head =
    ended === 'done'
      ? `## ${MARKS[level]} pipeline: ${level}`
      : `## ${level === 'critical' ? MARKS.critical : ENDS[ended].mark} pipeline: ${level}, the build ${ENDS[ended].what}`;
  return `${head}\n\n${text(market)} ${text(interval)}: ${text(sentence)}${older}`;
}

function endOf({ ended }: Run): string {
  const { mark, what } = ENDS[ended];
  return `${mark} The build ${what}`.trimStart();
}

function countsText({ counts, idle }: Run): string {
  const said = OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
    (outcome) => `${counts[outcome]} ${outcome}`,
  );
  const all = said.length === 0 ? 'no targets' : said.join(', ');
  return idle ? `nothing to do, ${all}` : all;
}

function failureTable({ failures }: Run): string {
  const rows = failures.map(({ target, code: failure, message }) => [
    code(target),
    text(failure),
    text(message.length > MOST_MESSAGE ? `${message.slice(0, MOST_MESSAGE)}…` : message),
  ]);
  return `### Failures\n\n${table(['target', 'failure', 'message'], '', rows)}`;
}

function ofDataset({ gates, symbols }: SummaryDocument): readonly string[] {
  const broken = gates.filter((gate) => gate.broken > 0);
  const gateRows = broken.map(({ check, level, scope, threshold, unit, broken: count, where }) => [
    `${MARKS[level]} ${level}`,
    text(check),
    scope,
    `${text(String(threshold))} ${unit}`,
    String(count),
    text(`${where.join(', ')}${count > where.length ? ', …' : ''}`),
  ]);
  const rows = symbols.map((each) => [
    text(each.symbol),
    `${MARKS[each.level]} ${each.level}`,
    String(each.present),
    String(each.missing),
    percent(each.coverage_raw),
    percent(each.coverage_adjusted),
    String(each.gaps),
    each.lag_minutes === null ? '' : String(each.lag_minutes),
  ]);
  const titles = ['symbol', 'level', 'present', 'missing', 'raw', 'adjusted', 'gaps', 'lag (minutes)'];
  return [
    ...(gateRows.length === 0
      ? []
      : [
          `### Broken gates\n\n${table(['level', 'check', 'scope', 'threshold', 'broken', 'where'], '    r', gateRows)}`,
        ]),
    `### Coverage\n\n${table(titles, '  rrrrrr', rows)}`,
  ];
}

/** `right`: an `r` at the place of each column of numbers. */
function table(titles: readonly string[], right: string, rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const more = rows.length - MOST_ROWS;
  const lines = [
    line(titles),
    line(titles.map((_, at) => (right[at] === 'r' ? '---:' : '---'))),
    ...rows.slice(0, MOST_ROWS).map(line),
  ];
  return more > 0 ? `${lines.join('\n')}\n\nand ${more} more` : lines.join('\n');
}

/** Cut, as the figure is: 100 % stands only where nothing is missing. */
function percent(fraction: number | null): string {
  return fraction === null ? '' : `${(Math.round(fraction * 1_000_000) / 10_000).toFixed(4)} %`;
}

/** Nothing in it is Markdown, HTML or the end of a cell. */
function text(from: string): string {
  return (
    from
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/[\\`*_{}[\]()#+!|~$@]/g, '\\$&')
      // A bare address would become a link.
      .replace(/:\/\//g, ':&#47;&#47;')
      .replace(/\b(www)\./gi, '$1&#46;')
  );
}

/** As code: only backticks and the end of a cell count in there. */
function code(from: string): string {
  const plain = from.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll('`', "'");
  return `\`${plain.replaceAll('|', '\\|')}\``;
}
