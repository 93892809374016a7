/**
 * The catalogue of checks: what each is called, what it is measured for, and what its number counts. The names are a
 * contract with configs/quality.yaml and the reports. It measures nothing and knows no thresholds.
 */

export const LEVELS = ['info', 'warning', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

/** What a month, a symbol or a run comes to, from best to worst. */
export const VERDICTS = ['ok', ...LEVELS] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a gate is applied to: each month of a symbol, each symbol, or all of it. */
export const SCOPES = ['month', 'symbol', 'dataset'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a check counts. */
export const UNITS = ['bars', 'rows', 'files', 'runs', 'months', 'symbols', 'minutes', 'fraction'] as const;
export type Unit = (typeof UNITS)[number];

/** By name: the unit of what adds up, so that the number of a symbol is the sum over its months. */
export const COUNT_UNITS = {
  // The publisher's files: a month whose file was refused, for the ZIP or its checksum, or for its CSV; files without
  // rows; bars that files lack of their own stretch.
  archive: 'months',
  schema: 'months',
  'empty-file': 'files',
  'file-rows': 'bars',
  // Rows as they came, before they were sorted, floored, deduplicated and cut.
  order: 'rows',
  duplicates: 'rows',
  conflicts: 'rows',
  'off-grid': 'bars',
  outside: 'rows',
  // Bars that break a rule (docs/DATASET.md).
  high: 'bars',
  low: 'bars',
  price: 'bars',
  volume: 'bars',
  taker: 'bars',
  'quote-volume': 'bars',
  'zero-trades': 'bars',
  'short-close': 'bars',
  // Worth a look.
  jumps: 'bars',
  flats: 'runs',
  // Months that nothing was made of.
  failed: 'months',
} as const satisfies Readonly<Record<string, Unit>>;
export type CountCheck = keyof typeof COUNT_UNITS;

/** What is reckoned for each scope by itself. */
const OTHERS = {
  /** Of the adjusted figure. */
  coverage: { unit: 'fraction', scopes: SCOPES },
  /** The longest run of missing bars that nothing excuses. */
  gap: { unit: 'minutes', scopes: SCOPES },
  /** Configured symbols without a bar. */
  symbols: { unit: 'symbols', scopes: ['symbol', 'dataset'] },
  /** The age of the newest bar. */
  lag: { unit: 'minutes', scopes: ['symbol', 'dataset'] },
} as const satisfies Readonly<Record<string, CheckFacts>>;

export type Check = CountCheck | keyof typeof OTHERS;

export interface CheckFacts {
  readonly unit: Unit;
  readonly scopes: readonly Scope[];
}

export const CHECK_NAMES: readonly string[] = [...Object.keys(OTHERS), ...Object.keys(COUNT_UNITS)];

export function isCheck(name: string): name is Check {
  return isCountCheck(name) || Object.hasOwn(OTHERS, name);
}

export function isCountCheck(name: string): name is CountCheck {
  return Object.hasOwn(COUNT_UNITS, name);
}

export function factsOf(check: Check): CheckFacts {
  return isCountCheck(check) ? { unit: COUNT_UNITS[check], scopes: SCOPES } : OTHERS[check];
}

/** Coverage must not be less than its threshold; everything else must not be more. */
export function boundOf(check: Check): 'min' | 'max' {
  return check === 'coverage' ? 'min' : 'max';
}
