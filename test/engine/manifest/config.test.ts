import { describe, expect, it } from 'vitest';
import { configSchema, load, loaded, mistakes, RULE } from './workspace.ts';

const manifest = (configs: string, params = ''): string =>
  `version: 1\nconfigs: [${configs}]\n${RULE}    params: {${params}}\n`;
const withConfig = (config: string, params: string) => ({
  'pipeline.yaml': manifest('c.yaml', params),
  'c.yaml': config,
});
const configOf = (config: string, set: readonly string[] = []) =>
  loaded(withConfig(config, ''), { set }).config;

describe('config files', () => {
  it('are merged in order: maps deeply, anything else by the later one', () => {
    const files = {
      'pipeline.yaml': manifest('a.yaml, b.yaml'),
      'a.yaml': 'x: { p: 1, q: { r: [1, 2] } }\ny: { z: 1 }\n',
      'b.yaml': 'x: { q: { r: [3], s: 4 } }\ny: null\n',
    };
    expect(loaded(files).config).toEqual({ x: { p: 1, q: { r: [3], s: 4 } }, y: null });
  });

  it('may be empty', () => {
    expect(configOf('# nothing yet\n')).toEqual({});
  });

  it('must be there', () => {
    expect(
      mistakes({ 'pipeline.yaml': manifest('configs/bse.yaml, other.yaml'), 'configs/base.yaml': '' }),
    ).toMatchInlineSnapshot(`
      "
      error: cannot read the config file "configs/bse.yaml": there is no such file
       --> pipeline.yaml:2:11
        |
      2 | configs: [configs/bse.yaml, other.yaml]
        |           ^^^^^^^^^^^^^^^^
        = did you mean "configs/base.yaml"?

      error: cannot read the config file "other.yaml": there is no such file
       --> pipeline.yaml:2:29
        |
      2 | configs: [configs/bse.yaml, other.yaml]
        |                             ^^^^^^^^^^
        = write the file, or take it out of "configs"

      2 errors
      "
    `);
  });

  it('must hold maps', () => {
    expect(mistakes(withConfig('- a\n', ''))).toMatchInlineSnapshot(`
      "
      error: the config file "c.yaml" must hold a map
       --> c.yaml:1:1
        |
      1 | - a
        | ^^^
        = write "key: value" lines

      1 error
      "
    `);
  });

  it('leave no false alarms behind when they cannot be read', () => {
    expect(mistakes(withConfig('a: [\n', 'a: "${a}", b: "${b.c}"'))).toMatchInlineSnapshot(`
      "
      error: this is not YAML: flow sequence in block collection must be sufficiently indented and end with a ]
       --> c.yaml:2:1
        |
      2 |
        | ^

      1 error
      "
    `);
  });

  it('cannot take a name that has a meaning', () => {
    expect(mistakes(withConfig('as_of: x\nrun_id: 1\n', ''))).toMatchInlineSnapshot(`
      "
      error: a config value cannot be called "as_of": \${as_of} has a meaning of its own
       --> c.yaml:1:1
        |
      1 | as_of: x
        | ^^^^^

      error: a config value cannot be called "run_id": \${run_id} has a meaning of its own
       --> c.yaml:2:1
        |
      2 | run_id: 1
        | ^^^^^^

      2 errors
      "
    `);
  });
});

