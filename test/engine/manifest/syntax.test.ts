import { describe, expect, it } from 'vitest';
import { loaded, mistakes, RULE } from './workspace.ts';

describe('a manifest that cannot be read', () => {
  it('is missed with the way to make one', () => {
    expect(mistakes({})).toMatchInlineSnapshot(`
      "
      error: there is no pipeline.yaml here
        = make a workspace with "pipeline init DIR", or name one with "pipeline -C DIR"

      1 error
      "
    `);
  });

  it('is a folder', () => {
    expect(mistakes({ 'pipeline.yaml/x': '' })).toMatchInlineSnapshot(`
      "
      error: cannot read the manifest "pipeline.yaml": it is a folder

      1 error
      "
    `);
  });

  it('is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('version: 1\n# caf'), Buffer.from([0xe9]), Buffer.from('\n')]);
    expect(mistakes({ 'pipeline.yaml': bytes })).toMatchInlineSnapshot(`
      "
      error: cannot read the manifest "pipeline.yaml": it is not UTF-8 text
       --> pipeline.yaml:2:6
        |
      2 | # caf�
        |      ^

      1 error
      "
    `);
  });

  it('is empty', () => {
    expect(mistakes('')).toMatchInlineSnapshot(`
      "
      error: pipeline.yaml must hold a map with "version" and "rules"
       --> pipeline.yaml:1:1
        |
      1 |
        | ^

      1 error
      "
    `);
  });

  it('holds a list', () => {
    expect(mistakes('- version: 1\n')).toMatchInlineSnapshot(`
      "
      error: pipeline.yaml must hold a map with "version" and "rules"
       --> pipeline.yaml:1:1
        |
      1 | - version: 1
        | ^^^^^^^^^^^^

      1 error
      "
    `);
  });

  it('begins with a byte order mark, which is no mistake', () => {
    expect(loaded(`\uFEFFversion: 1\n${RULE}`).rules.size).toBe(1);
  });

  it('has Windows line ends, which are no mistake', () => {
    expect(loaded(`version: 1\n${RULE}`.replaceAll('\n', '\r\n')).rules.size).toBe(1);
  });
});

