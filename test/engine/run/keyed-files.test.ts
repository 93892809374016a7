import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/engine/hash.ts';
import { digestOfValue, sha256, sha256FileSync } from '../../../src/engine/hash.ts';
import { KeyedFiles } from '../../../src/engine/run/keyed-files.ts';
import { StatMemo } from '../../../src/engine/state/memo.ts';
import { put, scratch } from '../state/scratch.ts';

function open(text: string): { keyed: KeyedFiles; path: string; digest: () => Digest } {
  const folder = scratch({ 'x.json': text });
  const path = join(folder, 'x.json');
  return { keyed: new KeyedFiles(new StatMemo('', folder)), path, digest: () => sha256FileSync(path) };
}

describe('a value in a JSON file', () => {
  it('is found by its pointer, and digested alone', () => {
    const { keyed, digest } = open('{"files":{"2024-01":{"size":1},"2024-02":{"size":2}},"other":1}');
    expect(keyed.value('x.json', '/files/2024-01', digest())).toEqual({ size: 1 });
    expect(keyed.digest('x.json', '/files/2024-01', digest())).toBe(digestOfValue({ size: 1 }));
    expect(keyed.trouble('x.json', digest())).toBeUndefined();
  });

  it('keeps its digest while other values and the spelling change', () => {
    const { keyed, path, digest } = open('{"a":{"x":1,"y":2},"b":1}');
    const before = keyed.digest('x.json', '/a', digest());
    put(path, '{ "b": 2, "a": { "y": 2, "x": 1.0 } }');
    expect(keyed.digest('x.json', '/a', digest())).toBe(before);
    expect(keyed.value('x.json', '/b', digest())).toBe(2);
  });

  it('is null to the digest where there is nothing', () => {
    const { keyed, digest } = open('{"a":null}');
    expect(keyed.value('x.json', '/gone', digest())).toBeUndefined();
    expect(keyed.digest('x.json', '/gone', digest())).toBe(digestOfValue(null));
    expect(keyed.digest('x.json', '/__proto__', digest())).toBe(digestOfValue(null));
  });

  it('is parsed once per content', () => {
    const { keyed, path, digest } = open('{"a":1}');
    const first = digest();
    expect(keyed.value('x.json', '/a', first)).toBe(1);
    rmSync(path);
    expect(keyed.value('x.json', '/a', first)).toBe(1);
  });

  it('is missing from what is no JSON, which is said', () => {
    const { keyed, digest } = open('{"a":}');
    expect(keyed.value('x.json', '/a', digest())).toBeUndefined();
    expect(keyed.trouble('x.json', digest())).toBe('Unexpected token \'}\', "{"a":}" is not valid JSON');
    expect(keyed.value('gone.json', '/a', sha256('gone'))).toBeUndefined();
  });
});
