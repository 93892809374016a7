import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import type { Ref, Template } from '../../../src/engine/manifest/model.ts';
import type { GatheredInput } from '../../../src/engine/run/gather.ts';
import { renderRecipe } from '../../../src/engine/run/recipe.ts';
import type { Json, Partition } from '../../../src/engine/task.ts';
import { scratch } from '../state/scratch.ts';

const NOWHERE: Partition = { keys: {}, spans: {} };

function template(...parts: readonly (string | Ref)[]): Template {
  return { parts, source: '', place: { file: 'pipeline.yaml', line: 1, column: 1, length: 1, text: '' } };
}

function input(name: string, paths: readonly string[]): GatheredInput {
  const items = paths.map((path) => ({ path, partition: NOWHERE, digest: sha256(path), value: undefined }));
  return { name, list: true, keyed: false, items, absent: [], failed: [] };
}

/** What a real shell hands to a command in the place of the references. */
function words(recipe: string): readonly string[] {
  const ran = spawnSync('/bin/sh', ['-ec', recipe], { cwd: scratch(), encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(0);
  return ran.stdout.split('\0').slice(0, -1);
}

const param = (name: string): Ref => ({ kind: 'params', name });

function wordsOfParam(value: Json): readonly string[] {
  // `--`, since printf reads a first word that begins with a dash as an option.
  return words(
    renderRecipe(template("printf '%s\\0' -- ", param('p')), NOWHERE, { p: value }, [], () => ''),
  ).slice(1);
}

const nasty = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    "'",
    '"',
    '\\',
    '$',
    '$$',
    '${x}',
    '$(echo x)',
    '`echo x`',
    '*',
    '?',
    '~',
    '-n',
    '--',
    '#',
    '!',
    ';',
    '&',
    '|',
    '<',
    '>',
    '\n',
    '\n\n',
    '\t',
    "'\\''",
    '{a,b}',
    'a=b',
    'é',
    '😀',
    '%s',
    '[!a]',
    '\\n',
    '\u0001',
    '\r',
  ),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
);
// No argument of a process can hold a zero byte.
const text = fc.array(nasty, { maxLength: 4 }).map((texts) => texts.join('').replaceAll('\0', ''));

describe('values in a recipe', () => {
  it('come out of a real shell as they went in', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (values) => {
        const recipe = renderRecipe(
          template("printf '%s\\0' x ", param('p')),
          NOWHERE,
          { p: values },
          [],
          () => '',
        );
        expect(words(recipe).slice(1)).toEqual(values);
      }),
      { numRuns: 150 },
    );
  });

  it('come out of a real shell as they went in, one key, path or place at a time', () => {
    fc.assert(
      fc.property(text, text, text, (key, path, place) => {
        const recipe = renderRecipe(
          template(
            "printf '%s\\0' x ",
            { kind: 'dimension', name: 'symbol' },
            ' ',
            { kind: 'in', name: 'text' },
            ' ',
            { kind: 'out', name: 'out' },
          ),
          { keys: { symbol: key }, spans: {} },
          {},
          [input('text', [`in/${path}`])],
          () => `'${place.replaceAll("'", "'\\''")}'`,
        );
        expect(words(recipe).slice(1)).toEqual([key, `in/${path}`, place]);
      }),
      { numRuns: 80 },
    );
  });

  it('that are no texts are spelt as JSON spells them', () => {
    expect(wordsOfParam([1, -0.5, 1e21, true, false, null, 'x', ['y', 'z']])).toEqual([
      '1',
      '-0.5',
      '1e+21',
      'true',
      'false',
      'null',
      'x',
      'y',
      'z',
    ]);
    expect(wordsOfParam({ b: "it's", a: [1] })).toEqual(['{"a":[1],"b":"it\'s"}']);
  });

  it('are one word when empty, and none when there are none', () => {
    expect(wordsOfParam('')).toEqual(['']);
    expect(wordsOfParam([])).toEqual([]);
    const none = renderRecipe(
      template('cat ', { kind: 'in', name: 'x' }),
      NOWHERE,
      {},
      [input('x', [])],
      () => '',
    );
    expect(none).toBe('cat ');
  });

  it('stay plain where they can', () => {
    const recipe = renderRecipe(
      template('cat ', { kind: 'in', name: 'parts' }, ' > ', { kind: 'out', name: 'all' }, ' # ', param('p')),
      NOWHERE,
      { p: 'BTC-USDT_1m@2024-01,x=1' },
      [input('parts', ['in/a.txt', 'in/b c.txt'])],
      (name) => `/tmp/${name}`,
    );
    expect(recipe).toBe("cat in/a.txt 'in/b c.txt' > /tmp/all # BTC-USDT_1m@2024-01,x=1");
  });
});

describe('paths in a recipe', () => {
  it('are never taken for options', () => {
    const recipe = renderRecipe(
      template('cat ', { kind: 'in', name: 'x' }),
      NOWHERE,
      {},
      [input('x', ['-rf', '-- y', 'a-b', '/-z'])],
      () => '',
    );
    expect(recipe).toBe("cat ./-rf './-- y' a-b /-z");
  });
});

describe('a reference that only comes later', () => {
  it('is a bug of ours', () => {
    expect(() => renderRecipe(template({ kind: 'run_id' }), NOWHERE, {}, [], () => '')).toThrowError(
      'a recipe cannot name its run_id: that is only known once the recipe is hashed',
    );
  });
});
