import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/engine/graph/graph.ts';
import type { Selector } from '../../../src/engine/graph/selector.ts';
import { parseSelectors } from '../../../src/engine/graph/selector.ts';
import { checkMatches } from '../../../src/engine/select.ts';
import type { Span } from '../../../src/engine/task.ts';
import { manifestOf, printed } from './graphs.ts';

const YAML = `
dimensions:
  symbol: [BTCUSDT, ETHUSDT, BTCEUR]
  month: { every: month, from: "2024-01-01T00:00:00Z", to: "2024-06-30T23:59:00Z" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
aliases:
  tables: [bars, "+reports"]
  fresh: ["bars/BTC*"]
  late: "@stale"
rules:
  sources: { for: [symbol], out: { s: "s/\${symbol}.json" }, run: echo }
  archive: { for: [symbol, file], out: { zip: "zip/\${symbol}/\${file}.zip" }, run: echo }
  bars: { for: [symbol, month], out: { bars: "data/\${symbol}/\${month}.parquet" }, run: echo }
  reports: { out: { csv: "reports/runs/\${run_id}/r.csv", all: reports/all, tree: "reports/tree/" }, run: echo }
  extra: { out: { x: extra.txt }, run: echo, default: false }
`;

function parsed(texts: readonly string[], between?: Span) {
  const manifest = manifestOf(YAML);
  return { manifest, result: parseSelectors(texts, manifest, between) };
}

/** What is selected, a line each: targets for rules, the rest as it stands. */
function selected(texts: string | readonly string[], between?: Span): readonly string[] {
  const { manifest, result } = parsed(typeof texts === 'string' ? [texts] : texts, between);
  if (!result.ok) throw new Error(printed(result.diagnostics));
  const graph = new Graph(manifest);
  for (const symbol of ['BTCUSDT', 'ETHUSDT', 'BTCEUR'])
    graph.provideKeys('file', symbol, ['2024-01', '2024-02-05', 'b', 'c']);
  return result.value.flatMap((selector) => describedBy(graph, selector));
}

function describedBy(graph: Graph, selector: Selector): readonly string[] {
  if (selector.kind === 'state') return [`@${selector.state}`];
  const reach = `${selector.needs ? ' needs' : ''}${selector.dependents ? ' dependents' : ''}`;
  if (selector.kind === 'path') return [`path ${selector.path}${reach}`];
  return graph
    .enumerate(selector.rule, selector.filter)
    .targets.map((index) => `${graph.target(index).id}${reach}`);
}

function refused(...texts: readonly string[]): string {
  const { result } = parsed(texts);
  return result.ok ? '' : printed(result.diagnostics);
}

const months = (symbol: string, ...numbers: readonly number[]): readonly string[] =>
  numbers.map((month) => `bars/${symbol}/2024-0${month}`);

