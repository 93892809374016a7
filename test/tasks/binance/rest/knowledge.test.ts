import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../../tasks/binance/rest/answer-file.ts';
import { empties, knowledgeOf, rowsIn, unasked } from '../../../../tasks/binance/rest/knowledge.ts';
import type { Range } from '../../../../tasks/lib/ranges.ts';
import { joined } from '../../../../tasks/lib/ranges.ts';
import { answer, asked, at, range, row, STEP } from './answered.ts';

const BARS = 60;

/** Which bars of the range had a row, and at which price: a later answer may know others. */
const someAnswer = fc
  .record({
    ends: fc.tuple(fc.integer({ min: 0, max: BARS - 1 }), fc.integer({ min: 0, max: BARS - 1 })),
    lacks: fc.uniqueArray(fc.integer({ min: 0, max: BARS - 1 })),
    minute: fc.integer({ min: 0, max: 59 }),
    unknown: fc.boolean(),
  })
  .map(({ ends, lacks, minute, unknown }): Answer => {
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    const bars = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const rows = bars.filter((bar) => !lacks.includes(bar)).map((bar) => row(bar, minute));
    const error = unknown ? { code: -1121, msg: '' } : undefined;
    return answer(first, last, { askedAt: asked(minute), rows: unknown ? [] : rows, error });
  });

const differentTimes = fc.uniqueArray(someAnswer, { selector: ({ askedAt }) => askedAt, maxLength: 8 });
const gaps: readonly Range[] = [range(3, 20), range(22, 22), range(30, 55)];

/** Without the times: what goes into the output. */
function told(answers: readonly Answer[]) {
  const known = knowledgeOf(answers, STEP);
  const bare = empties(gaps, known, STEP);
  return {
    rows: rowsIn(gaps, known, STEP),
    unasked: unasked(gaps, known, STEP),
    empty: joined(
      bare.filter((each) => !each.unknownSymbol),
      STEP,
    ),
    unknown: joined(
      bare.filter((each) => each.unknownSymbol),
      STEP,
    ),
  };
}

describe('what stored answers tell', () => {
  it('depends neither on the order of the files nor on how the answers were cut', () => {
    fc.assert(
      fc.property(differentTimes, fc.integer({ min: 1, max: 7 }), (answers, size) => {
        const pieces = answers.flatMap((each) => {
          const count = (each.last - each.first) / STEP + 1;
          return Array.from({ length: Math.ceil(count / size) }, (_, index): Answer => {
            const first = each.first + index * size * STEP;
            const last = Math.min(each.last, first + (size - 1) * STEP);
            return {
              ...each,
              first,
              last,
              rows: each.rows.filter(([open]) => open >= first && open <= last),
            };
          });
        });
        expect(told([...pieces].reverse())).toEqual(told(answers));
      }),
    );
  });

  it('is of each bar the row of the last answer that had one, else what the last answer said', () => {
    fc.assert(
      fc.property(differentTimes, (answers) => {
        const said = told(answers);
        const newestFirst = [...answers].sort((a, b) => b.askedAt - a.askedAt);
        const inside = (ranges: readonly Range[], bar: number): boolean =>
          ranges.some(({ first, last }) => first <= bar && bar <= last);
        for (let number = 0; number < BARS; number++) {
          const bar = at(number);
          if (!inside(gaps, bar)) continue;
          const covering = newestFirst.filter((each) => inside([each], bar));
          const due = covering.flatMap(({ rows }) => rows.filter(([open]) => open === bar))[0];
          expect(said.rows.find(([open]) => open === bar)).toEqual(due);
          expect(inside(said.unasked, bar)).toBe(covering.length === 0);
          const bare = due === undefined ? covering[0] : undefined;
          expect(inside(said.unknown, bar)).toBe(bare?.error !== undefined);
          expect(inside(said.empty, bar)).toBe(bare !== undefined && bare.error === undefined);
        }
      }),
    );
  });

  it('knows when each empty bar was asked for last', () => {
    const known = knowledgeOf(
      [answer(0, 9, { askedAt: asked(1), rows: [] }), answer(4, 5, { askedAt: asked(2), rows: [] })],
      STEP,
    );
    const when = empties([range(0, 9)], known, STEP).map(({ first, last, askedAt }) => [
      first,
      last,
      askedAt,
    ]);
    expect(when).toEqual([
      [at(0), at(3), asked(1)],
      [at(4), at(5), asked(2)],
      [at(6), at(9), asked(1)],
    ]);
  });

  it('is all rows of a bar, in their order, where the last answer that has any has more than one', () => {
    const off = (number: number, ms: number, close: number) => {
      const [open, ...more] = row(number, close);
      return [open + ms, ...more] as const;
    };
    const once = answer(0, 2, { askedAt: asked(1), rows: [row(0), off(1, 14_789, 101), row(2)] });
    const again = answer(1, 2, { askedAt: asked(2), rows: [row(1, 102), off(1, 14_789, 103)] });
    const known = knowledgeOf([again, once], STEP);
    expect(rowsIn([range(0, 2)], known, STEP)).toEqual([row(0), ...again.rows, row(2)]);
    expect(rowsIn([range(1, 1)], knowledgeOf([once], STEP), STEP)).toEqual([off(1, 14_789, 101)]);
    expect(empties([range(0, 2)], known, STEP)).toEqual([]);
  });

  it('is told of thousands of answers as of one', () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      answer(2 * index, 2 * index, { askedAt: asked(index), rows: [] }),
    );
    const all = answer(0, 39_999, { askedAt: asked(7_000) - 1, rows: [] });
    const known = knowledgeOf([...many, all], STEP);
    expect(unasked([range(0, 40_000)], known, STEP)).toEqual([range(40_000, 40_000)]);
    expect(known.asked).toHaveLength(13_000 + 13_001);
    expect(known.asked[0]).toMatchObject({ ...range(0, 13_999), askedAt: all.askedAt });
    expect(known.asked.at(-2)).toMatchObject({ ...range(39_998, 39_998), askedAt: asked(19_999) });
  });
});
