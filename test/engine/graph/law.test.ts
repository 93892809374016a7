/** The law of inputs against a reference that looks at every target of the producer and asks whether it belongs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkInputs } from '../../../src/engine/graph/edges.ts';
import { isFanIn } from '../../../src/engine/graph/rule-input.ts';
import { Rig } from '../../rig.ts';
import { described, graphOf } from './graphs.ts';

const AS_OF = '2024-02-20T23:59:00Z';
const WATERMARK = Date.parse('2024-02-21T00:00:00Z');
const DAY = 86_400_000;

/** Keys of each dimension, written out by hand; `times` says which cover time. */
const KEYS = {
  symbol: ['B', 'A', 'C'],
  kind: ['x', 'y'],
  year: ['2023', '2024'],
  month: ['2023-12', '2024-01', '2024-02'],
  moon: ['2024-01', '2024-02'],
  week: ['2024-W04', '2024-W05', '2024-W06'],
  day: ['2024-01-30', '2024-01-31', '2024-02-01', '2024-02-02', '2024-02-20'],
} as const;
const SYMBOLS = { listed: '[B, A, C]', given: '{ keys: { rule: universe, pointer: /symbols } }' } as const;
const DIMENSIONS = `
dimensions:
  kind: [x, y]
  year: { every: year, from: "2023-12-05T00:00:00Z" }
  month: { every: month, from: "2023-12-05T00:00:00Z" }
  moon: { every: month, from: "2024-01-01T00:00:00Z" }
  week: { every: week, from: "2024-01-22T00:00:00Z", to: "2024-02-11T23:59:00Z" }
  day: { every: day, from: "2024-01-30T00:00:00Z", to: "2024-02-02T23:59:00Z" }
  file: { of: symbol, keys: { rule: files, pointer: /files } }
`;
const FILES = {
  B: ['2024', '2024-01', '2024-01-31', 'readme'],
  A: ['2024-02-02', '2024-02'],
  C: [],
} as const;
type Static = keyof typeof KEYS;
const DAYS = KEYS.day.slice(0, 4);

function keysOf(name: string, chosen: Readonly<Record<string, string>>): readonly string[] {
  if (name === 'day') return DAYS;
  if (name === 'file') {
    const of = chosen['symbol'];
    // Time ascending, longer first: what `FILES` becomes.
    return of === 'B'
      ? ['2024', '2024-01', '2024-01-31', 'readme']
      : of === 'A'
        ? ['2024-02', '2024-02-02']
        : [];
  }
  return KEYS[name as Static];
}

function timeOf(name: string, key: string): readonly [number, number] | undefined {
  if (name === 'symbol' || name === 'kind' || key === 'readme') return undefined;
  const [year = 0, month = 1, day = 1] = key.split('-').map(Number);
  if (key.includes('W')) {
    const start = Date.parse('2024-01-22T00:00:00Z') + (Number(key.slice(-2)) - 4) * 7 * DAY;
    return [start, start + 7 * DAY];
  }
  const start = Date.UTC(year, month - 1, day);
  if (key.length === 4) return [start, Date.UTC(year + 1, 0)];
  return key.length === 7 ? [start, Date.UTC(year, month)] : [start, start + DAY];
}

interface Case {
  /** Whether the manifest holds the symbols, or a rule gives them, and files hang on given keys. */
  readonly symbols: keyof typeof SYMBOLS;
  readonly consumer: readonly string[];
  readonly producer: readonly string[];
  readonly where: Readonly<Record<string, readonly string[]>>;
  readonly offset: Readonly<Record<string, number>>;
  readonly partitions: 'all' | 'closed' | 'open';
}

const NAMES = ['symbol', 'kind', 'year', 'month', 'moon', 'week', 'day', 'file'];
const LONG = ['year', 'month', 'moon'];

const dimensions = fc.shuffledSubarray(NAMES, { maxLength: 3 }).map((names) => {
  if (!names.includes('file')) return names;
  const others = names.filter((name) => name !== 'file' && name !== 'symbol');
  return ['symbol', ...others, 'file'];
});