describe('a selector', () => {
  it('names a rule, and its first keys', () => {
    expect(selected('bars')).toHaveLength(18);
    expect(selected('bars/ETHUSDT')).toEqual(months('ETHUSDT', 1, 2, 3, 4, 5, 6));
    expect(selected('bars/ETHUSDT/2024-03')).toEqual(months('ETHUSDT', 3));
    expect(selected('bars//2024-03')).toHaveLength(3);
    expect(selected('bars/')).toHaveLength(18);
  });

  it('takes globs within a key', () => {
    expect(selected('bars/BTC*/2024-03')).toEqual([...months('BTCUSDT', 3), ...months('BTCEUR', 3)]);
    expect(selected('bars/*USDT/*-0*')).toHaveLength(12);
    expect(selected('bars/B*C*T/2024-01')).toEqual(months('BTCUSDT', 1));
    expect(selected('bars/XRP*')).toEqual([]);
  });

  it('takes ranges: of time by overlap, of a list in its order', () => {
    expect(selected('bars/ETHUSDT/2024-02..2024-04')).toEqual(months('ETHUSDT', 2, 3, 4));
    expect(selected('bars/ETHUSDT/2024-02-29..2024-03-01')).toEqual(months('ETHUSDT', 2, 3));
    expect(selected('bars/ETHUSDT/2024..2024')).toHaveLength(6);
    expect(selected('bars/ETHUSDT/..2024-02')).toEqual(months('ETHUSDT', 1, 2));
    expect(selected('bars/ETHUSDT/2024-05..')).toEqual(months('ETHUSDT', 5, 6));
    expect(selected('bars/ETHUSDT..BTCEUR/2024-01')).toEqual([
      ...months('ETHUSDT', 1),
      ...months('BTCEUR', 1),
    ]);
    expect(selected('bars/ETHUSDT../2024-01')).toEqual([...months('ETHUSDT', 1), ...months('BTCEUR', 1)]);
    expect(selected('bars/..ETHUSDT/2024-01')).toEqual([...months('BTCUSDT', 1), ...months('ETHUSDT', 1)]);
  });

  it('takes dynamic keys that are times by overlap too, and others by their text', () => {
    const archive = (...files: readonly string[]) => files.map((file) => `archive/ETHUSDT/${file}`);
    expect(selected('archive/ETHUSDT/2024-02..2024-03')).toEqual(archive('2024-02-05'));
    expect(selected('archive/ETHUSDT/a..b')).toEqual(archive('b'));
    expect(selected('archive/ETHUSDT/b')).toEqual(archive('b'));
  });

  it('adds what it needs, what needs it, or both', () => {
    expect(selected('+bars/ETHUSDT/2024-01')).toEqual(['bars/ETHUSDT/2024-01 needs']);
    expect(selected('bars/ETHUSDT/2024-01+')).toEqual(['bars/ETHUSDT/2024-01 dependents']);
    expect(selected('+bars/ETHUSDT/2024-01+')).toEqual(['bars/ETHUSDT/2024-01 needs dependents']);
    expect(selected('data/ETHUSDT/2024-01.parquet+')).toEqual([
      'path data/ETHUSDT/2024-01.parquet dependents',
    ]);
  });

  it('may be a state', () => {
    expect(selected(['@stale', '@failed'])).toEqual(['@stale', '@failed']);
  });

  it('may be an alias, whose keys and reach go to all that it stands for', () => {
    expect(selected('fresh')).toHaveLength(12);
    expect(selected('fresh/2024-02')).toEqual([...months('BTCUSDT', 2), ...months('BTCEUR', 2)]);
    expect(selected('tables')).toHaveLength(19);
    expect(selected('tables').at(-1)).toBe('reports needs');
    expect(selected('+fresh/2024-02+')).toEqual(
      [...months('BTCUSDT', 2), ...months('BTCEUR', 2)].map((id) => `${id} needs dependents`),
    );
    expect(selected('late')).toEqual(['@stale']);
  });

  it('may be an output path, also of a rule that is called like its folder, and inside a directory', () => {
    expect(selected('data/ETHUSDT/2024-01.parquet')).toEqual(['path data/ETHUSDT/2024-01.parquet']);
    expect(selected('./data//ETHUSDT/../ETHUSDT/2024-01.parquet')).toEqual([
      'path data/ETHUSDT/2024-01.parquet',
    ]);
    expect(selected('extra.txt')).toEqual(['path extra.txt']);
    expect(selected('reports/runs/2024-01-01-0a1b2c3d/r.csv')).toEqual([
      'path reports/runs/2024-01-01-0a1b2c3d/r.csv',
    ]);
    expect(selected('reports/all')).toEqual(['path reports/all']);
    expect(selected('reports/tree/')).toEqual(['path reports/tree']);
    expect(selected('reports/tree/a/b')).toEqual(['path reports/tree/a/b']);
  });

  it('left out selects every rule but those that are built on request', () => {
    const rules = new Set(selected([]).map((id) => id.split('/')[0]));
    expect([...rules]).toEqual(['sources', 'archive', 'bars', 'reports']);
  });

  it('is narrowed to the partitions that overlap a stretch of time; what has no time stays', () => {
    const march = { start: Date.UTC(2024, 2, 31), end: Date.UTC(2024, 3, 2) };
    expect(selected(['bars/ETHUSDT', 'reports'], march)).toEqual([...months('ETHUSDT', 3, 4), 'reports']);
    expect(selected('archive/ETHUSDT', march)).toEqual(['archive/ETHUSDT/b', 'archive/ETHUSDT/c']);
  });
});

