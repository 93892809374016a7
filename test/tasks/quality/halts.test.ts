import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Json } from '../../../src/engine/task.ts';
import { configSchema } from '../../../tasks/config.ts';
import { haltedBars, haltsSchema } from '../../../tasks/quality/halts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const spelt = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;
const halts = (...list: readonly Json[]) => haltsSchema.parse({ version: 3, list });
const OUTAGE = { first: '2021-02-11T03:41:00Z', last: '2021-02-11T04:59:00Z' };

describe('the bars of a halt', () => {
  const barsAt = (step: number, ...list: readonly Json[]): readonly string[] =>
    haltedBars(halts(...list), step).map(({ first, last }) => `${spelt(first)} to ${spelt(last)}`);

  it('are those that begin and end within it', () => {
    expect(barsAt(MINUTE, OUTAGE)).toEqual(['2021-02-11T03:41Z to 2021-02-11T04:59Z']);
    expect(barsAt(5 * MINUTE, OUTAGE)).toEqual(['2021-02-11T03:45Z to 2021-02-11T04:55Z']);
    expect(barsAt(HOUR, OUTAGE)).toEqual(['2021-02-11T04:00Z to 2021-02-11T04:00Z']);
    expect(barsAt(24 * HOUR, OUTAGE)).toEqual([]);
  });

  it('are, of seconds, all of its minutes', () => {
    const [seconds] = haltedBars(halts(OUTAGE), 1_000);
    expect(seconds).toMatchObject({
      first: Date.parse('2021-02-11T03:41:00Z'),
      last: Date.parse('2021-02-11T04:59:59Z'),
    });
  });

  it('name the halt and the version of the calendar, and say where its ends are not exact', () => {
    expect(
      haltedBars(halts(OUTAGE, { ...OUTAGE, approximate: true }), HOUR).map((one) => one.evidence),
    ).toEqual([
      'halt 2021-02-11T03:41:00Z to 2021-02-11T04:59:00Z, halts.yaml version 3',
      'halt 2021-02-11T03:41:00Z to 2021-02-11T04:59:00Z (approximate), halts.yaml version 3',
    ]);
  });

  it('are all bars of the grid without a minute outside of the halt, and no others', () => {
    const step = fc.constantFrom(1_000, MINUTE, 5 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR);
    const start = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(step, start, fc.integer({ min: 1, max: 3_000 }), (ms, from, minutes) => {
        const [first, last] = [from * MINUTE, (from + minutes - 1) * MINUTE];
        const found = haltedBars({ version: 1, list: [{ first, last, approximate: false }] }, ms);
        const bars: number[] = [];
        for (let at = 0; at < 6_100 * MINUTE; at += Math.max(ms, MINUTE)) {
          if (at >= first && at + ms <= last + MINUTE) bars.push(at);
        }
        expect(found.length).toBe(Math.min(bars.length, 1));
        expect(found[0]?.first).toBe(bars[0]);
        const end = found[0] && found[0].last + ms;
        expect(end).toBe(bars.length === 0 ? undefined : (bars.at(-1) ?? 0) + Math.max(ms, MINUTE));
      }),
    );
  });
});

const calendar = parse(readFileSync(new URL('../../../configs/halts.yaml', import.meta.url), 'utf8'));
/** One line an issue. */
const said = (given: Json): readonly string[] =>
  configSchema
    .check({ market: 'spot', halts: given })
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
const SOURCE = { source: 'an announcement' };

