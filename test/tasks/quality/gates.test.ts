/** Gates as people declare them: what is taken, and what is said of what is not. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../../../tasks/config.ts';
import { CHECK_NAMES, factsOf, isCheck, LEVELS } from '../../../tasks/quality/checks.ts';
import { gatesSchema } from '../../../tasks/quality/gates.ts';

const COVERAGE = { check: 'coverage', level: 'critical', scope: 'month', min: 0.95 };
const GAP = { check: 'gap', level: 'warning', scope: 'symbol', max: '24h' };
const PRICE = { check: 'price', level: 'critical', scope: 'month', max: 0 };

/** What the config says of gates, place and message. */
function said(...gates: readonly unknown[]): readonly string[] {
  return configSchema
    .check({ market: 'spot', quality: { gates: gates as [] } })
    .map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
}

describe('a gate', () => {
  it('has a threshold as declared, and the same in the unit of its check', () => {
    const gates = gatesSchema.parse([
      COVERAGE,
      { ...GAP, max: '90s' },
      { ...PRICE, except: ['BTCUSDT/2018-02'] },
    ]);
    expect(gates.map(({ threshold, limit }) => [threshold, limit])).toEqual([
      [0.95, 0.95],
      ['90s', 1.5],
      [0, 0],
    ]);
    expect(gates.map(({ except }) => [...except])).toEqual([[], [], ['BTCUSDT/2018-02']]);
    expect(said(COVERAGE, GAP, PRICE)).toEqual([]);
  });

  it.each([
    [
      'what is no list',
      'x',
      'quality.gates: "x": expected a list of gates such as [{ check: coverage, level: critical, scope: month, min: 0.95 }]',
    ],
    [
      'nothing at all',
      null,
      'quality.gates: null: expected a list of gates such as [{ check: coverage, level: critical, scope: month, min: 0.95 }]',
    ],
  ])('is one of a list: %s is refused', (_, gates, message) => {
    const issues = configSchema.check({ market: 'spot', quality: { gates } });
    expect(issues.map(({ path, message: text }) => `${path.join('.')}: ${text}`)).toEqual([message]);
  });

  it.each([
    [
      'a text',
      'coverage',
      '0: "coverage": expected a gate such as { check: coverage, level: critical, scope: month, min: 0.95 }',
    ],
    [
      'a slip in the check',
      { ...COVERAGE, check: 'covrage' },
      '0.check: "covrage": no such check: did you mean "coverage"?',
    ],
    [
      'the wrong case',
      { ...PRICE, check: 'Price' },
      '0.check: "Price": no such check: did you mean "price"?',
    ],
    [
      'a check of another world',
      { ...PRICE, check: 'temperature' },
      `0.check: "temperature": no such check: expected one of ${CHECK_NAMES.join(', ')}`,
    ],
    [
      'no check',
      { level: 'info', scope: 'month', max: 0 },
      `0.check: nothing: no such check: expected one of ${CHECK_NAMES.join(', ')}`,
    ],
    [
      'a name of every object',
      { ...PRICE, check: 'constructor' },
      `0.check: "constructor": no such check: expected one of ${CHECK_NAMES.join(', ')}`,
    ],
    [
      'a wrong level',
      { ...PRICE, level: 'fatal' },
      '0.level: "fatal": expected one of info, warning, critical, the level of the gate',
    ],
    [
      'a wrong scope',
      { ...PRICE, scope: 'year' },
      '0.scope: "year": expected one of month, symbol, dataset, the scopes of price',
    ],
    [
      'a scope that the check does not have',
      { check: 'lag', level: 'info', scope: 'month', max: '1d' },
      '0.scope: "month": expected one of symbol, dataset, the scopes of lag',
    ],
    [
      'a max where there is a min',
      { check: 'coverage', level: 'info', scope: 'month', max: 0.9 },
      '0.max: 0.9: coverage takes min, a fraction from 0 to 1 such as 0.95',
    ],
    [
      'a min where there is a max',
      { check: 'price', level: 'info', scope: 'month', min: 1 },
      '0.min: 1: price takes max, a whole number from 0',
    ],
    ['both', { ...COVERAGE, max: 1 }, '0.max: 1: coverage takes min, a fraction from 0 to 1 such as 0.95'],
    [
      'no threshold',
      { check: 'price', level: 'info', scope: 'month' },
      '0.max: nothing: expected a whole number from 0',
    ],
    ['a percentage', { ...COVERAGE, min: 95 }, '0.min: 95: expected a fraction from 0 to 1 such as 0.95'],
    ['half a bar', { ...PRICE, max: 0.5 }, '0.max: 0.5: expected a whole number from 0'],
    ['less than nothing', { ...PRICE, max: -1 }, '0.max: -1: expected a whole number from 0'],
    ['a duration without a unit', { ...GAP, max: 24 }, '0.max: 24: expected a duration such as 24h'],
    ['a duration in words', { ...GAP, max: 'a day' }, '0.max: "a day": expected a duration such as 24h'],
    ['a count with a unit', { ...PRICE, max: '3m' }, '0.max: "3m": expected a whole number from 0'],
    [
      'an exception that is no list',
      { ...PRICE, except: 'BTCUSDT/2018-02' },
      '0.except: "BTCUSDT/2018-02": expected a list of units such as [BTCUSDT/2018-02]',
    ],
    [
      'a symbol as the exception of months',
      { ...PRICE, except: ['ETHUSDT/2018-02', 'BTCUSDT'] },
      '0.except.1: "BTCUSDT": expected a month of a symbol such as BTCUSDT/2018-02, since the scope is month',
    ],
    [
      'a month that there is none of',
      { ...PRICE, except: ['BTCUSDT/2018-13'] },
      '0.except.0: "BTCUSDT/2018-13": expected a month of a symbol such as BTCUSDT/2018-02, since the scope is month',
    ],
    [
      'a month as the exception of symbols',
      { ...GAP, except: ['BTCUSDT/2018-02'] },
      '0.except.0: "BTCUSDT/2018-02": expected a symbol such as BTCUSDT, since the scope is symbol',
    ],
    [
      'an exception of the dataset',
      { ...GAP, scope: 'dataset', except: ['BTCUSDT'] },
      '0.except.0: "BTCUSDT": expected nothing, since the scope is dataset: there is one, take the gate out instead',
    ],
    [
      'a name that no gate has',
      { ...PRICE, unless: ['BTCUSDT/2018-02'] },
      '0.unless: "unless": no such name in a gate: expected one of check, level, scope, min, max, except',
    ],
  ])('is refused for %s, with the bad value and what is expected', (_, gate, message) => {
    expect(said(gate)).toEqual([message]);
  });

  it('says all that is wrong at once', () => {
    expect(said({ ...PRICE, level: 'fatal', max: -1 }, COVERAGE, { ...GAP, max: 3 })).toEqual([
      '0.level: "fatal": expected one of info, warning, critical, the level of the gate',
      '0.max: -1: expected a whole number from 0',
      '2.max: 3: expected a duration such as 24h',
    ]);
  });

  it('is the only one of its check, scope and level', () => {
    expect(said(PRICE, { ...PRICE, scope: 'symbol' }, { ...PRICE, level: 'info', max: 0 })).toEqual([]);
    expect(said(PRICE, { ...PRICE, max: 5 })).toEqual([
      '1.level: "critical": expected one gate of price for month at this level',
    ]);
  });

  it('at a higher level is not broken before the one at a lower level', () => {
    const warning = { ...COVERAGE, level: 'warning', min: 0.9 };
    expect(said(COVERAGE, warning)).toEqual([
      '1.min: 0.9: expected at least 0.95, the threshold of coverage for month at level critical',
    ]);
    expect(said(warning, COVERAGE)).toEqual([
      '1.min: 0.95: expected at most 0.9, the threshold of coverage for month at level warning',
    ]);
    expect(said({ ...GAP, level: 'info', max: '2d' }, GAP)).toEqual([
      '1.max: "24h": expected at least "2d", the threshold of gap for symbol at level info',
    ]);
    expect(said(GAP, { ...GAP, level: 'info', max: '2d' })).toEqual([
      '1.max: "2d": expected at most "24h", the threshold of gap for symbol at level warning',
    ]);
    expect(said(GAP, { ...GAP, level: 'critical', max: '1440m' })).toEqual([]);
  });

  it('of any check, level and scope is taken, and nothing else throws', () => {
    const anything = fc.oneof(fc.string(), fc.integer(), fc.constant(undefined), fc.constant(null));
    const gate = fc.record(
      {
        check: fc.oneof(fc.constantFrom(...CHECK_NAMES), anything),
        level: fc.oneof(fc.constantFrom(...LEVELS), anything),
        scope: fc.oneof(fc.constantFrom('month', 'symbol', 'dataset'), anything),
        min: fc.oneof(fc.double(), anything),
        max: fc.oneof(fc.nat(), fc.constantFrom('1h', '2d', '30'), anything),
        except: fc.oneof(
          fc.array(fc.oneof(fc.constantFrom('BTCUSDT', 'BTCUSDT/2018-02'), anything)),
          anything,
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(gate, anything), { maxLength: 3 }), (gates) => {
        const parsed = gatesSchema.safeParse(gates);
        for (const issue of parsed.error?.issues ?? [])
          expect(issue.message).toMatch(/expected|did you mean|takes/);
        for (const { check, scope } of parsed.data ?? []) expect(factsOf(check).scopes).toContain(scope);
      }),
    );
  });
});

describe('the gates that are shipped', () => {
  const text = readFileSync(new URL('../../../configs/quality.yaml', import.meta.url), 'utf8');
  const { quality } = parse(text) as { quality: { gates: readonly { check: string }[] } };

  it('are taken, and leave out no check', () => {
    expect(configSchema.check({ market: 'spot', ...(parse(text) as object) })).toEqual([]);
    expect([...new Set(quality.gates.map(({ check }) => check))].sort()).toEqual([...CHECK_NAMES].sort());
    expect(CHECK_NAMES.every(isCheck)).toBe(true);
  });
});
