/** metrics.prom: what it says, that a server can read it, and what a build with nothing to do changes in it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricsFacts } from '../../../tasks/monitoring/metrics.ts';
import { MOST_FAILURE_SERIES, metricsText } from '../../../tasks/monitoring/metrics.ts';
import { MOST_SYMBOLS } from '../../../tasks/monitoring/metrics-dataset.ts';
import { idleText, succeededAt } from '../../../tasks/monitoring/metrics-idle.ts';
import { parseExposition, seriesOf } from './exposition.ts';
import { COUNTS, documentOf, failedOf, gateOf, runOf, symbolOf } from './fixtures.ts';

function factsOf(changes: Partial<MetricsFacts> = {}): MetricsFacts {
  return {
    run: runOf(),
    machine: {
      disk: { free: 5_000, size: 9_000 },
      data: [{ name: 'raw', bytes: 700 }],
      maxResidentBytes: 123_456,
    },
    endedAt: 1_700_000_000.5,
    succeededAt: 1_700_000_000.5,
    dataset: undefined,
    key: undefined,
    ...changes,
  };
}

const families = async (changes: Partial<MetricsFacts> = {}) =>
  parseExposition(await metricsText(factsOf(changes)));

describe('the metrics of a build', () => {
  it('say what became of the targets of each rule, and how long they ran', async () => {
    const found = await families();
    const of = (name: string, labels: Record<string, string> = {}) =>
      seriesOf(found, `pipeline_build_${name}`, labels);
    expect(of('targets', { rule: 'bars', outcome: 'executed' })).toBe(2);
    expect(of('targets', { rule: 'bars', outcome: 'failed' })).toBe(0);
    expect(of('targets', { rule: 'archive', outcome: 'fresh' })).toBe(3);
    expect(of('target_duration_seconds_sum', { rule: 'bars' })).toBe(2.5);
    expect(of('target_duration_seconds_count', { rule: 'bars' })).toBe(2);
    expect(of('target_duration_seconds_bucket', { rule: 'bars', le: '1' })).toBe(1);
    expect(of('target_duration_max_seconds', { rule: 'bars' })).toBe(2);
    expect(of('target_duration_max_seconds', { rule: 'archive' })).toBeUndefined();
    expect(of('retries', { rule: 'bars' })).toBe(1);
    expect(of('duration_seconds')).toBe(12.5);
    expect(of('end_timestamp_seconds')).toBe(1_700_000_000.5);
    expect(of('success_ratio')).toBe(1);
    expect(of('idle')).toBe(0);
    expect(of('ended', { outcome: 'done' })).toBe(1);
    expect(of('ended', { outcome: 'failed' })).toBe(0);
    expect(of('max_resident_memory_bytes')).toBe(123_456);
    expect(seriesOf(found, 'pipeline_disk_free_bytes')).toBe(5_000);
    expect(seriesOf(found, 'pipeline_disk_size_bytes')).toBe(9_000);
    expect(seriesOf(found, 'pipeline_data_size_bytes', { folder: 'raw' })).toBe(700);
  });

  it('say how fast the downloads were', async () => {
    const none = await families();
    expect(seriesOf(none, 'pipeline_build_download_bytes_per_second')).toBe(0);
    const some = await families({ run: runOf({ downloaded: { bytes: 3_000_000, seconds: 1.5 } }) });
    expect(seriesOf(some, 'pipeline_build_download_bytes')).toBe(3_000_000);
    expect(seriesOf(some, 'pipeline_build_download_seconds')).toBe(1.5);
    expect(seriesOf(some, 'pipeline_build_download_bytes_per_second')).toBe(2_000_000);
  });

  it('count failures by code and host, and say what share went well', async () => {
    const host = 'data.example.org';
    const failures = [
      failedOf('archive/A/1', { code: 'http-server-error', host }),
      failedOf('archive/A/2', { code: 'http-server-error', host }),
      failedOf('archive/A/3'),
    ];
    const counts = { ...COUNTS, executed: 4, failed: 3, blocked: 1 };
    const found = await families({
      run: runOf({ ended: 'failed', counts, failures }),
      succeededAt: undefined,
    });
    expect(seriesOf(found, 'pipeline_build_failures', { code: 'http-server-error', host })).toBe(2);
    expect(seriesOf(found, 'pipeline_build_failures', { code: 'archive-corrupt', host: '' })).toBe(1);
    expect(seriesOf(found, 'pipeline_build_success_ratio')).toBe(0.5);
    expect(seriesOf(found, 'pipeline_build_ended', { outcome: 'failed' })).toBe(1);
    expect(found.has('pipeline_build_success_timestamp_seconds')).toBe(false);
  });

  it('have a bounded number of series for failures: the most frequent ones, and one for the rest', async () => {
    const failures = Array.from({ length: 1_000 }, (_, at) =>
      failedOf(`t/${at}`, { host: `host-${at % 200}` }),
    );
    const found = await families({
      run: runOf({ failures: [...failures, failedOf('t/x', { host: 'host-3' })] }),
    });
    const samples = found.get('pipeline_build_failures')?.samples ?? [];
    expect(samples).toHaveLength(MOST_FAILURE_SERIES);
    expect(samples[0]).toMatchObject({ labels: { host: 'host-3' }, value: 6 });
    expect(samples.at(-1)).toMatchObject({ labels: { code: 'other', host: 'other' }, value: 5 * 151 });
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(1_001);
  });

  it('can be read whatever rules, codes, hosts and symbols are called', async () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(name, name, name, async (rule, code, symbol) => {
        const rules = [{ rule, counts: { ...COUNTS, failed: 7 }, seconds: [1], retries: 2 }];
        const found = await families({
          run: runOf({ rules, failures: [failedOf('t', { code })] }),
          dataset: documentOf({ symbols: [symbolOf(symbol, { gaps: 4 })] }),
        });
        expect(seriesOf(found, 'pipeline_build_targets', { rule, outcome: 'failed' })).toBe(7);
        expect(seriesOf(found, 'pipeline_build_failures', { code, host: '' })).toBe(1);
        expect(seriesOf(found, 'pipeline_symbol_gaps', { symbol })).toBe(4);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the metrics of the dataset', () => {
  it('say how each symbol is, in base units', async () => {
    const found = await families({
      dataset: documentOf({
        verdict: { level: 'critical', sentence: 'Too much is missing.' },
        symbols: [
          symbolOf('BTCUSDT', {
            level: 'critical',
            lag_minutes: 3,
            longest_gap_minutes: 2,
            coverage_raw: 0.5,
          }),
          symbolOf('ETHUSDT', { lag_minutes: null, coverage_raw: null, coverage_adjusted: null }),
        ],
      }),
    });
    const of = (name: string, symbol: string) => seriesOf(found, `pipeline_symbol_${name}`, { symbol });
    expect(of('coverage_raw_ratio', 'BTCUSDT')).toBe(0.5);
    expect(of('coverage_adjusted_ratio', 'BTCUSDT')).toBe(1);
    expect(of('lag_seconds', 'BTCUSDT')).toBe(180);
    expect(of('longest_gap_seconds', 'BTCUSDT')).toBe(120);
    expect(of('gaps', 'BTCUSDT')).toBe(1);
    expect(of('missing_bars', 'BTCUSDT')).toBe(10);
    expect(of('level', 'BTCUSDT')).toBe(3);
    expect(of('level', 'ETHUSDT')).toBe(0);
    expect(of('lag_seconds', 'ETHUSDT')).toBeUndefined();
    expect(of('coverage_raw_ratio', 'ETHUSDT')).toBeUndefined();
    expect(seriesOf(found, 'pipeline_dataset_level')).toBe(3);
    expect(seriesOf(found, 'pipeline_dataset_as_of_timestamp_seconds')).toBe(
      Date.parse('2024-01-31T23:59Z') / 1000,
    );
    expect(seriesOf(found, 'pipeline_dataset_duplicate_rows')).toBe(3);
    expect(seriesOf(found, 'pipeline_dataset_missing_bars', { cause: 'halt' })).toBe(20);
    expect(seriesOf(found, 'pipeline_dataset_missing_bars', { cause: 'unknown' })).toBe(0);
  });

  it('add gates up that differ in their threshold alone', async () => {
    const gates = [
      gateOf({ level: 'warning', broken: 1 }),
      gateOf({ level: 'warning', broken: 2, threshold: 0.9 }),
      gateOf({ broken: 4 }),
    ];
    const found = await families({ dataset: documentOf({ gates }) });
    const of = (level: string) =>
      seriesOf(found, 'pipeline_gate_broken_units', { check: 'coverage', level, scope: 'month' });
    expect([of('warning'), of('critical')]).toEqual([3, 4]);
  });

  it('leave the symbols out where there are too many, and tell the totals', async () => {
    const symbols = Array.from({ length: MOST_SYMBOLS + 1 }, (_, at) => symbolOf(`S${at}USDT`));
    const found = await families({ dataset: documentOf({ symbols }) });
    expect(found.has('pipeline_symbol_gaps')).toBe(false);
    expect(seriesOf(found, 'pipeline_dataset_symbols')).toBe(MOST_SYMBOLS + 1);
  });

  it('know no months: a longer history has no more series', async () => {
    const month = {
      status: 'ok',
      level: 'ok',
      coverage_raw: 1,
      coverage_adjusted: 1,
      missing: 0,
      excused: 0,
    } as const;
    const months = ['2024-01', '2024-02', '2024-03'].map((each) => ({ month: each, ...month }));
    const long = await metricsText(
      factsOf({ dataset: documentOf({ symbols: [symbolOf('A', { months })] }) }),
    );
    const short = await metricsText(factsOf({ dataset: documentOf({ symbols: [symbolOf('A')] }) }));
    expect(long).toBe(short);
  });
});

describe('a build with nothing to do', () => {
  const idle = { endedAt: 1_700_000_900, seconds: 0.25 };

  it('changes the time stamps of the text that is there, and nothing else', async () => {
    const before = await metricsText(factsOf({ dataset: documentOf(), key: 'reports/x 1 2' }));
    const after = idleText(before, { ...idle, key: 'reports/x 1 2' }) ?? '';
    const changed = after.split('\n').filter((line, at) => line !== before.split('\n')[at]);
    expect(changed).toEqual([
      'pipeline_build_end_timestamp_seconds 1700000900',
      'pipeline_build_success_timestamp_seconds 1700000900',
      'pipeline_build_duration_seconds 0.25',
      'pipeline_build_idle 1',
    ]);
    expect(after.split('\n')).toHaveLength(before.split('\n').length);
    expect(parseExposition(after).size).toBe(parseExposition(before).size);
  });

  it('has the text made anew where it tells of other reports, or is none of ours', async () => {
    const before = await metricsText(factsOf({ key: 'reports/x 1 2' }));
    expect(idleText(before, { ...idle, key: 'reports/y 1 2' })).toBeUndefined();
    expect(idleText(before, { ...idle, key: undefined })).toBeDefined();
    expect(idleText('', { ...idle, key: undefined })).toBeUndefined();
    expect(idleText(before.replace('metrics 1', 'metrics 2'), { ...idle, key: undefined })).toBeUndefined();
    expect(
      idleText(before.replace(/^pipeline_build_idle .*$/m, ''), { ...idle, key: undefined }),
    ).toBeUndefined();
  });

  it.each(['failed', 'interrupted', 'broken'] as const)(
    'has the text made anew after one that ended as %s: no failure stands beside a build that is done',
    async (ended) => {
      const run = runOf({ ended, failures: [failedOf('bars/A/1')] });
      const before = await metricsText(factsOf({ run, dataset: documentOf(), key: 'reports/x 1 2' }));
      expect(idleText(before, { ...idle, key: 'reports/x 1 2' })).toBeUndefined();
    },
  );

  it('has a key on one line, whatever the path is called', async () => {
    const key = 'reports/a\nb"c/summary.json 1 2';
    const before = await metricsText(factsOf({ key }));
    expect(parseExposition(before).size).toBeGreaterThan(0);
    expect(idleText(before, { ...idle, key })).toBeDefined();
  });

  it('keeps every byte but those, also where they were taken for Latin-1', async () => {
    const symbols = Array.from({ length: 300 }, (_, at) => symbolOf(`Ж${at}`));
    const key = 'reports/Ж→/summary.json 1 2';
    const before = await metricsText(factsOf({ dataset: documentOf({ symbols }), key }));
    const bytes = Buffer.from(before).toString('latin1');
    const after = Buffer.from(idleText(bytes, { ...idle, key }) ?? '', 'latin1').toString();
    expect(after).toBe(idleText(before, { ...idle, key }));
    expect(seriesOf(parseExposition(after), 'pipeline_symbol_gaps', { symbol: 'Ж299' })).toBe(1);
  });

  it('tells a build that fails when one last went well', async () => {
    expect(succeededAt(await metricsText(factsOf()))).toBe(1_700_000_000.5);
    expect(succeededAt(await metricsText(factsOf({ succeededAt: undefined })))).toBeUndefined();
    expect(succeededAt('')).toBeUndefined();
    expect(succeededAt('\npipeline_build_success_timestamp_seconds soon\n')).toBeUndefined();
  });
});