describe('YAML that is wrong', () => {
  it('is indented by a tab', () => {
    expect(mistakes('version: 1\nrules:\n\thello: {}\n')).toMatchInlineSnapshot(`
      "
      error: a tab cannot indent YAML
       --> pipeline.yaml:3:1
        |
      3 |  hello: {}
        | ^
        = indent with spaces

      1 error
      "
    `);
  });

  it('writes a key twice', () => {
    expect(mistakes(`version: 1\n${RULE}version: 1\n`)).toMatchInlineSnapshot(`
      "
      error: the key "version" is written twice
       --> pipeline.yaml:6:1
        |
      6 | version: 1
        | ^^^^^^^
        = keep one of the two
      note: first written here
       --> pipeline.yaml:1:1
        |
      1 | version: 1
        | ^^^^^^^

      1 error
      "
    `);
  });

  it('leaves a quote open', () => {
    expect(mistakes('version: "1\n')).toMatchInlineSnapshot(`
      "
      error: a text begins here whose quote is never closed
       --> pipeline.yaml:1:10
        |
      1 | version: "1
        |          ^
        = close the quote, or escape the quotes inside

      1 error
      "
    `);
  });

  it('writes two values in one line', () => {
    expect(mistakes('version: 1\nrules: hello: 1\n')).toMatchInlineSnapshot(`
      "
      error: a second ": " stands in one line
       --> pipeline.yaml:2:8
        |
      2 | rules: hello: 1
        |        ^
        = quote the text that holds ": ", or begin a new line

      1 error
      "
    `);
  });

  it('begins a text with a reserved character', () => {
    expect(mistakes('version: @one\n')).toMatchInlineSnapshot(`
      "
      error: a text cannot begin with @ unless it is quoted
       --> pipeline.yaml:1:10
        |
      1 | version: @one
        |          ^

      1 error
      "
    `);
  });

  it('holds two documents', () => {
    expect(mistakes('version: 1\n---\nversion: 1\n')).toMatchInlineSnapshot(`
      "
      error: a second document begins here; one is expected
       --> pipeline.yaml:2:1
        |
      2 | ---
        | ^^^
        = remove the --- line

      1 error
      "
    `);
  });

  it('puts bare references into flow maps and lists: each is told, and what they drag along is not', () => {
    const text = 'version: 1\ndimensions:\n  symbol: { of: ${a}, b: x${c} }\nrules: {}\n';
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: a bare \${a} inside { } or [ ] is not YAML: its brace begins a map
       --> pipeline.yaml:3:17
        |
      3 |   symbol: { of: \${a}, b: x\${c} }
        |                 ^^^^
        = quote it: "\${a}"

      error: a bare \${c} inside { } or [ ] is not YAML: its brace begins a map
       --> pipeline.yaml:3:27
        |
      3 |   symbol: { of: \${a}, b: x\${c} }
        |                           ^^^^
        = quote it: "\${c}"

      2 errors
      "
    `);
    expect(mistakes('version: 1\nconfigs: [${a}, "b", ${c.d}]\n')).toMatchInlineSnapshot(`
      "
      error: a bare \${a} inside { } or [ ] is not YAML: its brace begins a map
       --> pipeline.yaml:2:11
        |
      2 | configs: [\${a}, "b", \${c.d}]
        |           ^^^^
        = quote it: "\${a}"

      error: a bare \${c.d} inside { } or [ ] is not YAML: its brace begins a map
       --> pipeline.yaml:2:22
        |
      2 | configs: [\${a}, "b", \${c.d}]
        |                      ^^^^^^
        = quote it: "\${c.d}"

      2 errors
      "
    `);
  });

  it('is told once, by its first mistake, since a parser stumbles over what follows', () => {
    expect(mistakes('version: [1\nrules: ]x: {\n  - "\n')).toMatchInlineSnapshot(`
      "
      error: this is not YAML: flow sequence in block collection must be sufficiently indented and end with a ]
       --> pipeline.yaml:2:1
        |
      2 | rules: ]x: {
        | ^

      1 error
      "
    `);
  });

  it('has a key without a name, a list for a key, a merge key and a tag', () => {
    const text = `version: 1\n"": 1\n? [a]\n: 1\nbase: &base { a: 1 }\nother:\n  <<: *base\n${RULE}tagged: !market spot\n`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: a key is empty
       --> pipeline.yaml:2:1
        |
      2 | "": 1
        | ^^

      error: a key must be plain text
       --> pipeline.yaml:3:3
        |
      3 | ? [a]
        |   ^^^

      error: unknown key "base" in the manifest
       --> pipeline.yaml:5:1
        |
      5 | base: &base { a: 1 }
        | ^^^^
        = known keys: version, configs, as_of, dimensions, pools, aliases, rules

      error: unknown key "other" in the manifest
       --> pipeline.yaml:6:1
        |
      6 | other:
        | ^^^^^
        = known keys: version, configs, as_of, dimensions, pools, aliases, rules

      error: merge keys (<<) are not read
       --> pipeline.yaml:7:3
        |
      7 |   <<: *base
        |   ^^
        = write the keys out

      error: unknown key "tagged" in the manifest
        --> pipeline.yaml:12:1
         |
      12 | tagged: !market spot
         | ^^^^^^
         = known keys: version, configs, as_of, dimensions, pools, aliases, rules

      error: unknown YAML tag "!market"
        --> pipeline.yaml:12:9
         |
      12 | tagged: !market spot
         |         ^^^^^^^
         = remove the tag: values are plain YAML

      7 errors
      "
    `);
  });

  it('holds numbers that cannot be kept', () => {
    const params = '    params: { a: .nan, b: .inf, c: 12345678901234567890 }\n';
    expect(mistakes(`version: 1\n${RULE}${params}`)).toMatchInlineSnapshot(`
      "
      error: .nan is not a number that JSON knows
       --> pipeline.yaml:6:18
        |
      6 |     params: { a: .nan, b: .inf, c: 12345678901234567890 }
        |                  ^^^^
        = quote it: ".nan"

      error: .inf is not a number that JSON knows
       --> pipeline.yaml:6:27
        |
      6 |     params: { a: .nan, b: .inf, c: 12345678901234567890 }
        |                           ^^^^
        = quote it: ".inf"

      error: 12345678901234567890 is too large to be kept exactly
       --> pipeline.yaml:6:36
        |
      6 |     params: { a: .nan, b: .inf, c: 12345678901234567890 }
        |                                    ^^^^^^^^^^^^^^^^^^^^
        = quote it: "12345678901234567890"

      3 errors
      "
    `);
  });
});

describe('anchors and aliases', () => {
  it('stand for the value', () => {
    const text = `version: 1\n${RULE}    params: { a: &a [1, 2], b: *a }\n`;
    expect(loaded(text).rules.get('hello')?.params).toEqual([
      ['a', { kind: 'value', value: [1, 2] }],
      ['b', { kind: 'value', value: [1, 2] }],
    ]);
  });

  it('are wrong when nothing is anchored, or when they contain themselves', () => {
    const text = `version: 1\n${RULE}    params: { a: *nothing, b: &b [1, *b] }\n`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: no anchor "nothing" stands before this alias
       --> pipeline.yaml:6:18
        |
      6 |     params: { a: *nothing, b: &b [1, *b] }
        |                  ^^^^^^^^
        = an anchor is &nothing, before the value; a text that begins with * needs quotes

      error: the alias "b" contains itself
       --> pipeline.yaml:6:38
        |
      6 |     params: { a: *nothing, b: &b [1, *b] }
        |                                      ^^

      2 errors
      "
    `);
  });

  it('cannot blow up a short file', () => {
    const levels = 'bcdefghi'.split('').map((name, index) => {
      const above = 'abcdefgh'[index];
      return `      ${name}: &${name} [${`*${above},`.repeat(10)}]`;
    });
    const text = `version: 1\n${RULE}    params:\n      a: &a [1]\n${levels.join('\n')}\n`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: aliases expand to more than 10000 values
       --> pipeline.yaml:7:13
        |
      7 |       a: &a [1]
        |             ^^^
        = write a value once and read it by \${name}

      1 error
      "
    `);
  });

  it('nor can depth', () => {
    expect(mistakes(`version: ${'['.repeat(100)}${']'.repeat(100)}\n`)).toContain(
      'values are nested more than 64 deep',
    );
    expect(mistakes(`version: ${'['.repeat(50_000)}`)).toContain('error: ');
  });
});
