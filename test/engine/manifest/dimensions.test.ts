import { describe, expect, it } from 'vitest';
import { loaded, mistakes, RULE } from './workspace.ts';

const manifest = (dimensions: string, config = '') => ({
  'pipeline.yaml': `version: 1\nconfigs: [c.yaml]\ndimensions:\n${dimensions.replaceAll(/^/gm, '  ')}\n${RULE}`,
  'c.yaml': config,
});
const dimension = (text: string, config = '') => loaded(manifest(`d: ${text}`, config)).dimensions.get('d');

describe('a list dimension', () => {
  it('takes its keys in order, scalars as text', () => {
    expect(dimension('[b, 2024, a]')).toMatchObject({ kind: 'list', keys: ['b', '2024', 'a'] });
    expect(dimension('${symbols}', 'symbols: [X, Y]\n')).toMatchObject({ kind: 'list', keys: ['X', 'Y'] });
    expect(dimension('["${x}-1"]', 'x: A\n')).toMatchObject({ keys: ['A-1'] });
  });

  it('refuses keys that cannot be part of a path or a name', () => {
    expect(
      mistakes(manifest('d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]')),
    ).toMatchInlineSnapshot(`
      "
      error: "" cannot be a key of dimension "d": it is empty
       --> pipeline.yaml:4:7
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |       ^^

      error: "a/b" cannot be a key of dimension "d": it holds a "/"
       --> pipeline.yaml:4:11
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |           ^^^

      error: "." cannot be a key of dimension "d": it names a folder
       --> pipeline.yaml:4:16
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                ^^^

      error: ".." cannot be a key of dimension "d": it names a folder
       --> pipeline.yaml:4:21
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                     ^^^^

      error: "a\\tb" cannot be a key of dimension "d": it holds a control character
       --> pipeline.yaml:4:27
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                           ^^^^^^

      error: "a..b" cannot be a key of dimension "d": it holds "..", which means a range
       --> pipeline.yaml:4:35
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                                   ^^^^

      error: 7 cannot be a key of dimension "d": YAML reads 007 as a number
       --> pipeline.yaml:4:41
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                                         ^^^
        = quote it: "007"

      error: 1.1 cannot be a key of dimension "d": YAML reads 1.10 as a number
       --> pipeline.yaml:4:46
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                                              ^^^^
        = quote it: "1.10"

      error: true cannot be a key of dimension "d": YAML reads it as true or false
       --> pipeline.yaml:4:52
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                                                    ^^^^
        = quote it: "true"

      error: nothing (null) cannot be a key of dimension "d": a key is a text
       --> pipeline.yaml:4:58
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                                                          ^^^^

      error: a list cannot be a key of dimension "d": a key is a text
       --> pipeline.yaml:4:64
        |
      4 |   d: ["", a/b, ".", "..", "a\\tb", a..b, 007, 1.10, true, null, [x]]
        |                                                                ^^^

      11 errors
      "
    `);
  });

  it('refuses a key that is listed twice, where it is listed', () => {
    expect(
      mistakes(manifest('d: ${symbols}', 'symbols:\n  - BTC\n  - ETH\n  - BTC\n')),
    ).toMatchInlineSnapshot(`
      "
      error: the key "BTC" of dimension "d" is listed twice
       --> c.yaml:4:5
        |
      4 |   - BTC
        |     ^^^
        = remove one of the two
      note: first listed here
       --> c.yaml:2:5
        |
      2 |   - BTC
        |     ^^^

      1 error
      "
    `);
  });

  it('has keys', () => {
    expect(mistakes(manifest('d: []\ne: ${symbols}', 'symbols: BTC\n'))).toMatchInlineSnapshot(`
      "
      error: dimension "d" has no keys: nothing would be built
       --> pipeline.yaml:4:6
        |
      4 |   d: []
        |      ^^
        = list at least one key

      error: dimension "e" must be a list of keys, got \${symbols} = "BTC"
       --> pipeline.yaml:5:6
        |
      5 |   e: \${symbols}
        |      ^^^^^^^^^^

      2 errors
      "
    `);
  });
});

