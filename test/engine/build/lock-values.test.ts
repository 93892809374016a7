/** Values by pointer: which of them the lockfile holds, and that they give back what was read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOfValue } from '../../../src/engine/hash.ts';
import type { Json } from '../../../src/engine/json.ts';
import { atPointer } from '../../../src/engine/json.ts';
import { noteValues } from '../../../src/engine/lock/note-values.ts';
import { memberPointer, pointersAbove, valueAt } from '../../../src/engine/lock/values.ts';
import type { LockEntry, LockedLine } from '../../../src/engine/state/lockfile-lines.ts';
import { formatLock, parseLock } from '../../../src/engine/state/lockfile-lines.ts';
import { linesOf, ownLines } from '../../../src/engine/state/lockfile-own.ts';

const TARGET = 'sources/a';

interface Noting {
  readonly keys?: readonly string[];
  /** Pointers that are read, all of them as the document has them. */
  readonly reads?: readonly string[];
  readonly before?: readonly LockedLine[];
  readonly keeps?: boolean;
}

function note(
  document: Json,
  { keys = [], reads = [], before = [], keeps = true }: Noting,
): readonly LockEntry[] {
  return noted(document, { keys, reads, before, keeps }).flatMap((line) =>
    'above' in line ? linesOf(line) : line,
  );
}

function noted(
  document: Json,
  { keys = [], reads = [], before = [], keeps = true }: Noting,
): readonly LockedLine[] {
  const at = (pointer: string): Json => atPointer(document, pointer) ?? null;
  return noteValues({
    target: TARGET,
    at,
    keys: new Set(keys),
    reads: new Map(reads.map((pointer) => [pointer, new Set([digestOfValue(at(pointer))])])),
    before,
    keeps: () => keeps,
  });
}

function read(
  lines: readonly LockEntry[],
  keys: readonly string[] = [],
): (pointer: string) => Json | undefined | 'unknown' {
  const values = new Map(
    lines.flatMap((line) => (line.kind === 'value' ? [[line.pointer, line.value]] : [])),
  );
  const orders = new Map(lines.flatMap((line) => (line.kind === 'keys' ? [[line.pointer, line.keys]] : [])));
  return (pointer) => {
    const found = valueAt({ values, orders, whole: new Set(keys) }, pointer);
    return found === undefined ? 'unknown' : found.value;
  };
}

const value = (pointer: string, at: Json): LockEntry => ({
  kind: 'value',
  target: TARGET,
  pointer,
  value: at,
});

const name = fc.oneof(
  fc.constantFrom('a', 'b/c', 'd~e', '__proto__', '2024', '2024-01', '2024-01-05', '07', '', 'constructor'),
  fc.string(),
);
const scalar = fc.oneof(fc.integer(), fc.string(), fc.constant(null));

