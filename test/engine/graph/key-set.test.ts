import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeKey } from '../../../src/engine/graph/calendar.ts';
import { dynamicKeySet, firstReaching } from '../../../src/engine/graph/key-set.ts';
import { formatInstant } from '../../../src/engine/manifest/instant.ts';
import type { Graphed } from './graphs.ts';
import { graphOf, idsOf } from './graphs.ts';

const months = (partitions: string, to = ''): string => `
dimensions:
  symbol: [B, A]
  month: { every: month, from: "2024-01-17T04:00:00Z"${to} }
rules:
  bars:
    for: [symbol, month]
    out: { bars: "bars/\${symbol}/\${month}" }
    run: echo
    partitions: ${partitions}
`;

function spansOf(yaml: string, asOf: string): readonly string[] {
  const { graph } = graphOf(yaml, asOf);
  return graph
    .enumerate(graph.rule('bars'), (name, key) => name !== 'symbol' || key === 'A')
    .targets.map((index) => {
      const { month } = graph.partition(graph.target(index)).spans;
      return month === undefined ? 'none' : `${formatInstant(month.start)} ${formatInstant(month.end)}`;
    });
}

describe('the keys of a calendar', () => {
  it('are clipped to its edges, to the minute', () => {
    const to = ', to: "2024-03-05T06:30:00Z"';
    expect(spansOf(months('all', to), '2025-01-01T00:00:00Z')).toEqual([
      '2024-01-17T04:00:00Z 2024-02-01T00:00:00Z',
      '2024-02-01T00:00:00Z 2024-03-01T00:00:00Z',
      '2024-03-01T00:00:00Z 2024-03-05T06:31:00Z',
    ]);
  });

  it('are clipped to the watermark, where that comes first', () => {
    const to = ', to: "2024-12-31T23:59:00Z"';
    expect(spansOf(months('all', to), '2024-02-10T00:00:00Z')).toEqual([
      '2024-01-17T04:00:00Z 2024-02-01T00:00:00Z',
      '2024-02-01T00:00:00Z 2024-02-10T00:01:00Z',
    ]);
  });

  it('are none when the watermark comes before the first', () => {
    expect(spansOf(months('all', ', to: "2024-12-31T23:59:00Z"'), '2024-01-01T00:00:00Z')).toEqual([]);
  });

  it('are closed from the minute that ends them', () => {
    const graphs = (partitions: string, asOf: string) => idsOf(graphOf(months(partitions), asOf), 'bars');
    const minute = '2024-02-29T23:59:00Z';
    expect(graphs('closed', minute)).toEqual([
      'bars/B/2024-01',
      'bars/B/2024-02',
      'bars/A/2024-01',
      'bars/A/2024-02',
    ]);
    expect(graphs('open', minute)).toEqual([]);
    const before = '2024-02-29T23:58:00Z';
    expect(graphs('closed', before)).toEqual(['bars/B/2024-01', 'bars/A/2024-01']);
    expect(graphs('open', before)).toEqual(['bars/B/2024-02', 'bars/A/2024-02']);
  });

  it('are closed by their whole length, though the calendar ends earlier', () => {
    const to = ', to: "2024-03-05T06:30:00Z"';
    const closed = idsOf(graphOf(months('closed', to), '2024-03-10T00:00:00Z'), 'bars');
    expect(closed).toEqual(['bars/B/2024-01', 'bars/B/2024-02', 'bars/A/2024-01', 'bars/A/2024-02']);
  });

  it('of two calendars make a partition that is closed when both are, and else open', () => {
    const yaml = (partitions: string): string => `
dimensions:
  month: { every: month, from: "2024-02-01T00:00:00Z" }
  day: { every: day, from: "2024-02-29T00:00:00Z" }
rules:
  both:
    for: [month, day]
    out: { x: "x/\${month}/\${day}" }
    run: echo
    partitions: ${partitions}
`;
    const at = '2024-03-01T12:00:00Z';
    expect(idsOf(graphOf(yaml('closed'), at), 'both')).toEqual(['both/2024-02/2024-02-29']);
    expect(idsOf(graphOf(yaml('open'), at), 'both')).toEqual([
      'both/2024-02/2024-03-01',
      'both/2024-03/2024-02-29',
      'both/2024-03/2024-03-01',
    ]);
  });

  it('leave rules without time alone, closed or open', () => {
    const yaml = (partitions: string): string => `
dimensions: { symbol: [B, A] }
rules: { r: { for: [symbol], out: { x: "x/\${symbol}" }, run: echo, partitions: ${partitions} } }
`;
    expect(idsOf(graphOf(yaml('closed')), 'r')).toEqual(['r/B', 'r/A']);
    expect(idsOf(graphOf(yaml('open')), 'r')).toEqual(['r/B', 'r/A']);
  });
});