const testCase: fc.Arbitrary<Case> = fc
  .tuple(dimensions, dimensions)
  .filter(([consumer, producer]) => !straddle(consumer, producer))
  .chain(([consumer, producer]) => {
    const wheres = producer
      .filter((name) => name !== 'file')
      .map((name) => fc.option(wheresOf(name), { freq: 3 }).map((keys) => [name, keys] as const));
    const offsets = producer
      .filter((name) => !['symbol', 'kind', 'file'].includes(name))
      .map((name) => fc.constantFrom(0, 0, 0, -1, 1, 2).map((by) => [name, by] as const));
    return fc.record({
      symbols: fc.constantFrom('listed', 'given'),
      consumer: fc.constant(consumer),
      producer: fc.constant(producer),
      where: fc
        .tuple(...wheres)
        .map((all) =>
          Object.fromEntries(all.flatMap(([name, keys]) => (keys === null ? [] : [[name, keys]]))),
        ),
      offset: fc.tuple(...offsets).map((all) => Object.fromEntries(all.filter(([, by]) => by !== 0))),
      partitions: fc.constantFrom('all', 'all', 'closed', 'open'),
    });
  });

function straddle(consumer: readonly string[], producer: readonly string[]): boolean {
  const free = producer.filter((name) => !consumer.includes(name));
  return (
    (free.includes('week') && consumer.some((name) => LONG.includes(name))) ||
    (consumer.includes('week') && free.some((name) => LONG.includes(name)))
  );
}

function wheresOf(name: string): fc.Arbitrary<readonly string[]> {
  const keys = keysOf(name, {});
  const range = fc
    .tuple(fc.nat({ max: keys.length - 1 }), fc.nat({ max: keys.length - 1 }))
    .map(([a, b]) => `${keys[Math.min(a, b)]}..${keys[Math.max(a, b)]}`);
  const half = fc.constantFrom(...keys).chain((key) => fc.constantFrom(`${key}..`, `..${key}`));
  return fc.oneof(
    fc.constantFrom(...keys).map((key) => [key]),
    fc.array(fc.oneof(fc.constantFrom(...keys), range), { minLength: 1, maxLength: 3 }),
    fc.oneof(range, half).map((text) => [text]),
  );
}

function named(name: string, keys: readonly string[], texts: readonly string[]): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const text of texts) {
    const [from = '', to] = text.split('..');
    if (to === undefined) chosen.add(text);
    else {
      const first = from === '' ? 0 : keys.indexOf(from);
      const last = to === '' ? keys.length - 1 : keys.indexOf(to);
      for (const key of keys.slice(first, last + 1)) chosen.add(key);
    }
  }
  for (const key of chosen) if (!keys.includes(key)) throw new Error(`${key} is no key of ${name}`);
  return chosen;
}

/** All combinations of keys, in order. */
function everyKey(names: readonly string[]): readonly (readonly string[])[] {
  let tuples: (readonly string[])[] = [[]];
  names.forEach((name) => {
    tuples = tuples.flatMap((tuple) => {
      const chosen = Object.fromEntries(tuple.map((key, at) => [names[at] ?? '', key]));
      return keysOf(name, chosen).map((key) => [...tuple, key]);
    });
  });
  return tuples;
}

function isLetIn(names: readonly string[], keys: readonly string[], partitions: Case['partitions']): boolean {
  const times = names.flatMap((name, at) =>
    [timeOf(name, keys[at] ?? '')].filter((time) => time !== undefined),
  );
  if (partitions === 'all' || times.length === 0) return true;
  return times.every(([, end]) => end <= WATERMARK) === (partitions === 'closed');
}

