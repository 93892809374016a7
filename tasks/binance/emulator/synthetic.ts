/**
 * A source that invents its content: the files and rows of a declared history, each made when it is asked
 * for. It decides what the archive's files look like (header, time unit, publication); the prices are
 * `walk.ts`.
 */

import { instantMs } from '../../lib/instant.ts';
import { intervalMs } from '../../lib/interval.ts';
import type { Bars } from './bars.ts';
import { asSeenAt, at, OPEN_TIME, overInterval, rowsOf, WIDTH, within } from './bars.ts';
import { remember } from './cache.ts';
import type { Cadence, KeyParts, Stretch } from './calendar.ts';
import { DAY, folderOf, keyOf, MINUTE, partsOf, periodsIn, stretchOf } from './calendar.ts';
import { csvOf, fieldsOf, HEADER } from './csv.ts';
import type { History, SymbolPlan } from './history.ts';
import { inside, trades } from './history.ts';
import type { ArchiveFile, KlineQuery, KlineRow, Source } from './source.ts';
import { minutesOf } from './walk.ts';
import { zipOf } from './zip.ts';

/**
 * The real dailies come about a quarter of an hour after midnight, monthlies 1 to 3 days into the month
 * (docs/DOMAIN.md §1).
 */
const AFTER_MIDNIGHT = 13 * MINUTE + 42_000;
const HEADER_FROM = Date.UTC(2022, 0, 1);
const MICROSECONDS_FROM = Date.UTC(2025, 0, 1);

export function synthetic(history: History): Source {
  const { market, symbols, spec } = history;
  const daysOf = new Map(
    [...symbols].map(([name, plan]) => [name, remember(40, (day) => minutesOf(history, plan, Number(day)))]),
  );
  const minutes = (plan: SymbolPlan, day: number): Bars =>
    daysOf.get(plan.name)?.(String(day)) ?? new Float64Array(0);

  const planned = (key: string): { plan: SymbolPlan; parts: KeyParts; span: Stretch } | undefined => {
    const parts = partsOf(key);
    const plan = parts && symbols.get(parts.symbol);
    const span = parts && stretchOf(parts.period);
    if (parts?.market !== market || plan === undefined || span === undefined) return undefined;
    return history.intervals.includes(parts.interval) && trades(plan, span)
      ? { plan, parts, span }
      : undefined;
  };

  const publication = (parts: KeyParts, span: Stretch): number => {
    const concerns = (names?: readonly string[]): boolean => names?.includes(parts.symbol) ?? true;
    if (parts.cadence === 'daily') {
      const missing = spec.missingDays?.some((m) => m.day === parts.period && concerns(m.symbols)) ?? false;
      return missing ? Number.POSITIVE_INFINITY : span.end + AFTER_MIDNIGHT;
    }
    const late = spec.lateMonths?.find((l) => l.month === parts.period && concerns(l.symbols));
    if (late === undefined) return span.end + DAY + AFTER_MIDNIGHT;
    return (late.until === undefined ? undefined : instantMs(late.until)) ?? Number.POSITIVE_INFINITY;
  };

  const source: Source = {
    files(prefix, now) {
      const files: ArchiveFile[] = [];
      for (const plan of symbols.values()) {
        for (const interval of history.intervals) {
          for (const cadence of ['monthly', 'daily'] satisfies Cadence[]) {
            const folder = folderOf({ market, cadence, symbol: plan.name, interval });
            if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) continue;
            const life = { start: plan.life.start, end: Math.min(plan.life.end, now) };
            for (const period of periodsIn(cadence, life)) {
              const key = keyOf({ market, cadence, symbol: plan.name, interval, period });
              const file = key.startsWith(prefix) ? source.file(key) : undefined;
              if (file !== undefined) files.push(file);
            }
          }
        }
      }
      return files;
    },

    file(key) {
      const found = planned(key);
      return found && { key, published: publication(found.parts, found.span) };
    },

    make(key) {
      const found = planned(key);
      if (found === undefined) throw new Error(`the history has no file ${key}`);
      const { plan, parts, span } = found;
      const unit = market === 'spot' && span.start >= MICROSECONDS_FROM ? 'us' : 'ms';
      const text: Buffer[] = market !== 'spot' && span.start >= HEADER_FROM ? [Buffer.from(HEADER)] : [];
      for (let day = span.start; day < span.end; day += DAY) {
        const kept = without(minutes(plan, day), plan.gaps[parts.cadence]);
        text.push(csvOf(overInterval(kept, intervalMs(parts.interval) ?? MINUTE), plan.format, unit));
      }
      // Dated as published, so that a file that comes by `publish` alone has the same bytes whenever that is.
      const due = span.end + AFTER_MIDNIGHT + (parts.cadence === 'monthly' ? DAY : 0);
      return zipOf(`${parts.symbol}-${parts.interval}-${parts.period}.csv`, Buffer.concat(text), due);
    },

    sidecar: () => undefined,

    damaged: new Map(
      (spec.damaged ?? []).map(({ symbol, period, damage, interval = history.intervals[0] ?? '1m' }) => {
        const cadence = period.length === 7 ? 'monthly' : 'daily';
        return [keyOf({ market, cadence, symbol, interval, period }), damage];
      }),
    ),

    symbols: (asked) => (asked === market ? [...symbols.keys()] : []),

    klines(query) {
      const plan = query.market === market ? symbols.get(query.symbol) : undefined;
      return plan && rowsFor(query, plan, (day) => minutes(plan, day));
    },
  };
  return source;
}

/** Day by day from where the query starts, or backwards from where it ends, until there are enough rows. */
function rowsFor(query: KlineQuery, plan: SymbolPlan, minutes: (day: number) => Bars): readonly KlineRow[] {
  const length = intervalMs(query.interval) ?? MINUTE;
  const first = Math.max(query.start ?? 0, Math.floor(plan.life.start / length) * length);
  const last = Math.min(query.end ?? query.now, query.now, plan.life.end);
  const parts: Bars[] = [];
  let rows = 0;
  const take = (day: number): void => {
    const seen = asSeenAt(minutes(day), query.now, plan.cost);
    const part = within(overInterval(seen, length), first, last);
    parts.push(part);
    rows += rowsOf(part);
  };
  const midnight = (ms: number): number => Math.floor(ms / DAY) * DAY;
  if (query.start !== undefined) {
    for (let day = midnight(first); day <= last && rows < query.limit; day += DAY) take(day);
    return parts.flatMap((part) => fieldsOf(csvOf(part, plan.format, 'ms').toString())).slice(0, query.limit);
  }
  for (let day = midnight(last); day + DAY > first && rows < query.limit; day -= DAY) take(day);
  parts.reverse();
  return parts.flatMap((part) => fieldsOf(csvOf(part, plan.format, 'ms').toString())).slice(-query.limit);
}

function without(bars: Bars, gaps: readonly Stretch[]): Bars {
  if (gaps.length === 0) return bars;
  const kept: number[] = [];
  for (let i = 0; i < rowsOf(bars); i++) {
    if (!inside(gaps, at(bars, i, OPEN_TIME))) kept.push(...bars.subarray(i * WIDTH, (i + 1) * WIDTH));
  }
  return Float64Array.from(kept);
}
