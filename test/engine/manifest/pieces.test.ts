import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../src/engine/manifest/duration.ts';
import { formatInstant, parseDate, parseInstant } from '../../../src/engine/manifest/instant.ts';
import { distance, nearest, suggest } from '../../../src/engine/manifest/nearest.ts';
import { toJson } from '../../../src/engine/manifest/node.ts';
import { shellQuote } from '../../../src/engine/manifest/shell-quote.ts';
import { sourceText } from '../../../src/engine/manifest/source.ts';
import { parseTemplate, wholeReference } from '../../../src/engine/manifest/template.ts';
import { readYaml } from '../../../src/engine/manifest/yaml.ts';

describe('templates', () => {
  it('give any text back when its dollars are doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '.', '\n', 'é') }), (text) => {
        const { pieces, errors } = parseTemplate(text.replaceAll('$', '$$$$'));
        expect({ pieces, errors }).toEqual({ pieces: text === '' ? [] : [text], errors: [] });
      }),
    );
  });

  it('account for every character: what is written again is what was read', () => {
    const unit = fc.oneof(fc.constantFrom('$$', '${a.b}', '${ c }', 'x', '}', '$ ', '{'), fc.string());
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const text = parts.join('');
        const { pieces, errors } = parseTemplate(text);
        fc.pre(errors.length === 0);
        const again = pieces
          .map((piece) => (typeof piece === 'string' ? piece.replaceAll('$', '$$$$') : piece.text))
          .join('');
        expect(
          parseTemplate(again).pieces.map((piece) => (typeof piece === 'string' ? piece : piece.name)),
        ).toEqual(pieces.map((piece) => (typeof piece === 'string' ? piece : piece.name)));
        for (const piece of pieces)
          if (typeof piece !== 'string') expect(text.startsWith(piece.text, piece.at)).toBe(true);
      }),
    );
  });

  it('leave a dollar alone that begins nothing', () => {
    expect(parseTemplate('$HOME costs 5$').pieces).toEqual(['$HOME costs 5$']);
  });

  it('know a reference that stands alone', () => {
    expect(wholeReference(parseTemplate('${ a.b }'))?.name).toBe('a.b');
    expect(wholeReference(parseTemplate(' ${a}'))).toBeUndefined();
    expect(wholeReference(parseTemplate('${a}${'))).toBeUndefined();
  });
});

describe('quoting for the shell', () => {
  it('leaves plain words plain', () => {
    expect(['a-b_c./:=@%+,1', 'a b', '', "it's", '*'].map(shellQuote)).toEqual([
      'a-b_c./:=@%+,1',
      "'a b'",
      "''",
      "'it'\\''s'",
      "'*'",
    ]);
  });

  it('gives the shell back every word', () => {
    const word = fc.string({
      unit: fc.constantFrom("'", '"', '$', '\\', '`', ' ', '\n', '*', 'a', '!', 'é', '#'),
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const run = spawnSync('/bin/sh', ['-ec', `printf '%s\\0' ${words.map(shellQuote).join(' ')}`], {
          encoding: 'utf8',
        });
        expect(run.stdout).toBe(words.map((each) => `${each}\0`).join(''));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the nearest name', () => {
  it('is a slip away', () => {
    expect(nearest('tsak', ['task', 'tasks', 'pool'])).toBe('task');
    expect(nearest('Symbols', ['symbols'])).toBe('symbols');
    expect(nearest('histroy.start', ['history.end', 'history.start'])).toBe('history.start');
    expect(nearest('a', ['b'])).toBeUndefined();
    expect(nearest('color', ['for', 'pool'])).toBeUndefined();
  });

  it('is at a distance that is a metric of edits and swaps', () => {
    expect([
      distance('', 'abc'),
      distance('ab', 'ba'),
      distance('abc', 'abc'),
      distance('kitten', 'sitting'),
    ]).toEqual([3, 1, 0, 3]);
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => distance(a, b) === distance(b, a)));
  });

  it('gives way to what there is to choose from', () => {
    expect(suggest('x', [], 'rules')).toBe('there are no rules');
    expect(suggest('zzz', 'abcdefghijklmn'.split(''), 'rules')).toBe(
      'known rules: a, b, c, d, e, f, g, h, i, j, k, l and 2 more',
    );
  });
});

describe('instants and durations', () => {
  it('are read and written alike', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (date) => {
          const second = Math.floor(date.getTime() / 1000) * 1000;
          expect(parseInstant(formatInstant(second))).toBe(second);
        },
      ),
    );
  });

  it('refuse what is no time', () => {
    const bad = [
      '2024-02-30T00:00Z',
      '2024-01-01T24:00Z',
      '2024-01-01T00:00',
      '2024-01-01 00:00Z',
      '2024-1-1T00:00Z',
      '2024-01-01T00:60Z',
      '',
    ];
    expect(bad.map(parseInstant)).toEqual(bad.map(() => undefined));
    expect([parseDate('2024-02-29'), parseDate('2023-02-29'), parseDate('2024-02')]).toEqual([
      Date.UTC(2024, 1, 29),
      undefined,
      undefined,
    ]);
  });

  it('have units', () => {
    expect(['500ms', '10s', '5m', '1.5h', '2d', '0s'].map(parseDuration)).toEqual([
      500, 10_000, 300_000, 5_400_000, 172_800_000, 0,
    ]);
    expect(['10', 's', '-1s', '1 h', '1w'].map(parseDuration)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('YAML', () => {
  it('gives back any JSON that is written in it', () => {
    const key = fc.string({ minLength: 1 }).filter((text) => text !== '<<' && text !== '__proto__');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.string(),
        fc.array(tie('tree')),
        fc.dictionary(key, tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const { root, diagnostics } = readYaml(sourceText('x', JSON.stringify(value)));
        expect(diagnostics).toEqual([]);
        expect(JSON.stringify(root && toJson(root))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('never throws, whatever the text', () => {
    const unit = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a',
      '*a',
      '|',
      '>',
      '#',
      '$',
      '?',
      ',',
      '\t',
      '!',
      '1',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        const { root, diagnostics } = readYaml(sourceText('x', text));
        expect(root !== undefined || diagnostics.length > 0).toBe(true);
        for (const { place } of diagnostics)
          expect(place?.column).toBeLessThanOrEqual((place?.text.length ?? 0) + 1);
      }),
      { numRuns: 500 },
    );
  });
});
