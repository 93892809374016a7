/**
 * A source that invents its content: which files of a declared history there are and when each is published,
 * and REST's answers over its rows. What is in them is `content.ts`.
 */
import { instantMs } from '../../lib/instant.ts';
import { intervalMs } from '../../lib/interval.ts';
import { asSeenAt, overInterval } from './bars.ts';
import type { Cadence } from './calendar.ts';
import { DAY, folderOf, keyOf, MINUTE, partsOf, periodsIn, stretchOf } from './calendar.ts';
import type { Content, Planned } from './content.ts';
import { AFTER_MIDNIGHT, contentOf, restRows } from './content.ts';
import type { History, SymbolPlan } from './history.ts';
import { inside, trades } from './history.ts';
import type { ArchiveFile, KlineQuery, KlineRow, Source } from './source.ts';

/** The real monthlies come 1 to 3 days into the month (docs/DOMAIN.md §1). */
const MONTHLY_DELAY = DAY + AFTER_MIDNIGHT;

export function synthetic(history: History, content: Content = contentOf(history)): Source {
  const { market, symbols, spec } = history;

  /** A listing asks for each of its keys several times, and reading one costs microseconds. */
  const read = new Map<string, Planned>();
  const planned = (key: string): Planned | undefined => {
    const known = read.get(key) ?? plannedOf(key);
    if (known !== undefined) read.set(key, known);
    return known;
  };
  const plannedOf = (key: string): Planned | undefined => {
    const parts = partsOf(key);
    const plan = parts && symbols.get(parts.symbol);
    const span = parts && stretchOf(parts.period);
    if (parts?.market !== market || plan === undefined || span === undefined) return undefined;
    return history.intervals.includes(parts.interval) && trades(plan, span)
      ? { plan, parts, span }
      : undefined;
  };
  const own = (key: string): Planned => {
    const file = planned(key);
    if (file === undefined) throw new Error(`the history has no file ${key}`);
    return file;
  };

  const publication = ({ parts, span }: Planned): number => {
    const concerns = (names?: readonly string[]): boolean => names?.includes(parts.symbol) ?? true;
    if (parts.cadence === 'daily') {
      const missing = spec.missingDays?.some((m) => m.day === parts.period && concerns(m.symbols)) ?? false;
      return missing ? Number.POSITIVE_INFINITY : span.end + (spec.dailyDelayMs ?? AFTER_MIDNIGHT);
    }
    const late = spec.lateMonths?.find((l) => l.month === parts.period && concerns(l.symbols));
    if (late === undefined) return span.end + (spec.monthlyDelayMs ?? MONTHLY_DELAY);
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
            for (const period of periodsOf(plan, cadence, now)) {
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
      return found && { key, published: publication(found) };
    },

    bytes: (key) => content.zip(own(key)),
    facts: (key) => content.facts(own(key)),
    sidecar: () => undefined,

    damaged: new Map(
      (spec.damaged ?? []).map(({ symbol, period, damage, interval = history.intervals[0] ?? '1m' }) => {
        const cadence = period.length === 7 ? 'monthly' : 'daily';
        return [keyOf({ market, cadence, symbol, interval, period }), damage];
      }),
    ),

    symbols(asked, now) {
      if (asked !== market) return [];
      return [...symbols.values()]
        .filter((plan) => isKnown(plan, now))
        .map((plan) => ({ name: plan.name, trades: inside(plan.lives, now) }));
    },

    klines(query) {
      const plan = query.market === market ? symbols.get(query.symbol) : undefined;
      return plan && isKnown(plan, query.now) ? rowsFor(query, plan, content) : undefined;
    },
  };
  return source;
}

/** Every month or day in which some coin of that name was listed by `now`, once. */
function periodsOf(plan: SymbolPlan, cadence: Cadence, now: number): ReadonlySet<string> {
  return new Set(
    plan.lives.flatMap(({ start, end }) => periodsIn(cadence, { start, end: Math.min(end, now) })),
  );
}

/** Whether REST has heard of it: some coin has been listed by then, and is not delisted and gone. */
function isKnown(plan: SymbolPlan, now: number): boolean {
  return plan.lives.some((life) => life.start <= now && !(life.gone && life.end <= now));
}

/** Day by day from where the query starts, or backwards from where it ends, until there are enough rows. */
function rowsFor(query: KlineQuery, plan: SymbolPlan, content: Content): readonly KlineRow[] {
  const { now, limit } = query;
  const length = intervalMs(query.interval) ?? MINUTE;
  const first = Math.max(query.start ?? 0, Math.floor((plan.lives[0]?.start ?? now) / length) * length);
  const last = Math.min(query.end ?? now, now, plan.lives.at(-1)?.end ?? now);
  const forgotten = plan.lives.filter((life) => life.gone && life.end <= now);
  const asked = ([text]: KlineRow): boolean => {
    const time = Number(text);
    return time >= first && time <= last && !inside(forgotten, time);
  };
  /** Of a day that is not over, the last bar is open: it closes in the future (docs/DOMAIN.md §3). */
  const dayOf = (day: number): readonly KlineRow[] => {
    if (day + DAY <= now) return content.rows(plan, query.interval, day).filter(asked);
    const seen = asSeenAt(content.minutes(plan, day), now, plan.cost);
    return restRows(overInterval(seen, length), plan).filter(asked);
  };
  const midnight = (ms: number): number => Math.floor(ms / DAY) * DAY;
  const days: (readonly KlineRow[])[] = [];
  let rows = 0;
  const take = (day: number): void => {
    const part = dayOf(day);
    days.push(part);
    rows += part.length;
  };
  if (query.start !== undefined) {
    for (let day = midnight(first); day <= last && rows < limit; day += DAY) take(day);
    return days.flat().slice(0, limit);
  }
  for (let day = midnight(last); day + DAY > first && rows < limit; day -= DAY) take(day);
  return days.toReversed().flat().slice(-limit);
}