describe('references between config values', () => {
  it('keep the type when they stand alone, and become text elsewhere', () => {
    const config =
      'a: ${b}\nb: { list: [1, two], none: null, yes: true }\nc: ${b.list}\nd: "${b.yes}-${n}"\nn: 1.5\ne: $${b} costs 5$ or $$5\n';
    expect(configOf(config)).toEqual({
      a: { list: [1, 'two'], none: null, yes: true },
      b: { list: [1, 'two'], none: null, yes: true },
      c: [1, 'two'],
      d: 'true-1.5',
      n: 1.5,
      e: '${b} costs 5$ or $5',
    });
  });

  it('look into values that are references themselves', () => {
    expect(configOf('a: ${b}\nb: ${c}\nc: { d: { e: deep } }\nf: ${a.d.e}\n')).toMatchObject({ f: 'deep' });
  });

  it('may name the as-of', () => {
    expect(configOf('a: until ${as_of}\n')).toEqual({ a: 'until 2024-06-14T23:59:00Z' });
  });

  it('are refused when they go round in a circle, the whole of which is named', () => {
    expect(
      mistakes(withConfig('a: x${b.c}\nb: { c: "${d}" }\nd: ${a}\ne: ${e}\n', '')),
    ).toMatchInlineSnapshot(`
      "
      error: config values refer to each other in a circle: a → b.c → d → a
       --> c.yaml:3:4
        |
      3 | d: \${a}
        |    ^^^^
        = write one of them out

      error: config values refer to each other in a circle: e → e
       --> c.yaml:4:4
        |
      4 | e: \${e}
        |    ^^^^
        = write one of them out

      2 errors
      "
    `);
    expect(mistakes(withConfig('a: { b: "${a}" }\n', ''))).toMatchInlineSnapshot(`
      "
      error: config values refer to each other in a circle: a → a.b → a
       --> c.yaml:1:10
        |
      1 | a: { b: "\${a}" }
        |          ^^^^
        = write one of them out

      1 error
      "
    `);
  });

  it('are refused when they name nothing', () => {
    expect(
      mistakes(withConfig('paths: { raw: data }\na: ${paths.rwa}\nb: ${elsewhere}\n', '')),
    ).toMatchInlineSnapshot(`
      "
      error: unknown config value "paths.rwa"
       --> c.yaml:2:4
        |
      2 | a: \${paths.rwa}
        |    ^^^^^^^^^^^^
        = did you mean "paths.raw"?

      error: unknown config value "elsewhere"
       --> c.yaml:3:4
        |
      3 | b: \${elsewhere}
        |    ^^^^^^^^^^^^
        = known config values: as_of, paths, paths.raw, a, b

      2 errors
      "
    `);
  });

  it('are refused when they are not closed or empty', () => {
    expect(mistakes(withConfig('a: "one ${b"\nb: ${ }\n', ''))).toMatchInlineSnapshot(`
      "
      error: "\${" is not closed by "}"
       --> c.yaml:1:9
        |
      1 | a: "one \${b"
        |         ^^
        = write \${name}, or $\${ for a dollar sign and a brace

      error: "\${ }" names nothing
       --> c.yaml:2:4
        |
      2 | b: \${ }
        |    ^^^^
        = write the name of a value between the braces

      2 errors
      "
    `);
  });

  it('are refused where a list, a map or null would become part of a text', () => {
    expect(
      mistakes(withConfig('l: [1]\nm: {x: 1}\nn: null\na: x${l}\nb: x${m}\nc: x${n}\n', '')),
    ).toMatchInlineSnapshot(`
      "
      error: \${l} is a list and cannot be part of a text
       --> c.yaml:4:5
        |
      4 | a: x\${l}
        |     ^^^^
        = only a reference that stands alone keeps its type

      error: \${m} is a map and cannot be part of a text
       --> c.yaml:5:5
        |
      5 | b: x\${m}
        |     ^^^^
        = only a reference that stands alone keeps its type

      error: \${n} is nothing (null) and cannot be part of a text
       --> c.yaml:6:5
        |
      6 | c: x\${n}
        |     ^^^^
        = set the value, or let the reference stand alone

      3 errors
      "
    `);
  });

  it('leave no second mistake behind where they are used', () => {
    const files = {
      ...withConfig('symbols: ${nowhere}\n', ''),
      'pipeline.yaml': `version: 1\nconfigs: [c.yaml]\ndimensions:\n  s: \${symbols}\n${RULE}`,
    };
    expect(mistakes(files)).toMatchInlineSnapshot(`
      "
      error: unknown config value "nowhere"
       --> c.yaml:1:10
        |
      1 | symbols: \${nowhere}
        |          ^^^^^^^^^^
        = known config values: as_of, symbols

      1 error
      "
    `);
  });
});