describe('the calendar of halts', () => {
  it('as it is shipped is right, and has what docs/DOMAIN.md §2 lists, minute by minute', () => {
    expect(said(calendar.halts)).toEqual([]);
    const domain = readFileSync(new URL('../../../docs/DOMAIN.md', import.meta.url), 'utf8');
    const table = [...domain.matchAll(/^\| (20\d\d) \| (.*?) *\|$/gm)].flatMap(([, year, cell = '']) => {
      let day = '';
      return [...cell.matchAll(/(?:(\d\d-\d\d) )?(\d\d:\d\d)–(?:(\d\d-\d\d) )?(\d\d:\d\d) \((\d+)\)/g)].map(
        ([, begins, from, ends, to, minutes]) => {
          day = begins ?? day;
          return [`${year}-${day}T${from}:00Z`, `${year}-${ends ?? day}T${to}:00Z`, Number(minutes)];
        },
      );
    });
    const known = haltsSchema.parse(inForce(calendar.halts, 'spot')).list;
    const exact = known.flatMap(({ first, last, approximate }) =>
      approximate
        ? []
        : [
            [
              `${spelt(first).slice(0, -1)}:00Z`,
              `${spelt(last).slice(0, -1)}:00Z`,
              (last - first) / MINUTE + 1,
            ],
          ],
    );
    expect(table.length).toBe(27);
    expect(exact).toEqual(table);
    const approximate = domain.split('Approximate, from data by the second:')[1] ?? '';
    const about = known.filter((halt) => halt.approximate);
    expect(about.map(({ first }) => spelt(first).slice(0, 10))).toEqual([
      '2017-12-04',
      '2017-12-18',
      '2017-12-18',
      '2018-01-04',
      '2018-02-10',
      '2018-02-11',
      '2018-06-27',
      '2018-10-19',
    ]);
    for (const { first, last } of about) {
      expect(approximate).toContain(`${spelt(first).slice(11, 16)}–${spelt(last).slice(11, 16)}`);
    }
  });

  it('may be empty, and of markets that are not mentioned', () => {
    expect(said({ version: 1 })).toEqual([]);
    expect(said({ version: 2, spot: [], um: null })).toEqual([]);
    expect(said(null)).toEqual([]);
    expect(said({ version: 1, spot: [{ ...OUTAGE, ...SOURCE, approximate: true }] })).toEqual([]);
  });

  it.each<[string, Json, readonly string[]]>([
    [
      'a market that there is not',
      { version: 1, sopt: [] },
      ['halts.sopt: "sopt": no such name in halts: expected one of cm, spot, um, version'],
    ],
    [
      'a version that is none',
      { version: 0, spot: [] },
      ['halts.version: 0: expected a whole number above 0 such as 1'],
    ],
    [
      'no version',
      { spot: [] },
      [
        'halts.version: nothing: expected a whole number above 0 that is raised with each change of the lists',
      ],
    ],
    [
      'no list',
      { version: 1, spot: OUTAGE },
      [
        'halts.spot: {"first":"2021-02-11T03:41:00Z","last":"2021-02-11T04:59:00Z"}: expected a list of halts such as [{ first: "2021-02-11T03:41:00Z", last: "2021-02-11T04:59:00Z", source: "…" }]',
      ],
    ],
    [
      'an entry that is no map',
      { version: 1, spot: ['2021-02-11'] },
      [
        'halts.spot.0: "2021-02-11": expected a halt such as { first: "2021-02-11T03:41:00Z", last: "2021-02-11T04:59:00Z", source: "…" }',
      ],
    ],
    [
      'an unknown key',
      { version: 1, spot: [{ ...OUTAGE, ...SOURCE, why: 'upgrade' }] },
      ['halts.spot.0.why: "why": no such name in a halt: expected one of approximate, first, last, source'],
    ],
    [
      'what is not there or of a wrong kind',
      { version: 1, um: [{ first: '2021-02-11', approximate: 'yes' }] },
      [
        'halts.um.0.first: "2021-02-11": expected an instant in UTC such as 2025-08-22T23:59:00Z',
        'halts.um.0.last: nothing: expected an instant in UTC such as 2025-08-22T23:59:00Z',
        'halts.um.0.source: nothing: expected a text that is not empty',
        'halts.um.0.approximate: "yes": expected true or false',
      ],
    ],
    [
      'seconds',
      { version: 1, spot: [{ ...OUTAGE, last: '2021-02-11T04:59:59Z', ...SOURCE }] },
      ['halts.spot.0.last: "2021-02-11T04:59:59Z": expected a whole minute such as 2021-02-11T03:41:00Z'],
    ],
    [
      'an end before the beginning',
      { version: 1, spot: [{ first: OUTAGE.last, last: OUTAGE.first, ...SOURCE }] },
      ['halts.spot.0.last: "2021-02-11T03:41:00Z": expected nothing before first, "2021-02-11T04:59:00Z"'],
    ],
    [
      'another order than that of time',
      {
        version: 1,
        spot: [
          { ...OUTAGE, ...SOURCE },
          { first: '2020-12-25T02:00:00Z', last: '2020-12-25T02:59:00Z', ...SOURCE },
        ],
      },
      [
        'halts.spot.1.first: "2020-12-25T02:00:00Z": expected halts in the order of time, the one before begins at "2021-02-11T03:41:00Z"',
      ],
    ],
    [
      'halts that overlap',
      {
        version: 1,
        spot: [
          { ...OUTAGE, ...SOURCE },
          { first: '2021-02-11T04:30:00Z', last: '2021-02-11T05:30:00Z', ...SOURCE },
        ],
      },
      [
        'halts.spot.1.first: "2021-02-11T04:30:00Z": expected a minute in between, the halt before ends with "2021-02-11T04:59:00Z": write one halt',
      ],
    ],
    [
      'halts that touch',
      {
        version: 1,
        spot: [
          { ...OUTAGE, ...SOURCE },
          { first: '2021-02-11T05:00:00Z', last: '2021-02-11T05:30:00Z', ...SOURCE },
        ],
      },
      [
        'halts.spot.1.first: "2021-02-11T05:00:00Z": expected a minute in between, the halt before ends with "2021-02-11T04:59:00Z": write one halt',
      ],
    ],
    [
      'what follows from the market',
      { version: 1, in_force: { version: 1, list: [OUTAGE] } },
      [
        'halts.in_force: {"version":1,"list":[{"first":"2021-02-11T03:41:00Z","last":"2021-02-11T04:59:00…: expected nothing, it follows from the market: leave it out',
      ],
    ],
  ])('may not have %s', (_, given, messages) => {
    expect(said(given)).toEqual(messages);
  });

  it('gives the reports the list of the market in force, without the sources', () => {
    const given = {
      version: 4,
      spot: [{ ...OUTAGE, ...SOURCE }],
      um: [{ ...OUTAGE, ...SOURCE, approximate: true }],
    };
    expect(inForce(given, 'spot')).toEqual({ version: 4, list: [OUTAGE] });
    expect(inForce(given, 'um')).toEqual({ version: 4, list: [{ ...OUTAGE, approximate: true }] });
    expect(inForce(given, 'cm')).toEqual({ version: 4, list: [] });
    expect(inForce(undefined, 'spot')).toBeNull();
  });

  it('is known to the config, so that none of it is called unused', () => {
    for (const name of ['version', 'spot', 'um', 'cm']) expect(configSchema.known).toContain(`halts.${name}`);
  });
});

function inForce(given: Json | undefined, market: string): unknown {
  const config = configSchema.complete({ market, ...(given === undefined ? {} : { halts: given }) });
  return Object(config).halts.in_force;
}