describe('a selector that means nothing', () => {
  it('is answered with the nearest name', () => {
    expect(refused('bar')).toMatchInlineSnapshot(`
      "
      error: unknown selector "bar": no rule, alias or output path of that name
        = did you mean "bars"?

      1 error
      "
    `);
    expect(refused('+brs/ETHUSDT/2024-01+')).toMatchInlineSnapshot(`
      "
      error: unknown selector "+brs/ETHUSDT/2024-01+": no rule, alias or output path of that name
        = did you mean "+bars/ETHUSDT/2024-01+"?

      1 error
      "
    `);
    expect(refused('tabels')).toMatchInlineSnapshot(`
      "
      error: unknown selector "tabels": no rule, alias or output path of that name
        = did you mean "tables"?

      1 error
      "
    `);
  });

  it('is answered with all names where none is near', () => {
    expect(refused('nonsense')).toMatchInlineSnapshot(`
      "
      error: unknown selector "nonsense": no rule, alias or output path of that name
        = rules: sources, archive, bars, reports, extra, tables, fresh, late

      1 error
      "
    `);
    expect(refused('')).toMatchInlineSnapshot(`
      "
      error: unknown selector "": no rule, alias or output path of that name
        = rules: sources, archive, bars, reports, extra, tables, fresh, late

      1 error
      "
    `);
  });

  it('has too many keys', () => {
    expect(refused('bars/ETHUSDT/2024-01/x', 'extra/1')).toMatchInlineSnapshot(`
      "
      error: selector "bars/ETHUSDT/2024-01/x" has 3 keys, and rule "bars" takes the keys symbol/month

      error: selector "extra/1" has 1 key, and rule "extra" takes no keys

      2 errors
      "
    `);
  });

  it('has a key that its dimension cannot have', () => {
    expect(
      refused('bars/ETHUSD', 'bars/*/2024-1', 'bars/*/2024', 'bars/*/2024-04..2024-02'),
    ).toMatchInlineSnapshot(`
      "
      error: selector "bars/ETHUSD": "ETHUSD" is no key of dimension "symbol"
        = did you mean "ETHUSDT"?

      error: selector "bars/*/2024-1": "2024-1" is no key of dimension "month", whose keys look like 2024-01
        = name a month, or a range such as 2024-01..2024-01

      error: selector "bars/*/2024": "2024" is no key of dimension "month", whose keys look like 2024-01
        = "2024..2024" is the range of all that overlaps it

      error: selector "bars/*/2024-04..2024-02": the range "2024-04..2024-02" is empty: time runs the other way
        = write "2024-02..2024-04"

      4 errors
      "
    `);
  });

  it('comes by an alias, and is named as it was typed', () => {
    expect(refused('fresh/2024-1')).toMatchInlineSnapshot(`
      "
      error: selector "fresh/2024-1": "2024-1" is no key of dimension "month", whose keys look like 2024-01
        = name a month, or a range such as 2024-01..2024-01

      1 error
      "
    `);
  });

  it('is a state that there is not', () => {
    expect(refused('@new', '+@stale', '@stale/ETHUSDT')).toMatchInlineSnapshot(`
      "
      error: unknown selector "@new"
        = states that can be selected: @stale, @failed, without keys and without "+"

      error: unknown selector "+@stale"
        = states that can be selected: @stale, @failed, without keys and without "+"

      error: unknown selector "@stale/ETHUSDT"
        = states that can be selected: @stale, @failed, without keys and without "+"

      3 errors
      "
    `);
  });
});

describe('selectors that match no target', () => {
  function unmatched(texts: readonly string[], between?: Span, give?: (graph: Graph) => void): string {
    const { manifest, result } = parsed(texts, between);
    if (!result.ok) throw new Error(printed(result.diagnostics));
    const graph = new Graph(manifest);
    give?.(graph);
    const matches = checkMatches(graph, result.value, texts);
    return matches.ok ? '' : printed(matches.diagnostics);
  }

  it('are named each by itself, though others match', () => {
    expect(unmatched(['bars/ETHUSDT', 'bars/*/2030-01', 'bars/XRP*', 'reports'])).toMatchInlineSnapshot(`
      "
      error: no target matches "bars/*/2030-01"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      error: no target matches "bars/XRP*"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      2 errors
      "
    `);
  });

  it('are none while the keys are still unknown', () => {
    expect(unmatched(['archive/ETHUSDT/2030-01', 'archive'])).toBe('');
    const given = unmatched(['archive/ETHUSDT/2030-01'], undefined, (graph) =>
      graph.provideKeys('file', 'ETHUSDT', ['2024-01']),
    );
    expect(given).toContain('no target matches "archive/ETHUSDT/2030-01"');
  });

  it('are no aliases of which a part matches', () => {
    const never = { start: Date.UTC(2030, 0), end: Date.UTC(2031, 0) };
    expect(unmatched(['tables'], never)).toBe('');
    expect(unmatched(['fresh'], never)).toContain('no target matches "fresh"');
    expect(unmatched([], never)).toBe('');
  });
});
