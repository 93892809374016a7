import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Files } from './workspace.ts';
import { loaded, mistakes } from './workspace.ts';

/** A manifest with one rule per text, over symbols and months. */
const manifest = (...rules: readonly string[]): string =>
  `version: 1
configs: [c.yaml]
dimensions:
  symbol: [BTC, ETH]
  month: { every: month, from: 2024-01-01 }
rules:
${rules.map((rule) => rule.trim().replaceAll(/^/gm, '  ')).join('\n')}
`;
const files = (...rules: readonly string[]): Files => ({
  'pipeline.yaml': manifest(...rules),
  'c.yaml': 'market: spot\nlist: [a, "b c", 1]\nmap: { x: 1 }\nnone: null\nkeys: [2024-01, 2024-02]\n',
  'tasks/mine.ts': '',
});
const used =
  'used: { out: { x: u.txt }, run: echo, params: { a: ["${market}", "${list}", "${map}", "${none}", "${keys}"] } }';
const rule = (text: string) => loaded(files(used, text)).rules.get('r');
const wrong = (...texts: readonly string[]): string => mistakes(files(used, ...texts));
const raw = `raw: { for: [symbol, month], out: { data: "raw/\${symbol}/\${month}.csv", log: "raw/\${symbol}/\${month}.log" }, run: echo }`;
const list = 'list: { for: [symbol], out: { keys: "list/${symbol}.json" }, run: echo }';

describe('for', () => {
  it('names dimensions, each once', () => {
    expect(
      wrong('r: { for: [symbl, month, month], out: { a: "${month}" }, run: echo }'),
    ).toMatchInlineSnapshot(`
      "
      error: unknown dimension "symbl" in "for" of rule "r"
       --> pipeline.yaml:8:14
        |
      8 |   r: { for: [symbl, month, month], out: { a: "\${month}" }, run: echo }
        |              ^^^^^
        = did you mean "symbol"?

      error: "month" stands twice in "for" of rule "r"
       --> pipeline.yaml:8:28
        |
      8 |   r: { for: [symbl, month, month], out: { a: "\${month}" }, run: echo }
        |                            ^^^^^
        = remove one of the two

      2 errors
      "
    `);
  });
});

