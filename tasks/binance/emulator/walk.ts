/**
 * One day's minute bars of an invented symbol, a pure function of the seed, the coin and the day: days can
 * be asked for in any order. The price is a random walk pinned at midnight to slowly moving anchors and
 * bounded to half and one and a half times its base. It knows no files and no clock.
 */
import type { Bars } from './bars.ts';
import {
  at,
  CLOSE,
  CLOSE_TIME,
  HIGH,
  LOW,
  OPEN,
  OPEN_TIME,
  QUOTE,
  rowsOf,
  TAKER_BASE,
  TAKER_QUOTE,
  TRADES,
  VOLUME,
  WIDTH,
} from './bars.ts';
import { DAY, MINUTE } from './calendar.ts';
import type { History, Life, SymbolPlan } from './history.ts';
import { inside, trades } from './history.ts';
import type { Draw } from './prng.ts';
import { drawsOf, hash32 } from './prng.ts';

const MINUTES = DAY / MINUTE;
/** Days between two knots of the slow movement. */
const KNOT = 16;

/**
 * `day` is the epoch milliseconds of a midnight. Minutes outside every coin's life and in halts have no row.
 */
export function minutesOf(history: History, plan: SymbolPlan, day: number): Bars {
  if (!trades(plan, { start: day, end: day + DAY })) return new Float64Array(0);
  const parts = plan.lives
    .filter((life) => life.start < day + DAY && life.end > day)
    .map((life) => minutesOfLife(history, plan, life, day));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

function minutesOfLife(history: History, plan: SymbolPlan, life: Life, day: number): Bars {
  const draw = drawsOf(`${life.seed}/${day / DAY}`);
  const prices = pathOf(life, day, draw);
  const quietPerMille = history.spec.quietPerMille ?? 0;
  const reach = wick(life);
  const near = <S extends { start: number; end: number }>(stretches: readonly S[]): readonly S[] =>
    stretches.filter(({ start, end }) => start <= day + DAY && end >= day);
  const [halts, offGrid, quiet] = [near(plan.halts), near(plan.offGrid), near(plan.quiet)];
  const bars = new Float64Array(MINUTES * WIDTH);
  let rows = 0;
  let carried: number | undefined;
  for (let i = 0; i < MINUTES; i++) {
    // Everything is drawn for every minute, so that a halt or a shift changes no other row.
    const volume =
      1 + Math.floor((((draw(1_000) * draw(1_000)) / 1e6) * draw(1_000) * life.maxVolume) / 1_001);
    const taker = Math.floor((volume * draw(1_001)) / 1_000);
    const above = draw(reach);
    const below = draw(reach);
    const boughtAt = draw(1_000);
    const soldAt = draw(1_000);
    const count = 1 + Math.min(draw(900), volume - 1);
    const cut = 1_000 + draw(58_000);
    const silent = draw(1_000) < quietPerMille;

    const time = day + i * MINUTE;
    if (time < life.start || time >= life.end || inside(halts, time)) continue;
    const shifted = offGrid.find((range) => range.start <= time && time < range.end)?.shift ?? 0;
    const opensAt = time + shifted;
    // The last bar before a halt closes early (docs/DOMAIN.md §2).
    const closesAt = inside(halts, time + MINUTE)
      ? time + Math.max(cut, shifted + 500)
      : opensAt + MINUTE - 1;
    const row = rows++ * WIDTH;
    if (silent || inside(quiet, time)) {
      carried ??= lastClose(history, plan, life, day) ?? prices[i] ?? life.base;
      bars.fill(carried, row + OPEN, row + CLOSE + 1);
      bars[row + OPEN_TIME] = opensAt;
      bars[row + CLOSE_TIME] = closesAt;
      continue;
    }
    const open = prices[i] ?? life.base;
    const close = prices[i + 1] ?? open;
    const high = Math.max(open, close) + above;
    const low = Math.max(1, Math.min(open, close) - below);
    // Each side trades at a price within the bar, so that quote volume lies between low × and high × volume.
    const takerQuote = plan.cost(low + Math.floor(((high - low) * boughtAt) / 999), taker);
    const quote = takerQuote + plan.cost(low + Math.floor(((high - low) * soldAt) / 999), volume - taker);
    // One by one: `set` with a list takes several times as long, and a year has half a million rows.
    bars[row + OPEN_TIME] = opensAt;
    bars[row + OPEN] = open;
    bars[row + HIGH] = high;
    bars[row + LOW] = low;
    bars[row + CLOSE] = close;
    bars[row + VOLUME] = volume;
    bars[row + CLOSE_TIME] = closesAt;
    bars[row + QUOTE] = quote;
    bars[row + TRADES] = count;
    bars[row + TAKER_BASE] = taker;
    bars[row + TAKER_QUOTE] = takerQuote;
    carried = close;
  }
  return bars.subarray(0, rows * WIDTH);
}

/**
 * The price at each minute's start, and at the day's end: a walk from this midnight's anchor to the next
 * one's.
 */
function pathOf(life: Life, day: number, draw: Draw): Float64Array {
  const start = anchor(life, day / DAY);
  const rise = anchor(life, day / DAY + 1) - start;
  const step = Math.max(1, Math.floor(life.base * 0.0006));
  const path = new Float64Array(MINUTES + 1);
  for (let i = 1; i <= MINUTES; i++) path[i] = (path[i - 1] ?? 0) + draw(2 * step + 1) - step;
  const drift = path[MINUTES] ?? 0;
  const lowest = Math.ceil(life.base / 2);
  const highest = Math.floor(life.base * 1.5);
  return path.map((walked, i) => {
    const price = start + walked + Math.floor(((rise - drift) * i) / MINUTES);
    return Math.max(lowest, Math.min(highest, price));
  });
}

/** The price at a midnight: between knots every 16 days, with a little of each day's own. */
function anchor(life: Life, day: number): number {
  const before = Math.floor(day / KNOT);
  const knot = (k: number): number => (hash32(`${life.seed}/knot/${k}`) % 401) - 200;
  const slow = knot(before) + ((knot(before + 1) - knot(before)) * (day - before * KNOT)) / KNOT;
  const own = (hash32(`${life.seed}/day/${day}`) % 41) - 20;
  return Math.floor((life.base * (1_000 + slow + own)) / 1_000);
}

/** How far a bar reaches beyond its open and close, at most. */
function wick(life: Life): number {
  return Math.max(2, Math.floor(life.base * 0.0008));
}

/** What a minute without a trade carries at a day's start: the last close before it, if there is one. */
function lastClose(history: History, plan: SymbolPlan, life: Life, day: number): number | undefined {
  for (let before = day - DAY; before + DAY > life.start; before -= DAY) {
    const bars = minutesOfLife(history, plan, life, before);
    if (bars.length > 0) return at(bars, rowsOf(bars) - 1, CLOSE);
  }
  return undefined;
}
