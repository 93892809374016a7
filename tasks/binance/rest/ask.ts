/**
 * Asks for ranges of bars, page by page, and stores what comes, so that what has been answered is never asked for
 * again, however the rest goes. It decides neither what is asked for nor what becomes of a failure.
 */
import type { TaskFailure } from '../../../src/engine/task.ts';
import type { RestRow } from '../../bars/rest-rows.ts';
import type { Range } from '../../lib/ranges.ts';
import type { Series } from '../layout.ts';
import type { Answer } from './answer-file.ts';
import type { Answers } from './answers.ts';
import { PAGE, readPage, settledThrough, spanOf } from './asking.ts';
import type { RestClient } from './client.ts';

/** Rows that are held back at most before they are stored: a crash costs so many pages again. */
const HELD_ROWS = 9 * PAGE;

export interface Asking {
  readonly client: Pick<RestClient, 'serverNow' | 'klines'>;
  readonly answers: Answers;
  readonly series: Series;
  readonly step: number;
  /** So many more bars have been dealt with. */
  onBars(count: number): void;
}

/** Undefined when all has been answered, as far as it can be. What came before a failure is stored. */
export async function askFor(asking: Asking, ranges: readonly Range[]): Promise<TaskFailure | undefined> {
  const last = ranges.at(-1)?.last;
  for (const range of ranges) {
    const result = await askForRange(asking, range);
    if (result === undefined) continue;
    if (result.kind === 'failed') return result.failure;
    // The exchange has none of the others either. But a symbol may be so new that it is not known everywhere yet.
    const through = Math.min(last ?? range.last, result.settled);
    return through < result.answer.first
      ? undefined
      : asking.answers.add({ ...result.answer, last: through });
  }
  return undefined;
}

type Ended =
  | { readonly kind: 'failed'; readonly failure: TaskFailure }
  /** What was answered of the bars from `first` on, and the last bar that is old enough for it. */
  | { readonly kind: 'unknown-symbol'; readonly answer: Omit<Answer, 'last'>; readonly settled: number }
  | undefined;

async function askForRange(asking: Asking, { first, last }: Range): Promise<Ended> {
  const { client, answers, series, step } = asking;
  const { symbol, interval } = series;
  // When the first of its pages was asked for: what it says is no newer.
  const askedAt = Date.now();
  let held: RestRow[] = [];
  let from = first;
  const store = async (through: number): Promise<Ended> => {
    if (through < from) return undefined;
    const failure = await answers.add({ first: from, last: through, askedAt, rows: held });
    from = through + step;
    held = [];
    return failure && { kind: 'failed', failure };
  };
  for (let next: number | undefined = first; next !== undefined; ) {
    const rest: Range = { first: next, last };
    const now = await client.serverNow();
    const serverNow = now.ok ? now.value : Number.NEGATIVE_INFINITY;
    const page = now.ok
      ? await client.klines({ symbol, interval, ...spanOf(rest, step) })
      : ({ ok: false, failure: now.failure } as const);
    if (page.ok !== true) {
      const unstored = await store(next - step);
      if (unstored !== undefined) return unstored;
      if (page.ok === false) return { kind: 'failed', failure: page.failure };
      const answer = { first: next, askedAt, error: page.error, rows: [] };
      return { kind: 'unknown-symbol', answer, settled: settledThrough(serverNow, step) };
    }
    const read = readPage(rest, page.rows, serverNow, step);
    held.push(...read.rows);
    next = read.next;
    asking.onBars((read.through - rest.first) / step + 1);
    if (next === undefined || held.length > HELD_ROWS - PAGE) {
      const unstored = await store(read.through);
      if (unstored !== undefined) return unstored;
    }
  }
  return undefined;
}