describe('the values that are locked of a file', () => {
  it('give back every member of a map of keys, in an order that yields the same keys, and whatever was read', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), fc.array(scalar), (names, values) => {
        const files = Object.fromEntries(names.map((each, at) => [each, values[at] ?? { size: at }]));
        const document: Json = { files, first: 'x', other: { deep: [1] } };
        const reads = [
          '/first',
          '/other/deep',
          '/nothing',
          ...names.map((each) => memberPointer('/files', each)),
        ];
        const lines = note(document, { keys: ['/files'], reads });
        const at = read(lines, ['/files']);
        for (const pointer of reads) expect(at(pointer)).toEqual(atPointer(document, pointer) ?? null);
        const again = at('/files');
        expect(again).toEqual(files);
        expect(at('/unread')).toBe('unknown');
      }),
    );
  });

  it('give keys back in the order in which they were given', () => {
    const document: Json = { symbols: { b: 1, '2024-02': 2, a: 3, '2024-01': 4 } };
    const lines = note(document, { keys: ['/symbols'] });
    expect(lines.filter(({ kind }) => kind === 'keys')).toEqual([
      { kind: 'keys', target: TARGET, pointer: '/symbols', keys: ['b', '2024-02', 'a', '2024-01'] },
    ]);
    expect(Object.keys(read(lines, ['/symbols'])('/symbols') ?? {})).toEqual([
      'b',
      '2024-02',
      'a',
      '2024-01',
    ]);
    // Times come by themselves in their order.
    const times = note({ files: { '2024-02': 2, '2024-01': 4 } }, { keys: ['/files'] });
    expect(times.map(({ kind }) => kind)).toEqual(['value', 'value']);
  });

  it.each([[['b', 'a']], [[]], [{}], [null], ['no map']])('are one where the keys are %j', (keys) => {
    const lines = note({ keys }, { keys: ['/keys'] });
    expect(lines).toEqual([value('/keys', keys)]);
    expect(read(lines, ['/keys'])('/keys')).toEqual(keys);
  });

  it('stay as they were where nobody who ended well has read what stands there now', () => {
    const before = [
      value('/files/a', 1),
      value('/files/gone', 2),
      value('/plan/a', 'old'),
      value('/plan/b', 'old'),
    ];
    const document: Json = { files: { a: 10, b: 20 }, plan: { a: 'new', b: 'new' } };
    expect(note(document, { keys: ['/files'], reads: ['/plan/b'], before })).toEqual([
      value('/plan/b', 'new'),
      value('/files/a', 1),
      value('/files/b', 20),
      value('/plan/a', 'old'),
    ]);
    expect(
      note(document, { keys: ['/files'], reads: ['/files/a', '/plan/b'], before, keeps: false }),
    ).toEqual([value('/files/a', 10), value('/plan/b', 'new'), value('/files/b', 20)]);
  });

  it('are those of today for a member that was read in part, or with the whole map', () => {
    const before = [value('/files/a', { size: 1 }), value('/files/b', { size: 2 })];
    const document: Json = { files: { a: { size: 10 }, b: { size: 20 } } };
    const inPart = note(document, { keys: ['/files'], reads: ['/files/a/size'], before });
    expect(read(inPart, ['/files'])('/files')).toEqual({ a: { size: 10 }, b: { size: 2 } });
    expect(read(inPart, ['/files'])('/files/a/size')).toBe(10);
    const whole = note(document, { keys: ['/files'], reads: ['/files'], before });
    expect(read(whole, ['/files'])('/files')).toEqual(document['files' as never]);
  });

  it('are the same whether the lines there were are told apart, or read back in one piece', () => {
    const map = fc
      .array(fc.tuple(name, scalar), { maxLength: 5 })
      .map((members) => Object.fromEntries(members));
    const file = fc.record({ files: map, others: map, first: scalar });
    const nested = ['/files', '/others', '/files/a', '/files/2024-01', '/first', '', '/none'];
    const some = fc.subarray([...nested, '/others/a', '/others/2024-01-05', '/files/2024', '/others/2024']);
    const keys = fc.subarray(nested.slice(0, 4), { minLength: 1 });
    fc.assert(
      fc.property(file, file, fc.boolean(), keys, some, some, (then, now, changed, over, ...reads) => {
        const text = formatLock(noted(then, { keys: over, reads: reads[0] }));
        const own = ownLines(text) ?? [];
        expect(formatLock(own)).toBe(text);
        const asking = { keys: over, reads: reads[1], keeps: false };
        const [one, other] = [own, parseLock(text).lines].map((before) =>
          formatLock(noted(changed ? now : then, { ...asking, before })),
        );
        expect(one).toBe(other);
        const each = own.flatMap((line) => ('above' in line ? linesOf(line) : line));
        expect(each.map(({ text: _, ...line }) => line)).toEqual(parseLock(text).lines);
      }),
      { numRuns: 300 },
    );
  });

  it('leave out what was read in a file that has changed since', () => {
    const lines = noteValues({
      target: TARGET,
      at: () => 'now',
      keys: new Set(),
      reads: new Map([['/a', new Set([digestOfValue('then')])]]),
      before: [value('/a', 'then')],
      keeps: () => true,
    });
    expect(lines).toEqual([value('/a', 'then')]);
  });
});

describe('a value within another', () => {
  it('is found by the nearest line above it, and is nothing where that has no such member', () => {
    const at = read([value('', { a: { b: 1 } }), value('/a', { b: 2, c: [7] })]);
    expect([at('/a/b'), at('/a/c/0'), at('/a/x'), at('/z'), at('')]).toEqual([
      2,
      7,
      undefined,
      undefined,
      { a: { b: 1 } },
    ]);
  });

  it('has pointers above it up to the document', () => {
    expect([pointersAbove('/a/b/c'), pointersAbove('/a'), pointersAbove('')]).toEqual([
      ['/a/b', '/a', ''],
      [''],
      [],
    ]);
  });
});
