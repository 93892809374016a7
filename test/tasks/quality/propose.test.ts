import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatProposedHalts } from '../../../src/ui/proposed-halts.ts';
import { configSchema } from '../../../tasks/config.ts';
import { LEAST_SYMBOLS, proposeHalts } from '../../../tasks/quality/propose.ts';
import type { Cause, Status } from '../../../tasks/reports/rows.ts';
import { CAUSES, STATUSES } from '../../../tasks/reports/rows.ts';

const MINUTE = 60_000;
const DAY = Date.UTC(2024, 0, 5);
const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
/** `10:30` of 2024-01-05. */
const at = (time: string): number => Date.parse(`2024-01-05T${time}:00Z`);
const month = (symbol: string, status: Status = 'ok', key = '2024-01') => ({ symbol, month: key, status });

function gap(symbol: string, first: number, last: number, cause: Cause = 'confirmed-empty', step = MINUTE) {
  const missing = (last - first) / step + 1;
  return {
    symbol,
    first_missing: iso(first),
    last_missing: iso(last),
    missing,
    minutes: (missing * step) / MINUTE,
    cause,
  };
}

const text = (...args: Parameters<typeof proposeHalts>): string =>
  formatProposedHalts(proposeHalts(...args), LEAST_SYMBOLS);

describe('halts that are proposed', () => {
  const four = ['A', 'B', 'C', 'D'].map((symbol) => month(symbol));
  const halted = (...symbols: readonly string[]) =>
    symbols.map((symbol) => gap(symbol, at('12:40'), at('13:59')));

  it('are what most symbols miss at once, with what that rests on', () => {
    expect(proposeHalts(four, halted('A', 'B', 'D'))).toEqual({
      symbols: 4,
      proposals: [
        {
          first: '2024-01-05T12:40:00Z',
          last: '2024-01-05T13:59:00Z',
          minutes: 80,
          symbols: ['A', 'B', 'D'],
          partly: [],
          of: 4,
          causes: ['confirmed-empty'],
          approximate: false,
        },
      ],
      undecided: [],
    });
  });

  it('can be pasted into the calendar as they are printed', () => {
    const printed = text(four, [...halted('A', 'B', 'D'), gap('C', at('13:00'), at('13:59'), 'unknown')]);
    expect(
      printed,
    ).toBe(`# 1 halt proposed by the last gap report. Look at each, paste it under the market in configs/halts.yaml,
# in the order of time, and raise \`version\` there.
    # 80 minutes, missing for 3 of 4 symbols (A, B, D; in part: C): confirmed-empty, unknown
    - { first: "2024-01-05T12:40:00Z", last: "2024-01-05T13:59:00Z", source: "missing for 3 of 4 symbols" }
`);
    const halts = parse(`halts:\n  version: 2\n  spot:\n${printed}`).halts;
    expect(halts.spot).toHaveLength(1);
    expect(configSchema.check({ market: 'spot', halts })).toEqual([]);
  });

  it('are none where fewer than two thirds miss the bars, or nothing is missing', () => {
    const none = '# no halt to propose: nothing else is missing for most symbols at once\n';
    expect(text(four, halted('A', 'B'))).toBe(none);
    expect(text(four, [])).toBe(none);
    // Two of three are enough.
    expect(proposeHalts(four.slice(1), halted('C', 'D')).proposals).toHaveLength(1);
  });

  it('take in what some symbols miss a little longer, as far as most do', () => {
    const longer = [
      gap('A', at('12:39'), at('14:00')),
      gap('B', at('12:40'), at('14:00')),
      gap('C', at('12:41'), at('14:00')),
      gap('D', at('12:40'), at('13:59')),
    ];
    expect(proposeHalts(four, longer).proposals).toMatchObject([
      {
        first: '2024-01-05T12:40:00Z',
        last: '2024-01-05T14:00:00Z',
        symbols: ['A', 'B'],
        partly: ['C', 'D'],
        of: 4,
      },
    ]);
  });

  it.each<Cause>(['pre-listing', 'delisted', 'quarantined', 'not-published'])(
    'leave out symbols of which nothing is known: %s',
    (cause) => {
      const dark = ['E', 'F', 'G'];
      const gaps = [...halted('A', 'B', 'C'), ...dark.map((symbol) => gap(symbol, DAY, at('23:59'), cause))];
      const coverage = [...four, ...dark.map((symbol) => month(symbol))];
      expect(proposeHalts(coverage, gaps).proposals).toMatchObject([{ symbols: ['A', 'B', 'C'], of: 4 }]);
      // They are none of those that miss bars, either.
      expect(proposeHalts(coverage, gaps.slice(3)).proposals).toEqual([]);
    },
  );

  it('leave out months of which no bars were made, for whatever reason', () => {
    const coverage = ['A', 'B', 'C'].map((symbol) => month(symbol, 'failed'));
    const gaps = ['A', 'B', 'C'].map((symbol) => gap(symbol, DAY, at('23:59'), 'unknown'));
    expect(proposeHalts(coverage, gaps)).toEqual({ symbols: 3, proposals: [], undecided: [] });
  });

  it('leave out halts that are known', () => {
    const known = ['A', 'B', 'C', 'D'].map((symbol) => gap(symbol, at('12:40'), at('13:59'), 'halt'));
    expect(proposeHalts(four, known)).toEqual({ symbols: 4, proposals: [], undecided: [] });
  });

  it('of longer bars are approximate, and reach from the first to the last minute of them', () => {
    const hour = 60 * MINUTE;
    const gaps = ['A', 'B', 'C'].map((symbol) => gap(symbol, at('12:00'), at('13:00'), 'unknown', hour));
    expect(text(four, gaps)).toContain(
      '- { first: "2024-01-05T12:00:00Z", last: "2024-01-05T13:59:00Z", source: "missing for 3 of 4 symbols", approximate: true }\n',
    );
  });

  it('of seconds are whole minutes', () => {
    const seconds = (first: number, last: number) =>
      proposeHalts(
        four,
        ['A', 'B', 'C'].map((symbol) => gap(symbol, first, last, 'unknown', 1_000)),
      ).proposals.map((one) => [one.first, one.last, one.minutes]);
    expect(seconds(at('12:00') - 5_000, at('12:02') + 30_000)).toEqual([
      ['2024-01-05T12:00:00Z', '2024-01-05T12:01:00Z', 2],
    ]);
    expect(seconds(at('12:00') + 1_000, at('12:01') + 58_000)).toEqual([]);
  });

  it('are not told where too few symbols were listed, which is said', () => {
    const two = four.slice(0, 2);
    expect(text(two, halted('A', 'B'))).toBe(
      `# too few symbols are known: 2, at least 3 are needed to tell a halt from a hole
#   2024-01-05T12:40:00Z to 2024-01-05T13:59:00Z: 80 minutes, missing for 2 of 2 symbols (A, B): confirmed-empty
`,
    );
    const late = ['C', 'D'].map((symbol) => gap(symbol, DAY, at('23:59'), 'pre-listing'));
    expect(text(four, [...halted('A', 'B'), ...late])).toBe(
      `# no halt to propose: nothing else is missing for most symbols at once
# too few symbols were listed to tell, at least 3 are needed:
#   2024-01-05T12:40:00Z to 2024-01-05T13:59:00Z: 80 minutes, missing for 2 of 2 symbols (A, B): confirmed-empty
`,
    );
  });

  it('name ten symbols, and how many more', () => {
    const names = Array.from({ length: 12 }, (_, index) => `S${index}`);
    expect(
      text(
        names.map((symbol) => month(symbol)),
        halted(...names),
      ),
    ).toContain('(S0, S1, S2, S3, S4, S5, S6, S7, S8, S9 and 2 more): confirmed-empty\n');
  });
});

