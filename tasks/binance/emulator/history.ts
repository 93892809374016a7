/**
 * A declared history in numbers: spans in epoch milliseconds, one plan a symbol, every mistake in the
 * declaration refused. It draws no prices (`walk.ts`) and knows no files (`synthetic.ts`).
 */

import { instantMs } from '../../lib/instant.ts';
import { intervalMs } from '../../lib/interval.ts';
import type { Cost, Format } from './bars.ts';
import type { Market, Stretch } from './calendar.ts';
import { MINUTE, stretchOf } from './calendar.ts';
import type { HistorySpec, MinuteRange, SymbolSpec } from './history-spec.ts';
import { hash32 } from './prng.ts';

/**
 * One coin under a ticker, from its first minute to the end of its last one; endless where nothing says when it
 * was delisted.
 */
export interface Life extends Stretch {
  /** What its prices are drawn from: two coins of one ticker have nothing in common. */
  readonly seed: string;
  readonly base: number;
  readonly maxVolume: number;
  /** REST forgets it once it has ended. */
  readonly gone: boolean;
}

export interface SymbolPlan {
  readonly name: string;
  /** Ascending, without overlap; at least one. */
  readonly lives: readonly Life[];
  readonly format: Format;
  readonly cost: Cost;
  readonly halts: readonly Stretch[];
  readonly offGrid: readonly (Stretch & { readonly shift: number })[];
  readonly quiet: readonly Stretch[];
  readonly gaps: Readonly<Record<'monthly' | 'daily', readonly Stretch[]>>;
}

export interface History {
  readonly spec: HistorySpec;
  readonly market: Market;
  readonly now: number;
  readonly intervals: readonly string[];
  readonly symbols: ReadonlyMap<string, SymbolPlan>;
}

/** Sums of a day's quote volume must stay exact in a double: 1,440 minutes of at most twice this. */
const MAX_COST = 3e12;

/** Throws an Error that names the mistake: a declaration is code. */
export function defineHistory(spec: HistorySpec): History {
  const intervals = spec.intervals ?? ['1m'];
  for (const interval of intervals) {
    if ((intervalMs(interval) ?? 0) < MINUTE) {
      throw new Error(`history: no interval "${interval}": expected one from 1m to 1d`);
    }
  }
  const names = spec.symbols.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`history: symbol "${twice}" is declared twice`);
  for (const { symbols = [] } of [
    ...(spec.halts ?? []),
    ...(spec.offGrid ?? []),
    ...(spec.quiet ?? []),
    ...(spec.archiveGaps ?? []),
    ...(spec.lateMonths ?? []),
    ...(spec.missingDays ?? []),
    ...(spec.damaged ?? []).map(({ symbol }) => ({ symbols: [symbol] })),
  ]) {
    const unknown = symbols.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new Error(`history: "${unknown}" is none of its symbols: ${names.join(', ')}`);
  }
  for (const { period } of [
    ...(spec.lateMonths ?? []).map(({ month }) => ({ period: month })),
    ...(spec.missingDays ?? []).map(({ day }) => ({ period: day })),
    ...(spec.damaged ?? []),
  ]) {
    if (stretchOf(period) === undefined) throw new Error(`history: "${period}" is neither a month nor a day`);
  }
  return {
    spec,
    market: spec.market,
    now: instant(spec.now),
    intervals,
    symbols: new Map(spec.symbols.map((symbol) => [symbol.name, planOf(spec, symbol)])),
  };
}