describe('references of rules to the config', () => {
  it('name values that are there', () => {
    expect(mistakes(withConfig('market: spot\n', 'a: "${markt}", b: "${market.x}"'))).toMatchInlineSnapshot(`
      "
      error: unknown reference \${markt}
       --> pipeline.yaml:7:18
        |
      7 |     params: {a: "\${markt}", b: "\${market.x}"}
        |                  ^^^^^^^^
        = did you mean "market"?

      error: unknown reference \${market.x}
       --> pipeline.yaml:7:33
        |
      7 |     params: {a: "\${markt}", b: "\${market.x}"}
        |                                 ^^^^^^^^^^^
        = did you mean "market"?

      2 errors
      "
    `);
  });

  it('name values that are set', () => {
    const options = { configSchema: configSchema(['binance.rest_url', 'market']) };
    expect(
      mistakes(withConfig('market: spot\n', 'a: "${binance.rest_url}"'), options),
    ).toMatchInlineSnapshot(`
      "
      error: the config value "binance.rest_url" is not set
       --> pipeline.yaml:7:18
        |
      7 |     params: {a: "\${binance.rest_url}"}
        |                  ^^^^^^^^^^^^^^^^^^^
        = set it in a config file, or with --set binance.rest_url=…

      1 error
      "
    `);
  });

  it('may name values that the schema adds', () => {
    const schema = {
      ...configSchema(['url', 'market']),
      complete: () => ({ market: 'spot', url: 'https://x' }),
    };
    const rule = loaded(withConfig('market: spot\n', 'a: "${url}"'), { configSchema: schema }).rules.get(
      'hello',
    );
    expect(rule?.params).toEqual([['a', { kind: 'value', value: 'https://x' }]]);
  });
});

describe('--set', () => {
  it('is read as YAML and wins', () => {
    const set = ['a.b=2', 'list=["x", y]', 'a.c=${a.b}', 'n='];
    expect(configOf('a: { b: 1, c: 1 }\nlist: []\nn: 1\n', set)).toEqual({
      a: { b: 2, c: 2 },
      list: ['x', 'y'],
      n: null,
    });
  });

  it('may set what only the schema knows', () => {
    const options = {
      set: ['binance.rest_url=http://localhost'],
      configSchema: configSchema(['binance.rest_url']),
    };
    expect(loaded(withConfig('', ''), options).config).toEqual({ binance: { rest_url: 'http://localhost' } });
  });

  it('is wrong for names that nobody knows, without a value, within a list, and where YAML is wrong', () => {
    const set = [
      'symbls=[A]',
      'symbols',
      '=1',
      'symbols.first=A',
      'market=[spot',
      'market={a: ${b}}',
      'market=${markt}',
    ];
    expect(mistakes(withConfig('symbols: [A]\nmarket: spot\n', ''), { set })).toMatchInlineSnapshot(`
      "
      error: --set of an unknown config value "symbls"
       --> --set:1:1
        |
      1 | symbls=[A]
        | ^^^^^^
        = did you mean "symbols"?

      error: "symbols" is not of the form key=value
       --> --set:1:1
        |
      1 | symbols
        | ^^^^^^^
        = for example --set market=spot

      error: "=1" is not of the form key=value
       --> --set:1:1
        |
      1 | =1
        | ^
        = for example --set market=spot

      error: --set of an unknown config value "symbols.first"
       --> --set:1:1
        |
      1 | symbols.first=A
        | ^^^^^^^^^^^^^
        = known config values: symbols, market

      error: unknown config value "markt"
       --> --set:1:8
        |
      1 | market=\${markt}
        |        ^^^^^^^^
        = did you mean "market"?

      error: a bare \${b} inside { } or [ ] is not YAML: its brace begins a map
       --> --set:1:12
        |
      1 | market={a: \${b}}
        |            ^^^^
        = quote it: "\${b}"

      error: this is not YAML: flow sequence must end with a ]
       --> --set:1:13
        |
      1 | market=[spot
        |             ^

      7 errors
      "
    `);
  });
});

