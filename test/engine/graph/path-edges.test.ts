import { describe, expect, it } from 'vitest';
import { awaitsOf, graphOf, idsOf, membersOf, printed, problemsIn } from './graphs.ts';

/** Producers of several kinds, and one consumer of a path. */
function reading(path: string, dimensions = ''): string {
  const names = dimensions === '' ? [] : dimensions.split(', ');
  const out = names.map((name) => `/\${${name}}`).join('');
  return `
dimensions:
  symbol: [BTC, ETH]
  pair: [BTC-USD, BTC]
  quote: [USD, EUR]
  month: { every: month, from: "2025-04-20T00:00:00Z" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  upper: { for: [symbol], out: { text: "out/\${symbol}.txt" }, run: echo }
  twice: { for: [symbol], out: { text: "twice/\${symbol}/\${symbol}.txt" }, run: echo }
  rates: { for: [pair, quote], out: { r: "rates/\${pair}-\${quote}.csv" }, run: echo }
  spans: { for: [symbol, month], out: { s: "spans/\${symbol}/\${month.start}.csv" }, run: echo }
  tree: { for: [symbol], out: { dir: "tree/\${symbol}/" }, run: echo }
  sources: { for: [symbol], out: { s: "s/\${symbol}.json" }, run: echo }
  archive: { for: [symbol, file], out: { zip: "zip/\${symbol}/\${file}.zip" }, run: echo }
  report: { out: { csv: "runs/\${run_id}/r.csv" }, run: echo }
  consumer: { for: [${dimensions}], in: { x: "${path}" }, out: { c: "c${out}/c" }, run: echo }
`;
}

function read(path: string, id = 'consumer', dimensions = ''): readonly string[] {
  return membersOf(graphOf(reading(path, dimensions)), id, 'x');
}

