import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Source } from '../../../tasks/bars/table.ts';
import type { Comparison, Difference } from '../../../tasks/reconcile/compare.ts';
import { compare } from '../../../tasks/reconcile/compare.ts';
import { sideOf } from '../../../tasks/reconcile/side.ts';
import type { RawRow } from '../bars/rows.ts';
import { bar, klinesOf } from '../bars/rows.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 5);
/** A fault is laid at every third bar at most, so that none hides another one. */
const EVERY = 3;
const SOURCES = ['monthly', 'daily', 'rest'] as const;

const FIELDS = {
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  volume: 'volume',
  quote_volume: 'quote',
  trades: 'trades',
  taker_buy_base: 'takerBase',
  taker_buy_quote: 'takerQuote',
} as const satisfies Record<string, keyof RawRow>;
type Field = keyof typeof FIELDS;

type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'missing' | 'close_time' | 'open_time' | 'duplicate' | 'order'; readonly in: Source }
  | { readonly kind: 'value'; readonly in: Source; readonly column: Field; readonly close: boolean }
  | { readonly kind: 'three values'; readonly column: Field }
  | { readonly kind: 'missing everywhere' | 'unasked' };

const source = fc.constantFrom(...SOURCES);
const column = fc.constantFrom(...(Object.keys(FIELDS) as Field[]));
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant<Fault>({ kind: 'none' }),
  fc.record({
    kind: fc.constantFrom('missing', 'close_time', 'open_time', 'duplicate', 'order' as const),
    in: source,
  }),
  fc.record({ kind: fc.constant('value' as const), in: source, column, close: fc.boolean() }),
  fc.record({ kind: fc.constant('three values' as const), column }),
  fc.record({ kind: fc.constantFrom('missing everywhere', 'unasked' as const) }),
);

interface Laid {
  readonly comparison: Comparison;
  readonly differences: readonly Difference[];
}