describe('inputs', () => {
  const inputs = (text: string) =>
    loaded(
      files(used, raw, list, `r: { for: [symbol], in: ${text}, out: { a: "r/\${symbol}" }, run: echo }`),
    ).rules.get('r')?.inputs;
  const wrongInputs = (text: string): string =>
    wrong(raw, list, `r: { for: [symbol], in: ${text}, out: { a: "r/\${symbol}" }, run: echo }`);

  it('are paths, globs or places in a file, whatever the spelling', () => {
    expect(
      inputs(
        '{ a: ./in//a.txt, b: "in/*.txt", c: "in/x.json#/a/${symbol}", d: { path: x, optional: true, pointer: /p }, e: "in/${market}#1.txt" }',
      ),
    ).toMatchObject([
      { name: 'a', kind: 'path', template: { parts: ['in/a.txt'] }, glob: false, pointer: undefined },
      { name: 'b', glob: true },
      {
        name: 'c',
        glob: false,
        template: { parts: ['in/x.json'] },
        pointer: { parts: ['/a/', { kind: 'dimension', name: 'symbol' }] },
      },
      { name: 'd', optional: true, pointer: { parts: ['/p'] } },
      { name: 'e', template: { parts: ['in/spot#1.txt'] } },
    ]);
  });

  it('take what another rule makes, narrowed and shifted', () => {
    expect(
      inputs(
        '{ a: { rule: list }, b: { rule: raw, output: log, where: { month: "2024-01..2024-03", symbol: ["${symbol}", X] }, offset: { month: -1 }, failed: omit } }',
      ),
    ).toMatchObject([
      { kind: 'rule', rule: 'list', output: 'keys', where: [], offset: [], failed: 'block', optional: false },
      {
        kind: 'rule',
        rule: 'raw',
        output: 'log',
        where: [
          { dimension: 'month', keys: [{ parts: ['2024-01..2024-03'] }] },
          {
            dimension: 'symbol',
            keys: [{ parts: [{ kind: 'dimension', name: 'symbol' }] }, { parts: ['X'] }],
          },
        ],
        offset: [{ dimension: 'month', by: -1 }],
        failed: 'omit',
      },
    ]);
  });

  it('are narrowed by a list of the config', () => {
    expect(inputs('{ b: { rule: raw, output: log, where: { month: "${keys}" } } }')).toMatchObject([
      { where: [{ dimension: 'month', keys: [{ parts: ['2024-01'] }, { parts: ['2024-02'] }] }] },
    ]);
    expect(
      wrongInputs('{ b: { rule: raw, output: log, where: { month: "${map}" } } }'),
    ).toMatchInlineSnapshot(`
      "
      error: \${map} must be a key or a list of keys
        --> pipeline.yaml:10:74
         |
      10 | …symbol], in: { b: { rule: raw, output: log, where: { month: "\${map}" } } }, out: { a: "r/\${symbol}" }, run: echo }
         |                                                              ^^^^^^^^

      1 error
      "
    `);
  });

  it('name rules, outputs and dimensions that are there', () => {
    expect(
      wrongInputs(
        '{ a: { rule: lst }, b: { rule: raw }, c: { rule: raw, output: dta }, d: { rule: list, where: { month: 1 }, offset: { symbl: 1 } } }',
      ),
    ).toMatchInlineSnapshot(`
      "
      error: unknown rule "lst" in input "a" of rule "r"
        --> pipeline.yaml:10:40
         |
      10 |   r: { for: [symbol], in: { a: { rule: lst }, b: { rule: raw }, c: { rule: raw, output: dta }, d: { rule: list, wh…
         |                                        ^^^
         = did you mean "list"?

      error: rule "raw" has 2 outputs, and input "b" of rule "r" does not say which
        --> pipeline.yaml:10:58
         |
      10 | …r: { for: [symbol], in: { a: { rule: lst }, b: { rule: raw }, c: { rule: raw, output: dta }, d: { rule: list, whe…
         |                                                         ^^^
         = add "output", one of: data, log

      error: rule "raw" has no output "dta"
        --> pipeline.yaml:10:89
         |
      10 | …rule: lst }, b: { rule: raw }, c: { rule: raw, output: dta }, d: { rule: list, where: { month: 1 }, offset: { sym…
         |                                                         ^^^
         = did you mean "data"?

      error: "where" in input "d" of rule "r" names "month", which rule "list" does not have
        --> pipeline.yaml:10:122
         |
      10 | …{ rule: raw, output: dta }, d: { rule: list, where: { month: 1 }, offset: { symbl: 1 } } }, out: { a: "r/\${symbol…
         |                                                        ^^^^^
         = known dimensions of "list": symbol

      error: "offset" in input "d" of rule "r" names "symbl", which rule "list" does not have
        --> pipeline.yaml:10:144
         |
      10 | …put: dta }, d: { rule: list, where: { month: 1 }, offset: { symbl: 1 } } }, out: { a: "r/\${symbol}" }, run: echo }
         |                                                              ^^^^^
         = did you mean "symbol"?

      5 errors
      "
    `);
  });

  it('are shifted along calendars only', () => {
    expect(wrongInputs('{ a: { rule: list, offset: { symbol: 1 } } }')).toMatchInlineSnapshot(`
      "
      error: "offset" in input "a" of rule "r" shifts "symbol", which is not a calendar
        --> pipeline.yaml:10:56
         |
      10 |   r: { for: [symbol], in: { a: { rule: list, offset: { symbol: 1 } } }, out: { a: "r/\${symbol}" }, run: echo }
         |                                                        ^^^^^^
         = only dimensions with "every" can be shifted

      1 error
      "
    `);
  });

  it('are paths that can be', () => {
    expect(
      wrongInputs(
        '{ a: "", b: "x*.json#/a", c: { path: "x#/a", pointer: /b }, d: { path: x, pointer: b }, e: "a\\u0001" }',
      ),
    ).toMatchInlineSnapshot(`
      "
      error: input "a" of rule "r" is an empty path
        --> pipeline.yaml:10:32
         |
      10 |   r: { for: [symbol], in: { a: "", b: "x*.json#/a", c: { path: "x#/a", pointer: /b }, d: { path: x, pointer: b }, …
         |                                ^^
         = write a path in the workspace

      error: input "b" of rule "r" is a glob, and a JSON pointer needs one file
        --> pipeline.yaml:10:39
         |
      10 |   r: { for: [symbol], in: { a: "", b: "x*.json#/a", c: { path: "x#/a", pointer: /b }, d: { path: x, pointer: b }, …
         |                                       ^^^^^^^^^^^^
         = name the file

      error: input "c" of rule "r" has two JSON pointers
        --> pipeline.yaml:10:64
         |
      10 | …: [symbol], in: { a: "", b: "x*.json#/a", c: { path: "x#/a", pointer: /b }, d: { path: x, pointer: b }, e: "a\\u00…
         |                                                       ^^^^^^
         = keep the one after "#" or "pointer", not both

      error: the JSON pointer "b" must begin with "/"
        --> pipeline.yaml:10:110
         |
      10 | …: { path: "x#/a", pointer: /b }, d: { path: x, pointer: b }, e: "a\\u0001" }, out: { a: "r/\${symbol}" }, run: echo…
         |                                                          ^
         = write "/b"

      error: input "e" of rule "r" holds a control character
        --> pipeline.yaml:10:118
         |
      10 | … { path: "x#/a", pointer: /b }, d: { path: x, pointer: b }, e: "a\\u0001" }, out: { a: "r/\${symbol}" }, run: echo }
         |                                                                 ^^^^^^^^^

      5 errors
      "
    `);
  });

  it('are in terms of the dimensions that the rule has', () => {
    expect(
      wrongInputs(
        '{ a: "in/${month}", b: "${symbol.start}", c: "${run_id}", d: "${in.a}", e: "${symbol.x}" }',
      ),
    ).toMatchInlineSnapshot(`
      "
      error: \${month} is the key of a dimension that rule "r" does not have
        --> pipeline.yaml:10:36
         |
      10 |   r: { for: [symbol], in: { a: "in/\${month}", b: "\${symbol.start}", c: "\${run_id}", d: "\${in.a}", e: "\${symbol.x}"…
         |                                    ^^^^^^^^
         = add "month" to its "for"

      error: dimension "symbol" has no "start"
        --> pipeline.yaml:10:51
         |
      10 |   r: { for: [symbol], in: { a: "in/\${month}", b: "\${symbol.start}", c: "\${run_id}", d: "\${in.a}", e: "\${symbol.x}"…
         |                                                   ^^^^^^^^^^^^^^^
         = write \${symbol}: it is a list of keys

      error: \${run_id} can stand in outputs only
        --> pipeline.yaml:10:73
         |
      10 | …, in: { a: "in/\${month}", b: "\${symbol.start}", c: "\${run_id}", d: "\${in.a}", e: "\${symbol.x}" }, out: { a: "r/\${…
         |                                                      ^^^^^^^^^
         = a run is named after what goes into it

      error: \${in.a} can stand in "run" only
        --> pipeline.yaml:10:89
         |
      10 | …\${month}", b: "\${symbol.start}", c: "\${run_id}", d: "\${in.a}", e: "\${symbol.x}" }, out: { a: "r/\${symbol}" }, run…
         |                                                       ^^^^^^^

      error: dimension "symbol" has no "x"
        --> pipeline.yaml:10:103
         |
      10 | …}", b: "\${symbol.start}", c: "\${run_id}", d: "\${in.a}", e: "\${symbol.x}" }, out: { a: "r/\${symbol}" }, run: echo }
         |                                                              ^^^^^^^^^^^
         = write \${symbol}: it is a list of keys

      5 errors
      "
    `);
  });
});