describe('a path that another rule outputs', () => {
  it('is the same edge as naming the rule', () => {
    expect(read('out/ETH.txt')).toEqual(['upper/ETH#text']);
    expect(read('out/${symbol}.txt', 'consumer/BTC', 'symbol')).toEqual(['upper/BTC#text']);
  });

  it('is so whatever way it is written', () => {
    expect(read('./out//ETH.txt')).toEqual(['upper/ETH#text']);
    expect(read('in/../out/./ETH.txt')).toEqual(['upper/ETH#text']);
  });

  it('is read back though a key holds what stands between two', () => {
    expect(read('rates/BTC-USD-EUR.csv')).toEqual(['rates/BTC-USD/EUR#r']);
    expect(read('rates/BTC-USD.csv')).toEqual(['rates/BTC/USD#r']);
    expect(read('rates/BTC-GBP.csv')).toEqual(['file rates/BTC-GBP.csv']);
  });

  it('names each repeated dimension by one key', () => {
    expect(read('twice/BTC/BTC.txt')).toEqual(['twice/BTC#text']);
    expect(read('twice/BTC/ETH.txt')).toEqual(['file twice/BTC/ETH.txt']);
  });

  it('may hold a span in place of the key', () => {
    expect(read('spans/ETH/2025-04-20T00:00:00Z.csv')).toEqual(['spans/ETH/2025-04#s']);
    expect(read('spans/ETH/2025-05-01T00:00:00Z.csv')).toEqual(['spans/ETH/2025-05#s']);
    expect(read('spans/ETH/2025-04-01T00:00:00Z.csv')).toEqual(['file spans/ETH/2025-04-01T00:00:00Z.csv']);
  });

  it('must have the right span beside the right key', () => {
    const yaml = (path: string): string => `
dimensions: { month: { every: month, from: "2025-04-20T00:00:00Z", to: "2025-05-31T23:59:00Z" } }
rules:
  p: { for: [month], out: { p: "p/\${month}_\${month.end}" }, run: echo }
  c: { in: { x: "${path}" }, out: { c: c }, run: echo }
`;
    const of = (path: string) => membersOf(graphOf(yaml(path)), 'c', 'x');
    expect(of('p/2025-04_2025-05-01T00:00:00Z')).toEqual(['p/2025-04#p']);
    expect(of('p/2025-04_2025-06-01T00:00:00Z')).toEqual(['file p/2025-04_2025-06-01T00:00:00Z']);
    expect(of('p/2025-04_whatever')).toEqual(['file p/2025-04_whatever']);
  });

  it('may be a directory, or lie in it', () => {
    expect(read('tree/ETH')).toEqual(['tree/ETH#dir']);
    expect(read('tree/ETH/')).toEqual(['tree/ETH#dir']);
    expect(read('tree/ETH/a/b.txt')).toEqual(['tree/ETH#dir/a/b.txt']);
    expect(read('tree')).toEqual(['file tree']);
    expect(read('tree/ETHER/a.txt')).toEqual(['file tree/ETHER/a.txt']);
  });

  it('merely looks alike: then it is a file', () => {
    for (const path of [
      'out/XRP.txt',
      'out/ETH.txt2',
      'out/sub/ETH.txt',
      'other/out/ETH.txt',
      'outXETH.txt',
      'out/.txt',
    ])
      expect(read(path)).toEqual([`file ${path}`]);
    expect(read('../out/ETH.txt')).toEqual(['file ../out/ETH.txt']);
  });

  it('of a dynamic rule awaits its keys, those of its own symbol and no others', () => {
    const graphed = graphOf(reading('zip/ETH/2024-01.zip'));
    expect(awaitsOf(graphed, 'consumer')).toEqual(['sources/ETH']);
    graphed.graph.provideKeys('file', 'ETH', ['2024-01']);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual(['archive/ETH/2024-01#zip']);
    graphed.graph.provideKeys('file', 'ETH', ['2024-02']);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual(['file zip/ETH/2024-01.zip']);
    graphed.graph.provideKeys('file', 'ETH', undefined);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual(['unavailable archive by sources/ETH']);
  });

  it('awaits no keys when another key of the path is none already', () => {
    const yaml = (path: string): string => `
dimensions:
  side: [bid, ask]
  file: { keys: { rule: names, pointer: /files } }
rules:
  names: { out: { n: names.json }, run: echo }
  p: { for: [file, side], out: { p: "p/\${file}/\${side}" }, run: echo }
  c: { in: { x: "${path}" }, out: { c: c }, run: echo }
`;
    expect(awaitsOf(graphOf(yaml('p/any/bid')), 'c')).toEqual(['names']);
    expect(awaitsOf(graphOf(yaml('p/any/mid')), 'c')).toEqual([]);
    expect(membersOf(graphOf(yaml('p/any/mid')), 'c', 'x')).toEqual(['file p/any/mid']);
  });

  it('of a symbol that there is not awaits nothing and makes no target', () => {
    const graphed = graphOf(reading('zip/XRP/2024-01.zip'));
    expect(awaitsOf(graphed, 'consumer')).toEqual([]);
    expect(graphed.graph.find('sources/XRP')).toBeUndefined();
  });
});

describe('a path of a rule whose keys hang on keys that are given too', () => {
  const chain = (path: string, zip = 'zip/${symbol}/${file}.zip'): string => `
dimensions:
  symbol: { keys: { rule: universe, pointer: /symbols } }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  universe: { out: { u: universe.json }, run: echo }
  sources: { for: [symbol], out: { s: "s/\${symbol}.json" }, run: echo }
  archive: { for: [symbol, file], out: { zip: "${zip}" }, run: echo }
  consumer: { in: { x: "${path}" }, out: { c: c }, run: echo }
`;

  it.each(['zip/ETH/2024-01.zip', 'zip/ETH/*.zip', 'z*/ET?/*-01.zip'])(
    'awaits one after the other: %s',
    (path) => {
      const graphed = graphOf(chain(path));
      const { graph } = graphed;
      expect(awaitsOf(graphed, 'consumer')).toEqual(['universe']);
      graph.provideKeys('symbol', undefined, ['ETH', 'BTC']);
      expect(awaitsOf(graphed, 'consumer')).toEqual(['sources/ETH']);
      graph.provideKeys('file', 'ETH', ['2024-01']);
      expect(membersOf(graphed, 'consumer', 'x')[0]).toBe('archive/ETH/2024-01#zip');
      graph.provideKeys('file', 'ETH', undefined);
      expect(membersOf(graphed, 'consumer', 'x')[0]).toBe('unavailable archive by sources/ETH');
      graph.provideKeys('symbol', undefined, ['BTC']);
      graph.provideKeys('file', 'BTC', ['2024-01']);
      expect(membersOf(graphed, 'consumer', 'x')[0]).toMatch(/^(file|glob) /);
    },
  );

  it.each(['zip/ETH/2024-01.zip', 'zip/*/2024-01.zip'])(
    'is lacking when the first cannot be had: %s',
    (path) => {
      const graphed = graphOf(chain(path));
      graphed.graph.provideKeys('symbol', undefined, undefined);
      expect(membersOf(graphed, 'consumer', 'x')[0]).toBe('unavailable archive by universe');
    },
  );

  it('may hold a span in place of the key that the other keys hang on', () => {
    const graphed = graphOf(chain('zip/2024-01-01T00:00:00Z/b.zip', 'zip/${symbol.start}/${file}.zip'));
    const { graph } = graphed;
    expect(awaitsOf(graphed, 'consumer')).toEqual(['universe']);
    graph.provideKeys('symbol', undefined, ['2023', '2024']);
    expect(awaitsOf(graphed, 'consumer')).toEqual(['sources/2023']);
    graph.provideKeys('file', '2023', ['b']);
    expect(awaitsOf(graphed, 'consumer')).toEqual(['sources/2024']);
    graph.provideKeys('file', '2024', ['a', 'b']);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual(['archive/2024/b#zip']);
    graph.provideKeys('file', '2024', undefined);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual(['unavailable archive by sources/2024']);
  });
});