describe('a calendar dimension', () => {
  it('ends after its last minute', () => {
    expect(dimension('{ every: day, from: "2024-01-01T04:00Z", to: "2024-01-31T23:59:30Z" }')).toMatchObject({
      kind: 'calendar',
      every: 'day',
      from: Date.UTC(2024, 0, 1, 4),
      to: Date.UTC(2024, 1, 1),
    });
  });

  it('ends at the as-of when it says nothing or null', () => {
    const end = Date.UTC(2024, 5, 15);
    expect(dimension('{ every: month, from: "2024-01-01T00:00Z" }')).toMatchObject({ to: end });
    expect(dimension('{ every: month, from: "2024-01-01T00:00Z", to: null }')).toMatchObject({ to: end });
    expect(dimension('{ every: month, from: "2024-01-01T00:00Z", to: "${as_of}" }')).toMatchObject({
      to: end,
    });
    expect(
      dimension('{ every: month, from: "2024-01-01T00:00Z", to: "${end}" }', 'end: null\n'),
    ).toMatchObject({ to: end });
  });

  it('takes a date for the whole day', () => {
    expect(dimension('{ every: day, from: 2024-01-01, to: 2024-01-31 }')).toMatchObject({
      from: Date.UTC(2024, 0, 1),
      to: Date.UTC(2024, 1, 1),
    });
  });

  it('begins before it ends', () => {
    expect(
      mistakes(manifest('d: { every: day, from: "2024-02-01T00:00Z", to: "2024-01-01T00:00Z" }')),
    ).toMatchInlineSnapshot(`
      "
      error: "from" of dimension "d" (2024-02-01T00:00:00Z) is after "to" (2024-01-01T00:00:00Z)
       --> pipeline.yaml:4:26
        |
      4 |   d: { every: day, from: "2024-02-01T00:00Z", to: "2024-01-01T00:00Z" }
        |                          ^^^^^^^^^^^^^^^^^^^
        = the first instant comes before the last
      note: it ends here
       --> pipeline.yaml:4:51
        |
      4 |   d: { every: day, from: "2024-02-01T00:00Z", to: "2024-01-01T00:00Z" }
        |                                                   ^^^^^^^^^^^^^^^^^^^

      1 error
      "
    `);
    expect(mistakes(manifest('d: { every: day, from: "2025-02-01T00:00Z" }'))).toMatchInlineSnapshot(`
      "
      error: "from" of dimension "d" (2025-02-01T00:00:00Z) is after the as-of (2024-06-14T23:59:00Z)
       --> pipeline.yaml:4:26
        |
      4 |   d: { every: day, from: "2025-02-01T00:00Z" }
        |                          ^^^^^^^^^^^^^^^^^^^
        = the first instant comes before the last

      1 error
      "
    `);
  });

  it('has edges that are times', () => {
    const text = 'd: { every: day, from: yesterday, to: "${end}" }\ne: { every: day, from: "${none}" }';
    expect(mistakes(manifest(text, 'end: 5\nnone: null\n'))).toMatchInlineSnapshot(`
      "
      error: "from" of dimension "d" must be a time YYYY-MM-DDTHH:MM:SSZ, got "yesterday"
       --> pipeline.yaml:4:26
        |
      4 |   d: { every: day, from: yesterday, to: "\${end}" }
        |                          ^^^^^^^^^
        = write it in UTC, e.g. "2024-01-01T00:00:00Z"

      error: "to" of dimension "d" must be a time YYYY-MM-DDTHH:MM:SSZ, got \${end} = 5
       --> pipeline.yaml:4:41
        |
      4 |   d: { every: day, from: yesterday, to: "\${end}" }
        |                                         ^^^^^^^^
        = write it in UTC, e.g. "2024-01-01T00:00:00Z"

      error: "from" of dimension "e" must be a time, got nothing (null)
       --> pipeline.yaml:5:26
        |
      5 |   e: { every: day, from: "\${none}" }
        |                          ^^^^^^^^^
        = write the first instant, in UTC, e.g. "2024-01-01T00:00:00Z"

      3 errors
      "
    `);
  });
});

