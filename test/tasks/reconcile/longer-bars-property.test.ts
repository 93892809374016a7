import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Class, LongerDifference } from '../../../tasks/reconcile/longer-bars.ts';
import { CLASSES, compareLonger } from '../../../tasks/reconcile/longer-bars.ts';
import type { Row } from '../features/months.ts';
import { MINUTE, tableOf } from '../features/months.ts';

const START = Date.UTC(2024, 0, 5);
/** Bars of a longer one. */
const PARTS = 5;
const LENGTH = PARTS * MINUTE;
const PLACES = 10n ** 8n;

/** Which bar ours may lack although it does not explain another value of the publisher's. */
const CONTRADICTED = { open: PARTS - 1, high: 2, low: 2, close: 0 } as const;

/** Amounts are whole numbers of the eighth decimal here: sums of them are exact. */
interface Part {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly trades: number;
  readonly volume: bigint;
  readonly quote: bigint;
  readonly base: bigint;
  readonly takerQuote: bigint;
}

type Fault =
  | { readonly kind: 'none' | 'last place' | 'ours-missing' | 'publisher-missing' }
  | { readonly kind: 'missing-bars' | 'prices' | 'prices-and-sums'; readonly at: number }
  | { readonly kind: 'sums'; readonly of: 'volume' | 'quote' | 'trades' }
  | { readonly kind: 'contradicted'; readonly in: keyof typeof CONTRADICTED };

/** Up to a trillion, where a double has no eight decimals any more. */
const amount = fc.bigInt({ min: 1_000n, max: 10n ** 20n });
const part: fc.Arbitrary<Part> = fc.record({
  open: fc.integer({ min: 2, max: 900 }),
  high: fc.integer({ min: 1_000, max: 2_000 }),
  low: fc.constant(1),
  close: fc.integer({ min: 2, max: 900 }),
  trades: fc.integer({ min: 1, max: 1_000 }),
  volume: amount,
  quote: amount,
  base: amount,
  takerQuote: amount,
});
const at = fc.integer({ min: 0, max: PARTS - 1 });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constantFrom('none', 'last place', 'ours-missing', 'publisher-missing' as const) }),
  fc.record({
    kind: fc.constantFrom('missing-bars', 'prices', 'prices-and-sums' as const),
    at,
  }),
  fc.record({
    kind: fc.constant('contradicted' as const),
    in: fc.constantFrom('open', 'high', 'low', 'close' as const),
  }),
  fc.record({
    kind: fc.constant('sums' as const),
    of: fc.constantFrom('volume', 'quote', 'trades' as const),
  }),
);

/** The double that the decimal stands for. */
function decimal(amount: bigint): number {
  return Number(`${amount / PLACES}.${String(amount % PLACES).padStart(8, '0')}`);
}

function rowOf(ts: number, { open, high, low, close, trades, volume, quote, base, takerQuote }: Part): Row {
  const amounts = {
    volume: decimal(volume),
    quote_volume: decimal(quote),
    taker_buy_base: decimal(base),
    taker_buy_quote: decimal(takerQuote),
  };
  return { ts, open, high, low, close, trades, ...amounts };
}

/** What the publisher says: reckoned apart from what is tested. */
function wholeOf(parts: readonly Part[]): Part {
  const sum = (of: (part: Part) => bigint): bigint => parts.reduce((total, each) => total + of(each), 0n);
  return {
    open: parts[0]?.open ?? 0,
    high: Math.max(...parts.map(({ high }) => high)),
    low: 1,
    close: parts.at(-1)?.close ?? 0,
    trades: parts.reduce((total, { trades }) => total + trades, 0),
    volume: sum(({ volume }) => volume),
    quote: sum(({ quote }) => quote),
    base: sum(({ base }) => base),
    takerQuote: sum(({ takerQuote }) => takerQuote),
  };
}

/** Far enough beyond the last place of a double of that size. */
const more = (amount: bigint): bigint => amount + 3n + amount / 10n ** 12n;

/** What the publisher says of a bar, and the class it is to be found in; no class where nothing is to be found. */
function publisherOf(
  whole: Part,
  fault: Fault,
): { readonly said: Part | undefined; readonly of: Class | undefined } {
  switch (fault.kind) {
    case 'none':
      return { said: whole, of: undefined };
    case 'last place':
      return { said: { ...whole, volume: whole.volume + 1n, base: whole.base - 1n }, of: undefined };
    case 'publisher-missing':
      return { said: undefined, of: fault.kind };
    case 'ours-missing':
    case 'missing-bars':
      return { said: whole, of: fault.kind };
    case 'prices':
      return { said: { ...whole, low: 2, open: whole.open + fault.at }, of: fault.kind };
    case 'prices-and-sums':
      return {
        said: { ...whole, close: whole.close + 1, takerQuote: more(whole.takerQuote) },
        of: fault.kind,
      };
    case 'sums': {
      const { of } = fault;
      return {
        said: of === 'trades' ? { ...whole, trades: whole.trades - 1 } : { ...whole, [of]: more(whole[of]) },
        of: 'sums',
      };
    }
    case 'contradicted': {
      // Higher than any bar's open and close, below any high, above the low.
      return { said: { ...whole, [fault.in]: 950 }, of: 'prices-and-sums' };
    }
  }
}

it('finds every longer bar that is otherwise, in the right class, and no other one', () => {
  const whole = fc.record({ fault, parts: fc.array(part, { minLength: PARTS, maxLength: PARTS }) });
  fc.assert(
    fc.property(fc.array(whole, { minLength: 1, maxLength: 20 }), (given) => {
      const [ours, publisher]: [Row[], Row[]] = [[], []];
      const expected: (readonly [number, Class])[] = [];
      for (const [index, { fault, parts }] of given.entries()) {
        const ts = START + index * LENGTH;
        const { said, of } = publisherOf(wholeOf(parts), fault);
        if (said !== undefined) publisher.push(rowOf(ts, said));
        if (of !== undefined) expected.push([ts, of]);
        const lacks =
          fault.kind === 'missing-bars'
            ? fault.at
            : fault.kind === 'contradicted'
              ? CONTRADICTED[fault.in]
              : undefined;
        if (fault.kind === 'ours-missing') continue;
        for (const [at, each] of parts.entries()) if (at !== lacks) ours.push(rowOf(ts + at * MINUTE, each));
      }
      const found: LongerDifference[] = [];
      const span = { start: START, end: START + given.length * LENGTH };
      const grid = { span, interval: MINUTE };
      const { bars, classes } = compareLonger(tableOf(ours), tableOf(publisher), grid, LENGTH, (difference) =>
        found.push(difference),
      );
      const bad = new Map(found.map(({ ts, of }) => [ts, of]));
      expect([...bad]).toEqual(expected);
      const count = given.length;
      expect(bars).toEqual({
        expected: count,
        compared: count,
        agreeing: count - bad.size,
        missing_in_both: 0,
      });
      expect(classes).toEqual(
        Object.fromEntries(CLASSES.map((name) => [name, expected.filter(([, of]) => of === name).length])),
      );
    }),
    { numRuns: 200 },
  );
});
