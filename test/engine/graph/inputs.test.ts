import { describe, expect, it } from 'vitest';
import { linkInputs } from '../../../src/engine/graph/edges.ts';
import { awaitsOf, graphOf, inputsOf, membersOf, problemsIn } from './graphs.ts';

const AS_OF = '2024-03-10T00:00:00Z';

/** A daily and a monthly producer, and one consumer. */
function consuming(input: string, dimensions = 'month', producer = ''): string {
  const names = dimensions === '' ? [] : dimensions.split(', ');
  const path = names.map((name) => `/\${${name}}`).join('');
  return `
dimensions:
  symbol: [BTC, ETH]
  day: { every: day, from: "2024-01-30T12:00:00Z", to: "2024-02-02T23:59:00Z" }
  month: { every: month, from: "2024-01-01T00:00:00Z" }
rules:
  daily: { for: [day], out: { d: "d/\${day}" }, run: echo${producer} }
  monthly: { for: [symbol, month], out: { m: "m/\${symbol}/\${month}" }, run: echo${producer} }
  consumer: { for: [${dimensions}], in: { x: ${input} }, out: { c: "c${path}/c" }, run: echo }
`;
}

describe('an input that names a rule', () => {
  it('takes the days of a month, and the month of a day', () => {
    const days = graphOf(consuming('{ rule: daily }'), AS_OF);
    expect(membersOf(days, 'consumer/2024-01', 'x')).toEqual(['daily/2024-01-30#d', 'daily/2024-01-31#d']);
    expect(membersOf(days, 'consumer/2024-03', 'x')).toEqual([]);
    expect(inputsOf(days, 'consumer/2024-01')[0]?.list).toBe(true);
    const month = graphOf(consuming('{ rule: monthly }', 'symbol, day'), AS_OF);
    expect(membersOf(month, 'consumer/ETH/2024-01-30', 'x')).toEqual(['monthly/ETH/2024-01#m']);
    expect(inputsOf(month, 'consumer/ETH/2024-01-30')[0]?.list).toBe(false);
  });

  it('fans in what the consumer lacks: lists as declared, time ascending', () => {
    const all = graphOf(consuming('{ rule: monthly }', ''), '2024-02-10T00:00:00Z');
    expect(membersOf(all, 'consumer', 'x')).toEqual([
      'monthly/BTC/2024-01#m',
      'monthly/BTC/2024-02#m',
      'monthly/ETH/2024-01#m',
      'monthly/ETH/2024-02#m',
    ]);
  });

  it('keeps the order of the dimension, and names nothing twice, however "where" is written', () => {
    const where = '{ symbol: [ETH, BTC, ETH], month: ["2024-03", "2024-01..2024-02", "2024-02"] }';
    const all = graphOf(consuming(`{ rule: monthly, where: ${where} }`, ''), AS_OF);
    expect(membersOf(all, 'consumer', 'x')).toEqual(
      ['BTC', 'ETH'].flatMap((symbol) =>
        ['2024-01', '2024-02', '2024-03'].map((month) => `monthly/${symbol}/${month}#m`),
      ),
    );
  });

  it('narrows what containment gives, and never widens it', () => {
    const some = graphOf(consuming('{ rule: daily, where: { day: "2024-01-31..2024-02-01" } }'), AS_OF);
    expect(membersOf(some, 'consumer/2024-01', 'x')).toEqual(['daily/2024-01-31#d']);
    expect(membersOf(some, 'consumer/2024-02', 'x')).toEqual(['daily/2024-02-01#d']);
    expect(membersOf(some, 'consumer/2024-03', 'x')).toEqual([]);
  });

  it('takes ranges of time by overlap: a month names its days, a range may begin before the first', () => {
    const of = (range: string): readonly string[] =>
      membersOf(
        graphOf(consuming(`{ rule: daily, where: { day: "${range}" } }`, ''), AS_OF),
        'consumer',
        'x',
      );
    expect(of('2024-02..')).toEqual(['daily/2024-02-01#d', 'daily/2024-02-02#d']);
    expect(of('2020-01-01..2024-01-30')).toEqual(['daily/2024-01-30#d']);
    expect(of('..2024-01')).toEqual(['daily/2024-01-30#d', 'daily/2024-01-31#d']);
    expect(of('2030-01-01..2031-01-01')).toEqual([]);
  });

  it('may name another key of a dimension in common, in place of its own or beside it', () => {
    const base = graphOf(consuming('{ rule: monthly, where: { symbol: BTC } }', 'symbol, month'), AS_OF);
    expect(membersOf(base, 'consumer/ETH/2024-02', 'x')).toEqual(['monthly/BTC/2024-02#m']);
    expect(inputsOf(base, 'consumer/ETH/2024-02')[0]?.list).toBe(false);
    const pair = graphOf(
      consuming('{ rule: monthly, where: { symbol: ["${symbol}", BTC] } }', 'symbol, month'),
      AS_OF,
    );
    expect(membersOf(pair, 'consumer/ETH/2024-02', 'x')).toEqual([
      'monthly/BTC/2024-02#m',
      'monthly/ETH/2024-02#m',
    ]);
    expect(membersOf(pair, 'consumer/BTC/2024-02', 'x')).toEqual(['monthly/BTC/2024-02#m']);
    expect(inputsOf(pair, 'consumer/BTC/2024-02')[0]?.list).toBe(true);
  });

  it('may be named by a key that the consumer puts in', () => {
    const first = graphOf(consuming('{ rule: daily, where: { day: "${month}-01" } }'), AS_OF);
    expect(membersOf(first, 'consumer/2024-02', 'x')).toEqual(['daily/2024-02-01#d']);
    expect(membersOf(first, 'consumer/2024-01', 'x')).toEqual([
      'absent daily/2024-01-01: dimension "day" has no such key',
    ]);
  });

  it('says which partition lies beyond the edge, by its real name and with its time', () => {
    const before = graphOf(consuming('{ rule: monthly, offset: { month: -2 } }', 'symbol, month'), AS_OF);
    expect(membersOf(before, 'consumer/ETH/2024-01', 'x')).toEqual([
      'absent monthly/ETH/2023-11: beyond the edge of "month"',
    ]);
    const [input] = inputsOf(before, 'consumer/ETH/2024-01');
    expect(input?.members[0]).toMatchObject({
      partition: {
        keys: { symbol: 'ETH', month: '2023-11' },
        spans: { month: { start: Date.UTC(2023, 10), end: Date.UTC(2023, 11) } },
      },
    });
    const after = graphOf(consuming('{ rule: daily, offset: { day: 1 } }'), AS_OF);
    expect(membersOf(after, 'consumer/2024-02', 'x')).toEqual([
      'daily/2024-02-02#d',
      'absent daily/2024-02-03: beyond the edge of "day"',
    ]);
  });

  it('survives an offset that no calendar reaches', () => {
    const far = graphOf(consuming('{ rule: monthly, offset: { month: -99999999 } }', 'symbol, month'), AS_OF);
    expect(membersOf(far, 'consumer/ETH/2024-01', 'x')).toEqual([
      'absent monthly/ETH/2024-01-99999999: beyond the edge of "month"',
    ]);
  });

  it('is absent where the producer has no such partition, and says why', () => {
    const closed = graphOf(consuming('{ rule: monthly }', 'symbol, month', ', partitions: closed'), AS_OF);
    expect(membersOf(closed, 'consumer/ETH/2024-02', 'x')).toEqual(['monthly/ETH/2024-02#m']);
    expect(membersOf(closed, 'consumer/ETH/2024-03', 'x')).toEqual([
      'absent monthly/ETH/2024-03: rule "monthly" makes closed partitions only',
    ]);
    const narrow = `
dimensions:
  day: { every: day, from: "2024-01-31T00:00:00Z", to: "2024-02-01T00:00:00Z" }
  month: { every: month, from: "2024-02-01T00:00:00Z" }
rules:
  monthly: { for: [month], out: { m: "m/\${month}" }, run: echo }
  consumer: { for: [day], in: { x: { rule: monthly } }, out: { c: "c/\${day}" }, run: echo }
`;
    expect(membersOf(graphOf(narrow, AS_OF), 'consumer/2024-01-31', 'x')).toEqual([
      'absent monthly/2024-01: dimension "month" has no such key',
    ]);
  });

  it('of its own rule one month before links to each month from the second on', () => {
    const chain = `
dimensions: { month: { every: month, from: "2024-01-01T00:00:00Z" } }
rules:
  state: { for: [month], in: { before: { rule: state, offset: { month: -1 }, optional: true } }, out: { s: "s/\${month}" }, run: echo }
`;
    expect(problemsIn(chain, AS_OF)).toBe('');
    const graphed = graphOf(chain, AS_OF);
    expect(membersOf(graphed, 'state/2024-01', 'before')).toEqual([
      'absent state/2023-12: beyond the edge of "month"',
    ]);
    expect(membersOf(graphed, 'state/2024-02', 'before')).toEqual(['state/2024-01#s']);
    expect(membersOf(graphed, 'state/2024-03', 'before')).toEqual(['state/2024-02#s']);
    expect(graphed.graph.find('state/2023-12')).toBeUndefined();
  });

  it('is one, not a list, where two calendars of one step have different names', () => {
    const yaml = `
dimensions:
  month: { every: month, from: "2024-01-01T00:00:00Z" }
  moon: { every: month, from: "2024-02-01T00:00:00Z" }
rules:
  p: { for: [moon], out: { p: "p/\${moon}" }, run: echo }
  c: { for: [month], in: { x: { rule: p } }, out: { c: "c/\${month}" }, run: echo }
`;
    const graphed = graphOf(yaml, AS_OF);
    expect(inputsOf(graphed, 'c/2024-02')[0]?.list).toBe(false);
    expect(membersOf(graphed, 'c/2024-02', 'x')).toEqual(['p/2024-02#p']);
    expect(membersOf(graphed, 'c/2024-01', 'x')).toEqual([
      'absent p/2024-01: dimension "moon" has no such key',
    ]);
  });

  it('is not confused by dimensions that are called like what every object has', () => {
    const yaml = `
dimensions: { constructor: [a, b], toString: [x] }
rules:
  p: { for: [constructor, toString], out: { p: "p/\${constructor}/\${toString}" }, run: echo }
  c: { for: [toString], in: { x: { rule: p } }, out: { c: "c/\${toString}" }, run: echo }
  d: { in: { x: p/a/x }, out: { d: d }, run: echo }
`;
    expect(problemsIn(yaml)).toBe('');
    expect(membersOf(graphOf(yaml), 'c/x', 'x')).toEqual(['p/a/x#p', 'p/b/x#p']);
    expect(membersOf(graphOf(yaml), 'd', 'x')).toEqual(['p/a/x#p']);
  });
});

