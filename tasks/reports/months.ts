/**
 * What is known of each symbol and month before anything is reckoned: the bars' summary, or why there is none.
 * Plain facts, gathered from the fan-ins of the task. It opens no file and judges nothing.
 */
import type { AbsentMember, FailedMember, Json, Member, Partition, Span } from '../../src/engine/task.ts';
import type { Summary } from './summary.ts';

export type MonthFacts = {
  readonly month: string;
  /** Clipped to the edges of the calendar and to the watermark. */
  readonly span: Span;
} & (
  | { readonly kind: 'present'; readonly summary: Summary }
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly roots: readonly string[] }
);

export interface SymbolFacts {
  readonly symbol: string;
  /** Key of the earliest file that the archive lists; null when it lists none or when its listing is not known. */
  readonly firstFile: string | null;
  /** Ascending. */
  readonly months: readonly MonthFacts[];
}

/** The fan-ins, each in its declared order. */
export interface FanIns {
  /** In the same order as `summaries`. */
  readonly present: readonly { readonly member: Member; readonly summary: Summary }[];
  readonly absent: readonly AbsentMember[];
  readonly failed: readonly FailedMember[];
  readonly first: {
    readonly members: readonly Member[];
    /** In the same order as `members`. */
    readonly values: readonly Json[];
    readonly absent: readonly AbsentMember[];
    readonly failed: readonly FailedMember[];
  };
}

/**
 * Symbols in declared order. A fan-in hands over its members in that order, but those that are absent or failed
 * in lists of their own, so that it cannot be told where they stood: `declared` says it, and where it does not,
 * symbols without a listing come last.
 */
export function symbolFacts(fanIns: FanIns, declared: readonly string[] | undefined): readonly SymbolFacts[] {
  const { present, absent, failed, first } = fanIns;
  const symbols = new Map<string, { firstFile: string | null; months: MonthFacts[] }>();
  const known = new Set(
    [first.members, first.absent, first.failed, present.map(({ member }) => member), absent, failed]
      .flat()
      .map(({ partition }) => symbolOf(partition)),
  );
  for (const symbol of declared ?? [])
    if (known.has(symbol)) symbols.set(symbol, { firstFile: null, months: [] });
  for (const symbol of known) if (!symbols.has(symbol)) symbols.set(symbol, { firstFile: null, months: [] });

  for (const [index, { partition }] of first.members.entries()) {
    const facts = symbols.get(symbolOf(partition));
    const value = first.values[index];
    if (typeof value === 'string' && facts !== undefined) facts.firstFile = value;
    else if (value !== null) throw new Error(`the first file of ${symbolOf(partition)} must be text or null`);
  }
  const put = (partition: Partition, make: (month: string, span: Span) => MonthFacts): void => {
    symbols.get(symbolOf(partition))?.months.push(make(keyOf(partition, 'month'), spanOf(partition)));
  };
  for (const { member, summary } of present) {
    put(member.partition, (month, span) => ({ month, span, kind: 'present', summary }));
  }
  for (const { partition, reason } of absent) {
    put(partition, (month, span) => ({ month, span, kind: 'absent', reason }));
  }
  for (const { partition, code, roots } of failed) {
    put(partition, (month, span) => ({ month, span, kind: 'failed', code, roots }));
  }
  return [...symbols].map(([symbol, { firstFile, months }]) => ({
    symbol,
    firstFile,
    months: months.sort((a, b) => a.span.start - b.span.start),
  }));
}

/** A reason may come with the target it began at: what counts is the word. */
export function saysReason(reason: string, word: string): boolean {
  return reason.split(/[^a-z-]+/).includes(word);
}

/**
 * What a file was refused for, where that is why its month failed: for the ZIP or its checksum, or for its CSV. One that
 * cannot be had, or can no more, was not refused.
 */
export function refusalOf(code: string): 'archive' | 'schema' | undefined {
  if (code === 'archive-gone') return undefined;
  if (/^(?:archive|checksum)-/.test(code)) return 'archive';
  return code.startsWith('csv-') ? 'schema' : undefined;
}

export function symbolOf(partition: Partition): string {
  return keyOf(partition, 'symbol');
}

export function spanOf(partition: Partition): Span {
  const span = partition.spans['month'];
  if (span === undefined) throw new Error(`the partition ${names(partition)} has no span of "month"`);
  return span;
}

/** A partition without the key is a mistake of the manifest: the rule does not fan in symbols and months. */
export function keyOf(partition: Partition, dimension: string): string {
  const key = partition.keys[dimension];
  if (key === undefined) throw new Error(`the partition ${names(partition)} has no dimension "${dimension}"`);
  return key;
}

function names({ keys }: Partition): string {
  return Object.values(keys).join('/');
}
