import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change, Part, PartKind } from '../../src/engine/hash.ts';
import {
  digestOfValue,
  explain,
  fingerprintOf,
  sha256,
  sha256File,
  sha256FileSync,
} from '../../src/engine/hash.ts';
import { put, putPipe, rejection, scratch } from './state/scratch.ts';

/** Of this process, where the system shows them as files. */
const OPEN_FILES = '/proc/self/fd';

const KINDS: readonly PartKind[] = ['task', 'code', 'param', 'input', 'output', 'failed'];

/** Texts that look like the encoding itself, so that a careless one would confuse them. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\n',
    '1',
    'input 1 1\n',
    'a\nb',
    'param 0 0\n\n\n',
    'é',
    '😀',
    '\ud83d',
    '\ude00',
    '�',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc
    .array(fc.integer({ min: 0xd7ff, max: 0xe001 }), { maxLength: 3 })
    .map((units) => String.fromCharCode(...units)),
);
const part: fc.Arbitrary<Part> = fc.tuple(fc.constantFrom(...KINDS), text, text);
const parts = fc.array(part, { maxLength: 5 });

describe('a fingerprint', () => {
  it('differs for lists that differ, whatever they hold', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(fingerprintOf(a) === fingerprintOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('differs when a list is cut in another way', () => {
    fc.assert(
      fc.property(parts, part, (list, last) => {
        const [kind, name, value] = last;
        const merged: Part = [kind, `${name}\n${value}`, ''];
        expect(fingerprintOf([...list, last])).not.toBe(fingerprintOf([...list, merged]));
        expect(fingerprintOf([...list, last])).not.toBe(fingerprintOf(list));
      }),
    );
  });

  it('tells one half of a surrogate pair from the other, and from the sign for neither', () => {
    const of = (value: string) => fingerprintOf([['param', 'p', value]]);
    expect(new Set([of('\ud800'), of('\ud801'), of('\udc00'), of('�')]).size).toBe(4);
  });

  it('is the same on every machine', () => {
    const list: readonly Part[] = [
      ['task', 'task', 'bars/normalize'],
      ['param', 'symbol', 'BTCUSDT'],
    ];
    expect(fingerprintOf(list)).toBe(sha256('task 4 14\ntask\nbars/normalize\nparam 6 7\nsymbol\nBTCUSDT\n'));
  });
});

describe('an explanation', () => {
  it('is empty if and only if the lists are equal', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(explain(a, b).length === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(explain(a, a)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('names exactly what turns the old parts into the new ones', () => {
    const few = fc.array(
      fc.tuple(fc.constantFrom(...KINDS), fc.constantFrom('a', 'b'), fc.constantFrom('1', '2', '3')),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(few, few, (was: readonly Part[], is: readonly Part[]) => {
        const changes = explain(was, is);
        const told = changes.filter(({ was: old, is: now }) => old !== undefined || now !== undefined);
        expect(bag(told.flatMap(newer), was)).toEqual(bag(told.flatMap(older), is));
        // Nothing is told as removed and added that is on both sides.
        expect(told.flatMap(newer).filter((each) => told.flatMap(older).includes(each))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives was and is, in the order of the newer list, removed parts last', () => {
    const was: readonly Part[] = [
      ['param', 'gone', '1'],
      ['code', 'code', 'aa'],
      ['input', 'text in/a.txt', 'd1'],
      ['input', 'text in/b.txt', 'd2'],
    ];
    const is: readonly Part[] = [
      ['code', 'code', 'bb'],
      ['param', 'new', '2'],
      ['input', 'text in/a.txt', 'd1'],
      ['input', 'text in/b.txt', 'd3'],
    ];
    expect(explain(was, is)).toStrictEqual([
      { kind: 'code', name: 'code', was: 'aa', is: 'bb' },
      { kind: 'param', name: 'new', is: '2' },
      { kind: 'input', name: 'text in/b.txt', was: 'd2', is: 'd3' },
      { kind: 'param', name: 'gone', was: '1' },
    ] satisfies readonly Change[]);
  });

  it('takes out one of two equal names without calling the other changed', () => {
    const twice: readonly Part[] = [
      ['input', 'in x', '1'],
      ['input', 'in x', '2'],
    ];
    expect(explain(twice, twice.slice(1))).toEqual([{ kind: 'input', name: 'in x', was: '1' }]);
  });

  it('says that the order changed when nothing else did', () => {
    const list: readonly Part[] = [
      ['input', 'in a', '1'],
      ['input', 'in b', '2'],
    ];
    expect(explain(list, [...list].reverse())).toEqual([{ kind: 'input', name: 'order of inputs' }]);
  });

  it('keeps a part apart from one of another kind with the same name', () => {
    expect(explain([['param', 'x', '1']], [['input', 'x', '1']])).toEqual([
      { kind: 'input', name: 'x', is: '1' },
      { kind: 'param', name: 'x', was: '1' },
    ]);
  });
});

function older({ kind, name, was }: Change): readonly string[] {
  return was === undefined ? [] : [JSON.stringify([kind, name, was])];
}

function newer({ kind, name, is }: Change): readonly string[] {
  return is === undefined ? [] : [JSON.stringify([kind, name, is])];
}

function bag(more: readonly string[], list: readonly Part[]): readonly string[] {
  return [...more, ...list.map((each) => JSON.stringify(each))].sort();
}

describe('the digest of a file', () => {
  const chunk = 1 << 20;
  for (const size of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 3 * chunk + 7]) {
    it(`is that of its ${size} bytes, read at once or as a stream`, async () => {
      const file = join(scratch(), 'file');
      const bytes = Buffer.alloc(size, 'pipeline ');
      put(file, bytes);
      expect(sha256FileSync(file)).toBe(sha256(bytes));
      expect(await sha256File(file)).toBe(sha256(bytes));
    });
  }

  it('is that of all its bytes where they come in pieces', () => {
    const pipe = join(scratch(), 'pipe');
    putPipe(pipe);
    const writer = spawn('/bin/sh', [
      '-c',
      'exec 3>"$1"; printf abc >&3; sleep 0.2; printf def >&3',
      'sh',
      pipe,
    ]);
    expect(sha256FileSync(pipe)).toBe(sha256('abcdef'));
    writer.kill();
  });

  it.skipIf(!existsSync(OPEN_FILES))('leaves no file open', () => {
    const file = join(scratch({ file: 'x' }), 'file');
    const before = readdirSync(OPEN_FILES).length;
    for (let times = 0; times < 50; times++) sha256FileSync(file);
    expect(readdirSync(OPEN_FILES).length).toBeLessThan(before + 50);
  });

  it('is SHA-256 as published', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(new Uint8Array())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('can be called off, for the reason given', async () => {
    const file = join(scratch({ file: 'x'.repeat(100) }), 'file');
    const reason = new Error('enough');
    const thrown = await rejection(sha256File(file, AbortSignal.abort(reason)));
    expect(thrown).toMatchObject({ name: 'AbortError', cause: reason });
  });

  it('of nothing is an error of the file system', async () => {
    const nothing = join(scratch(), 'nothing');
    expect(await rejection(sha256File(nothing))).toMatchObject({ code: 'ENOENT' });
    expect(() => sha256FileSync(nothing)).toThrowError(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('the digest of a value', () => {
  it('does not hang on the order of keys', () => {
    expect(digestOfValue({ b: 1, a: [true, null] })).toBe(digestOfValue({ a: [true, null], b: 1 }));
    expect(digestOfValue([1, 2])).not.toBe(digestOfValue([2, 1]));
  });
});
