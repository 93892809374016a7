/**
 * One day's minute bars of an invented symbol, a pure function of the seed, the symbol and the day: days can
 * be asked for in any order. The price is a random walk pinned at midnight to slowly moving anchors and
 * bounded to half and one and a half times its base. It knows no files and no clock.
 */
import type { Bars } from './bars.ts';
import { at, CLOSE, rowsOf, WIDTH } from './bars.ts';
import { DAY, MINUTE } from './calendar.ts';
import type { History, SymbolPlan } from './history.ts';
import { inside, trades } from './history.ts';
import { drawsOf, hash32 } from './prng.ts';

const MINUTES = DAY / MINUTE;
/** Days between two knots of the slow movement. */
const KNOT = 16;

/**
 * `day` is the epoch milliseconds of a midnight. Minutes before the listing, after the delisting and in halts
 * have no row.
 */
export function minutesOf(history: History, plan: SymbolPlan, day: number): Bars {
  if (!trades(plan, { start: day, end: day + DAY })) return new Float64Array(0);
  const name = `${history.spec.seed}/${history.market}/${plan.name}`;
  const draw = drawsOf(`${name}/${day / DAY}`);
  const prices = pathOf(plan, name, day, draw);
  const quietPerMille = history.spec.quietPerMille ?? 0;
  const bars = new Float64Array(MINUTES * WIDTH);
  let rows = 0;
  let carried: number | undefined;
  for (let i = 0; i < MINUTES; i++) {
    // Everything is drawn for every minute, so that a halt or a shift changes no other row.
    const volume =
      1 + Math.floor((((draw(1_000) * draw(1_000)) / 1e6) * draw(1_000) * plan.maxVolume) / 1_001);
    const taker = Math.floor((volume * draw(1_001)) / 1_000);
    const wicks = [draw(wick(plan)), draw(wick(plan))] as const;
    const means = [draw(1_000), draw(1_000)] as const;
    const count = 1 + Math.min(draw(900), volume - 1);
    const cut = 1_000 + draw(58_000);
    const silent = draw(1_000) < quietPerMille;

    const time = day + i * MINUTE;
    if (time < plan.life.start || time >= plan.life.end || inside(plan.halts, time)) continue;
    const opensAt =
      time + (plan.offGrid.find((range) => range.start <= time && time < range.end)?.shift ?? 0);
    // The last bar before a halt closes early (docs/DOMAIN.md §2).
    const closesAt = inside(plan.halts, time + MINUTE)
      ? time + Math.max(cut, opensAt - time + 500)
      : opensAt + MINUTE - 1;
    const row = bars.subarray(rows * WIDTH, ++rows * WIDTH);
    if (silent || inside(plan.quiet, time)) {
      carried ??= lastClose(history, plan, day) ?? prices[i] ?? plan.base;
      row.set([opensAt, carried, carried, carried, carried, 0, closesAt, 0, 0, 0, 0]);
      continue;
    }
    const open = prices[i] ?? plan.base;
    const close = prices[i + 1] ?? open;
    const high = Math.max(open, close) + wicks[0];
    const low = Math.max(1, Math.min(open, close) - wicks[1]);
    // Each side trades at a price within the bar, so that quote volume lies between low × and high × volume.
    const [bought, sold] = means.map((share) => low + Math.floor(((high - low) * share) / 999));
    const takerQuote = plan.cost(bought ?? open, taker);
    const quote = takerQuote + plan.cost(sold ?? open, volume - taker);
    row.set([opensAt, open, high, low, close, volume, closesAt, quote, count, taker, takerQuote]);
    carried = close;
  }
  return bars.subarray(0, rows * WIDTH);
}

/**
 * The price at each minute's start, and at the day's end: a walk from this midnight's anchor to the next
 * one's.
 */
function pathOf(plan: SymbolPlan, name: string, day: number, draw: (n: number) => number): Float64Array {
  const start = anchor(plan, name, day / DAY);
  const rise = anchor(plan, name, day / DAY + 1) - start;
  const step = Math.max(1, Math.floor(plan.base * 0.0006));
  const path = new Float64Array(MINUTES + 1);
  for (let i = 1; i <= MINUTES; i++) path[i] = (path[i - 1] ?? 0) + draw(2 * step + 1) - step;
  const drift = path[MINUTES] ?? 0;
  const lowest = Math.ceil(plan.base / 2);
  const highest = Math.floor(plan.base * 1.5);
  return path.map((walked, i) => {
    const price = start + walked + Math.floor(((rise - drift) * i) / MINUTES);
    return Math.max(lowest, Math.min(highest, price));
  });
}

/** The price at a midnight: between knots every 16 days, with a little of each day's own. */
function anchor(plan: SymbolPlan, name: string, day: number): number {
  const before = Math.floor(day / KNOT);
  const knot = (k: number): number => (hash32(`${name}/knot/${k}`) % 401) - 200;
  const slow = knot(before) + ((knot(before + 1) - knot(before)) * (day - before * KNOT)) / KNOT;
  const own = (hash32(`${name}/day/${day}`) % 41) - 20;
  return Math.floor((plan.base * (1_000 + slow + own)) / 1_000);
}

/** How far a bar reaches beyond its open and close, at most. */
function wick(plan: SymbolPlan): number {
  return Math.max(2, Math.floor(plan.base * 0.0008));
}

/** What a minute without a trade carries at a day's start: the last close before it, if there is one. */
function lastClose(history: History, plan: SymbolPlan, day: number): number | undefined {
  for (let before = day - DAY; before + DAY > plan.life.start; before -= DAY) {
    const bars = minutesOf(history, plan, before);
    if (bars.length > 0) return at(bars, rowsOf(bars) - 1, CLOSE);
  }
  return undefined;
}