describe('for any reports', () => {
  const MINUTES = 40;
  /** Of each symbol: the status of its month, and a cause, or none, for each of some stretches. */
  const symbolArb = fc.record({
    status: fc.constantFrom(...STATUSES, 'ok' as const, 'ok' as const),
    stretches: fc.array(
      fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom<(Cause | undefined)[]>(...CAUSES, undefined)),
      { minLength: 1, maxLength: 10 },
    ),
  });

  it('a minute is proposed exactly if most of at least three known symbols miss it', () => {
    fc.assert(
      fc.property(fc.array(symbolArb, { minLength: 1, maxLength: 7 }), (symbols) => {
        const causes = symbols.map(({ stretches }) => {
          const minutes = stretches.flatMap(([length, cause]) => Array.from({ length }, () => cause));
          return Array.from({ length: MINUTES }, (_, minute) => minutes[minute]);
        });
        const coverage = symbols.map(({ status }, index) => month(`S${index}`, status));
        const gaps = causes.flatMap((minutes, index) => {
          const found: ReturnType<typeof gap>[] = [];
          for (let first = 0; first < MINUTES; ) {
            const cause = minutes[first];
            let beyond = first + 1;
            while (beyond < MINUTES && minutes[beyond] === cause) beyond++;
            if (cause !== undefined) {
              found.push(gap(`S${index}`, DAY + first * MINUTE, DAY + (beyond - 1) * MINUTE, cause));
            }
            first = beyond;
          }
          return found;
        });

        const due = { proposals: new Set<number>(), undecided: new Set<number>() };
        for (let minute = 0; minute < MINUTES; minute++) {
          const told = causes.flatMap((minutes, index) => {
            const [cause, status] = [minutes[minute], symbols[index]?.status];
            const seen = status === 'ok' || status === 'warning' || status === 'critical';
            const dark = ['pre-listing', 'delisted', 'quarantined', 'not-published'].includes(cause ?? '');
            return seen && !dark ? [cause !== undefined && cause !== 'halt'] : [];
          });
          const missing = told.filter(Boolean).length;
          if (missing === 0 || missing / told.length < 2 / 3) continue;
          due[told.length >= 3 ? 'proposals' : 'undecided'].add(DAY + minute * MINUTE);
        }
        const result = proposeHalts(coverage, gaps);
        for (const kind of ['proposals', 'undecided'] as const) {
          const told = result[kind].flatMap(({ first, minutes }) =>
            Array.from({ length: minutes }, (_, index) => Date.parse(first) + index * MINUTE),
          );
          expect(told).toEqual([...due[kind]]);
          for (const [index, { last }] of result[kind].entries()) {
            expect(result[kind][index + 1]?.first).not.toBe(iso(Date.parse(last) + MINUTE));
          }
        }
      }),
    );
  });
});