/** The same rows three times, with the faults laid in, and what is to be found of them. */
function laid(faults: readonly Fault[], inMicroseconds: boolean): { found: Laid; expected: Laid } {
  const count = faults.length * EVERY;
  const rows: Record<Source, RawRow[]> = { monthly: [], daily: [], rest: [] };
  const zeros = () => ({ monthly: 0, daily: 0, rest: 0 });
  const [missing, duplicates, order, alone, closeAlone] = [zeros(), zeros(), zeros(), zeros(), zeros()];
  const columns: Record<string, number> = Object.fromEntries(
    ['open_time', 'close_time', ...Object.keys(FIELDS)].map((name) => [name, 0]),
  );
  const counted = (name: string): void => {
    columns[name] = (columns[name] ?? 0) + 1;
  };
  const differences: Difference[] = [];
  const unasked: number[] = [];
  let [bad, none_agree, missing_in_all] = [0, 0, 0];

  for (let index = 0; index < count; index++) {
    const ts = START + index * MINUTE;
    const laidHere: Fault =
      index % EVERY === 0 ? (faults[index / EVERY] ?? { kind: 'none' }) : { kind: 'none' };
    const plain = bar(ts, { trades: 3 + index });
    const all = (of: (source: Source) => number) => ({
      monthly: of('monthly'),
      daily: of('daily'),
      rest: of('rest'),
    });
    const two = (name: Source, its: number, others: number) => all((each) => (each === name ? its : others));
    const put = (name: Source, row: RawRow | undefined): void => {
      for (const each of SOURCES) {
        const given = each === name ? row : plain;
        if (given !== undefined) rows[each].push(given);
      }
    };
    switch (laidHere.kind) {
      case 'none':
        put('rest', plain);
        break;
      case 'missing':
        put(laidHere.in, undefined);
        missing[laidHere.in]++;
        differences.push({ ts, column: 'bar', said: two(laidHere.in, 0, 1) });
        bad++;
        break;
      case 'missing everywhere':
        missing_in_all++;
        break;
      case 'unasked':
        put('rest', undefined);
        unasked.push(ts);
        break;
      case 'close_time':
        put(laidHere.in, { ...plain, closeTime: ts + 30_000 });
        closeAlone[laidHere.in]++;
        differences.push({ ts, column: 'close_time', said: two(laidHere.in, ts + 30_000, plain.closeTime) });
        bad++;
        break;
      case 'open_time':
        put(laidHere.in, { ...plain, openTime: ts + 14_789 });
        alone[laidHere.in]++;
        counted('open_time');
        differences.push({ ts, column: 'open_time', said: two(laidHere.in, ts + 14_789, ts) });
        bad++;
        break;
      case 'value': {
        const field = FIELDS[laidHere.column];
        const value = plain[field] + 1;
        const closeTime = laidHere.close ? ts + 1_000 : plain.closeTime;
        put(laidHere.in, { ...plain, [field]: value, closeTime });
        alone[laidHere.in]++;
        counted(laidHere.column);
        const found: Difference[] = [
          { ts, column: laidHere.column, said: two(laidHere.in, value, plain[field]) },
        ];
        if (laidHere.close) {
          counted('close_time');
          const said = two(laidHere.in, closeTime, plain.closeTime);
          const after = ['quote_volume', 'trades', 'taker_buy_base', 'taker_buy_quote'].includes(
            laidHere.column,
          );
          found.splice(after ? 0 : 1, 0, { ts, column: 'close_time', said });
        }
        differences.push(...found);
        bad++;
        break;
      }
      case 'three values': {
        const field = FIELDS[laidHere.column];
        const said = all((each) => plain[field] + SOURCES.indexOf(each));
        for (const each of SOURCES) rows[each].push({ ...plain, [field]: said[each] });
        none_agree++;
        counted(laidHere.column);
        differences.push({ ts, column: laidHere.column, said });
        bad++;
        break;
      }
      case 'duplicate':
        put('rest', plain);
        rows[laidHere.in].push(plain);
        duplicates[laidHere.in]++;
        differences.push({ ts, column: 'duplicates', said: two(laidHere.in, 2, 1) });
        break;
      case 'order':
        // Behind the next one, which has no fault: swapped once all rows are there.
        put('rest', plain);
        order[laidHere.in]++;
        differences.push({ ts, column: 'order', said: two(laidHere.in, 1, 0) });
    }
  }
  for (const [index, each] of faults.entries()) {
    if (each.kind !== 'order') continue;
    const at = rows[each.in].findIndex(({ openTime }) => openTime === START + index * EVERY * MINUTE);
    rows[each.in].splice(at, 2, ...rows[each.in].slice(at, at + 2).reverse());
  }

  const span = { start: START, end: START + count * MINUTE };
  const grid = { span, interval: MINUTE };
  const whole = [{ first: START, last: span.end - MINUTE }];
  const half = START + Math.floor(count / 2) * MINUTE;
  const asked = Array.from({ length: count }, (_, index) => START + index * MINUTE)
    .filter((ts) => !unasked.includes(ts))
    .map((ts) => ({ first: ts, last: ts }));
  const unit = inMicroseconds ? 'us' : 'ms';
  const micro = (row: RawRow): RawRow =>
    inMicroseconds ? { ...row, openTime: row.openTime * 1_000, closeTime: row.closeTime * 1_000 + 999 } : row;
  const sides = [
    sideOf(
      'monthly',
      [{ source: 'monthly', klines: klinesOf(rows.monthly.map(micro), unit), own: span }],
      whole,
      grid,
    ),
    sideOf(
      'daily',
      // Cut in two, as days are; a pair that is out of order stays in one file.
      splitAt(rows.daily, half).map((part) => ({ source: 'daily', klines: klinesOf(part) }) as const),
      whole,
      grid,
    ),
    sideOf('rest', [{ source: 'rest', klines: klinesOf(rows.rest) }], asked, grid),
  ];
  const found: Difference[] = [];
  const comparison = compare(sides, grid, (difference) => found.push(difference));
  const compared = count - missing_in_all;
  const tally = (counts: Record<Source, number>, none: number) => ({
    bars: counts.monthly + counts.daily + counts.rest + none,
    alone: counts,
    none_agree: none,
    of_two: 0,
  });
  return {
    found: { comparison, differences: found },
    expected: {
      comparison: {
        bars: { expected: count, compared, agreeing: compared - bad, missing_in_all },
        missing,
        values: { ...tally(alone, none_agree), columns: columns as Comparison['values']['columns'] },
        close_time_only: tally(closeAlone, 0),
        duplicates,
        order,
      },
      differences,
    },
  };
}

function splitAt(rows: readonly RawRow[], time: number): readonly (readonly RawRow[])[] {
  // Faults are at multiples of `EVERY`: before one of them nothing is out of order.
  const border = START + Math.floor((time - START) / MINUTE / EVERY) * EVERY * MINUTE;
  const first = rows.filter(({ openTime }) => openTime < border);
  return [first, rows.filter(({ openTime }) => openTime >= border)];
}

it('finds every fault that is laid into one of three equal sources, counts it once, and finds nothing else', () => {
  fc.assert(
    fc.property(fc.array(fault, { minLength: 1, maxLength: 40 }), fc.boolean(), (faults, inMicroseconds) => {
      const { found, expected } = laid(faults, inMicroseconds);
      expect(found).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
