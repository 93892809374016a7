import { describe, expect, it } from 'vitest';
import { mistakes, RULE } from './workspace.ts';

/** A manifest whose only rule has these further lines. */
const rule = (lines: string): string => `version: 1\n${RULE}${lines.replaceAll(/^/gm, '    ')}\n`;

describe('the shape of a manifest', () => {
  it('has no unknown keys, wherever they stand', () => {
    const text = `version: 1
configz: []
dimensions:
  month: { every: month, form: "2024-01-01T00:00:00Z" }
  file: { of: month, keys: { rule: upper, pointre: /files } }
rules:
  upper:
    in:
      a: { rule: upper, wher: { month: 1 } }
      b: { path: x, offset: {} }
    out: { text: "out/x.txt" }
    tsak: ./x.ts
    refresh: { afer: 1h }
    color: blue
`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: unknown key "configz" in the manifest
       --> pipeline.yaml:2:1
        |
      2 | configz: []
        | ^^^^^^^
        = did you mean "configs"?

      error: unknown key "form" in dimension "month"
       --> pipeline.yaml:4:26
        |
      4 |   month: { every: month, form: "2024-01-01T00:00:00Z" }
        |                          ^^^^
        = did you mean "from"?

      error: the keys of dimension "file" come from rule "upper", which must have for: [month], not []
       --> pipeline.yaml:5:36
        |
      5 |   file: { of: month, keys: { rule: upper, pointre: /files } }
        |                                    ^^^^^
      note: rule "upper"
       --> pipeline.yaml:7:3
        |
      7 |   upper:
        |   ^^^^^

      error: unknown key "pointre" in "keys" of dimension "file"
       --> pipeline.yaml:5:43
        |
      5 |   file: { of: month, keys: { rule: upper, pointre: /files } }
        |                                           ^^^^^^^
        = did you mean "pointer"?

      error: rules need each other in a circle: upper → upper
       --> pipeline.yaml:7:3
        |
      7 |   upper:
        |   ^^^^^
        = an input of an earlier partition needs an offset; otherwise take one of these inputs away
      note: "upper" needs "upper"
       --> pipeline.yaml:9:7
        |
      9 |       a: { rule: upper, wher: { month: 1 } }
        |       ^

      error: unknown key "wher" in input "a" of rule "upper"
       --> pipeline.yaml:9:25
        |
      9 |       a: { rule: upper, wher: { month: 1 } }
        |                         ^^^^
        = did you mean "where"?

      error: unknown key "offset" in input "b" of rule "upper"
        --> pipeline.yaml:10:21
         |
      10 |       b: { path: x, offset: {} }
         |                     ^^^^^^
         = known keys: path, pointer, optional, failed

      error: unknown key "tsak" in rule "upper"
        --> pipeline.yaml:12:5
         |
      12 |     tsak: ./x.ts
         |     ^^^^
         = did you mean "task"?

      error: unknown key "afer" in "refresh" of rule "upper"
        --> pipeline.yaml:13:16
         |
      13 |     refresh: { afer: 1h }
         |                ^^^^
         = did you mean "after"?

      error: unknown key "color" in rule "upper"
        --> pipeline.yaml:14:5
         |
      14 |     color: blue
         |     ^^^^^
         = known keys: for, in, out, run, task, params, settings, pool, retries, timeout, deadline, disk and 6 more

      10 errors
      "
    `);
  });

  it('has the keys that it needs', () => {
    const text = `dimensions:
  month: { every: month }
  file: { of: month, keys: { rule: upper } }
rules:
  upper:
    run: echo
    in: { a: { output: x } }
    refresh: {}
`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: missing key "version" in the manifest
       --> pipeline.yaml:1:1
        |
      1 | dimensions:
        | ^^^^^^^^^^^
        = it must be 1, the version that this program reads

      error: missing key "from" in dimension "month"
       --> pipeline.yaml:2:3
        |
      2 |   month: { every: month }
        |   ^^^^^
        = it must be a time, YYYY-MM-DDTHH:MM:SSZ

      error: missing key "pointer" in "keys" of dimension "file"
       --> pipeline.yaml:3:22
        |
      3 |   file: { of: month, keys: { rule: upper } }
        |                      ^^^^
        = it must be a JSON pointer such as /files

      error: the keys of dimension "file" come from rule "upper", which must have for: [month], not []
       --> pipeline.yaml:3:36
        |
      3 |   file: { of: month, keys: { rule: upper } }
        |                                    ^^^^^
      note: rule "upper"
       --> pipeline.yaml:5:3
        |
      5 |   upper:
        |   ^^^^^

      error: missing key "out" in rule "upper"
       --> pipeline.yaml:5:3
        |
      5 |   upper:
        |   ^^^^^
        = it must be a map of outputs

      error: missing key "rule" in input "a" of rule "upper"
       --> pipeline.yaml:7:11
        |
      7 |     in: { a: { output: x } }
        |           ^
        = it must be the name of a rule

      error: missing key "after" in "refresh" of rule "upper"
       --> pipeline.yaml:8:5
        |
      8 |     refresh: {}
        |     ^^^^^^^
        = it must be a duration such as 500ms, 10s, 5m, 1h or 2d

      7 errors
      "
    `);
  });

  it('has values of the right type, each mistake told at its value', () => {
    const text = `version: 2
configs: configs/base.yaml
as_of: 5
dimensions:
  symbol: 5
  month: { every: mnth, from: 2024 }
pools: { cpu: 0, network: many, rest: 1.5 }
aliases: { all: 7, some: [7] }
rules:
  upper:
    for: symbol
    in: { a: 1, b: { rule: upper, where: { symbol: {} }, offset: { month: 1.5 }, failed: omitt, optional: maybe } }
    out: [out/a.txt]
    run: [echo]
    retries: -1
    timeout: 10
    pool: 3
    partitions: close
    refresh: 1h
    source: yes
    params: [1]
  lower:
  "total sum": {}
`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: "version" must be 1, the version that this program reads, got 2
       --> pipeline.yaml:1:10
        |
      1 | version: 2
        |          ^

      error: "configs" must be a list of paths, got "configs/base.yaml"
       --> pipeline.yaml:2:10
        |
      2 | configs: configs/base.yaml
        |          ^^^^^^^^^^^^^^^^^

      error: "as_of" must be a time, YYYY-MM-DDTHH:MM:SSZ, or null, got 5
       --> pipeline.yaml:3:8
        |
      3 | as_of: 5
        |        ^

      error: dimension "symbol" must be a list of keys or a map, got 5
       --> pipeline.yaml:5:11
        |
      5 |   symbol: 5
        |           ^

      error: "every" of dimension "month" must be one of year, month, week, day, hour, got "mnth"
       --> pipeline.yaml:6:19
        |
      6 |   month: { every: mnth, from: 2024 }
        |                   ^^^^
        = did you mean "month"?

      error: "from" of dimension "month" must be a time, YYYY-MM-DDTHH:MM:SSZ, got 2024
       --> pipeline.yaml:6:31
        |
      6 |   month: { every: mnth, from: 2024 }
        |                               ^^^^

      error: pool "cpu" must be a whole number of at least 1, or auto, got 0
       --> pipeline.yaml:7:15
        |
      7 | pools: { cpu: 0, network: many, rest: 1.5 }
        |               ^

      error: pool "network" must be a whole number of at least 1, or auto, got "many"
       --> pipeline.yaml:7:27
        |
      7 | pools: { cpu: 0, network: many, rest: 1.5 }
        |                           ^^^^

      error: pool "rest" must be a whole number of at least 1, or auto, got 1.5
       --> pipeline.yaml:7:39
        |
      7 | pools: { cpu: 0, network: many, rest: 1.5 }
        |                                       ^^^

      error: alias "all" must be a selector or a list of selectors, got 7
       --> pipeline.yaml:8:17
        |
      8 | aliases: { all: 7, some: [7] }
        |                 ^

      error: alias "some" must be a selector, got 7
       --> pipeline.yaml:8:27
        |
      8 | aliases: { all: 7, some: [7] }
        |                           ^

      error: "for" of rule "upper" must be a list of dimensions, got "symbol"
        --> pipeline.yaml:11:10
         |
      11 |     for: symbol
         |          ^^^^^^

      error: input "a" of rule "upper" must be a path, or a map with "rule" or "path", got 1
        --> pipeline.yaml:12:14
         |
      12 |     in: { a: 1, b: { rule: upper, where: { symbol: {} }, offset: { month: 1.5 }, failed: omitt, optional: maybe } }
         |              ^

      error: "where.symbol" of input "b" of rule "upper" must be a key, a range A..B, or a list of these, got a map
        --> pipeline.yaml:12:52
         |
      12 |     in: { a: 1, b: { rule: upper, where: { symbol: {} }, offset: { month: 1.5 }, failed: omitt, optional: maybe } }
         |                                                    ^^

      error: "offset.month" of input "b" of rule "upper" must be a whole number, got 1.5
        --> pipeline.yaml:12:75
         |
      12 |     in: { a: 1, b: { rule: upper, where: { symbol: {} }, offset: { month: 1.5 }, failed: omitt, optional: maybe } }
         |                                                                           ^^^

      error: "failed" of input "b" of rule "upper" must be block or omit, got "omitt"
        --> pipeline.yaml:12:90
         |
      12 |     in: { a: 1, b: { rule: upper, where: { symbol: {} }, offset: { month: 1.5 }, failed: omitt, optional: maybe } }
         |                                                                                          ^^^^^
         = did you mean "omit"?

      error: "optional" of input "b" of rule "upper" must be true or false, got "maybe"
        --> pipeline.yaml:12:107
         |
      12 |     in: { a: 1, b: { rule: upper, where: { symbol: {} }, offset: { month: 1.5 }, failed: omitt, optional: maybe } }
         |                                                                                                           ^^^^^

      error: "out" of rule "upper" must be a map of outputs, got a list
        --> pipeline.yaml:13:10
         |
      13 |     out: [out/a.txt]
         |          ^^^^^^^^^^^

      error: "run" of rule "upper" must be a shell command, got a list
        --> pipeline.yaml:14:10
         |
      14 |     run: [echo]
         |          ^^^^^^

      error: "retries" of rule "upper" must be a whole number from 0 to 100, got -1
        --> pipeline.yaml:15:14
         |
      15 |     retries: -1
         |              ^^

      error: "timeout" of rule "upper" must be a duration such as 500ms, 10s, 5m, 1h or 2d, got 10
        --> pipeline.yaml:16:14
         |
      16 |     timeout: 10
         |              ^^

      error: "pool" of rule "upper" must be a name, got 3
        --> pipeline.yaml:17:11
         |
      17 |     pool: 3
         |           ^

      error: "partitions" of rule "upper" must be one of closed, open, all, got "close"
        --> pipeline.yaml:18:17
         |
      18 |     partitions: close
         |                 ^^^^^
         = did you mean "closed"?

      error: "refresh" of rule "upper" must be a map such as { after: 1h }, got "1h"
        --> pipeline.yaml:19:14
         |
      19 |     refresh: 1h
         |              ^^

      error: "source" of rule "upper" must be true or false, got "yes"
        --> pipeline.yaml:20:13
         |
      20 |     source: yes
         |             ^^^

      error: "params" of rule "upper" must be a map, got a list
        --> pipeline.yaml:21:13
         |
      21 |     params: [1]
         |             ^^^

      error: rule "lower" must be a map, got nothing (null)
        --> pipeline.yaml:22:3
         |
      22 |   lower:
         |   ^^^^^

      error: "total sum" cannot be the name of a rule
        --> pipeline.yaml:23:3
         |
      23 |   "total sum": {}
         |   ^^^^^^^^^^^
         = a name is made of letters, digits, "_" and "-"

      28 errors
      "
    `);
  });

  it('has at least one rule, and a rule at least one output', () => {
    expect(mistakes('version: 1\nrules: {}\n')).toMatchInlineSnapshot(`
      "
      error: the manifest has no rules: nothing would be built
       --> pipeline.yaml:2:8
        |
      2 | rules: {}
        |        ^^
        = declare at least one

      1 error
      "
    `);
    expect(mistakes('version: 1\nrules:\n  a: { out: {}, run: echo }\n')).toMatchInlineSnapshot(`
      "
      error: rule "a" has no outputs
       --> pipeline.yaml:3:13
        |
      3 |   a: { out: {}, run: echo }
        |             ^^
        = name at least one: out: { NAME: path }

      1 error
      "
    `);
  });

  it('has exactly one of run and task', () => {
    expect(mistakes('version: 1\nrules:\n  a: { out: { x: x.txt } }\n')).toMatchInlineSnapshot(`
      "
      error: rule "a" has neither "run" nor "task"
       --> pipeline.yaml:3:3
        |
      3 |   a: { out: { x: x.txt } }
        |   ^
        = say how it is carried out

      1 error
      "
    `);
    expect(mistakes(rule('task: bars/merge'))).toMatchInlineSnapshot(`
      "
      error: rule "hello" has both "run" and "task"
       --> pipeline.yaml:5:10
        |
      5 |     run: "echo hello > \${out.text}"
        |          ^^^^^^^^^^^^^^^^^^^^^^^^^^
        = keep one: a rule is carried out once
      note: the task
       --> pipeline.yaml:6:11
        |
      6 |     task: bars/merge
        |           ^^^^^^^^^^

      1 error
      "
    `);
    expect(mistakes('version: 1\nrules:\n  a: { out: { x: x.txt }, run: " " }\n')).toMatchInlineSnapshot(`
      "
      error: "run" of rule "a" is empty
       --> pipeline.yaml:3:32
        |
      3 |   a: { out: { x: x.txt }, run: " " }
        |                                ^^^
        = write a shell command

      1 error
      "
    `);
  });

  it('cannot take a value by reference where a name is due', () => {
    expect(mistakes(rule('pool: ${pool}'))).toMatchInlineSnapshot(`
      "
      error: "pool" of rule "hello" must be a name: letters, digits, "_" and "-", got "\${pool}"
       --> pipeline.yaml:6:11
        |
      6 |     pool: \${pool}
        |           ^^^^^^^

      1 error
      "
    `);
  });

  it('is judged again where a reference stood', () => {
    const text = `configs: [c.yaml]\n${rule('retries: ${many}\ntimeout: ${none}\nrefresh: { after: "${soon}" }\nparams: ${list}\nsettings: ${soon}')}pools: { cpu: "\${none}" }\n`;
    expect(
      mistakes({ 'pipeline.yaml': text, 'c.yaml': 'many: lots\nnone: 0s\nsoon: soon\nlist: [1]\n' }),
    ).toMatchInlineSnapshot(`
      "
      error: "retries" of rule "hello" must be a whole number from 0 to 100, got \${many} = "lots"
       --> pipeline.yaml:7:14
        |
      7 |     retries: \${many}
        |              ^^^^^^^

      error: "timeout" of rule "hello" is no time at all
       --> pipeline.yaml:8:14
        |
      8 |     timeout: \${none}
        |              ^^^^^^^
        = leave it out for none

      error: "refresh.after" of rule "hello" must be a duration such as 500ms, 10s, 5m, 1h or 2d, got \${soon} = "soon"
       --> pipeline.yaml:9:23
        |
      9 |     refresh: { after: "\${soon}" }
        |                       ^^^^^^^^^

      error: "params" of rule "hello" must be a map, got \${list} = a list
        --> pipeline.yaml:10:13
         |
      10 |     params: \${list}
         |             ^^^^^^^

      error: "settings" of rule "hello" must be a map, got \${soon} = "soon"
        --> pipeline.yaml:11:15
         |
      11 |     settings: \${soon}
         |               ^^^^^^^

      error: pool "cpu" must be a whole number of at least 1, or auto, got \${none} = "0s"
        --> pipeline.yaml:12:15
         |
      12 | pools: { cpu: "\${none}" }
         |               ^^^^^^^^^

      6 errors
      "
    `);
  });

  it('reports everything at once, by file and line', () => {
    const files = {
      'pipeline.yaml': `configs: [b.yaml, a.yaml]\n${rule('pol: cpu\nparams: { a: "${nothing}", b: "${" }')}`,
      'b.yaml': 'x: 1\nx: 2\n',
      'a.yaml': 'y: ${z}\n',
    };
    expect(mistakes(files)).toMatchInlineSnapshot(`
      "
      error: unknown config value "z"
       --> a.yaml:1:4
        |
      1 | y: \${z}
        |    ^^^^
        = known config values: as_of, x, y

      error: the key "x" is written twice
       --> b.yaml:2:1
        |
      2 | x: 2
        | ^
        = keep one of the two
      note: first written here
       --> b.yaml:1:1
        |
      1 | x: 1
        | ^

      error: unknown key "pol" in rule "hello"
       --> pipeline.yaml:7:5
        |
      7 |     pol: cpu
        |     ^^^
        = did you mean "pool"?

      error: unknown reference \${nothing}
       --> pipeline.yaml:8:19
        |
      8 |     params: { a: "\${nothing}", b: "\${" }
        |                   ^^^^^^^^^^
        = known names: as_of, x, y

      error: "\${" is not closed by "}"
       --> pipeline.yaml:8:36
        |
      8 |     params: { a: "\${nothing}", b: "\${" }
        |                                    ^^
        = write \${name}, or $\${ for a dollar sign and a brace

      5 errors
      "
    `);
  });
});