describe('outputs', () => {
  it('are files or directories, relative or not', () => {
    expect(
      rule('r: { out: { a: ./x//y.txt, b: "dir/${market}/", c: /mnt/x, d: "runs/${run_id}/r" }, run: echo }')
        ?.outputs,
    ).toMatchObject([
      { name: 'a', directory: false, template: { parts: ['x/y.txt'] } },
      { name: 'b', directory: true, template: { parts: ['dir/spot'] } },
      { name: 'c', template: { parts: ['/mnt/x'] } },
      { name: 'd', template: { parts: ['runs/', { kind: 'run_id' }, '/r'], source: 'runs/${run_id}/r' } },
    ]);
  });

  it('differ from key to key', () => {
    expect(
      wrong(
        'r: { for: [symbol, month], out: { a: "x/${symbol}.txt", b: "${month.start}/${symbol}" }, run: echo }',
      ),
    ).toMatchInlineSnapshot(`
      "
      error: output "a" of rule "r" lacks \${month}: the targets of all its keys would write the same file
       --> pipeline.yaml:8:40
        |
      8 |   r: { for: [symbol, month], out: { a: "x/\${symbol}.txt", b: "\${month.start}/\${symbol}" }, run: echo }
        |                                        ^^^^^^^^^^^^^^^^^
        = make \${month} part of the path

      1 error
      "
    `);
  });

  it('do not climb out of their folder, and are not empty', () => {
    expect(wrong('r: { out: { a: ../x, b: x/../../y, c: "", d: ./ }, run: echo }')).toMatchInlineSnapshot(`
      "
      error: output "a" of rule "r" leaves its folder by "..": ../x
       --> pipeline.yaml:8:18
        |
      8 |   r: { out: { a: ../x, b: x/../../y, c: "", d: ./ }, run: echo }
        |                  ^^^^
        = write the path without ".."

      error: output "b" of rule "r" leaves its folder by "..": x/../../y
       --> pipeline.yaml:8:27
        |
      8 |   r: { out: { a: ../x, b: x/../../y, c: "", d: ./ }, run: echo }
        |                           ^^^^^^^^^
        = write the path without ".."

      error: output "c" of rule "r" is an empty path
       --> pipeline.yaml:8:41
        |
      8 |   r: { out: { a: ../x, b: x/../../y, c: "", d: ./ }, run: echo }
        |                                         ^^
        = write a path in the workspace

      error: output "d" of rule "r" is an empty path
       --> pipeline.yaml:8:48
        |
      8 |   r: { out: { a: ../x, b: x/../../y, c: "", d: ./ }, run: echo }
        |                                                ^^
        = write a path in the workspace

      4 errors
      "
    `);
  });

  it('belong to one rule each', () => {
    expect(
      wrong(
        'a: { out: { x: "out/${market}.txt" }, run: echo }',
        'b: { out: { y: ./out/spot.txt, z: out/spot.txt/ }, run: echo }',
      ),
    ).toMatchInlineSnapshot(`
      "
      error: output "x" of rule "a" and output "y" of rule "b" write the same path out/spot.txt
       --> pipeline.yaml:9:18
        |
      9 |   b: { out: { y: ./out/spot.txt, z: out/spot.txt/ }, run: echo }
        |                  ^^^^^^^^^^^^^^
        = give each its own path
      note: output "x" of rule "a"
       --> pipeline.yaml:8:18
        |
      8 |   a: { out: { x: "out/\${market}.txt" }, run: echo }
        |                  ^^^^^^^^^^^^^^^^^^^

      error: output "x" of rule "a" and output "z" of rule "b" write the same path out/spot.txt
       --> pipeline.yaml:9:37
        |
      9 |   b: { out: { y: ./out/spot.txt, z: out/spot.txt/ }, run: echo }
        |                                     ^^^^^^^^^^^^^
        = give each its own path
      note: output "x" of rule "a"
       --> pipeline.yaml:8:18
        |
      8 |   a: { out: { x: "out/\${market}.txt" }, run: echo }
        |                  ^^^^^^^^^^^^^^^^^^^

      2 errors
      "
    `);
  });

  it('do not lie in a directory that another output replaces', () => {
    expect(
      wrong('a: { out: { d: out/ }, run: echo }', 'b: { out: { y: out/y.txt }, run: echo }'),
    ).toMatchInlineSnapshot(`
      "
      error: output "y" of rule "b" lies in the directory that output "d" of rule "a" replaces as a whole: out/y.txt
       --> pipeline.yaml:9:18
        |
      9 |   b: { out: { y: out/y.txt }, run: echo }
        |                  ^^^^^^^^^
        = give each its own path
      note: output "d" of rule "a"
       --> pipeline.yaml:8:18
        |
      8 |   a: { out: { d: out/ }, run: echo }
        |                  ^^^^

      1 error
      "
    `);
  });
});