/** Members by looking at everything: ids, and for what lies beyond an edge only that it does. */
function reference(test: Case, consumerKeys: readonly string[]): readonly string[] {
  const own = Object.fromEntries(test.consumer.map((name, at) => [name, consumerKeys[at] ?? '']));
  const times = test.consumer.flatMap((name) =>
    [timeOf(name, own[name] ?? '')].filter((time) => time !== undefined),
  );
  const belongs = (name: string, key: string, keys: readonly string[]): boolean => {
    const texts = test.where[name];
    const narrowed = texts === undefined || named(name, keys, texts).has(key);
    if (name in own) return texts === undefined ? own[name] === key : narrowed;
    const time = timeOf(name, key);
    const nests = times.every(
      ([start, end]) =>
        time === undefined || (time[0] <= start && end <= time[1]) || (start <= time[0] && time[1] <= end),
    );
    return narrowed && nests;
  };
  const members: string[] = [];
  const walk = (at: number, keys: readonly string[], beyond: boolean): void => {
    const name = test.producer[at];
    if (name === undefined) {
      if (beyond) members.push('beyond');
      else if (isLetIn(test.producer, keys, test.partitions)) members.push(['producer', ...keys].join('/'));
      return;
    }
    const chosen = Object.fromEntries(keys.map((key, index) => [test.producer[index] ?? '', key]));
    const all = keysOf(name, chosen);
    all.forEach((key, index) => {
      if (!belongs(name, key, all)) return;
      const shifted = all[index + (test.offset[name] ?? 0)];
      walk(at + 1, [...keys, shifted ?? '?'], beyond || shifted === undefined);
    });
  };
  walk(0, [], false);
  return members;
}

function yamlOf({ symbols, consumer, producer, where, offset, partitions }: Case): string {
  const path = (names: readonly string[]): string => names.map((name) => `/\${${name}}`).join('');
  const input = JSON.stringify({ rule: 'producer', where, offset });
  return `${DIMENSIONS}  symbol: ${SYMBOLS[symbols]}
rules:
  universe: { out: { u: universe.json }, run: echo }
  files: { for: [symbol], out: { files: "files/\${symbol}.json" }, run: echo }
  producer: { for: [${producer.join(', ')}], out: { p: "p${path(producer)}/p" }, run: echo, partitions: ${partitions} }
  consumer: { for: [${consumer.join(', ')}], in: { x: ${input} }, out: { c: "c${path(consumer)}/c" }, run: echo }
`;
}

describe('the law of inputs', () => {
  it('gives the members that a look at every target of the producer gives, in the same order', () => {
    const rig = new Rig();
    let [compared, lists, beyond] = [0, 0, 0];
    fc.assert(
      fc.property(testCase, (test) => {
        const graphed = graphOf(yamlOf(test), AS_OF, rig);
        const { graph, paths } = graphed;
        if (test.symbols === 'given') graph.provideKeys('symbol', undefined, KEYS.symbol);
        for (const [symbol, files] of Object.entries(FILES)) graph.provideKeys('file', symbol, files);
        const consumer = graph.rule('consumer');
        const ids = graph.enumerate(consumer).targets.map((index) => graph.target(index).id);
        expect(ids).toEqual(everyKey(test.consumer).map((keys) => ['consumer', ...keys].join('/')));
        const spec = consumer.inputs[0];
        if (spec?.kind !== 'rule') throw new Error('the input names a rule');
        const list = isFanIn(graph, consumer, spec);
        for (const keys of everyKey(test.consumer)) {
          const target = graph.find(['consumer', ...keys].join('/'));
          if (target === undefined) throw new Error('enumerated above');
          const link = linkInputs(graph, paths, target);
          if (!('linked' in link)) throw new Error('all keys were given');
          const [input] = link.linked;
          const members = (input?.members ?? []).map((member) =>
            member.kind === 'beyond' ? 'beyond' : described(graph, member).replace('#p', ''),
          );
          const expected = reference(test, keys);
          expect(input?.list).toBe(list);
          // One that is no list has always one member: where there is none, its absence.
          expect(members).toEqual(list || expected.length > 0 ? expected : ['beyond']);
          if (!list) expect(members).toHaveLength(1);
          compared++;
          if (list) lists++;
          if (members.includes('beyond')) beyond++;
        }
      }),
      { numRuns: 300 },
    );
    // A property that never met a fan-in or an edge would prove little.
    expect(Math.min(compared - lists, lists, beyond)).toBeGreaterThan(100);
  });

  it('calls an input a list whenever some keys could give it two members', () => {
    const rig = new Rig();
    fc.assert(
      fc.property(testCase, (test) => {
        const { graph } = graphOf(yamlOf(test), AS_OF, rig);
        const consumer = graph.rule('consumer');
        const spec = consumer.inputs[0];
        if (spec?.kind !== 'rule') throw new Error('the input names a rule');
        const most = Math.max(0, ...everyKey(test.consumer).map((keys) => reference(test, keys).length));
        if (most > 1) expect(isFanIn(graph, consumer, spec)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
