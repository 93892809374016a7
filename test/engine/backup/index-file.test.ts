import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Index } from '../../../src/engine/backup/index-file.ts';
import { byAge, formatIndex, KINDS, nameAfter, parseIndex } from '../../../src/engine/backup/index-file.ts';
import type { Digest } from '../../../src/engine/hash.ts';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((each) => each as Digest);
const index: fc.Arbitrary<Index> = fc.record({
  version: fc.constant(1 as const),
  at: text,
  asOf: text,
  workspace: text,
  files: fc.array(
    fc.record(
      {
        path: text,
        kind: fc.constantFrom(...KINDS),
        digest,
        size: fc.nat(),
        mode: fc.nat({ max: 0o777 }),
        run: text,
      },
      { requiredKeys: ['path', 'kind', 'digest', 'size', 'mode'] },
    ),
    { maxLength: 5 },
  ),
  folders: fc.array(text, { maxLength: 3 }),
  lacks: fc.array(fc.record({ path: text, why: text }), { maxLength: 3 }),
});

describe('an index', () => {
  it('is read back as it was written, a file a line', () => {
    fc.assert(
      fc.property(index, (given) => {
        const written = formatIndex(given);
        expect(parseIndex(written)).toEqual(given);
        expect(written.split('\n')).toHaveLength(given.files.length + 3);
      }),
    );
  });

  it('with any of its bytes changed or cut off says the same, or that it is damaged', () => {
    fc.assert(
      fc.property(index, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (given, at, byte, cut) => {
        const bytes = Buffer.from(formatIndex(given));
        const where = at % bytes.length;
        if (!cut) bytes[where] = byte;
        const read = parseIndex((cut ? bytes.subarray(0, where) : bytes).toString('utf8'));
        if (typeof read !== 'string') expect(read).toEqual(given);
      }),
    );
  });

  it.each([
    ['{', 'it is no JSON'],
    ['[]', 'it is no index of a backup'],
    ['{"version":2}', 'a newer pipeline has written it (version 2, this one reads 1)'],
    ['{"version":1}', 'it is no index of a backup: Invalid input: expected string, received undefined'],
  ])('%s is none', (given, why) => {
    expect(parseIndex(given)).toBe(why);
  });
});

describe('the name of a backup', () => {
  const at = Date.parse('2026-11-23T15:40:00.123Z');

  it.each([
    [[], '2026-11-23T15-40-00Z'],
    [['2026-11-23T15-39-59Z-7'], '2026-11-23T15-40-00Z'],
    [['2026-11-23T15-40-00Z'], '2026-11-23T15-40-00Z-2'],
    [['2026-11-23T15-40-00Z-9'], '2026-11-23T15-40-00Z-10'],
    // The clock was ahead when these were made.
    [['2031-01-01T00-00-00Z'], '2031-01-01T00-00-00Z-2'],
    [['2026-11-23T15-40-00Z-2', 'of somebody else'], '2026-11-23T15-40-00Z-3'],
  ])('after %j is %s', (names, name) => {
    expect(nameAfter(names, at)).toBe(name);
  });

  it('is the last one in order of age, whatever clock made it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 }), (seconds) => {
        const names: string[] = [];
        for (const second of seconds) names.push(nameAfter(names.toSorted(byAge), second * 1000));
        expect(names.toSorted(byAge)).toEqual(names);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});