describe('run', () => {
  it('has config values quoted for the shell, one word each', () => {
    expect(
      rule('r: { out: { x: r.txt }, run: "cat ${list} ${market} $HOME $$1 $${x} > ${out.x}" }')?.action,
    ).toMatchObject({
      kind: 'run',
      template: { parts: ["cat a 'b c' 1 spot $HOME $1 ${x} > ", { kind: 'out', name: 'x' }] },
    });
  });

  it('names inputs, outputs, params and dimensions that are there', () => {
    const text =
      'r: { for: [symbol], in: { text: "x/${symbol}" }, params: { p: 1, m: { a: 1 }, l: [1, [2]], n: null }, out: { x: "r/${symbol}" }, run: "a ${in.txt} ${out.y} ${params.q} ${month} ${HOME} ${HOME:-x} ${map} ${none}" }';
    expect(wrong(text)).toMatchInlineSnapshot(`
      "
      error: rule "r" has no input "txt"
       --> pipeline.yaml:8:140
        |
      8 | …[2]], n: null }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${m…
        |                                                      ^^^^^^^^^
        = did you mean "text"?

      error: rule "r" has no output "y"
       --> pipeline.yaml:8:150
        |
      8 | …null }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${map} \${non…
        |                                                       ^^^^^^^^
        = known outputs: x

      error: rule "r" has no param "q"
       --> pipeline.yaml:8:159
        |
      8 | … }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${map} \${none}" }
        |                                                            ^^^^^^^^^^^
        = known params: p, m, l, n

      error: \${month} is the key of a dimension that rule "r" does not have
       --> pipeline.yaml:8:171
        |
      8 | … }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${map} \${none}" }
        |                                                                        ^^^^^^^^
        = add "month" to its "for"

      error: unknown reference \${HOME}
       --> pipeline.yaml:8:180
        |
      8 | … }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${map} \${none}" }
        |                                                                                 ^^^^^^^
        = a variable of the shell is written $HOME or $\${HOME}

      error: unknown reference \${HOME:-x}
       --> pipeline.yaml:8:188
        |
      8 | … }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${map} \${none}" }
        |                                                                                         ^^^^^^^^^^
        = a variable of the shell is written $HOME or $\${HOME:-x}

      error: \${map} is a map and cannot be a word of a shell command
       --> pipeline.yaml:8:199
        |
      8 | … }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${map} \${none}" }
        |                                                                                                    ^^^^^^
        = use texts, numbers, or a list of them

      error: \${none} is nothing (null) and cannot be a word of a shell command
       --> pipeline.yaml:8:206
        |
      8 | … }, out: { x: "r/\${symbol}" }, run: "a \${in.txt} \${out.y} \${params.q} \${month} \${HOME} \${HOME:-x} \${map} \${none}" }
        |                                                                                                           ^^^^^^^
        = use texts, numbers, or a list of them

      8 errors
      "
    `);
  });

  it('takes only params that have words', () => {
    expect(
      wrong(
        'r: { params: { p: 1, m: { a: 1 }, l: [1, [2]], n: null, s: [a, b] }, out: { x: r }, run: "a ${params.p} ${params.m} ${params.l} ${params.n} ${params.s}" }',
      ),
    ).toMatchInlineSnapshot(`
      "
      error: \${params.m} is not a text, a number or a list of them and cannot be words of a shell command
       --> pipeline.yaml:8:107
        |
      8 | …, [2]], n: null, s: [a, b] }, out: { x: r }, run: "a \${params.p} \${params.m} \${params.l} \${params.n} \${params.s}" }
        |                                                                   ^^^^^^^^^^^
        = name a part of it in "params" of rule "r"

      error: \${params.l} is not a text, a number or a list of them and cannot be words of a shell command
       --> pipeline.yaml:8:119
        |
      8 | …, [2]], n: null, s: [a, b] }, out: { x: r }, run: "a \${params.p} \${params.m} \${params.l} \${params.n} \${params.s}" }
        |                                                                               ^^^^^^^^^^^
        = name a part of it in "params" of rule "r"

      error: \${params.n} is not a text, a number or a list of them and cannot be words of a shell command
       --> pipeline.yaml:8:131
        |
      8 | …, [2]], n: null, s: [a, b] }, out: { x: r }, run: "a \${params.p} \${params.m} \${params.l} \${params.n} \${params.s}" }
        |                                                                                           ^^^^^^^^^^^
        = name a part of it in "params" of rule "r"

      3 errors
      "
    `);
  });

  it('has its mistakes underlined in a block of several lines', () => {
    expect(
      wrong('r:\n  out: { x: r }\n  run: |\n    echo "${market}"\n    echo "${markt}" > ${out.x}\n'),
    ).toMatchInlineSnapshot(`
      "
      error: unknown reference \${markt}
        --> pipeline.yaml:12:13
         |
      12 |       echo "\${markt}" > \${out.x}
         |             ^^^^^^^^
         = did you mean "market"?

      1 error
      "
    `);
  });
});

