/**
 * What a declared history holds, made when it is asked for and kept while there is room: minute bars, bars of
 * longer intervals, REST's rows, ZIPs and their digests. What the files look like (header, time unit) is
 * decided here, when they come in `synthetic.ts`; the prices are `walk.ts`.
 */
import { intervalMs } from '../../lib/interval.ts';
import type { Bars } from './bars.ts';
import { at, OPEN_TIME, overInterval, rowsOf, WIDTH } from './bars.ts';
import type { Shelf } from './cache.ts';
import { shelf } from './cache.ts';
import type { KeyParts, Stretch } from './calendar.ts';
import { DAY, keyOf, MINUTE } from './calendar.ts';
import { csvOf, fieldsOf, HEADER } from './csv.ts';
import type { History, SymbolPlan } from './history.ts';
import { inside } from './history.ts';
import type { Facts, KlineRow } from './source.ts';
import { factsOf } from './source.ts';
import { minutesOf } from './walk.ts';
import { zipOf } from './zip.ts';

/** The real dailies come about a quarter of an hour after midnight (docs/DOMAIN.md §1). */
export const AFTER_MIDNIGHT = 13 * MINUTE + 42_000;
const HEADER_FROM = Date.UTC(2022, 0, 1);
const MICROSECONDS_FROM = Date.UTC(2025, 0, 1);

/** A file of the history: whose, and which stretch of time. */
export interface Planned {
  readonly plan: SymbolPlan;
  readonly parts: KeyParts;
  readonly span: Stretch;
}

export interface Content {
  minutes(plan: SymbolPlan, day: number): Bars;
  /** What REST gives of a day that is over. */
  rows(plan: SymbolPlan, interval: string, day: number): readonly KlineRow[];
  zip(file: Planned): Buffer;
  facts(file: Planned): Facts;
}

interface Shelves {
  readonly minutes: Shelf<Bars>;
  /** Of longer intervals: kept apart, so that a long history at few bars a day stays when its minutes go. */
  readonly bars: Shelf<Bars>;
  readonly rows: Shelf<readonly KlineRow[]>;
  readonly zips: Shelf<Buffer>;
}

const MEGABYTE = 1 << 20;
/** Of one row: twelve short texts and what holds them. */
const ROW_BYTES = 700;

/** Room for three months of two symbols, so that files, listings and REST need not make them twice. */
function emptyShelves(): Shelves {
  return {
    minutes: shelf(24 * MEGABYTE, (bars) => bars.byteLength),
    bars: shelf(16 * MEGABYTE, (bars) => bars.byteLength),
    rows: shelf(16 * MEGABYTE, (rows) => rows.length * ROW_BYTES),
    zips: shelf(48 * MEGABYTE, (zip) => zip.length),
  };
}

const sharedShelves = emptyShelves();
const sharedContents = shelf<Content>(64, () => 1);

/**
 * The same content for every history that declares the same rows, however its files are published or
 * damaged: tests start hundreds of emulators on one market.
 */
export function sharedContentOf(history: History): Content {
  const { seed, market, symbols, halts, offGrid, quiet, quietPerMille, archiveGaps } = history.spec;
  const rows = JSON.stringify([seed, market, symbols, halts, offGrid, quiet, quietPerMille, archiveGaps]);
  return sharedContents(rows, () => contentOf(history, sharedShelves, `${rows}/`));
}

export function contentOf(history: History, shelves = emptyShelves(), prefix = ''): Content {
  const { market } = history;
  const minutes = (plan: SymbolPlan, day: number): Bars =>
    shelves.minutes(`${prefix}${plan.name}/${day}`, () => minutesOf(history, plan, day));

  const bars = (plan: SymbolPlan, interval: string, day: number): Bars => {
    const length = intervalMs(interval) ?? MINUTE;
    if (length === MINUTE) return minutes(plan, day);
    return shelves.bars(`${prefix}${plan.name}/${interval}/${day}`, () =>
      overInterval(minutes(plan, day), length),
    );
  };

  const zip = ({ plan, parts, span }: Planned): Buffer =>
    shelves.zips(prefix + keyOf(parts), () => {
      const unit = market === 'spot' && span.start >= MICROSECONDS_FROM ? 'us' : 'ms';
      const text: Buffer[] = market !== 'spot' && span.start >= HEADER_FROM ? [Buffer.from(HEADER)] : [];
      const gaps = plan.gaps[parts.cadence].filter(({ start, end }) => start < span.end && end > span.start);
      for (let day = span.start; day < span.end; day += DAY) {
        const whole = (): Bars => bars(plan, parts.interval, day);
        const cut = (): Bars =>
          overInterval(without(minutes(plan, day), gaps), intervalMs(parts.interval) ?? MINUTE);
        text.push(csvOf(gaps.length === 0 ? whole() : cut(), plan.format, unit));
      }
      // Dated as if it came in time, so that its bytes are the same whenever it comes.
      const due = span.end + AFTER_MIDNIGHT + (parts.cadence === 'monthly' ? DAY : 0);
      return zipOf(`${parts.symbol}-${parts.interval}-${parts.period}.csv`, Buffer.concat(text), due);
    });

  const facts = new Map<string, Facts>();
  return {
    minutes,
    rows: (plan, interval, day) =>
      shelves.rows(`${prefix}${plan.name}/${interval}/${day}`, () =>
        restRows(bars(plan, interval, day), plan),
      ),
    zip,
    // Never forgotten: a hundred bytes a file, where making one again costs milliseconds.
    facts(file) {
      const key = keyOf(file.parts);
      const known = facts.get(key) ?? factsOf(zip(file));
      facts.set(key, known);
      return known;
    },
  };
}

/** As REST gives them: text, times in milliseconds. */
export function restRows(bars: Bars, plan: SymbolPlan): readonly KlineRow[] {
  return fieldsOf(csvOf(bars, plan.format, 'ms').toString());
}

function without(bars: Bars, gaps: readonly Stretch[]): Bars {
  const kept: number[] = [];
  for (let i = 0; i < rowsOf(bars); i++) {
    if (!inside(gaps, at(bars, i, OPEN_TIME))) kept.push(...bars.subarray(i * WIDTH, (i + 1) * WIDTH));
  }
  return Float64Array.from(kept);
}
