import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import type { Entry } from '../../../src/engine/state/memo-file.ts';
import { MemoFile } from '../../../src/engine/state/memo-file.ts';
import { scratch } from './scratch.ts';

const entry = fc.record({
  size: fc.nat(),
  mtimeMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  ctimeMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  ino: fc.maxSafeNat(),
  digest: fc.string().map((text) => sha256(text)),
  hashedAt: fc.nat(),
});
/** Few enough to meet again, with blanks, and with signs that sort otherwise by bytes than by code unit. */
const path = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '/', '\ue000', '\u{1f600}'),
  minLength: 1,
  maxLength: 3,
});
const entries = fc.uniqueArray(fc.tuple(path, entry), { selector: ([name]) => name, maxLength: 30 });
const changes = fc.uniqueArray(fc.tuple(path, fc.option(entry, { nil: undefined })), {
  selector: ([name]) => name,
  maxLength: 8,
});

/** As it is searched, and as it is parsed. */
function both(file: string): readonly [MemoFile, MemoFile] {
  return [new MemoFile(file, Number.POSITIVE_INFINITY), new MemoFile(file, 0)];
}

describe('the file of a memo', () => {
  it('gives back what was put into it, searched or parsed, and takes changes in their places', () => {
    const file = join(scratch(), 'memo');
    fc.assert(
      fc.property(entries, changes, fc.array(path), (first, later, asked) => {
        writeFileSync(file, new MemoFile(join(file, 'none')).textWith(first));
        const [searched, parsed] = both(file);
        const known = new Map<string, Entry | undefined>(first);
        for (const name of [...known.keys(), ...asked]) {
          expect(searched.get(name)).toEqual(known.get(name));
          expect(parsed.get(name)).toEqual(known.get(name));
        }
        const text = searched.textWith(later);
        expect(text.equals(parsed.textWith(later))).toBe(true);
        writeFileSync(file, text);
        for (const [name, value] of later) known.set(name, value);
        for (const again of both(file))
          for (const [name, value] of known) expect(again.get(name)).toEqual(value);
      }),
    );
  });
});
