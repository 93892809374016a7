/**
 * What a graph for the measurement of builds with nothing to do must say of itself, so that the same files and the
 * same work can be given to us and to our peers. It knows no graph and runs nothing.
 */

/** One command of a peer's: `out` is made of `ins`. */
export interface Step {
  readonly out: string;
  readonly ins: readonly string[];
  /** How, where it is not the inputs one after the other. */
  readonly command?: string;
}

/** An input that is changed, and what must be built again for it: that and nothing else. */
export interface Edit {
  readonly path: string;
  readonly before: string;
  /** As long as the text before. */
  readonly text: string;
  readonly targets: readonly string[];
}

export interface Shape {
  readonly graph: 'days' | 'market';
  /** As it was asked for; the graph has a few more targets than that. */
  readonly size: number;
  readonly targets: number;
  /** Manifest, config and tasks: for us alone. Path and text. */
  readonly workspace: readonly (readonly [path: string, text: string])[];
  /** Each input and what stands in it first. */
  inputs(): Iterable<readonly [path: string, text: string]>;
  /** The steps of a peer that has no other word for the graph. */
  steps(): Iterable<Step>;
  readonly edits: number;
  /** What each says of one day of one symbol: `nth`, from 1 to 9, tells the texts apart. */
  edit(at: number, nth: number): Edit;
  /** Whether a peer rebuilds the same after a change: without keyed inputs it rebuilds more. */
  readonly peersRebuildTheSame: boolean;
}

const DAY = 86_400_000;
const FIRST = Date.UTC(2020, 0, 1);

/** `size` days, of so many symbols that no symbol has more than 1,000. */
export interface Extent {
  readonly symbols: readonly string[];
  readonly days: readonly string[];
  /** Of each month its days. */
  readonly months: ReadonlyMap<string, readonly string[]>;
  /** The last minute, for `as_of`. */
  readonly until: string;
}

export function extentOf(size: number): Extent {
  const perSymbol = size <= 200 ? 100 : size <= 2_000 ? 200 : 1_000;
  if (!(size >= perSymbol) || size % perSymbol !== 0)
    throw new Error(`a size of ${size}: expected a multiple of ${perSymbol}`);
  const days = Array.from({ length: perSymbol }, (_, at) => isoOf(FIRST + at * DAY).slice(0, 10));
  const months = new Map<string, string[]>();
  for (const day of days) {
    const month = day.slice(0, 7);
    const known = months.get(month);
    if (known === undefined) months.set(month, [day]);
    else known.push(day);
  }
  return {
    symbols: Array.from({ length: size / perSymbol }, (_, at) => `S${at}USDT`),
    days,
    months,
    until: isoOf(FIRST + perSymbol * DAY - 60_000),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '');
}

/** The number of an input as symbol and day. */
export function pairOf(
  { symbols, days }: Extent,
  at: number,
): { readonly symbol: string; readonly day: string } {
  const symbol = symbols[Math.floor(at / days.length)];
  const day = days[at % days.length];
  if (symbol === undefined || day === undefined) throw new Error(`there is no day ${at}`);
  return { symbol, day };
}