function planOf(spec: HistorySpec, symbol: SymbolSpec): SymbolPlan {
  const futures = spec.market !== 'spot';
  const contracts = spec.market === 'cm';
  const tick = symbol.tickDecimals ?? (futures ? 1 : 2);
  const step = contracts ? 0 : (symbol.stepDecimals ?? (futures ? 3 : 5));
  const printed = futures ? 5 : 8;
  if (tick + step > printed) {
    throw new Error(
      `history: ${symbol.name} has ${tick} + ${step} decimals of price and amount: their product has at most ${printed}`,
    );
  }
  const size = (symbol.contractSize ?? 100) * 10 ** (tick + 8);
  const mine = <R extends MinuteRange>(ranges: readonly R[] | undefined): readonly R[] =>
    (ranges ?? []).filter(({ symbols }) => symbols?.includes(symbol.name) ?? true);
  const spans = (ranges: readonly MinuteRange[]): readonly Stretch[] =>
    ranges.map(stretch).sort((a, b) => a.start - b.start);
  const gaps = (cadence: 'monthly' | 'daily'): readonly Stretch[] =>
    spans(mine(spec.archiveGaps).filter((gap) => (gap.cadence ?? cadence) === cadence));
  return {
    name: symbol.name,
    lives: livesOf(spec, symbol),
    // As in the real files: spot prints 8 decimals everywhere, um 2, 3 and 5; cm counts contracts, and its
    // quote volume is in coin.
    format: {
      price: { carried: tick, printed: futures ? (contracts ? tick : Math.max(2, tick)) : 8 },
      volume: { carried: step, printed: contracts ? 0 : futures ? 3 : 8 },
      quote: contracts ? { carried: 8, printed: 8 } : { carried: tick + step, printed },
    },
    cost: contracts
      ? (price, volume) => Math.round((volume * size) / price)
      : (price, volume) => price * volume,
    halts: spans(mine(spec.halts)),
    offGrid: mine(spec.offGrid).map((range) => {
      if (!(range.shiftMs > 0 && range.shiftMs < MINUTE)) {
        throw new Error(`history: off-grid by ${range.shiftMs} ms: expected 1 to 59999`);
      }
      return { ...stretch(range), shift: range.shiftMs };
    }),
    quiet: spans(mine(spec.quiet)),
    gaps: { monthly: gaps('monthly'), daily: gaps('daily') },
  };
}

function livesOf(spec: HistorySpec, symbol: SymbolSpec): readonly Life[] {
  const lives = [symbol, ...(symbol.reused ?? [])].map((life, index): Life => {
    const name = index === 0 ? symbol.name : `${symbol.name}#${index}`;
    const base = life.ticks ?? 20_000 + (hash32(`${spec.seed}/${name}/base`) % 5_000_000);
    const start = minute(life.listed);
    const end = life.delisted === undefined ? Number.POSITIVE_INFINITY : minute(life.delisted) + MINUTE;
    if (end <= start) {
      throw new Error(
        `history: ${symbol.name} is delisted at ${life.delisted}, before it is listed at ${life.listed}`,
      );
    }
    return {
      start,
      end,
      seed: `${spec.seed}/${spec.market}/${name}`,
      base,
      maxVolume: spec.market === 'cm' ? 20_000 : Math.floor(MAX_COST / base),
      gone: life.gone ?? false,
    };
  });
  const early = lives.findIndex(({ start }, index) => start < (lives[index - 1]?.end ?? start));
  if (early > 0) {
    const { listed } = symbol.reused?.[early - 1] ?? symbol;
    throw new Error(`history: ${symbol.name} is given to another coin at ${listed}, before it is free`);
  }
  return lives;
}

export function inside(stretches: readonly Stretch[], ms: number): boolean {
  return stretches.some(({ start, end }) => start <= ms && ms < end);
}

/** Whether a symbol has a row in the stretch: a coin is listed, and halts leave a minute of it. */
export function trades(plan: SymbolPlan, stretch: Stretch): boolean {
  return plan.lives.some((life) => {
    let free = Math.max(stretch.start, life.start);
    for (const halt of plan.halts) if (halt.start <= free && free < halt.end) free = halt.end;
    return free < Math.min(stretch.end, life.end);
  });
}

function stretch({ first, last }: MinuteRange): Stretch {
  const span = { start: minute(first), end: minute(last) + MINUTE };
  if (span.end <= span.start) throw new Error(`history: the range ${first} to ${last} ends before it starts`);
  return span;
}

function minute(text: string): number {
  return Math.floor(instant(text) / MINUTE) * MINUTE;
}

function instant(text: string): number {
  const ms = instantMs(text);
  if (ms === undefined) throw new Error(`history: "${text}" is no instant such as 2025-01-31T23:59:00Z`);
  return ms;
}
