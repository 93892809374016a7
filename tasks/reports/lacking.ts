/**
 * Why a month that has bars lacks others: whether a file was published for them, whether it is cut short, and what REST
 * said. It knows neither halts nor when the symbol was listed: these come first.
 */
import { isoSeconds } from '../bars/grid.ts';
import { spanOf } from '../binance/time-keys.ts';
import type { Range } from '../lib/ranges.ts';
import { common, without } from '../lib/ranges.ts';
import type { Cause } from './rows.ts';
import type { Run } from './runs.ts';
import { runOf } from './runs.ts';
import type { Summary } from './summary.ts';

export interface Explanation {
  readonly cause: Cause;
  /** Short and stable texts, in the order of time, each once. */
  readonly evidence: readonly string[];
}

/** Missing bars with one cause. */
export interface Gap extends Run, Explanation {}

/** Not as much as a month without any: a monthly file may be listed where days are preferred to it. */
const UNPUBLISHED_DAY: Explanation = { cause: 'not-published', evidence: ['no listed daily file'] };

/** Bars of the stretch that a published file is of, all of them wherever the month is clipped. */
interface Served extends Range {
  readonly file: { readonly name: string } & Range;
}

/** Bars of which REST said something, or why it was not asked. */
interface Answered extends Range {
  readonly said: string;
}

interface Answers {
  /** It has none of them. */
  readonly confirmed: readonly Answered[];
  readonly unasked: readonly Answered[];
}

/** Explains missing bars of the month: what nothing else explains of one run of them, in ascending pieces. */
export function explainerOf(summary: Summary, step: number): (pieces: readonly Run[]) => readonly Gap[] {
  const served = servedIn(summary, step);
  const answers = answersIn(summary);
  return (pieces) =>
    [
      ...without(pieces, served, step).map(({ first, last }) => ({ first, last, ...UNPUBLISHED_DAY })),
      ...byFile(common(served, pieces)).flatMap(([file, parts]) => lackingInFile(file, parts, answers, step)),
    ].sort((a, b) => a.first - b.first);
}

function byFile(parts: readonly Served[]): readonly (readonly [file: Served['file'], parts: Range[]])[] {
  const groups = new Map<Served['file'], Range[]>();
  for (const { file, first, last } of parts) {
    const group = groups.get(file);
    if (group === undefined) groups.set(file, [{ first, last }]);
    else group.push({ first, last });
  }
  return [...groups];
}

/** Of the month's files, ascending. */
export function servedIn({ files }: Summary, step: number): readonly Served[] {
  const served = files.flatMap(({ name, kind }): Served[] => {
    if (kind === 'rest') return [];
    const key = name.slice(-`${kind === 'monthly' ? '2024-01' : '2024-01-05'}.zip`.length, -'.zip'.length);
    const span = spanOf(key);
    if (span === undefined) throw new Error(`"${name}" is the name of no ${kind} file`);
    const run = runOf(span, step);
    return run === undefined ? [] : [{ ...run, file: { ...run, name } }];
  });
  return served.sort((a, b) => a.first - b.first);
}

function answersIn({ empty_at_source, unknown_symbol, unanswered }: Summary): Answers {
  const asked = ({ first, last }: Run, said: string): Answered => {
    return { first, last, said: `REST asked for ${isoSeconds(first)} to ${isoSeconds(last)}: ${said}` };
  };
  return {
    confirmed: [
      ...empty_at_source.map((run) => asked(run, 'no bar')),
      ...unknown_symbol.map((run) => asked(run, 'unknown symbol')),
    ].sort((a, b) => a.first - b.first),
    unasked: unanswered.map(({ first, last, code }) => ({ first, last, said: `REST not asked: ${code}` })),
  };
}

/** `parts` are of one file, and all of one run of missing bars. */
function lackingInFile(
  file: Served['file'],
  parts: readonly Range[],
  { confirmed, unasked }: Answers,
  step: number,
): readonly Gap[] {
  const empty = common(confirmed, parts);
  const open = without(parts, empty, step);
  const { cause, evidence } = byEdges(file, open);
  const told = common(unasked, open);
  const untold = without(open, told, step).map((rest) => ({ ...rest, said: 'REST not asked' }));
  return [
    ...empty.map(({ first, last, said }): Gap => {
      return { first, last, cause: 'confirmed-empty', evidence: [said] };
    }),
    ...[...told, ...untold].map(({ first, last, said }): Gap => {
      return { first, last, cause, evidence: [...evidence, said] };
    }),
  ];
}

/**
 * A file that lacks its first or its last bar, for no other reason, was cut short, and all that is missing from there
 * on is of the cut. Within a file nothing tells a defect from a hole that the exchange has as well.
 */
function byEdges({ name, ...whole }: Served['file'], open: readonly Range[]): Explanation {
  const [head, tail] = [open[0]?.first === whole.first, open.at(-1)?.last === whole.last];
  if (head && tail) return { cause: 'archive-defect', evidence: [`${name} has no row`] };
  if (!head && !tail) return { cause: 'unknown', evidence: [`${name} has no row of it`] };
  const edge = head ? 'beginning' : 'end';
  return { cause: 'archive-defect', evidence: [`${name} is cut short at its ${edge}`] };
}