describe('task', () => {
  it('is a built-in name or a module beside the manifest', () => {
    expect(rule('r: { out: { x: r }, task: bars/merge }')?.action).toMatchObject({
      kind: 'builtin',
      name: 'bars/merge',
    });
    expect(rule('r: { out: { x: r }, task: ./tasks/../tasks/mine.ts }')?.action).toMatchObject({
      kind: 'module',
      path: 'tasks/mine.ts',
    });
  });

  it('is there', () => {
    const texts = [
      'bars/mrege',
      'nothing',
      'tasks/mine.ts',
      './tasks/mien.ts',
      './other.ts',
      './tasks/mine',
      './tasks',
    ];
    expect(
      wrong(...texts.map((task, index) => `r${index}: { out: { x: r${index}.txt }, task: ${task} }`)),
    ).toMatchInlineSnapshot(`
      "
      error: unknown task "bars/mrege" in rule "r0"
       --> pipeline.yaml:8:35
        |
      8 |   r0: { out: { x: r0.txt }, task: bars/mrege }
        |                                   ^^^^^^^^^^
        = did you mean "bars/merge"?

      error: unknown task "nothing" in rule "r1"
       --> pipeline.yaml:9:35
        |
      9 |   r1: { out: { x: r1.txt }, task: nothing }
        |                                   ^^^^^^^
        = known tasks: bars/normalize, bars/merge, reports/coverage

      error: unknown task "tasks/mine.ts" in rule "r2"
        --> pipeline.yaml:10:35
         |
      10 |   r2: { out: { x: r2.txt }, task: tasks/mine.ts }
         |                                   ^^^^^^^^^^^^^
         = a module's path begins with "./": write "./tasks/mine.ts"

      error: there is no task module "./tasks/mien.ts"
        --> pipeline.yaml:11:35
         |
      11 |   r3: { out: { x: r3.txt }, task: ./tasks/mien.ts }
         |                                   ^^^^^^^^^^^^^^^
         = did you mean "./tasks/mine.ts"?

      error: there is no task module "./other.ts"
        --> pipeline.yaml:12:35
         |
      12 |   r4: { out: { x: r4.txt }, task: ./other.ts }
         |                                   ^^^^^^^^^^
         = write the module, or correct the path: it is relative to the manifest

      error: the task module "./tasks/mine" of rule "r5" must end in .ts, .mts, .js or .mjs
        --> pipeline.yaml:13:35
         |
      13 |   r5: { out: { x: r5.txt }, task: ./tasks/mine }
         |                                   ^^^^^^^^^^^^
         = did you mean "./tasks/mine.ts"?

      error: the task module "./tasks" of rule "r6" must end in .ts, .mts, .js or .mjs
        --> pipeline.yaml:14:35
         |
      14 |   r6: { out: { x: r6.txt }, task: ./tasks }
         |                                   ^^^^^^^
         = a module is a file such as ./tasks/total.ts

      7 errors
      "
    `);
  });
});