const key = fc.oneof(
  fc.constantFrom(
    '2023',
    '2024',
    '2024-01',
    '2024-12',
    '2024-01-01',
    '2024-01-01T00',
    '2024-W01',
    '2023-12-31T23',
  ),
  fc.constantFrom('b', 'a', '2024-13', '2024-W60', 'z'),
);

describe('the keys of a dynamic dimension', () => {
  it('ascend in time, a longer one before the shorter ones that start with it, and others follow as given', () => {
    const { keys } = dynamicKeySet([
      'z',
      '2024-01-01',
      '2024-02',
      'a',
      '2024-01',
      '2024',
      '2024-01-01T00',
      '2023-12',
      'z',
    ]);
    expect(keys).toEqual(['2023-12', '2024', '2024-01', '2024-01-01', '2024-01-01T00', '2024-02', 'z', 'a']);
  });

  it('have an order that does not hang on how those in time were given', () => {
    fc.assert(
      fc.property(fc.uniqueArray(key), fc.infiniteStream(fc.nat()), (given, numbers) => {
        const timed = given.filter((each) => dynamicKeySet([each]).whole[0] !== undefined);
        const shuffled = timed
          .map((each) => [Number(numbers.next().value), each] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, each]) => each);
        expect(dynamicKeySet(shuffled).keys).toEqual(dynamicKeySet(timed).keys);
      }),
    );
  });

  it('are never clipped, and are found from any instant on', () => {
    fc.assert(
      fc.property(
        fc.array(key),
        fc.integer({ min: Date.UTC(2022, 11), max: Date.UTC(2025, 1) }),
        (given, instant) => {
          const known = dynamicKeySet(given);
          expect(known.clipped).toEqual(known.whole);
          const first = firstReaching(known, instant);
          const ended = known.whole.slice(0, first);
          expect(ended.every((whole) => whole !== undefined && whole.end <= instant)).toBe(true);
          const next = known.whole[first];
          if (next !== undefined) expect(known.reach[first]).toBeGreaterThan(instant);
        },
      ),
    );
  });
});

it('a key that ends at an instant does not reach beyond it', () => {
  const known = dynamicKeySet(['2023', '2024-01-01', '2024-01-02']);
  expect(firstReaching(known, Date.parse('2024-01-01T00:00:00Z') - 1)).toBe(0);
  expect(firstReaching(known, Date.parse('2024-01-01T00:00:00Z'))).toBe(1);
  expect(firstReaching(known, Date.parse('2024-01-02T00:00:00Z'))).toBe(2);
  expect(firstReaching(known, Date.parse('2024-01-03T00:00:00Z'))).toBe(3);
});

const files = `
dimensions:
  symbol: [A, B]
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  sources: { for: [symbol], out: { s: "s/\${symbol}.json" }, run: echo }
  archive: { for: [symbol, file], out: { zip: "zip/\${symbol}/\${file}.zip" }, run: echo }
`;

describe('a dynamic dimension in the graph', () => {
  it('awaits one target for each key that it hangs on, and grows as they are given', () => {
    const graphed = graphOf(files);
    const { graph } = graphed;
    const archive = graph.rule('archive');
    const awaits = (): readonly string[] =>
      graph.enumerate(archive).awaits.map((index) => graph.target(index).id);
    expect(awaits()).toEqual(['sources/A', 'sources/B']);
    expect(graph.provideKeys('file', 'B', ['2024-02', '2024-01'])).toEqual([]);
    expect(awaits()).toEqual(['sources/A']);
    expect(idsOf(graphed, 'archive')).toEqual(['archive/B/2024-01', 'archive/B/2024-02']);
    graph.provideKeys('file', 'A', undefined);
    const { unavailable, awaits: none } = graph.enumerate(archive);
    expect(unavailable.map((index) => graph.target(index).id)).toEqual(['sources/A']);
    expect(none).toEqual([]);
  });

  it('loses the keys that are given no more', () => {
    const graphed = graphOf(files);
    graphed.graph.provideKeys('file', 'B', ['2024-02', '2024-01']);
    graphed.graph.provideKeys('file', 'B', ['2024-02']);
    expect(idsOf(graphed, 'archive')).toEqual(['archive/B/2024-02']);
  });

  it('refuses keys that would lead out of their folder or make no name, and says which', () => {
    const graphed = graphOf(files);
    const bad = ['..', '.', '', '../../etc/passwd', 'a/b', 'a\nb', '\u0000'];
    expect(graphed.graph.provideKeys('file', 'A', [...bad, 'good', '..good'])).toEqual(bad);
    expect(idsOf(graphed, 'archive')).toEqual(['archive/A/good', 'archive/A/..good']);
  });

  it('has no keys where the rule that gives them is kept out by its partitions', () => {
    const graphed = graphOf(
      `
dimensions:
  month: { every: month, from: "2024-01-01T00:00:00Z" }
  file: { of: month, keys: { rule: sources, pointer: /files } }
rules:
  sources: { for: [month], out: { s: "s/\${month}.json" }, run: echo, partitions: closed }
  archive: { for: [month, file], out: { zip: "zip/\${month}/\${file}.zip" }, run: echo }
`,
      '2024-02-10T00:00:00Z',
    );
    const { graph } = graphed;
    const { targets, awaits } = graph.enumerate(graph.rule('archive'));
    expect(targets).toEqual([]);
    expect(awaits.map((index) => graph.target(index).id)).toEqual(['sources/2024-01']);
    expect(graph.find('sources/2024-02')).toBeUndefined();
  });
});

