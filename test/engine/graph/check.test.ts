import { describe, expect, it } from 'vitest';
import { graphOf, membersOf, problemsIn } from './graphs.ts';

const DIMENSIONS = `
dimensions:
  symbol: [BTC, total]
  side: [total, ask]
  hour: { every: hour, from: "2025-06-14T00:00:00Z" }
  day: { every: day, from: "2025-06-01T00:00:00Z" }
  week: { every: week, from: "2025-05-01T00:00:00Z" }
  month: { every: month, from: "2025-04-01T00:00:00Z" }
  year: { every: year, from: "2024-01-01T00:00:00Z" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  sources: { for: [symbol], out: { s: "s/\${symbol}.json" }, run: echo }
`;

function problems(rules: string): string {
  return problemsIn(`${DIMENSIONS}${rules.replace(/^\n/, '')}`);
}

describe('two outputs at one path', () => {
  it('are an error that names both declarations', () => {
    expect(
      problems(`
  one: { for: [symbol], out: { text: "out/\${symbol}.txt" }, run: echo }
  other: { out: { all: out/total.txt }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: output "text" of rule "one" and output "all" of rule "other" both write out/total.txt
        --> pipeline.yaml:15:24
         |
      15 |   other: { out: { all: out/total.txt }, run: echo }
         |                        ^^^^^^^^^^^^^
         = give one of them another path: a file has one maker
      note: output "text" of rule "one"
        --> pipeline.yaml:14:38
         |
      14 |   one: { for: [symbol], out: { text: "out/\${symbol}.txt" }, run: echo }
         |                                      ^^^^^^^^^^^^^^^^^^^

      1 error
      "
    `);
  });

  it('are an error when only some of their keys meet, and none when none do', () => {
    expect(
      problems(`
  one: { for: [symbol], out: { text: "out/\${symbol}" }, run: echo }
  other: { for: [side], out: { text: "out/\${side}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: output "text" of rule "one" and output "text" of rule "other" both write out/total
        --> pipeline.yaml:15:38
         |
      15 |   other: { for: [side], out: { text: "out/\${side}" }, run: echo }
         |                                      ^^^^^^^^^^^^^
         = give one of them another path: a file has one maker
      note: output "text" of rule "one"
        --> pipeline.yaml:14:38
         |
      14 |   one: { for: [symbol], out: { text: "out/\${symbol}" }, run: echo }
         |                                      ^^^^^^^^^^^^^^^

      1 error
      "
    `);
    expect(
      problems(`
  one: { for: [symbol], out: { text: "out/\${symbol}.txt" }, run: echo }
  other: { for: [month], out: { text: "out/\${month}.txt" }, run: echo }
`),
    ).toBe('');
  });

  it('of one rule are an error too', () => {
    expect(
      problems(`
  one: { for: [symbol], out: { text: "out/\${symbol}.txt", sum: "out/\${symbol}.txt2", all: "out/B\${symbol}.txt" }, run: echo }
  two: { for: [symbol, side], out: { a: "two/\${symbol}/\${side}/x", b: "two/total/\${side}/\${symbol}" }, run: echo }
`),
    ).toBe('');
    expect(
      problems(`
  two: { for: [symbol, side], out: { a: "two/\${symbol}/\${side}", b: "two/\${side}/\${symbol}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: output "a" of rule "two" and output "b" of rule "two" both write two/total/total
        --> pipeline.yaml:14:69
         |
      14 |   two: { for: [symbol, side], out: { a: "two/\${symbol}/\${side}", b: "two/\${side}/\${symbol}" }, run: echo }
         |                                                                     ^^^^^^^^^^^^^^^^^^^^^^^
         = give one of them another path: a file has one maker
      note: output "a" of rule "two"
        --> pipeline.yaml:14:41
         |
      14 |   two: { for: [symbol, side], out: { a: "two/\${symbol}/\${side}", b: "two/\${side}/\${symbol}" }, run: echo }
         |                                         ^^^^^^^^^^^^^^^^^^^^^^^

      1 error
      "
    `);
  });

  it('of two targets of one output are an error: nothing tells their keys apart', () => {
    expect(
      problemsIn(`
dimensions: { base: [A, A-B], quote: [B-C, C] }
rules: { r: { for: [base, quote], out: { x: "x/\${base}-\${quote}" }, run: echo } }
`),
    ).toMatchInlineSnapshot(`
      "
      error: output "x" of rule "r" is one path for two targets, r/A/B-C and r/A-B/C: x/A-B-C
       --> pipeline.yaml:4:45
        |
      4 | rules: { r: { for: [base, quote], out: { x: "x/\${base}-\${quote}" }, run: echo } }
        |                                             ^^^^^^^^^^^^^^^^^^^^
        = put a "/" between the dimensions, or a text that no key holds

      1 error
      "
    `);
  });

  it('may be one inside a directory of the other', () => {
    expect(
      problems(`
  tree: { for: [symbol], out: { dir: "tree/\${symbol}/" }, run: echo }
  leaf: { out: { x: tree/BTC/deep/leaf.txt }, run: echo }
  near: { out: { x: tree/ETH/leaf.txt }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: output "x" of rule "leaf" lies in the directory that output "dir" of rule "tree" replaces as a whole: tree/BTC/deep/leaf.txt
        --> pipeline.yaml:15:21
         |
      15 |   leaf: { out: { x: tree/BTC/deep/leaf.txt }, run: echo }
         |                     ^^^^^^^^^^^^^^^^^^^^^^
         = give one of them another path: a file has one maker
      note: output "dir" of rule "tree"
        --> pipeline.yaml:14:38
         |
      14 |   tree: { for: [symbol], out: { dir: "tree/\${symbol}/" }, run: echo }
         |                                      ^^^^^^^^^^^^^^^^^

      1 error
      "
    `);
  });
});

describe('a circle through paths', () => {
  it('is an error that names all of it, each input and each output', () => {
    expect(
      problems(`
  a: { for: [symbol], in: { c: { rule: c } }, out: { x: "a/\${symbol}" }, run: echo }
  b: { for: [symbol], in: { a: "a/\${symbol}" }, out: { x: "b/\${symbol}" }, run: echo }
  c: { in: { b: b/BTC }, out: { x: c }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: a → c → b → a
        --> pipeline.yaml:14:3
         |
      14 |   a: { for: [symbol], in: { c: { rule: c } }, out: { x: "a/\${symbol}" }, run: echo }
         |   ^
         = a target cannot need itself: take one of these inputs away
      note: "a" needs "c"
        --> pipeline.yaml:14:29
         |
      14 |   a: { for: [symbol], in: { c: { rule: c } }, out: { x: "a/\${symbol}" }, run: echo }
         |                             ^
      note: "c" reads "b/BTC"
        --> pipeline.yaml:16:17
         |
      16 |   c: { in: { b: b/BTC }, out: { x: c }, run: echo }
         |                 ^^^^^
      note: "b" writes it
        --> pipeline.yaml:15:59
         |
      15 |   b: { for: [symbol], in: { a: "a/\${symbol}" }, out: { x: "b/\${symbol}" }, run: echo }
         |                                                           ^^^^^^^^^^^^^
      note: "b" reads "a/\${symbol}"
        --> pipeline.yaml:15:32
         |
      15 |   b: { for: [symbol], in: { a: "a/\${symbol}" }, out: { x: "b/\${symbol}" }, run: echo }
         |                                ^^^^^^^^^^^^^
      note: "a" writes it
        --> pipeline.yaml:14:57
         |
      14 |   a: { for: [symbol], in: { c: { rule: c } }, out: { x: "a/\${symbol}" }, run: echo }
         |                                                         ^^^^^^^^^^^^^

      1 error
      "
    `);
  });

  it('may be a rule that reads its own output', () => {
    expect(
      problems(`
  a: { for: [symbol], in: { x: "./a/../a/\${symbol}" }, out: { x: "a/\${symbol}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: a → a
        --> pipeline.yaml:14:3
         |
      14 |   a: { for: [symbol], in: { x: "./a/../a/\${symbol}" }, out: { x: "a/\${symbol}" }, run: echo }
         |   ^
         = a target cannot need itself: take one of these inputs away
      note: "a" reads "./a/../a/\${symbol}"
        --> pipeline.yaml:14:32
         |
      14 |   a: { for: [symbol], in: { x: "./a/../a/\${symbol}" }, out: { x: "a/\${symbol}" }, run: echo }
         |                                ^^^^^^^^^^^^^^^^^^^^
      note: "a" writes it
        --> pipeline.yaml:14:66
         |
      14 |   a: { for: [symbol], in: { x: "./a/../a/\${symbol}" }, out: { x: "a/\${symbol}" }, run: echo }
         |                                                                  ^^^^^^^^^^^^^

      1 error
      "
    `);
  });

  it('may go through a glob, or through a directory', () => {
    expect(
      problems(`
  a: { in: { x: "b/*.txt" }, out: { dir: a/ }, run: echo }
  b: { for: [symbol], in: { x: "a/\${symbol}.txt" }, out: { x: "b/\${symbol}.txt" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: a → b → a
        --> pipeline.yaml:14:3
         |
      14 |   a: { in: { x: "b/*.txt" }, out: { dir: a/ }, run: echo }
         |   ^
         = a target cannot need itself: take one of these inputs away
      note: "a" reads "b/*.txt"
        --> pipeline.yaml:14:17
         |
      14 |   a: { in: { x: "b/*.txt" }, out: { dir: a/ }, run: echo }
         |                 ^^^^^^^^^
      note: "b" writes it
        --> pipeline.yaml:15:63
         |
      15 |   b: { for: [symbol], in: { x: "a/\${symbol}.txt" }, out: { x: "b/\${symbol}.txt" }, run: echo }
         |                                                               ^^^^^^^^^^^^^^^^^
      note: "b" reads "a/\${symbol}.txt"
        --> pipeline.yaml:15:32
         |
      15 |   b: { for: [symbol], in: { x: "a/\${symbol}.txt" }, out: { x: "b/\${symbol}.txt" }, run: echo }
         |                                ^^^^^^^^^^^^^^^^^
      note: "a" writes it
        --> pipeline.yaml:14:42
         |
      14 |   a: { in: { x: "b/*.txt" }, out: { dir: a/ }, run: echo }
         |                                          ^^

      1 error
      "
    `);
  });

  it('may go through keys that are still to come', () => {
    expect(
      problems(`
  archive: { for: [symbol, file], in: { x: { rule: staged } }, out: { zip: "zip/\${symbol}/\${file}.zip" }, run: echo }
  staged: { for: [symbol, file], in: { x: "zip/\${symbol}/\${file}.zip" }, out: { x: "staged/\${symbol}/\${file}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: archive → staged → archive
        --> pipeline.yaml:14:3
         |
      14 |   archive: { for: [symbol, file], in: { x: { rule: staged } }, out: { zip: "zip/\${symbol}/\${file}.zip" }, run: ech…
         |   ^^^^^^^
         = a target cannot need itself: take one of these inputs away
      note: "archive" needs "staged"
        --> pipeline.yaml:14:41
         |
      14 |   archive: { for: [symbol, file], in: { x: { rule: staged } }, out: { zip: "zip/\${symbol}/\${file}.zip" }, run: ech…
         |                                         ^
      note: "staged" reads "zip/\${symbol}/\${file}.zip"
        --> pipeline.yaml:15:43
         |
      15 |   staged: { for: [symbol, file], in: { x: "zip/\${symbol}/\${file}.zip" }, out: { x: "staged/\${symbol}/\${file}" }, r…
         |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: "archive" writes it
        --> pipeline.yaml:14:76
         |
      14 | …rchive: { for: [symbol, file], in: { x: { rule: staged } }, out: { zip: "zip/\${symbol}/\${file}.zip" }, run: echo }
         |                                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^

      1 error
      "
    `);
  });

  it('may lead from a rule to the keys that itself gives', () => {
    expect(
      problemsIn(`
dimensions:
  name: { keys: { rule: names, pointer: /names } }
rules:
  names: { in: { conf: conf/names.json }, out: { n: names.json }, run: echo }
  conf: { for: [name], out: { c: "conf/\${name}.json" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: names → conf → names
       --> pipeline.yaml:6:3
        |
      6 |   names: { in: { conf: conf/names.json }, out: { n: names.json }, run: echo }
        |   ^^^^^
        = a target cannot need itself: take one of these inputs away
      note: "names" reads "conf/names.json"
       --> pipeline.yaml:6:24
        |
      6 |   names: { in: { conf: conf/names.json }, out: { n: names.json }, run: echo }
        |                        ^^^^^^^^^^^^^^^
      note: "conf" writes it
       --> pipeline.yaml:7:34
        |
      7 |   conf: { for: [name], out: { c: "conf/\${name}.json" }, run: echo }
        |                                  ^^^^^^^^^^^^^^^^^^^
      note: "conf" is for "name", whose keys "names" gives
       --> pipeline.yaml:4:3
        |
      4 |   name: { keys: { rule: names, pointer: /names } }
        |   ^^^^

      1 error
      "
    `);
  });

  it('is none where the paths merely look alike', () => {
    expect(
      problems(`
  a: { in: { b: "b/nobody.txt", raw: "in/*.txt" }, out: { x: a/x.txt }, run: echo }
  b: { for: [symbol], in: { a: a/x.txt }, out: { x: "b/\${symbol}.txt" }, run: echo }
`),
    ).toBe('');
  });
});

describe('offsets', () => {
  it('let a rule need its own earlier partitions, by name or round about by path', () => {
    expect(
      problems(`
  a: { for: [symbol, month], in: { before: { rule: a, offset: { month: -1 }, optional: true } }, out: { x: "a/\${symbol}/\${month}" }, run: echo }
  b: { for: [month], in: { before: { rule: c, offset: { month: -1 }, optional: true } }, out: { x: "b/\${month}" }, run: echo }
  c: { for: [month], in: { b: "b/\${month}" }, out: { x: "c/\${month}" }, run: echo }
`),
    ).toBe('');
  });

  it('may all point forwards', () => {
    expect(
      problems(`
  a: { for: [month], in: { x: { rule: b, offset: { month: 1 } } }, out: { x: "a/\${month}" }, run: echo }
  b: { for: [month], in: { x: { rule: a, offset: { month: 2 } } }, out: { x: "b/\${month}" }, run: echo }
`),
    ).toBe('');
  });

  it('of opposite signs are an error', () => {
    expect(
      problems(`
  a: { for: [month], in: { x: { rule: b, offset: { month: -1 } } }, out: { x: "a/\${month}" }, run: echo }
  b: { for: [month], in: { x: { rule: a, offset: { month: 1 } } }, out: { x: "b/\${month}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle that their offsets do not break: a → b → a
        --> pipeline.yaml:14:3
         |
      14 |   a: { for: [month], in: { x: { rule: b, offset: { month: -1 } } }, out: { x: "a/\${month}" }, run: echo }
         |   ^
         = along a circle all offsets point the same way, in a calendar that every rule of it has
      note: "a" needs "b" at month -1
        --> pipeline.yaml:14:28
         |
      14 |   a: { for: [month], in: { x: { rule: b, offset: { month: -1 } } }, out: { x: "a/\${month}" }, run: echo }
         |                            ^
      note: "b" needs "a" at month +1
        --> pipeline.yaml:15:28
         |
      15 |   b: { for: [month], in: { x: { rule: a, offset: { month: 1 } } }, out: { x: "b/\${month}" }, run: echo }
         |                            ^

      1 error
      "
    `);
    expect(
      problems(`
  a:
    for: [month]
    in:
      last: { rule: a, offset: { month: -1 } }
      next: { rule: a, offset: { month: 1 } }
    out: { x: "a/\${month}" }
    run: echo
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle that their offsets do not break: a → a → a
        --> pipeline.yaml:14:3
         |
      14 |   a:
         |   ^
         = along a circle all offsets point the same way, in a calendar that every rule of it has
      note: "a" needs "a" at month -1
        --> pipeline.yaml:17:7
         |
      17 |       last: { rule: a, offset: { month: -1 } }
         |       ^^^^
      note: "a" needs "a" at month +1
        --> pipeline.yaml:18:7
         |
      18 |       next: { rule: a, offset: { month: 1 } }
         |       ^^^^

      1 error
      "
    `);
  });

  it('do not break a circle through a rule without that calendar', () => {
    expect(
      problems(`
  a: { for: [month], in: { x: { rule: total, optional: true } }, out: { x: "a/\${month}" }, run: echo }
  total: { in: { x: { rule: a, offset: { month: -1 } } }, out: { x: total }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle that their offsets do not break: a → total → a
        --> pipeline.yaml:14:3
         |
      14 |   a: { for: [month], in: { x: { rule: total, optional: true } }, out: { x: "a/\${month}" }, run: echo }
         |   ^
         = along a circle all offsets point the same way, in a calendar that every rule of it has
      note: "a" needs "total"
        --> pipeline.yaml:14:28
         |
      14 |   a: { for: [month], in: { x: { rule: total, optional: true } }, out: { x: "a/\${month}" }, run: echo }
         |                            ^
      note: "total" needs "a" at month -1
        --> pipeline.yaml:15:18
         |
      15 |   total: { in: { x: { rule: a, offset: { month: -1 } } }, out: { x: total }, run: echo }
         |                  ^

      1 error
      "
    `);
  });

  it('of a finer calendar do not break a circle within a longer partition', () => {
    expect(
      problems(`
  fit: { for: [month], in: { x: { rule: bars, offset: { day: -1 } } }, out: { x: "fit/\${month}" }, run: echo }
  bars: { for: [day], in: { x: { rule: fit } }, out: { x: "bars/\${day}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle that their offsets do not break: fit → bars → fit
        --> pipeline.yaml:14:3
         |
      14 |   fit: { for: [month], in: { x: { rule: bars, offset: { day: -1 } } }, out: { x: "fit/\${month}" }, run: echo }
         |   ^^^
         = along a circle all offsets point the same way, in a calendar that every rule of it has
      note: "fit" needs "bars" at day -1
        --> pipeline.yaml:14:30
         |
      14 |   fit: { for: [month], in: { x: { rule: bars, offset: { day: -1 } } }, out: { x: "fit/\${month}" }, run: echo }
         |                              ^
      note: "bars" needs "fit"
        --> pipeline.yaml:15:29
         |
      15 |   bars: { for: [day], in: { x: { rule: fit } }, out: { x: "bars/\${day}" }, run: echo }
         |                             ^

      1 error
      "
    `);
  });

  it('of a longer calendar do: days need the month before, which is made of its days', () => {
    const rules = `
  fit: { for: [month], in: { x: { rule: bars } }, out: { x: "fit/\${month}" }, run: echo }
  bars: { for: [day], in: { fit: { rule: fit, offset: { month: -1 }, optional: true }, before: { rule: bars, offset: { day: -1 }, optional: true } }, out: { x: "bars/\${day}" }, run: echo }
`;
    expect(problems(rules)).toBe('');
    const graphed = graphOf(`${DIMENSIONS}${rules}`);
    expect(membersOf(graphed, 'bars/2025-06-01', 'fit')).toEqual(['fit/2025-05#x']);
  });

  it('do not break a circle that "where" leads back', () => {
    expect(
      problems(`
  a: { for: [month], in: { x: { rule: a, where: { month: "2025-05" }, offset: { month: -1 }, optional: true } }, out: { x: "a/\${month}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle that their offsets do not break: a → a
        --> pipeline.yaml:14:3
         |
      14 |   a: { for: [month], in: { x: { rule: a, where: { month: "2025-05" }, offset: { month: -1 }, optional: true } }, o…
         |   ^
         = along a circle all offsets point the same way, in a calendar that every rule of it has
      note: "a" needs "a" at month -1
        --> pipeline.yaml:14:28
         |
      14 |   a: { for: [month], in: { x: { rule: a, where: { month: "2025-05" }, offset: { month: -1 }, optional: true } }, o…
         |                            ^

      1 error
      "
    `);
  });

  it('of nothing are no offsets', () => {
    expect(() =>
      problems(`
  a: { for: [month], in: { x: { rule: a, offset: { month: 0 } } }, out: { x: "a/\${month}" }, run: echo }
`),
    ).toThrow('rules need each other in a circle: a → a');
  });
});

describe('weeks', () => {
  it('cannot be related to months or years, in either direction', () => {
    expect(
      problems(`
  weekly: { for: [week], out: { x: "w/\${week}" }, run: echo }
  monthly: { for: [month], in: { weeks: { rule: weekly } }, out: { x: "m/\${month}" }, run: echo }
  yearly: { for: [year], in: { weeks: { rule: weekly, where: { week: "2025-W20..2025-W22" } } }, out: { x: "y/\${year}" }, run: echo }
  back: { for: [week], in: { month: { rule: monthly } }, out: { x: "b/\${week}" }, run: echo }
`),
    ).toMatchInlineSnapshot(`
      "
      error: input "weeks" of rule "monthly" relates weeks ("week") to months ("month"), and weeks straddle months
        --> pipeline.yaml:15:34
         |
      15 |   monthly: { for: [month], in: { weeks: { rule: weekly } }, out: { x: "m/\${month}" }, run: echo }
         |                                  ^^^^^
         = go by days: each lies in one week and in one month

      error: input "weeks" of rule "yearly" relates weeks ("week") to years ("year"), and weeks straddle years
        --> pipeline.yaml:16:32
         |
      16 |   yearly: { for: [year], in: { weeks: { rule: weekly, where: { week: "2025-W20..2025-W22" } } }, out: { x: "y/\${ye…
         |                                ^^^^^
         = go by days: each lies in one week and in one year

      error: input "month" of rule "back" relates months ("month") to weeks ("week"), and weeks straddle months
        --> pipeline.yaml:17:30
         |
      17 |   back: { for: [week], in: { month: { rule: monthly } }, out: { x: "b/\${week}" }, run: echo }
         |                              ^^^^^
         = go by days: each lies in one week and in one month

      3 errors
      "
    `);
  });

  it('hold days and hours, agree with themselves, and fan in whole', () => {
    expect(
      problems(`
  weekly: { for: [week], in: { days: { rule: daily }, self: { rule: weekly, offset: { week: -1 }, optional: true } }, out: { x: "w/\${week}" }, run: echo }
  daily: { for: [day], out: { x: "d/\${day}" }, run: echo }
  hourly: { for: [hour], in: { week: { rule: weekly } }, out: { x: "h/\${hour}" }, run: echo }
  both: { for: [week, month], in: { days: { rule: daily }, own: { rule: weekly } }, out: { x: "b/\${week}/\${month}" }, run: echo }
  all: { in: { weeks: { rule: weekly } }, out: { x: all }, run: echo }
`),
    ).toBe('');
  });
});

describe('keys in "where"', () => {
  it('are checked against lists and calendars, each with what to write instead', () => {
    expect(
      problems(`
  p: { for: [symbol, month], out: { x: "p/\${symbol}/\${month}" }, run: echo }
  c:
    in:
      typo: { rule: p, where: { symbol: BTD } }
      range: { rule: p, where: { symbol: "total..BTC" } }
      short: { rule: p, where: { month: "2025-5" } }
      fine: { rule: p, where: { month: "2025-05-01" } }
      back: { rule: p, where: { month: ["2025-06..2025-05", "2025-04"] } }
    out: { x: c }
    run: echo
`),
    ).toMatchInlineSnapshot(`
      "
      error: "where" in input "typo" of rule "c": "BTD" is no key of dimension "symbol"
        --> pipeline.yaml:17:41
         |
      17 |       typo: { rule: p, where: { symbol: BTD } }
         |                                         ^^^
         = did you mean "BTC"?

      error: "where" in input "range" of rule "c": the range "total..BTC" is empty: "symbol" lists them the other way round
        --> pipeline.yaml:18:42
         |
      18 |       range: { rule: p, where: { symbol: "total..BTC" } }
         |                                          ^^^^^^^^^^^^
         = write "BTC..total"

      error: "where" in input "short" of rule "c": "2025-5" is no key of dimension "month", whose keys look like 2024-01
        --> pipeline.yaml:19:41
         |
      19 |       short: { rule: p, where: { month: "2025-5" } }
         |                                         ^^^^^^^^
         = name a month, or a range such as 2024-01..2024-01

      error: "where" in input "fine" of rule "c": "2025-05-01" is no key of dimension "month", whose keys look like 2024-01
        --> pipeline.yaml:20:40
         |
      20 |       fine: { rule: p, where: { month: "2025-05-01" } }
         |                                        ^^^^^^^^^^^^
         = "2025-05-01..2025-05-01" is the range of all that overlaps it

      error: "where" in input "back" of rule "c": the range "2025-06..2025-05" is empty: time runs the other way
        --> pipeline.yaml:21:41
         |
      21 |       back: { rule: p, where: { month: ["2025-06..2025-05", "2025-04"] } }
         |                                         ^^^^^^^^^^^^^^^^^^
         = write "2025-05..2025-06"

      5 errors
      "
    `);
  });

  it('may lie beyond the edges of a calendar, and may be anything in a dynamic dimension', () => {
    expect(
      problems(`
  archive: { for: [symbol, file], out: { zip: "zip/\${symbol}/\${file}" }, run: echo }
  p: { for: [month], out: { x: "p/\${month}" }, run: echo }
  c: { in: { x: { rule: p, where: { month: "2030-01" } }, y: { rule: archive, where: { file: what.ever } } }, out: { x: c }, run: echo }
`),
    ).toBe('');
  });
});

describe('several mistakes', () => {
  it('are told all at once, in the order of the file', () => {
    const text = problems(`
  a: { for: [month], in: { x: { rule: a, offset: { month: -1 } }, y: { rule: a, offset: { month: 1 } } }, out: { x: "out/\${month}" }, run: echo }
  c: { in: { x: { rule: a, where: { month: soon } } }, out: { x: out/2025-05 }, run: echo }
`);
    expect(text.split('\n').filter((line) => /^(error|\d+ errors)/.test(line))).toEqual([
      'error: rules need each other in a circle that their offsets do not break: a → a → a',
      'error: "where" in input "x" of rule "c": "soon" is no key of dimension "month", whose keys look like 2024-01',
      'error: output "x" of rule "a" and output "x" of rule "c" both write out/2025-05',
      '3 errors',
    ]);
  });
});
