/**
 * Gates applied to what was reckoned: which units are broken, and how bad that is for a month, a symbol and the whole.
 * Pure; it opens no file and words no message.
 */
import type { Figures } from '../reports/reckon.ts';
import { ALL_MONTHS } from '../reports/rows.ts';
import type { Level, Scope, Verdict } from './checks.ts';
import { boundOf, LEVELS } from './checks.ts';
import type { Gate } from './gates.ts';
import type { Measured } from './measure.ts';
import { measuredIn } from './measure.ts';

/** A unit beyond the threshold. */
export interface Breach {
  readonly symbol: string;
  readonly month: string;
  readonly value: number;
}

export interface GateResult {
  readonly gate: Gate;
  /** How many units were measured. */
  readonly units: number;
  /** Of all of them; null where none was measured. */
  readonly worst: number | null;
  /** Units beyond the threshold, in the order of the reports. */
  readonly broken: readonly Breach[];
  /** Those that the gate excepts. */
  readonly excepted: readonly Breach[];
}

export interface Judgement {
  /** In the order of the gates. */
  readonly results: readonly GateResult[];
  /** Of the worst gate that is broken there; without a symbol of all, without a month of the symbol and its months. */
  levelOf(symbol?: string, month?: string): Verdict;
  /** By the gates of coverage for months alone. */
  coverageOf(symbol: string, month: string): Exclude<Verdict, 'info'>;
}

export function judge(gates: readonly Gate[], figures: Figures): Judgement {
  const units = new Map<Scope, readonly Measured[]>();
  const results = gates.map((gate) => {
    const measured = units.get(gate.scope) ?? measuredIn(figures, gate.scope);
    units.set(gate.scope, measured);
    return apply(gate, measured);
  });
  const levels = new Map<string, Level>();
  const coverage = new Map<string, 'warning' | 'critical'>();
  for (const { gate, broken } of results) {
    for (const { symbol, month } of broken) {
      for (const place of new Set([placeOf(symbol, month), placeOf(symbol), placeOf()]))
        levels.set(place, worse(levels.get(place), gate.level));
      const of = placeOf(symbol, month);
      if (gate.check === 'coverage' && gate.scope === 'month' && gate.level !== 'info')
        coverage.set(of, coverage.get(of) === 'critical' ? 'critical' : gate.level);
    }
  }
  return {
    results,
    levelOf: (symbol, month) => levels.get(placeOf(symbol, month)) ?? 'ok',
    coverageOf: (symbol, month) => coverage.get(placeOf(symbol, month)) ?? 'ok',
  };
}

/** By the exact value: it and the threshold are the doubles nearest to what they stand for. */
function apply(gate: Gate, units: readonly Measured[]): GateResult {
  const isMin = boundOf(gate.check) === 'min';
  const isBeyond = (value: number, limit: number): boolean => (isMin ? value < limit : value > limit);
  const broken: Breach[] = [];
  const excepted: Breach[] = [];
  let count = 0;
  let worst: { readonly value: number; readonly shown: number } | null = null;
  for (const { symbol, month, measure } of units) {
    const measured = measure(gate.check);
    if (measured === null) continue;
    count++;
    if (worst === null || isBeyond(measured.value, worst.value)) worst = measured;
    if (!isBeyond(measured.value, gate.limit)) continue;
    const breach = { symbol, month, value: measured.shown };
    (gate.except.has(unitName(breach)) ? excepted : broken).push(breach);
  }
  return { gate, units: count, worst: worst?.shown ?? null, broken, excepted };
}

/** `BTCUSDT/2018-02`, `BTCUSDT`, or `all`: as `except` names units. */
export function unitName({ symbol, month }: Pick<Breach, 'symbol' | 'month'>): string {
  return month === ALL_MONTHS ? symbol : `${symbol}/${month}`;
}

/** No symbol is called `all`: they are spelt in capitals. */
function placeOf(symbol = 'all', month: string = ALL_MONTHS): string {
  return unitName({ symbol, month });
}

function worse(a: Level | undefined, b: Level): Level {
  return a !== undefined && LEVELS.indexOf(a) >= LEVELS.indexOf(b) ? a : b;
}