describe('a dynamic dimension that hangs on a dynamic one', () => {
  const chain = files
    .replace('symbol: [A, B]', 'symbol: { keys: { rule: universe, pointer: /symbols } }')
    .replace('rules:', 'rules:\n  universe: { out: { u: universe.json }, run: echo }');
  const named = ({ graph }: Graphed, indexes: readonly number[]): readonly string[] =>
    indexes.map((index) => graph.target(index).id);

  it('awaits the keys that its own hang on, then its own, key by key', () => {
    const graphed = graphOf(chain);
    const { graph } = graphed;
    const archive = graph.rule('archive');
    const awaits = (): readonly string[] => named(graphed, graph.enumerate(archive).awaits);
    expect(awaits()).toEqual(['universe']);
    graph.provideKeys('symbol', undefined, ['B', 'A']);
    expect(awaits()).toEqual(['sources/B', 'sources/A']);
    expect(idsOf(graphed, 'sources')).toEqual(['sources/B', 'sources/A']);
    graph.provideKeys('file', 'A', ['2024-01']);
    expect(awaits()).toEqual(['sources/B']);
    graph.provideKeys('file', 'B', ['2024-02']);
    expect(idsOf(graphed, 'archive')).toEqual(['archive/B/2024-02', 'archive/A/2024-01']);
  });

  it('cannot be had when those keys cannot, and is gone with each of them', () => {
    const graphed = graphOf(chain);
    const { graph } = graphed;
    const archive = graph.rule('archive');
    graph.provideKeys('symbol', undefined, undefined);
    expect(named(graphed, graph.enumerate(archive).unavailable)).toEqual(['universe']);
    expect(graph.keysOf('file', new Map([['symbol', 'A']]))).toEqual({ unavailable: 0 });
    graph.provideKeys('symbol', undefined, ['A', 'B']);
    graph.provideKeys('file', 'A', undefined);
    graph.provideKeys('file', 'B', ['x']);
    expect(named(graphed, graph.enumerate(archive).unavailable)).toEqual(['sources/A']);
    expect(idsOf(graphed, 'archive')).toEqual(['archive/B/x']);
    graph.provideKeys('symbol', undefined, ['A']);
    expect(idsOf(graphed, 'archive')).toEqual([]);
    expect(graph.at(archive, ['B', 'x'])).toBeUndefined();
  });

  it('is asked of nobody before it is known whether there is such a key', () => {
    const { graph } = graphOf(chain);
    const awaited = graph.keysOf('file', new Map([['symbol', 'A']]));
    expect('keysFrom' in awaited && graph.target(awaited.keysFrom).id).toBe('universe');
    expect(graph.find('sources/A')).toBeUndefined();
  });
});

describe('keys that a rule gives', () => {
  it('cover what the calendar says, every number of a day in every month', () => {
    const numbers = (count: number): readonly string[] =>
      Array.from({ length: count }, (_, at) => String(at).padStart(2, '0'));
    const years = ['0000', '0099', '0999', '1000', '1900', '1970', '2000', '2023', '2024', '2100', '9999'];
    const keys = years.flatMap((year) =>
      numbers(14).flatMap((month) => numbers(33).map((day) => `${year}-${month}-${day}`)),
    );
    const set = dynamicKeySet(keys);
    expect(new Set(set.keys)).toEqual(new Set(keys));
    expect(set.whole).toEqual(
      set.keys.map((key) => {
        const time = timeKey(key);
        return time && { start: time.start, end: time.end };
      }),
    );
  });
});