describe('the schema of the config', () => {
  const check = () => [
    { path: ['market'], message: 'must be spot, um or cm' },
    { path: ['symbols', 1], message: 'must be a text' },
    { path: ['limits', 'max'], message: 'must be positive' },
    { path: ['interval'], message: 'is missing' },
    { path: [], message: 'must not be so' },
  ];

  it('has its issues placed where the value was written last', () => {
    const files = {
      'pipeline.yaml': manifest('a.yaml, b.yaml'),
      'a.yaml': 'market: spot\nsymbols: [A, 1]\nlimits: {}\n',
      'b.yaml': 'symbols: [A, 2]\n',
    };
    const options = { set: ['market=moon'], configSchema: configSchema(['market', 'interval'], check) };
    expect(mistakes(files, options)).toMatchInlineSnapshot(`
      "
      error: the config value "market": must be spot, um or cm
       --> --set:1:8
        |
      1 | market=moon
        |        ^^^^

      error: the config value "limits.max": must be positive
       --> a.yaml:3:1
        |
      3 | limits: {}
        | ^^^^^^

      error: the config value "interval": is missing
       --> b.yaml:1:1
        |
      1 | symbols: [A, 2]
        | ^^^^^^^^^^^^^^^

      error: the config: must not be so
       --> b.yaml:1:1
        |
      1 | symbols: [A, 2]
        | ^^^^^^^^^^^^^^^

      error: the config value "symbols.1": must be a text
       --> b.yaml:1:14
        |
      1 | symbols: [A, 2]
        |              ^

      5 errors
      "
    `);
  });

  it('sees values with their references filled in, and is not asked to complete what is wrong', () => {
    const seen: unknown[] = [];
    const complete = (): never => {
      throw new Error('must not be called');
    };
    const schema = {
      known: ['url'],
      check: (config: unknown) => {
        seen.push(config);
        return [{ path: ['a'], message: 'is wrong' }];
      },
      complete,
    };
    const result = load(withConfig('a: ${b}\nb: 1\n', 'u: "${url}"'), { configSchema: schema });
    expect(seen).toEqual([{ a: 1, b: 1 }]);
    expect(result.ok ? [] : result.diagnostics.map(({ message }) => message)).toEqual([
      'the config value "a": is wrong',
    ]);
  });
});

describe('config values that nothing reads', () => {
  it('draw a warning each', () => {
    const config =
      'used: { a: 1 }\nwhole: { b: 1 }\nidle: { c: 1, d: [1] }\nvia: ${used.a}\nmarkt: x\nknown: 1\nfree: { anything: 1 }\n';
    const options = { configSchema: configSchema(['known', 'market', 'free']) };
    expect(mistakes(withConfig(config, 'w: "${whole}"'), options)).toMatchInlineSnapshot(`
      "
      warning: the config value "idle.c" is not used
       --> c.yaml:3:9
        |
      3 | idle: { c: 1, d: [1] }
        |         ^
        = remove it, or read it as \${idle.c}

      warning: the config value "idle.d" is not used
       --> c.yaml:3:15
        |
      3 | idle: { c: 1, d: [1] }
        |               ^
        = remove it, or read it as \${idle.d}

      warning: the config value "via" is not used
       --> c.yaml:4:1
        |
      4 | via: \${used.a}
        | ^^^
        = remove it, or read it as \${via}

      warning: the config value "markt" is not used
       --> c.yaml:5:1
        |
      5 | markt: x
        | ^^^^^
        = did you mean "market"?

      4 warnings
      "
    `);
  });

  it('are read by settings, dimensions, pools and the as-of too', () => {
    const files = {
      'c.yaml': 's: 1\nkeys: [a]\np: 2\nt: null\nfrom: "2024-01-01T00:00Z"\n',
      'pipeline.yaml': `version: 1\nconfigs: [c.yaml]\nas_of: \${t}\ndimensions:\n  d: \${keys}\n  m: { every: month, from: "\${from}" }\npools: { cpu: "\${p}" }\n${RULE}    settings: { s: "\${s}" }\n`,
    };
    const result = load(files);
    expect(result.ok && result.warnings).toEqual([]);
  });
});