describe('a glob', () => {
  it('takes the outputs that match, by path, and then the disk', () => {
    expect(read('out/*.txt')).toEqual(['upper/BTC#text', 'upper/ETH#text', 'glob out/*.txt']);
    expect(read('{out,twice/BTC}/B*.txt')).toEqual([
      'upper/BTC#text',
      'twice/BTC#text',
      'glob {out,twice/BTC}/B*.txt',
    ]);
    expect(read('**/ETH.txt')).toEqual(['upper/ETH#text', 'twice/ETH#text', 'glob **/ETH.txt']);
    expect(read('[o]ut/ET?.txt')).toEqual(['upper/ETH#text', 'glob [o]ut/ET?.txt']);
    expect(read('in/*.txt')).toEqual(['glob in/*.txt']);
  });

  it('takes keys that are put in literally', () => {
    const yaml = `
dimensions: { symbol: ["A*", "AB", "[AB]"] }
rules:
  p: { for: [symbol], out: { p: "p/\${symbol}.1.txt" }, run: echo }
  c: { for: [symbol], in: { x: "p/\${symbol}.*.txt" }, out: { c: "c/\${symbol}" }, run: echo }
`;
    const graphed = graphOf(yaml);
    expect(membersOf(graphed, 'c/A*', 'x')).toEqual(['p/A*#p', 'glob p/A\\*.*.txt']);
    expect(membersOf(graphed, 'c/AB', 'x')).toEqual(['p/AB#p', 'glob p/AB.*.txt']);
    expect(membersOf(graphed, 'c/[AB]', 'x')).toEqual(['p/[AB]#p', 'glob p/\\[AB\\].*.txt']);
  });

  it('never takes what its own rule makes, neither as an edge nor from the disk', () => {
    const yaml = `
dimensions: { symbol: [A, B] }
rules:
  p: { for: [symbol], out: { p: "out/\${symbol}.txt" }, run: echo }
  total: { in: { x: "out/*.txt" }, out: { t: out/total.txt, side: "out/side/" }, run: echo }
`;
    expect(problemsIn(yaml)).toBe('');
    expect(membersOf(graphOf(yaml), 'total', 'x')).toEqual([
      'p/A#p',
      'p/B#p',
      'glob out/*.txt !out/total.txt',
    ]);
    const deep = yaml.replace('"out/*.txt"', '"out/**"');
    expect(membersOf(graphOf(deep), 'total', 'x')).toEqual([
      'p/A#p',
      'p/B#p',
      'glob out/** !out/total.txt !out/side/**',
    ]);
  });

  it('takes a numbered output by its edge, and none of the earlier runs on disk', () => {
    expect(read('runs/*/r.csv')).toEqual(['report#csv', 'glob runs/*/r.csv !runs/*/r.csv']);
  });

  it('awaits the keys of a dynamic rule that it may match, and of no other', () => {
    const graphed = graphOf(reading('zip/ETH/*.zip'));
    expect(awaitsOf(graphOf(reading('zip/*/2024.zip')), 'consumer')).toEqual(['sources/BTC', 'sources/ETH']);
    expect(awaitsOf(graphed, 'consumer')).toEqual(['sources/ETH']);
    graphed.graph.provideKeys('file', 'ETH', ['2024-02', '2024-01']);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual([
      'archive/ETH/2024-01#zip',
      'archive/ETH/2024-02#zip',
      'glob zip/ETH/*.zip',
    ]);
    graphed.graph.provideKeys('file', 'ETH', ['2024-03']);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual(['archive/ETH/2024-03#zip', 'glob zip/ETH/*.zip']);
    expect(awaitsOf(graphOf(reading('zip/*.zip')), 'consumer')).toEqual([]);
    expect(awaitsOf(graphOf(reading('zip/ETH/*.csv')), 'consumer')).toEqual([]);
  });

  it('lacks the keys that cannot be had where it may match them, and nowhere else', () => {
    const graphed = graphOf(reading('zip/ETH/*.zip'));
    graphed.graph.provideKeys('file', 'ETH', []);
    graphed.graph.provideKeys('file', 'BTC', undefined);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual(['glob zip/ETH/*.zip']);
    graphed.graph.provideKeys('file', 'ETH', undefined);
    expect(membersOf(graphed, 'consumer', 'x')).toEqual([
      'unavailable archive by sources/ETH',
      'glob zip/ETH/*.zip',
    ]);
  });

  it('finds the same outputs as matching every path by itself', () => {
    const patterns = [
      '**',
      '**/*.txt',
      '*/*',
      'o*/**',
      'out/[B-C]*.txt',
      'twice/**/E*.txt',
      '{out,rates}/*',
      'rates/*-EUR.csv',
      'r?tes/**',
    ];
    for (const pattern of patterns) {
      const graphed = graphOf(reading(pattern).replace(/ {2}(tree|archive|report):.*\n/g, ''));
      const plain = graphOf(reading('nothing').replace(/ {2}(tree|archive|report):.*\n/g, ''));
      const expected = ['upper', 'twice', 'rates', 'spans', 'sources'].flatMap((rule) => idsOf(plain, rule));
      const taken = membersOf(graphed, 'consumer', 'x').flatMap((line) =>
        line.includes('#') ? [line.split('#')[0]] : [],
      );
      expect(taken.every((id) => expected.includes(id ?? ''))).toBe(true);
      expect([pattern, taken.length]).toEqual([pattern, expectedCount[pattern]]);
    }
  });
});