const dynamic = `
dimensions:
  symbol: [BTC, ETH]
  month: { every: month, from: "2024-01-01T00:00:00Z" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  sources: { for: [symbol], out: { s: "s/\${symbol}.json" }, run: echo }
  archive: { for: [symbol, file], in: { plan: { rule: sources } }, out: { zip: "zip/\${symbol}/\${file}.zip" }, run: echo }
  staged: { for: [symbol, month], in: { zips: { rule: archive } }, out: { s: "staged/\${symbol}/\${month}" }, run: echo }
  spread: { for: [symbol, file], in: { months: { rule: staged } }, out: { s: "spread/\${symbol}/\${file}" }, run: echo }
  total: { in: { zips: { rule: archive } }, out: { t: total }, run: echo }
`;

describe('an input with dynamic keys', () => {
  it('awaits the keys of its own symbol only, or of all where it fans in', () => {
    const graphed = graphOf(dynamic, AS_OF);
    expect(awaitsOf(graphed, 'staged/BTC/2024-01')).toEqual(['sources/BTC']);
    expect(awaitsOf(graphed, 'total')).toEqual(['sources/BTC', 'sources/ETH']);
    graphed.graph.provideKeys('file', 'BTC', []);
    expect(awaitsOf(graphed, 'total')).toEqual(['sources/ETH']);
    expect(membersOf(graphed, 'staged/BTC/2024-01', 'zips')).toEqual([]);
  });

  it('relates keys that are times by containment, in both directions; others belong to all', () => {
    const graphed = graphOf(dynamic, AS_OF);
    graphed.graph.provideKeys('file', 'BTC', [
      'notes',
      '2024-02-05',
      '2024-02',
      '2024',
      '2024-01-31',
      '2024-W05',
    ]);
    expect(membersOf(graphed, 'staged/BTC/2024-02', 'zips')).toEqual([
      'archive/BTC/2024#zip',
      'archive/BTC/2024-02#zip',
      'archive/BTC/2024-02-05#zip',
      'archive/BTC/notes#zip',
    ]);
    graphed.graph.provideKeys('file', 'ETH', []);
    expect(membersOf(graphed, 'spread/BTC/2024-02-05', 'months')).toEqual(['staged/BTC/2024-02#s']);
    expect(membersOf(graphed, 'spread/BTC/2024', 'months')).toEqual(
      ['2024-01', '2024-02', '2024-03'].map((month) => `staged/BTC/${month}#s`),
    );
    expect(membersOf(graphed, 'spread/BTC/notes', 'months')).toHaveLength(3);
    expect(inputsOf(graphed, 'spread/BTC/2024-02-05')[0]?.list).toBe(true);
  });

  it('names the target that should have given keys and cannot', () => {
    const graphed = graphOf(dynamic, AS_OF);
    graphed.graph.provideKeys('file', 'BTC', undefined);
    graphed.graph.provideKeys('file', 'ETH', ['2024-01']);
    expect(membersOf(graphed, 'total', 'zips')).toEqual([
      'unavailable archive by sources/BTC',
      'archive/ETH/2024-01#zip',
    ]);
  });

  it('makes no target that nobody has: links only what there is', () => {
    const { graph, paths } = graphOf(dynamic, AS_OF);
    for (const symbol of ['BTC', 'ETH']) graph.provideKeys('file', symbol, ['2024-01', '2024-02-03']);
    const all = new Set([...graph.manifest.rules.values()].flatMap((rule) => graph.enumerate(rule).targets));
    for (const index of all) linkInputs(graph, paths, graph.target(index));
    expect(graph.targets.map(({ index }) => index).filter((index) => !all.has(index))).toEqual([]);
  });
});
