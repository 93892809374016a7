import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSummaryDocument, summaryDocument, summaryJsonSchema } from '../../../tasks/reports/document.ts';
import { summarize } from '../../../tasks/reports/summarize.ts';
import { cli } from '../../cli/cli.ts';
import { absent, failed, present, symbol } from './facts.ts';
import { reported } from './reported.ts';

const ABOUT = { market: 'spot', interval: '1m', asOf: '2024-03-31T23:59:00Z', haltsVersion: 3 };

const SYMBOLS = [
  {
    ...symbol(
      '2023-01',
      present('2024-01', [['2024-01-31T23:00', '2024-01-31T23:59']], { provisional: 5, duplicates: 2 }),
      present('2024-02', [['2024-02-01', '2024-02-01T00:29']], {
        volume_rule: 1,
        off_grid: 4,
        zero_trade: 7,
      }),
      absent('2024-03', 'not-published'),
    ),
    symbol: 'ETHUSDT',
  },
  symbol('2024-03', absent('2024-01', 'pre-listing'), absent('2024-02', 'pre-listing'), present('2024-03')),
  { ...symbol(null, failed('2024-01', 'archive-corrupt', ['archive/ADAUSDT/2024-01'])), symbol: 'ADAUSDT' },
];

function documentOf(symbols = SYMBOLS, gates?: readonly object[]) {
  const { figures, judgement } = reported(symbols, gates === undefined ? {} : { gates });
  return summarize(figures, judgement, ABOUT);
}

describe('summary.json', () => {
  it('is what its schema says, and read back as it was', () => {
    const document = documentOf();
    expect(summaryDocument.parse(document)).toEqual(document);
    expect(readSummaryDocument(JSON.stringify(document))).toEqual(document);
    expect(readSummaryDocument(JSON.stringify(documentOf([], [])))).toMatchObject({ symbols: [], gates: [] });
  });

  it('sums up the dataset, its symbols and their months', () => {
    const { totals, symbols, as_of, provenance } = documentOf();
    expect(totals).toEqual({
      symbols: 3,
      months: 7,
      expected: 44_640 * 5 + 41_760 * 2,
      present: 44_580 + 41_730 + 44_640,
      missing: 60 + 30 + 44_640 + 86_400 + 44_640,
      excused: 86_400,
      coverage_raw: 0.426936,
      coverage_adjusted: 0.594362,
      gaps: 4,
      longest_gap_minutes: 86_400,
      duplicates: 2,
      off_grid: 4,
      zero_trade: 7,
      rule_breaks: 1,
      missing_by_cause: {
        'pre-listing': 86_400,
        delisted: 0,
        halt: 0,
        quarantined: 44_640,
        'not-published': 44_640,
        'archive-defect': 90,
        'confirmed-empty': 0,
        unknown: 0,
      },
      rows_by_source: { monthly: 130_950, daily: 0, rest: 0 },
    });
    expect(as_of).toBe('2024-03-31T23:59:00Z');
    expect(
      symbols.map(({ symbol: name, status, level, lag_minutes }) => [name, status, level, lag_minutes]),
    ).toEqual([
      ['ETHUSDT', 'absent', 'critical', 44_640],
      ['BTCUSDT', 'ok', 'ok', 0],
      ['ADAUSDT', 'failed', 'critical', null],
    ]);
    expect(symbols[0]).toMatchObject({
      first_ts: '2024-01-01T00:00:00Z',
      last_ts: '2024-02-29T23:59:00Z',
      provisional: 5,
      files: { count: 2 },
      months: [
        { month: '2024-01', status: 'ok', level: 'ok', coverage_raw: 0.998655, missing: 60, excused: 0 },
        { month: '2024-02', status: 'ok', level: 'ok', coverage_raw: 0.999281, missing: 30, excused: 0 },
        { month: '2024-03', status: 'absent', level: 'critical', coverage_raw: 0, coverage_adjusted: 0 },
      ],
    });
    expect(symbols[1]?.months[0]).toMatchObject({ coverage_adjusted: null, level: 'ok', status: 'absent' });
    expect(provenance).toMatchObject({ schema_version: 1, halts_version: 3 });
  });

  it('has digests that change with the sources, and with the gates, and with nothing else', () => {
    const before = documentOf().provenance;
    expect(documentOf().provenance).toEqual(before);
    const [first, ...rest] = SYMBOLS;
    const months = (first?.months ?? []).map((month) =>
      month.kind === 'present'
        ? {
            ...month,
            summary: {
              ...month.summary,
              files: month.summary.files.map((file) => ({ ...file, sha256: '1'.repeat(64) })),
            },
          }
        : month,
    );
    const other = documentOf([{ symbol: 'ETHUSDT', firstFile: '2023-01', months }, ...rest]).provenance;
    expect(other.sources_digest).not.toBe(before.sources_digest);
    expect(other.gates_digest).toBe(before.gates_digest);
    const gates = documentOf(SYMBOLS, []).provenance;
    expect(gates.gates_digest).not.toBe(before.gates_digest);
    expect(gates.sources_digest).toBe(before.sources_digest);
  });

  it('is refused where it is another, with what is wrong', () => {
    const document = documentOf();
    expect(() => readSummaryDocument(JSON.stringify({ ...document, version: 2 }))).toThrow(
      /^version: .*: written by another version\? run pipeline build reports$/,
    );
    expect(() => readSummaryDocument('{}')).toThrow('written by another version');
    expect(() => readSummaryDocument('x')).toThrow(SyntaxError);
  });
});

describe('its JSON schema', () => {
  const generated = `${JSON.stringify(summaryJsonSchema(), null, 2)}\n`;

  it('is the committed one', () => {
    const committed = readFileSync(new URL('../../../configs/summary.schema.json', import.meta.url), 'utf8');
    expect(
      committed === generated,
      'configs/summary.schema.json is out of date: write it again with `npm run schema`',
    ).toBe(true);
  });

  it('is printed by `pipeline schema summary`, and that of the manifest by `pipeline schema`', async () => {
    expect(await cli(['schema', 'summary'])).toEqual({ code: 0, out: generated, err: '' });
    expect((await cli(['schema'])).out).toContain('"rules"');
    expect(await cli(['schema', 'bars'])).toEqual({
      code: 2,
      out: '',
      err: 'error: there is no schema of "bars"\n  = name one of pipeline, summary\n',
    });
  });
});