describe('params and settings', () => {
  it('keep types, and params stay open for keys', () => {
    const text =
      'r: { for: [symbol], out: { x: "r/${symbol}" }, task: bars/merge, params: { a: "${list}", b: [1, "${symbol}"], c: { d: "${symbol}-${market}", e: "${map}" }, f: { g: [true] } } }';
    expect(rule(text)?.params).toMatchObject([
      ['a', { kind: 'value', value: ['a', 'b c', 1] }],
      ['b', { kind: 'list', items: [{ kind: 'value', value: 1 }, { kind: 'template' }] }],
      [
        'c',
        {
          kind: 'map',
          members: [
            ['d', { kind: 'template', template: { parts: [{ name: 'symbol' }, '-spot'] } }],
            ['e', { kind: 'value', value: { x: 1 } }],
          ],
        },
      ],
      ['f', { kind: 'value', value: { g: [true] } }],
    ]);
  });

  it('are whole maps of the config too', () => {
    expect(
      rule('r: { out: { x: r }, task: bars/merge, params: "${map}", settings: "${map}" }'),
    ).toMatchObject({
      params: [['x', { kind: 'value', value: 1 }]],
      settings: { x: 1 },
    });
  });

  it('have no keys in settings', () => {
    expect(
      wrong('r: { for: [symbol], out: { x: "${symbol}" }, task: bars/merge, settings: { a: "${symbol}" } }'),
    ).toMatchInlineSnapshot(`
      "
      error: \${symbol} is the key of a partition, and "settings" of rule "r" belongs to none
       --> pipeline.yaml:8:82
        |
      8 |   r: { for: [symbol], out: { x: "\${symbol}" }, task: bars/merge, settings: { a: "\${symbol}" } }
        |                                                                                  ^^^^^^^^^
        = only config values can be read here

      1 error
      "
    `);
  });
});

describe('reads of a rule', () => {
  it('are the config values of params, run, in and out as written, without settings', () => {
    const text =
      'r: { in: { a: "${map.x}" }, out: { x: "${market}" }, run: "echo ${list} ${out.x}", params: { p: "${keys}", t: "${as_of}" }, settings: { s: "${none}" } }';
    expect(rule(text)?.reads).toEqual(['keys', 'list', 'map.x', 'market']);
  });
});

