import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/engine/json.ts';
import { atPointer, byCodeUnit, canonicalJson } from '../../src/engine/json.ts';

/** Parsed, since in a literal `__proto__` would set the prototype. */
const hostile: Json = JSON.parse(
  '{"__proto__":{"x":1},"constructor":2,"toString":null,"hasOwnProperty":[3]}',
);

const value = fc.jsonValue({ stringUnit: 'binary' }).map((each): Json => JSON.parse(JSON.stringify(each)));

describe('canonical JSON', () => {
  it('means the same as what it was made of', () => {
    fc.assert(
      fc.property(value, (each) => {
        expect(JSON.parse(canonicalJson(each))).toEqual(each);
      }),
    );
  });

  it('is the same text for equal values, however their keys were set', () => {
    fc.assert(
      fc.property(value, (each) => {
        expect(canonicalJson(shuffled(each))).toBe(canonicalJson(each));
      }),
    );
  });

  it('sorts keys by code unit, not by locale and not by number', () => {
    expect(canonicalJson({ ä: 1, z: 2, Z: 3, '10': 4, '9': 5, '': 6, '😀': 7, '\uffff': 8 })).toBe(
      '{"":6,"10":4,"9":5,"Z":3,"z":2,"ä":1,"😀":7,"\uffff":8}',
    );
  });

  it('keeps unicode as it is, and escapes half a surrogate pair', () => {
    expect(canonicalJson(['é', 'e\u0301', '\ud83d', '\u2028', '"\\\n'])).toBe(
      '["é","e\u0301","\\ud83d","\u2028","\\"\\\\\\n"]',
    );
  });

  it('spells numbers in one way', () => {
    expect(canonicalJson([1.0, -0, 1e21, 1e-7, 0.1, 100])).toBe('[1,0,1e+21,1e-7,0.1,100]');
  });

  it('holds members that are called like those of every object', () => {
    expect(canonicalJson(hostile)).toBe(
      '{"__proto__":{"x":1},"constructor":2,"hasOwnProperty":[3],"toString":null}',
    );
  });
});

function shuffled(each: Json): Json {
  if (Array.isArray(each)) return each.map(shuffled);
  if (typeof each !== 'object' || each === null) return each;
  const entries = Object.entries(each).map(([key, member]): [string, Json] => [key, shuffled(member)]);
  return Object.fromEntries(entries.reverse());
}

describe('a pointer', () => {
  // RFC 6901, section 5.
  const document: Json = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  };
  const examples: readonly (readonly [pointer: string, value: Json])[] = [
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ];
  for (const [pointer, found] of examples) {
    it(`${JSON.stringify(pointer)} leads where RFC 6901 says`, () => {
      expect(atPointer(document, pointer)).toEqual(found);
    });
  }

  it('undoes ~1 before ~0, so that ~01 is ~1', () => {
    expect(atPointer({ '~1': 'right', '/': 'wrong' }, '/~01')).toBe('right');
  });

  it('leads to any value by the way it lies at', () => {
    fc.assert(
      fc.property(value, fc.array(fc.nat(), { maxLength: 6 }), (whole, turns) => {
        let here = whole;
        let pointer = '';
        for (const turn of turns) {
          if (typeof here !== 'object' || here === null) break;
          const members = Object.entries(here);
          const [key, member] = members[turn % Math.max(1, members.length)] ?? [];
          if (key === undefined || member === undefined) break;
          here = member;
          pointer += `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        }
        expect(atPointer(whole, pointer)).toEqual(here);
      }),
    );
  });

  for (const pointer of [
    '/nothing',
    '/foo/2',
    '/foo/-',
    '/foo/00',
    '/foo/-1',
    '/foo/1.0',
    '/foo/length',
    '/foo/0/0',
    '/a~1b/x',
    'foo',
    'xfoo',
  ]) {
    it(`${pointer} leads nowhere`, () => {
      expect(atPointer(document, pointer)).toBeUndefined();
    });
  }

  it('finds what is written in the document, never what every object inherits', () => {
    expect(atPointer(hostile, '/__proto__/x')).toBe(1);
    expect(atPointer(hostile, '/constructor')).toBe(2);
    expect(atPointer(hostile, '/toString')).toBe(null);
    for (const name of ['__proto__', 'constructor', 'toString', 'valueOf'])
      expect(atPointer({}, `/${name}`)).toBeUndefined();
  });
});

describe('the order of texts', () => {
  it('is that of their code units', () => {
    expect(['b', 'a', 'B', 'ä', '10', '9', '', '\uffff', '😀'].sort(byCodeUnit)).toEqual([
      '',
      '10',
      '9',
      'B',
      'a',
      'b',
      'ä',
      '😀',
      '\uffff',
    ]);
  });
});