/** Counted by hand: 2 upper, 2 twice, 4 rates, 6 spans (2 symbols × 3 months), 2 sources. */
const expectedCount: Readonly<Record<string, number>> = {
  '**': 16,
  '**/*.txt': 4,
  '*/*': 8,
  'o*/**': 2,
  'out/[B-C]*.txt': 1,
  'twice/**/E*.txt': 1,
  '{out,rates}/*': 6,
  'rates/*-EUR.csv': 2,
  'r?tes/**': 4,
};

describe('a glob into a directory that a rule writes as a whole', () => {
  it('is an error: its files are not known before they are there', () => {
    expect(problemsIn(reading('tree/*/*.txt'))).toMatchInlineSnapshot(`
      "
      error: input "x" of rule "consumer" is a glob into the directory that output "dir" of rule "tree" writes as a whole
        --> pipeline.yaml:18:33
         |
      18 |   consumer: { for: [], in: { x: "tree/*/*.txt" }, out: { c: "c/c" }, run: echo }
         |                                 ^^^^^^^^^^^^^^
         = take the directory: { rule: tree, output: dir }
      note: "tree" declares it here
        --> pipeline.yaml:14:38
         |
      14 |   tree: { for: [symbol], out: { dir: "tree/\${symbol}/" }, run: echo }
         |                                      ^^^^^^^^^^^^^^^^^

      1 error
      "
    `);
    expect(problemsIn(reading('tree/*.txt'))).toBe('');
    expect(problemsIn(reading('other/**'))).toBe('');
  });
});

it('prints nothing where nothing is wrong', () => {
  expect(printed([])).toBe('');
});
