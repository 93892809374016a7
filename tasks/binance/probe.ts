/**
 * The way round a listing that cannot be reached: files of a series are asked for one by one. Which ones is told by
 * the calendar and by what an earlier listing knew, all of which is kept. What serves comes out as from a listing;
 * days beside a monthly file are asked for only where they matter. It knows no HTTP: `look` asks for one file.
 */
import type { Span, TaskFailure } from '../../src/engine/task.ts';
import { byCodeUnit } from '../../src/engine/task.ts';
import type { Look } from './archive-head.ts';
import { DELISTED_AFTER_MS } from './choose.ts';
import type { Series } from './layout.ts';
import { keyFor } from './layout.ts';
import type { Entries, Entry, Known } from './listing-file.ts';
import { firstMonthWithout } from './listing-folders.ts';
import { daysOf, monthOfKey, monthsIn, previousMonth, spanOf } from './time-keys.ts';

export interface Probing {
  readonly series: Series;
  /** The first month that matters. */
  readonly from: string;
  /** Epoch milliseconds: nothing is published of what begins later. */
  readonly now: number;
  readonly preferDaily: readonly string[];
  readonly previous: Known | undefined;
}

export type Probed =
  | { readonly ok: true; readonly known: Known; readonly asked: number; readonly found: number }
  | { readonly ok: false; readonly failure: TaskFailure };

export async function probe(
  look: Look,
  probing: Probing,
  onProgress: (asked: number) => void,
): Promise<Probed> {
  const round = new Round(look, probing, onProgress);
  const { previous, now } = probing;
  // The month before tells whether the symbol was listed when the first one began.
  const from = previousMonth(probing.from);
  // A listing tells which months there were; what was asked for one by one, only those that were asked for.
  const lacking = previous === undefined || previous.probed ? from : firstLacking(previous, from);
  await round.ask('monthly', monthsBetween(lacking, now));
  await askOpenMonths(round, lacking, now);
  if (lacking === from) await askFirstMonths(round, from);
  for (const month of probing.preferDaily)
    if (round.has(month) && !hasDays(round.daily, month)) await round.ask('daily', daysOf(month));
  const { monthly, daily, asked, found, failure } = round;
  return failure === undefined
    ? { ok: true, known: { monthly, daily, probed: true }, asked, found }
    : { ok: false, failure };
}

/** The days of months without a monthly file, from the first monthly file on. */
async function askOpenMonths(round: Round, from: string, now: number): Promise<void> {
  const empty = new Set<string>();
  for (const month of monthsBetween(firstMonthWithout(Object.keys(round.monthly)) ?? from, now)) {
    if (round.has(month)) continue;
    // After a month without any file, one for which a late file may still come is asked for, an older one is not.
    const old = spanAt(month).end + DELISTED_AFTER_MS < now;
    const passedOver = old && empty.has(previousMonth(month));
    if (!passedOver)
      await round.ask(
        'daily',
        daysOf(month).filter((day) => spanAt(day).start <= now),
      );
    if (!hasDays(round.daily, month)) empty.add(month);
  }
}

/**
 * The days of the first monthly file, and of the months before it as long as there are any: daily files begin earlier
 * than monthly ones at times (2019-12-31 and 2020-01 on USD-M), and the first file decides what counts as not listed yet.
 */
async function askFirstMonths(round: Round, from: string): Promise<void> {
  const first = Object.keys(round.monthly).sort(byCodeUnit)[0];
  for (let month = first; month !== undefined && byCodeUnit(month, from) > 0; month = previousMonth(month)) {
    await round.ask('daily', daysOf(month));
    if (month !== first && !hasDays(round.daily, month)) return;
  }
}

/** Requests at once: about as many as a browser opens. */
const AT_ONCE = 6;

/** What has been asked for and found so far. After the first failure nothing more is asked. */
class Round {
  readonly #look: Look;
  readonly #series: Series;
  readonly #onProgress: (asked: number) => void;
  readonly monthly: Record<string, Entry>;
  readonly daily: Record<string, Entry>;
  asked = 0;
  found = 0;
  failure: TaskFailure | undefined;

  constructor(look: Look, { series, previous }: Probing, onProgress: (asked: number) => void) {
    this.#look = look;
    this.#series = series;
    this.#onProgress = onProgress;
    this.monthly = { ...previous?.monthly };
    this.daily = { ...previous?.daily };
  }

  has(month: string): boolean {
    return Object.hasOwn(this.monthly, month);
  }

  /** What is known already is not asked for. */
  async ask(period: 'monthly' | 'daily', timeKeys: readonly string[]): Promise<void> {
    const into = this[period];
    const rest = timeKeys.filter((timeKey) => !Object.hasOwn(into, timeKey));
    const worker = async (): Promise<void> => {
      for (
        let timeKey = rest.shift();
        timeKey !== undefined && this.failure === undefined;
        timeKey = rest.shift()
      )
        await this.#askOne(timeKey, into);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #askOne(timeKey: string, into: Record<string, Entry>): Promise<void> {
    const looked = await this.#look(keyFor(this.#series, timeKey));
    if (!looked.ok) {
      this.failure ??= looked.failure;
      return;
    }
    this.asked += 1;
    this.#onProgress(this.asked);
    if (looked.entry === undefined) return;
    this.found += 1;
    into[timeKey] = looked.entry;
  }
}

function firstLacking({ monthly, daily }: Known, from: string): string {
  const firstDay = Object.keys(daily).sort(byCodeUnit)[0];
  return firstMonthWithout(Object.keys(monthly)) ?? (firstDay === undefined ? from : monthOfKey(firstDay));
}

function monthsBetween(first: string, now: number): readonly string[] {
  return monthsIn({ start: spanAt(first).start, end: now + 1 });
}

function hasDays(daily: Entries, month: string): boolean {
  return Object.keys(daily).some((day) => monthOfKey(day) === month);
}

function spanAt(timeKey: string): Span {
  const span = spanOf(timeKey);
  if (span === undefined) throw new RangeError(`"${timeKey}" is no month or day`);
  return span;
}