describe('policy', () => {
  it('has defaults', () => {
    expect(rule('r: { out: { x: r }, run: echo }')).toMatchObject({
      pool: 'cpu',
      retries: 0,
      timeoutMs: undefined,
      partitions: 'all',
      refreshAfterMs: undefined,
      source: false,
      intermediate: false,
      default: true,
      settings: {},
      params: [],
      inputs: [],
      for: [],
    });
  });

  it('is as written', () => {
    const text =
      'r: { out: { x: r }, run: echo, retries: 2, timeout: 1.5m, partitions: open, refresh: { after: 2d }, source: true, intermediate: true, default: false }';
    expect(rule(text)).toMatchObject({
      retries: 2,
      timeoutMs: 90_000,
      partitions: 'open',
      refreshAfterMs: 172_800_000,
      source: true,
      intermediate: true,
      default: false,
    });
  });

  it('names a pool that is there', () => {
    const text = `${manifest(used, 'r: { out: { x: r }, run: echo, pool: netwrk }')}pools: { network: 4, rest: "\${one}" }\n`;
    const all = files();
    expect(
      mistakes({ ...all, 'c.yaml': `${all['c.yaml']}one: 1\n`, 'pipeline.yaml': text }),
    ).toMatchInlineSnapshot(`
      "
      error: unknown pool "netwrk" in rule "r"
       --> pipeline.yaml:8:40
        |
      8 |   r: { out: { x: r }, run: echo, pool: netwrk }
        |                                        ^^^^^^
        = did you mean "network"?

      1 error
      "
    `);
  });

  it('finds the bytes that a run writes where a JSON pointer leads, the same for every target', () => {
    const named = (pointer: string, at: number): string =>
      `${at === 0 ? 'r' : `r${at}`}: { for: [symbol], in: { e: e.json#/x }, out: { x: "${at}/\${symbol}" }, run: echo, disk: { input: e, pointer: ${pointer} } }`;
    expect(rule(named('"/${market}/size"', 0))?.disk).toEqual({ input: 'e', pointer: '/spot/size' });
    expect(
      mistakes({
        ...files(),
        'pipeline.yaml': manifest(used, ...['size', '/siz~e', '"/${symbol}"'].map(named)),
      }),
    ).toMatchInlineSnapshot(`
      "
      error: the JSON pointer "size" must begin with "/"
       --> pipeline.yaml:8:110
        |
      8 | …r: { for: [symbol], in: { e: e.json#/x }, out: { x: "0/\${symbol}" }, run: echo, disk: { input: e, pointer: size } }
        |                                                                                                             ^^^^
        = write "/size"

      error: "~" in the JSON pointer "/siz~e" must be written ~0
       --> pipeline.yaml:9:111
        |
      9 | … { for: [symbol], in: { e: e.json#/x }, out: { x: "1/\${symbol}" }, run: echo, disk: { input: e, pointer: /siz~e } }
        |                                                                                                           ^^^^^^
        = ~0 is "~", ~1 is "/"

      error: \${symbol} is the key of a partition, and "disk" of rule "r2" belongs to none
        --> pipeline.yaml:10:113
         |
      10 | … [symbol], in: { e: e.json#/x }, out: { x: "2/\${symbol}" }, run: echo, disk: { input: e, pointer: "/\${symbol}" } }
         |                                                                                                      ^^^^^^^^^
         = only config values can be read here

      3 errors
      "
    `);
  });

  it('says what its task leaves beside its outputs by globs, each in a folder', () => {
    const named = (glob: string, at: number): string =>
      `${at === 0 ? 'r' : `r${at}`}: { for: [symbol], out: { x: "${at}/\${symbol}" }, run: echo, leaves: [${glob}] }`;
    const [first, second] = rule(named('"./raw//${symbol}/old/*.zip", "${market}/part*"', 0))?.leaves ?? [];
    expect(first?.parts).toEqual(['raw/', { kind: 'dimension', name: 'symbol' }, '/old/*.zip']);
    expect(second?.parts).toEqual(['spot/part*']);
    expect(
      mistakes({
        ...files(),
        'pipeline.yaml': manifest(used, ...['"*/x"', 'a/../../b/*', 'lonely', '""', '{ a: b }'].map(named)),
      }),
    ).toMatchInlineSnapshot(`
      "
      error: "leaves" of rule "r" names no folder: */x
       --> pipeline.yaml:8:70
        |
      8 |   r: { for: [symbol], out: { x: "0/\${symbol}" }, run: echo, leaves: ["*/x"] }
        |                                                                      ^^^^^
        = begin with a folder: cache/partial/*.zip

      error: "leaves" of rule "r1" leaves its folder by "..": a/../../b/*
       --> pipeline.yaml:9:71
        |
      9 |   r1: { for: [symbol], out: { x: "1/\${symbol}" }, run: echo, leaves: [a/../../b/*] }
        |                                                                       ^^^^^^^^^^^
        = begin with a folder: cache/partial/*.zip

      error: "leaves" of rule "r2" names no folder: lonely
        --> pipeline.yaml:10:71
         |
      10 |   r2: { for: [symbol], out: { x: "2/\${symbol}" }, run: echo, leaves: [lonely] }
         |                                                                       ^^^^^^
         = begin with a folder: cache/partial/*.zip

      error: "leaves" of rule "r3" is an empty path
        --> pipeline.yaml:11:71
         |
      11 |   r3: { for: [symbol], out: { x: "3/\${symbol}" }, run: echo, leaves: [""] }
         |                                                                       ^^
         = write a path in the workspace

      error: "leaves" of rule "r4" must be a path or a glob, got a map
        --> pipeline.yaml:12:71
         |
      12 |   r4: { for: [symbol], out: { x: "4/\${symbol}" }, run: echo, leaves: [{ a: b }] }
         |                                                                       ^^^^^^^^

      5 errors
      "
    `);
  });

  it('takes glob signs in what its task leaves for such where they are written, not where a config value has them', () => {
    const rules = (...globs: readonly string[]): Record<string, string> => ({
      'pipeline.yaml': `version: 1
configs: [config.yaml]
rules:
${globs.map((glob, at) => `  r${at}: { out: { x: "${at}" }, run: echo, leaves: ['${glob}'] }`).join('\n')}
`,
      'config.yaml': 'root: "data (20[24])*"\nodd: "a\\\\b\\"{c}|!@+?d"\nup: ../x\n',
    });
    const loadedRules = loaded(rules('${root}/*.zip', 'x/${odd}/{a,b}')).rules;
    expect([...loadedRules.values()].map(({ leaves }) => leaves[0]?.parts)).toEqual([
      ['data \\(20\\[24\\]\\)\\*/*.zip'],
      ['x/a[\\\\]b\\"\\{c\\}\\|\\!\\@\\+\\?d/{a,b}'],
    ]);
    expect(
      mistakes(rules('${root}*/x', '${odd}', '${root}/${up}/x', '!${root}/x', '+(a)/x', '{a,b}/x')).match(
        /error: .*/g,
      ),
    ).toEqual([
      'error: "leaves" of rule "r0" names no folder: data (20[24])**/x',
      'error: "leaves" of rule "r1" names no folder: a\\b"{c}|!@+?d',
      'error: "leaves" of rule "r2" leaves its folder by "..": data (20[24])*/../x/x',
      'error: "leaves" of rule "r3" names no folder: !data (20[24])*/x',
      'error: "leaves" of rule "r4" names no folder: +(a)/x',
      'error: "leaves" of rule "r5" names no folder: {a,b}/x',
    ]);
  });

  it('has pools of numbers or one per core', () => {
    const pools = loaded(
      `version: 1\npools: { network: 4, cpu: 3, more: auto }\nrules: { r: { out: { x: r }, run: echo } }\n`,
    ).pools;
    expect([...pools]).toEqual([
      ['cpu', 3],
      ['network', 4],
      ['more', availableParallelism()],
    ]);
  });
});