describe('a dynamic dimension', () => {
  const rules = `rules:
  sources:
    for: [symbol]
    out: { sources: "s/\${symbol}.json", notes: "n/\${symbol}.txt" }
    run: echo
  archive:
    for: FOR
    out: { zip: "z/\${symbol}/\${file}.zip" }
    run: echo
`;
  const dynamic = (keys: string, order = '[symbol, file]') =>
    `version: 1\ndimensions:\n  symbol: [A]\n  day: { every: day, from: 2024-01-01 }\n  file: ${keys}\n${rules.replace('FOR', order)}`;

  it('names a rule, one of its outputs and a place in it', () => {
    const manifest = loaded(
      dynamic('{ of: symbol, keys: { rule: sources, output: sources, pointer: /files } }'),
    );
    expect(manifest.dimensions.get('file')).toMatchObject({
      of: 'symbol',
      rule: 'sources',
      output: 'sources',
      pointer: '/files',
    });
  });

  it('names what is there', () => {
    expect(mistakes(dynamic('{ of: symbl, keys: { rule: source, pointer: files } }'))).toMatchInlineSnapshot(`
      "
      error: unknown dimension "symbl" in dimension "file"
       --> pipeline.yaml:5:15
        |
      5 |   file: { of: symbl, keys: { rule: source, pointer: files } }
        |               ^^^^^
        = did you mean "symbol"?

      error: unknown rule "source" in "keys" of dimension "file"
       --> pipeline.yaml:5:36
        |
      5 |   file: { of: symbl, keys: { rule: source, pointer: files } }
        |                                    ^^^^^^
        = did you mean "sources"?

      error: the JSON pointer "files" must begin with "/"
       --> pipeline.yaml:5:53
        |
      5 |   file: { of: symbl, keys: { rule: source, pointer: files } }
        |                                                     ^^^^^
        = write "/files"

      3 errors
      "
    `);
    expect(
      mistakes(dynamic('{ of: symbol, keys: { rule: sources, output: sorces, pointer: /a~b } }')),
    ).toMatchInlineSnapshot(`
      "
      error: rule "sources" has no output "sorces"
       --> pipeline.yaml:5:54
        |
      5 |   file: { of: symbol, keys: { rule: sources, output: sorces, pointer: /a~b } }
        |                                                      ^^^^^^
        = did you mean "sources"?

      error: "~" in the JSON pointer "/a~b" must be written ~0
       --> pipeline.yaml:5:71
        |
      5 |   file: { of: symbol, keys: { rule: sources, output: sorces, pointer: /a~b } }
        |                                                                       ^^^^
        = ~0 is "~", ~1 is "/"

      2 errors
      "
    `);
    expect(
      mistakes(dynamic('{ of: symbol, keys: { rule: sources, pointer: "/${symbol}" } }')),
    ).toMatchInlineSnapshot(`
      "
      error: rule "sources" has 2 outputs, and "keys" of dimension "file" does not say which
       --> pipeline.yaml:5:37
        |
      5 |   file: { of: symbol, keys: { rule: sources, pointer: "/\${symbol}" } }
        |                                     ^^^^^^^
        = add "output", one of: sources, notes

      error: \${symbol} is the key of a partition, and dimension "file" belongs to none
       --> pipeline.yaml:5:57
        |
      5 |   file: { of: symbol, keys: { rule: sources, pointer: "/\${symbol}" } }
        |                                                         ^^^^^^^^^
        = only config values can be read here

      2 errors
      "
    `);
  });

  it('hangs on a rule that has just the dimension it is of', () => {
    expect(
      mistakes(
        dynamic('{ of: day, keys: { rule: sources, output: notes, pointer: "" } }', '[day, symbol, file]'),
      ),
    ).toMatchInlineSnapshot(`
      "
      error: the keys of dimension "file" come from rule "sources", which must have for: [day], not [symbol]
       --> pipeline.yaml:5:34
        |
      5 |   file: { of: day, keys: { rule: sources, output: notes, pointer: "" } }
        |                                  ^^^^^^^
      note: rule "sources"
       --> pipeline.yaml:7:3
        |
      7 |   sources:
        |   ^^^^^^^

      error: output "zip" of rule "archive" lacks \${day}: the targets of all its keys would write the same file
        --> pipeline.yaml:13:17
         |
      13 |     out: { zip: "z/\${symbol}/\${file}.zip" }
         |                 ^^^^^^^^^^^^^^^^^^^^^^^^^
         = make \${day} part of the path

      2 errors
      "
    `);
    expect(
      mistakes(dynamic('{ keys: { rule: sources, output: notes, pointer: /a } }')),
    ).toMatchInlineSnapshot(`
      "
      error: the keys of dimension "file" come from rule "sources", which must have for: [], not [symbol]
       --> pipeline.yaml:5:25
        |
      5 |   file: { keys: { rule: sources, output: notes, pointer: /a } }
        |                         ^^^^^^^
        = name its one dimension in "of", or take "for" out of the rule
      note: rule "sources"
       --> pipeline.yaml:7:3
        |
      7 |   sources:
        |   ^^^^^^^

      1 error
      "
    `);
    expect(
      mistakes(dynamic('{ of: file, keys: { rule: sources, output: notes, pointer: /a } }')),
    ).toMatchInlineSnapshot(`
      "
      error: dimension "file" hangs on itself
       --> pipeline.yaml:5:15
        |
      5 |   file: { of: file, keys: { rule: sources, output: notes, pointer: /a } }
        |               ^^^^
        = "of" names a list, a calendar, or a dimension whose keys have no "of"

      1 error
      "
    `);
  });

  it('may hang on one that is given too, and that on nothing else', () => {
    const chain = (file: string, more = '') => `version: 1
dimensions:
  symbol: { keys: { rule: universe, pointer: /symbols } }
  file: ${file}
${more}rules:
  universe: { out: { json: universe.json }, run: echo }
  sources: { for: [symbol], out: { json: "s/\${symbol}.json" }, run: echo }
  archive: { for: [symbol, file], out: { json: "z/\${symbol}/\${file}.json" }, run: echo }
`;
    const sound = chain('{ of: symbol, keys: { rule: sources, pointer: /files } }');
    const { dimensions } = loaded(sound);
    expect(dimensions.get('symbol')).toMatchObject({ kind: 'dynamic', of: undefined, rule: 'universe' });
    expect(dimensions.get('file')).toMatchObject({ kind: 'dynamic', of: 'symbol', rule: 'sources' });
    expect(
      mistakes(
        chain(
          '{ of: symbol, keys: { rule: sources, pointer: /files } }',
          '  part: { of: file, keys: { rule: archive, pointer: /parts } }\n',
        ),
      ),
    ).toMatchInlineSnapshot(`
      "
      error: dimension "part" hangs on "file", which hangs on "symbol" itself: one step is all there may be
       --> pipeline.yaml:5:15
        |
      5 |   part: { of: file, keys: { rule: archive, pointer: /parts } }
        |               ^^^^
        = "of" names a list, a calendar, or a dimension whose keys have no "of"

      1 error
      "
    `);
  });

  it('whose keys need the keys themselves is a circle', () => {
    expect(
      mistakes(`version: 1
dimensions:
  symbol: { keys: { rule: universe, pointer: /symbols } }
rules:
  universe: { in: { all: { rule: sources } }, out: { json: universe.json }, run: echo }
  sources: { for: [symbol], out: { json: "s/\${symbol}.json" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: universe → sources → universe
       --> pipeline.yaml:5:3
        |
      5 |   universe: { in: { all: { rule: sources } }, out: { json: universe.json }, run: echo }
        |   ^^^^^^^^
        = an input of an earlier partition needs an offset; otherwise take one of these inputs away
      note: "universe" needs "sources"
       --> pipeline.yaml:5:21
        |
      5 |   universe: { in: { all: { rule: sources } }, out: { json: universe.json }, run: echo }
        |                     ^^^
      note: "sources" needs "universe"
       --> pipeline.yaml:3:3
        |
      3 |   symbol: { keys: { rule: universe, pointer: /symbols } }
        |   ^^^^^^

      1 error
      "
    `);
  });

  it('comes after that dimension wherever it is used', () => {
    expect(
      mistakes(
        dynamic('{ of: symbol, keys: { rule: sources, output: notes, pointer: /a } }', '[file, symbol]'),
      ),
    ).toMatchInlineSnapshot(`
      "
      error: "file" in "for" of rule "archive" needs "symbol" before it: its keys differ from symbol to symbol
        --> pipeline.yaml:12:11
         |
      12 |     for: [file, symbol]
         |           ^^^^
         = write for: [symbol, file]

      1 error
      "
    `);
  });
});

describe('a dimension that is a map of the config', () => {
  const given = (config: string, more = '') => ({
    'pipeline.yaml': `version: 1
configs: [c.yaml]
dimensions:
  symbol: \${symbols}
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  universe: { out: { json: universe.json }, run: echo }
  sources: { for: [symbol], out: { json: "s/\${symbol}.json" }, run: echo }
  archive: { for: [symbol, file], out: { json: "z/\${symbol}/\${file}.json" }, run: echo }
${more}`,
    'c.yaml': config,
  });
  const KEYS = 'symbols:\n  keys: { rule: universe, pointer: /symbols }\n';

  it('is read as if the map stood there, and is declared where it is named', () => {
    const symbol = loaded(given(KEYS)).dimensions.get('symbol');
    expect(symbol).toEqual({
      name: 'symbol',
      kind: 'dynamic',
      of: undefined,
      rule: 'universe',
      output: 'json',
      pointer: '/symbols',
      place: expect.objectContaining({ file: 'pipeline.yaml', line: 4, column: 3 }),
    });
    const listed = loaded(given('symbols: [A, B]\n')).dimensions.get('symbol');
    expect(listed).toMatchObject({ kind: 'list', keys: ['A', 'B'] });
  });

  it('may be a calendar, with values that refer to others', () => {
    const config = `month: { every: "\${step}", from: "\${start}", to: "\${as_of}" }
step: month
start: 2024-01-15
`;
    expect(dimension('${month}', config)).toMatchObject({
      kind: 'calendar',
      every: 'month',
      from: Date.UTC(2024, 0, 15),
      to: Date.UTC(2024, 5, 15),
    });
  });

  it('may be reached by several references, and hold a dollar sign', () => {
    const config = `symbols: "\${universe.all}"
universe: { all: { keys: "\${universe.keys}" }, keys: { rule: universe, pointer: "/a$$b/$\${c}" } }
`;
    expect(loaded(given(config)).dimensions.get('symbol')).toMatchObject({ pointer: '/a$b/${c}' });
  });

  it('is told what is wrong with it where that is written', () => {
    expect(mistakes(given('symbols:\n  keys: { rule: univers, pointer: symbols }\n'))).toMatchInlineSnapshot(`
      "
      error: unknown rule "univers" in "keys" of dimension "symbol"
       --> c.yaml:2:17
        |
      2 |   keys: { rule: univers, pointer: symbols }
        |                 ^^^^^^^
        = did you mean "universe"?

      error: the JSON pointer "symbols" must begin with "/"
       --> c.yaml:2:35
        |
      2 |   keys: { rule: univers, pointer: symbols }
        |                                   ^^^^^^^
        = write "/symbols"

      2 errors
      "
    `);
    expect(
      mistakes(given('symbols:\n  keys: { rule: universe, pointr: /symbols }\n  colour: red\n')),
    ).toMatchInlineSnapshot(`
      "
      error: unknown key "pointr" in "keys" of dimension "symbol"
       --> c.yaml:2:27
        |
      2 |   keys: { rule: universe, pointr: /symbols }
        |                           ^^^^^^
        = did you mean "pointer"?

      error: unknown key "colour" in dimension "symbol"
       --> c.yaml:3:3
        |
      3 |   colour: red
        |   ^^^^^^
        = known keys: of, keys

      2 errors
      "
    `);
    expect(
      mistakes(manifest('d: ${d_calendar}', 'd_calendar:\n  every: moth\n  from: soon\n')),
    ).toMatchInlineSnapshot(`
      "
      error: "every" of dimension "d" must be one of year, month, week, day, hour, got "moth"
       --> c.yaml:2:10
        |
      2 |   every: moth
        |          ^^^^
        = did you mean "month"?

      error: "from" of dimension "d" must be a time YYYY-MM-DDTHH:MM:SSZ, got "soon"
       --> c.yaml:3:9
        |
      3 |   from: soon
        |         ^^^^
        = write it in UTC, e.g. "2024-01-01T00:00:00Z"

      2 errors
      "
    `);
    expect(
      mistakes(manifest('d: ${d_calendar}', 'd_calendar: { every: day, from: soon }')),
    ).toMatchInlineSnapshot(`
      "
      error: "from" of dimension "d" must be a time YYYY-MM-DDTHH:MM:SSZ, got "soon"
       --> c.yaml:1:33
        |
      1 | d_calendar: { every: day, from: soon }
        |                                 ^^^^
        = write it in UTC, e.g. "2024-01-01T00:00:00Z"

      1 error
      "
    `);
  });

  it('is told what is wrong where it is named, when no file holds it', () => {
    const complete = () => ({ symbols: { keys: { rule: 'univers', pointer: '/symbols' } } });
    const configSchema = { check: () => [], complete, known: ['symbols'] };
    const completed = given('symbols: { listed: "*" }\n');
    expect(mistakes(completed, { configSchema })).toMatchInlineSnapshot(`
      "
      error: unknown rule "univers" in "keys" of dimension "symbol"
       --> pipeline.yaml:4:11
        |
      4 |   symbol: \${symbols}
        |           ^^^^^^^^^^
        = did you mean "universe"?

      1 error
      "
    `);
    expect(
      mistakes(given(KEYS), { set: ['symbols={ keys: { rule: nobody, pointer: /x } }'] }),
    ).toMatchInlineSnapshot(`
      "
      error: unknown rule "nobody" in "keys" of dimension "symbol"
       --> --set:1:25
        |
      1 | symbols={ keys: { rule: nobody, pointer: /x } }
        |                         ^^^^^^
        = known rules: universe, sources, archive

      1 error
      "
    `);
  });

  it('is read as the config is once it is complete', () => {
    const complete = () => ({ symbols: { keys: { rule: 'universe', pointer: '/symbols' } } });
    const configSchema = { check: () => [], complete, known: ['symbols'] };
    const files = given('symbols: { listed: "*" }\n');
    expect(loaded(files, { configSchema }).dimensions.get('symbol')).toMatchObject({ rule: 'universe' });
    expect(mistakes(files)).toMatchInlineSnapshot(`
      "
      error: dimension "symbol" must be a list of keys or a map with "every" or "keys", got \${symbols} = a map
       --> pipeline.yaml:4:11
        |
      4 |   symbol: \${symbols}
        |           ^^^^^^^^^^

      1 error
      "
    `);
  });

  it('is not judged while something else in the config is wrong', () => {
    const check = () => [{ path: ['market'], message: 'no such market' }];
    const complete = () => ({ symbols: { keys: { rule: 'universe', pointer: '/symbols' } } });
    const files = given('symbols: { listed: "*" }\nmarket: x\n');
    const configSchema = { check, complete, known: ['symbols', 'market'] };
    expect(mistakes(files, { configSchema })).toMatchInlineSnapshot(`
      "
      error: the config value "market": no such market
       --> c.yaml:2:9
        |
      2 | market: x
        |         ^

      1 error
      "
    `);
  });

  it('can only be used as what it is', () => {
    const rule = (time: string) =>
      `  open: { for: [symbol], out: { text: "o/\${symbol}/${time}" }, run: echo }\n`;
    expect(loaded(given(KEYS, rule('${symbol.start}'))).rules.has('open')).toBe(true);
    expect(mistakes(given('symbols: [A]\n', rule('${symbol.start}')))).toContain(
      'dimension "symbol" has no "start"',
    );
    const calendar = `version: 1
configs: [c.yaml]
dimensions: { month: "\${months}" }
rules:
  a: { for: [month], out: { text: "a/\${month}" }, run: echo }
  b: { for: [month], in: { a: { rule: a, offset: { month: -1 } } }, out: { text: "b/\${month}" }, run: echo }
`;
    const config = 'months: { every: month, from: 2024-01-01 }\n';
    expect(loaded({ 'pipeline.yaml': calendar, 'c.yaml': config }).rules.size).toBe(2);
    expect(mistakes({ 'pipeline.yaml': calendar, 'c.yaml': 'other: 1\n' })).toMatchInlineSnapshot(`
      "
      error: unknown reference \${months}
       --> pipeline.yaml:3:23
        |
      3 | dimensions: { month: "\${months}" }
        |                       ^^^^^^^^^
        = known names: as_of, other

      1 error
      "
    `);
  });
});

describe('names of dimensions', () => {
  it('are their own', () => {
    expect(mistakes(manifest('in: [a]\nmarket: [b]', 'market: { x: 1 }\n'))).toMatchInlineSnapshot(`
      "
      error: a dimension cannot be called "in": \${in} has a meaning of its own
       --> pipeline.yaml:4:3
        |
      4 |   in: [a]
        |   ^^

      error: the dimension "market" has the name of a config value: \${market} would be either
       --> pipeline.yaml:5:3
        |
      5 |   market: [b]
        |   ^^^^^^
        = rename one of the two
      note: the config value
       --> c.yaml:1:1
        |
      1 | market: { x: 1 }
        | ^^^^^^

      2 errors
      "
    `);
  });
});
