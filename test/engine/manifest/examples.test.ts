import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/engine/json.ts';
import { loadManifest } from '../../../src/engine/manifest/load.ts';
import { load, loaded, optionsFor, workspace, YESTERDAY } from './workspace.ts';

const example = `
version: 1
configs: [configs/base.yaml, configs/data.history.yaml]
dimensions:
  symbol: \${symbols}
  month: { every: month, from: "\${history.start_ts_utc}", to: "\${as_of}" }
  file:  { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  sources:
    for: [symbol]
    out: { sources: "sources/\${symbol}.json" }
    run: "make-sources \${symbol} > \${out.sources}"
  upper:
    for: [symbol]
    in: { text: "in/\${symbol}.txt" }
    out: { text: "out/\${symbol}.txt" }
    run: "tr a-z A-Z < \${in.text} > \${out.text}"
  total:
    in: { parts: { rule: upper } }
    out: { report: out/total.txt }
    task: ./tasks/total.ts
    params: { currency: "\${currency}" }
    pool: cpu
    retries: 2
    partitions: closed
`;
const files = {
  'pipeline.yaml': example,
  'configs/base.yaml': 'currency: EUR\nsymbols: [A]\n',
  'configs/data.history.yaml': 'symbols: [BTC, ETH]\nhistory: { start_ts_utc: "2024-01-01T00:00:00Z" }\n',
  'tasks/total.ts': '',
};

describe('the example of the manifest', () => {
  it('loads without diagnostics', () => {
    const result = load(files);
    expect(result.ok && result.warnings).toEqual([]);
  });

  it('becomes plain data with config values put in and keys open', () => {
    const manifest = loaded(files);
    expect(manifest.files).toEqual(['pipeline.yaml', 'configs/base.yaml', 'configs/data.history.yaml']);
    expect(manifest.asOf).toBe(YESTERDAY);
    expect([...manifest.pools]).toEqual([['cpu', availableParallelism()]]);
    expect([...manifest.dimensions.values()]).toMatchObject([
      { name: 'symbol', kind: 'list', keys: ['BTC', 'ETH'] },
      { name: 'month', kind: 'calendar', every: 'month', from: Date.UTC(2024, 0), to: Date.UTC(2024, 5, 15) },
      { name: 'file', kind: 'dynamic', of: 'symbol', rule: 'sources', output: 'sources', pointer: '/files' },
    ]);
    expect([...manifest.rules.keys()]).toEqual(['sources', 'upper', 'total']);
    expect(manifest.rules.get('upper')).toMatchObject({
      for: ['symbol'],
      inputs: [
        {
          kind: 'path',
          name: 'text',
          glob: false,
          template: { parts: ['in/', { kind: 'dimension', name: 'symbol' }, '.txt'] },
        },
      ],
      outputs: [{ name: 'text', directory: false }],
      action: {
        kind: 'run',
        template: {
          parts: ['tr a-z A-Z < ', { kind: 'in', name: 'text' }, ' > ', { kind: 'out', name: 'text' }],
        },
      },
      pool: 'cpu',
      default: true,
      reads: [],
    });
    expect(manifest.rules.get('total')).toMatchObject({
      inputs: [
        { kind: 'rule', name: 'parts', rule: 'upper', output: 'text', optional: false, failed: 'block' },
      ],
      action: { kind: 'module', path: 'tasks/total.ts' },
      params: [['currency', { kind: 'value', value: 'EUR' }]],
      retries: 2,
      partitions: 'closed',
      reads: ['currency'],
    });
  });
});

describe('a manifest with damage in it', () => {
  it('is told what is wrong, at a place that exists, and nothing is thrown', () => {
    const folder = workspace(files);
    const damage = fc.record({
      at: fc.nat(example.length),
      cut: fc.nat(12),
      put: fc.string({
        unit: fc.constantFrom(
          '$',
          '{',
          '}',
          '[',
          ']',
          ':',
          ' ',
          '"',
          '\n',
          '-',
          '#',
          '&',
          '*',
          'a',
          '0',
          '/',
        ),
        maxLength: 4,
      }),
    });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (wounds) => {
        const text = wounds.reduce(
          (each, { at, cut, put }) => each.slice(0, at) + put + each.slice(at + cut),
          example,
        );
        writeFileSync(join(folder, 'pipeline.yaml'), text);
        const result = loadManifest(optionsFor(folder));
        const told = result.ok ? result.warnings : result.diagnostics;
        expect(result.ok || told.some(({ severity }) => severity === 'error')).toBe(true);
        for (const { place } of told) {
          if (place === undefined || place.file !== 'pipeline.yaml') continue;
          expect(text.split('\n')[place.line - 1]).toBe(place.text);
          expect(place.column + place.length).toBeLessThanOrEqual(
            Math.max(place.text.length + 1, place.column + 1),
          );
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('the manifest of the market', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  // What follows from the market, the market's own schema adds.
  const following = { folder: 'binance', rest_url: 'https://rest.example', listed: null, unlisted: null };
  const complete = (config: Json): Json => {
    const base = members(config);
    return {
      ...base,
      binance: { ...members(base['binance'] ?? null), ...following },
      features: { ...members(base['features'] ?? null), resampled: ['1h'] },
      halts: { ...members(base['halts'] ?? null), in_force: null },
    };
  };
  it('loads without diagnostics', () => {
    const tasks = [
      ...readFileSync(new URL('../../../pipeline.yaml', import.meta.url), 'utf8').matchAll(
        /^ +task: (\S+)$/gm,
      ),
    ];
    const result = loadManifest({
      ...optionsFor(root),
      builtinTasks: tasks.map(([, name = '']) => name),
      configSchema: {
        check: () => [],
        complete,
        known: [
          ...Object.keys(following).map((name) => `binance.${name}`),
          'features.intervals',
          'monitoring.metrics',
          'notify',
          'features.resampled',
          ...['version', 'spot', 'um', 'cm', 'in_force'].map((name) => `halts.${name}`),
        ],
      },
    });
    expect(result.ok ? result.warnings : result.diagnostics).toEqual([]);
    expect(result.ok && [...result.value.aliases.keys()]).toEqual(['coverage', 'gaps', 'quality']);
  });
});

function members(value: Json): Readonly<Record<string, Json>> {
  return value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value)) : {};
}