describe('circles', () => {
  const one = (name: string, input: string) =>
    `${name}: { for: [month], in: ${input}, out: { x: "${name}/\${month}" }, run: echo }`;

  it('are named as a whole', () => {
    expect(
      wrong(
        one('a', '{ i: { rule: b } }'),
        one('b', '{ i: { rule: c } }'),
        one('c', '{ i: { rule: a } }'),
        one('d', '{ i: { rule: d } }'),
        one('e', '{ i: { rule: a } }'),
      ),
    ).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: a → b → c → a
        --> pipeline.yaml:8:3
         |
       8 |   a: { for: [month], in: { i: { rule: b } }, out: { x: "a/\${month}" }, run: echo }
         |   ^
         = an input of an earlier partition needs an offset; otherwise take one of these inputs away
      note: "a" needs "b"
        --> pipeline.yaml:8:28
         |
       8 |   a: { for: [month], in: { i: { rule: b } }, out: { x: "a/\${month}" }, run: echo }
         |                            ^
      note: "b" needs "c"
        --> pipeline.yaml:9:28
         |
       9 |   b: { for: [month], in: { i: { rule: c } }, out: { x: "b/\${month}" }, run: echo }
         |                            ^
      note: "c" needs "a"
        --> pipeline.yaml:10:28
         |
      10 |   c: { for: [month], in: { i: { rule: a } }, out: { x: "c/\${month}" }, run: echo }
         |                            ^

      error: rules need each other in a circle: d → d
        --> pipeline.yaml:11:3
         |
      11 |   d: { for: [month], in: { i: { rule: d } }, out: { x: "d/\${month}" }, run: echo }
         |   ^
         = an input of an earlier partition needs an offset; otherwise take one of these inputs away
      note: "d" needs "d"
        --> pipeline.yaml:11:28
         |
      11 |   d: { for: [month], in: { i: { rule: d } }, out: { x: "d/\${month}" }, run: echo }
         |                            ^

      2 errors
      "
    `);
  });

  it('are none when an input reaches into an earlier partition', () => {
    expect(
      loaded(files(used, one('a', '{ i: { rule: a, offset: { month: -1 }, optional: true } }'))).rules.size,
    ).toBe(2);
    expect(wrong(one('a', '{ i: { rule: a, offset: { month: 0 } } }'))).toContain('a → a');
  });

  it('go by the rules that bring out keys too', () => {
    const text = `version: 1
dimensions:
  file: { keys: { rule: index, pointer: /files } }
rules:
  index: { in: { all: { rule: parts } }, out: { index: index.json }, run: echo }
  parts: { for: [file], out: { part: "parts/\${file}" }, run: echo }
`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      "
      error: rules need each other in a circle: index → parts → index
       --> pipeline.yaml:5:3
        |
      5 |   index: { in: { all: { rule: parts } }, out: { index: index.json }, run: echo }
        |   ^^^^^
        = an input of an earlier partition needs an offset; otherwise take one of these inputs away
      note: "index" needs "parts"
       --> pipeline.yaml:5:18
        |
      5 |   index: { in: { all: { rule: parts } }, out: { index: index.json }, run: echo }
        |                  ^^^
      note: "parts" needs "index"
       --> pipeline.yaml:3:3
        |
      3 |   file: { keys: { rule: index, pointer: /files } }
        |   ^^^^

      1 error
      "
    `);
  });
});

describe('aliases', () => {
  const aliased = (aliases: string): Files => ({
    'pipeline.yaml': `version: 1\naliases: ${aliases}\nrules:\n  bars: { out: { x: out/bars.csv }, run: echo }\n  reports: { out: { r: "runs/\${run_id}/r.csv" }, run: echo }\n`,
  });

  it('stand for selectors', () => {
    const manifest = loaded(
      aliased('{ a: bars, b: [+bars/BTC, reports+, "@stale", out/bars.csv, runs/2024/r.csv] }'),
    );
    expect([...manifest.aliases]).toEqual([
      ['a', ['bars']],
      ['b', ['+bars/BTC', 'reports+', '@stale', 'out/bars.csv', 'runs/2024/r.csv']],
    ]);
  });

  it('neither hide a rule nor name nothing', () => {
    expect(
      mistakes(aliased('{ bars: [reports], a: [], b: [+brs/BTC, "@stael", other.csv] }')),
    ).toMatchInlineSnapshot(`
      "
      error: the alias "bars" has the name of a rule
       --> pipeline.yaml:2:12
        |
      2 | aliases: { bars: [reports], a: [], b: [+brs/BTC, "@stael", other.csv] }
        |            ^^^^
        = rename one of the two
      note: rule "bars"
       --> pipeline.yaml:4:3
        |
      4 |   bars: { out: { x: out/bars.csv }, run: echo }
        |   ^^^^

      error: the alias "a" names nothing
       --> pipeline.yaml:2:32
        |
      2 | aliases: { bars: [reports], a: [], b: [+brs/BTC, "@stael", other.csv] }
        |                                ^^
        = list at least one selector

      error: "+brs/BTC" in alias "b" selects neither a rule nor an output
       --> pipeline.yaml:2:40
        |
      2 | aliases: { bars: [reports], a: [], b: [+brs/BTC, "@stael", other.csv] }
        |                                        ^^^^^^^^
        = did you mean "+bars/BTC"?

      error: "@stael" in alias "b" selects neither a rule nor an output
       --> pipeline.yaml:2:50
        |
      2 | aliases: { bars: [reports], a: [], b: [+brs/BTC, "@stael", other.csv] }
        |                                                  ^^^^^^^^
        = did you mean "@stale"?

      error: "other.csv" in alias "b" selects neither a rule nor an output
       --> pipeline.yaml:2:60
        |
      2 | aliases: { bars: [reports], a: [], b: [+brs/BTC, "@stael", other.csv] }
        |                                                            ^^^^^^^^^
        = known rules: bars, reports

      5 errors
      "
    `);
  });
});
