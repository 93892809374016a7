/** What a build leaves for those who watch over it: metrics and GitHub's page of a job. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Rig } from '../rig.ts';
import { NO_SMALL_DISK, smallDisk } from '../small-disk.ts';
import { parseExposition, seriesOf } from '../tasks/monitoring/exposition.ts';
import { documentOf, gateOf, symbolOf } from '../tasks/monitoring/fixtures.ts';
import type { Ran } from './cli.ts';
import { cli } from './cli.ts';
import { configure, failBars, METRICS, mendBars, monitored, report } from './monitored.ts';
import { Watching } from './watching.ts';

const ON = { monitoring: { metrics: METRICS }, paths: { reports: 'reports', raw: 'nowhere' } };

const build = (rig: Rig, args: readonly string[] = [], env: Record<string, string> = {}): Promise<Ran> =>
  cli(['-C', rig.dir, '-q', 'build', ...args], { env, cwd: rig.dir });

function metric(rig: Rig, name: string, labels: Record<string, string> = {}): number | undefined {
  return seriesOf(parseExposition(rig.read(METRICS)), `pipeline_${name}`, labels);
}

describe('metrics', () => {
  it('tell of the build and of the dataset', async () => {
    const rig = monitored(ON);
    const before = Date.now() / 1000;
    expect(await build(rig)).toEqual({ code: 0, out: '', err: '' });
    expect(metric(rig, 'build_targets', { rule: 'bars', outcome: 'executed' })).toBe(1);
    expect(metric(rig, 'build_target_duration_seconds_count', { rule: 'reports' })).toBe(1);
    expect(metric(rig, 'build_idle')).toBe(0);
    expect(metric(rig, 'build_end_timestamp_seconds')).toBeGreaterThanOrEqual(before);
    expect(metric(rig, 'symbol_gaps', { symbol: 'BTCUSDT' })).toBe(1);
    expect(metric(rig, 'dataset_level')).toBe(0);
    expect(metric(rig, 'disk_free_bytes')).toBeGreaterThan(0);
    expect(metric(rig, 'build_max_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(metric(rig, 'data_size_bytes', { folder: 'reports' })).toBeGreaterThan(100);
    expect(metric(rig, 'data_size_bytes', { folder: 'raw' })).toBeUndefined();
  });

  it('keep their figures when there is nothing to do, and say when that was', async () => {
    const rig = monitored(ON);
    report(rig, documentOf({ symbols: [symbolOf('BTC→USDT')] }));
    await build(rig);
    const first = rig.read(METRICS);
    await build(rig);
    const changed = rig
      .read(METRICS)
      .split('\n')
      .filter((line, at) => line !== first.split('\n')[at])
      .map((line) => line.split(' ')[0]);
    expect(changed.filter((name) => name !== 'pipeline_build_duration_seconds')).toEqual([
      'pipeline_build_end_timestamp_seconds',
      'pipeline_build_success_timestamp_seconds',
      'pipeline_build_idle',
    ]);
  });

  it('tell of the reports of another build, one of a part that has made none included', async () => {
    const rig = monitored(ON);
    await build(rig);
    report(rig, documentOf({ symbols: [symbolOf('XRPUSDT', { gaps: 9 })] }));
    await build(rig, ['reports']);
    expect(metric(rig, 'symbol_gaps', { symbol: 'XRPUSDT' })).toBe(9);
    rig.write('in.txt', 'two\n');
    await build(rig, ['bars']);
    expect(metric(rig, 'symbol_gaps', { symbol: 'XRPUSDT' })).toBe(9);
    expect(metric(rig, 'build_targets', { rule: 'reports', outcome: 'fresh' })).toBeUndefined();
  });

  it('are made anew by a build with nothing to do where they tell of other reports', async () => {
    const rig = monitored(ON);
    await build(rig);
    const old = rig.read(METRICS);
    report(rig, documentOf({ symbols: [symbolOf('XRPUSDT', { gaps: 9 })] }));
    await build(rig);
    rig.write(METRICS, old);
    await build(rig);
    expect(metric(rig, 'symbol_gaps', { symbol: 'XRPUSDT' })).toBe(9);
    expect(metric(rig, 'symbol_gaps', { symbol: 'BTCUSDT' })).toBeUndefined();
    expect(metric(rig, 'build_targets', { rule: 'bars', outcome: 'fresh' })).toBe(1);
  });

  it('tell of failures, and still when it last went well', async () => {
    const rig = monitored(ON);
    await build(rig);
    const well = metric(rig, 'build_success_timestamp_seconds');
    failBars(rig);
    expect((await build(rig)).code).toBe(1);
    expect(metric(rig, 'build_failures', { code: 'recipe-failed', host: '' })).toBe(1);
    expect(metric(rig, 'build_ended', { outcome: 'failed' })).toBe(1);
    expect(metric(rig, 'build_success_ratio')).toBe(0.5);
    expect(metric(rig, 'build_success_timestamp_seconds')).toBe(well);
    mendBars(rig);
    await build(rig);
    expect(metric(rig, 'build_ended', { outcome: 'failed' })).toBe(0);
    expect(metric(rig, 'build_success_timestamp_seconds')).toBeGreaterThan(well ?? Number.NaN);
  });

  it('leave nothing beside them, and are written whole wherever the config says', async () => {
    const rig = monitored({ monitoring: { metrics: 'textfile/deep/pipeline.prom' } });
    await build(rig);
    await build(rig);
    expect(readdirSync(rig.path('textfile/deep'))).toEqual(['pipeline.prom']);
  });

  it('are none where the config says so, in a dry run, and where the manifest is wrong', async () => {
    const rig = monitored({ monitoring: { metrics: null } });
    await build(rig);
    configure(rig, ON);
    await build(rig, ['-n']);
    await build(rig, ['no-such-rule']);
    rig.edit('pipeline.yaml', (text) => text.replace('version: 1', 'version: 7'));
    await build(rig);
    expect(rig.has(METRICS)).toBe(false);
  });

  it('that cannot be written are a warning, and the build is what it was', async () => {
    const rig = monitored(ON);
    mkdirSync(rig.path(METRICS), { recursive: true });
    const { code, err } = await build(rig);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: metrics reports\/metrics\.prom: EISDIR: .*\n$/);
    expect(rig.has('bars.txt')).toBe(true);
  });

  it('are those of an earlier build where the disk is full, and nothing is left beside them', async ({
    skip,
  }) => {
    const disk = smallDisk(64);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const rig = monitored({ monitoring: { metrics: join(disk.path, 'pipeline.prom') } });
    await build(rig);
    const before = readFileSync(join(disk.path, 'pipeline.prom'), 'utf8');
    writeFileSync(join(disk.path, 'more'), 'x'.repeat(1_000));
    fill(join(disk.path, 'rest'));
    rig.write('in.txt', 'two\n');
    const { code, err } = await build(rig);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: metrics .*pipeline\.prom: ENOSPC: no space left on device, write\n$/);
    expect(readFileSync(join(disk.path, 'pipeline.prom'), 'utf8')).toBe(before);
    expect(readdirSync(disk.path).sort()).toEqual(['more', 'pipeline.prom', 'rest']);
  });

  it('tell of the build where the reports cannot be read, which is a warning', async () => {
    const rig = monitored(ON);
    rig.write('summary.in', '{"version":7}');
    const { code, err } = await build(rig, [], { GITHUB_STEP_SUMMARY: rig.path('step.md') });
    expect(code).toBe(0);
    expect(err).toMatch(
      /^warning: the last reports cannot be read: reports\/runs\/[^/]+\/summary\.json: version: .*: written by another version\? run pipeline build reports\n$/,
    );
    expect(metric(rig, 'build_targets', { rule: 'bars', outcome: 'executed' })).toBe(1);
    expect(metric(rig, 'dataset_level')).toBeUndefined();
    expect(rig.read('step.md')).toContain('## pipeline\n\nThe build is done: 2 executed');
  });

  it('are written after each build of a watch, which they do not wake', async () => {
    const rig = monitored(ON);
    const watching = new Watching(rig);
    await watching.round();
    expect(metric(rig, 'build_targets', { rule: 'bars', outcome: 'executed' })).toBe(1);
    configure(rig, { monitoring: { metrics: 'other.prom' } });
    const { changed } = await watching.round();
    expect(changed).toEqual(['config.yaml']);
    expect(rig.has('other.prom')).toBe(true);
    rig.write('in.txt', 'two\n');
    expect((await watching.round()).changed).toEqual(['in.txt']);
  });

  it('tell of a build that was interrupted', async () => {
    const rig = monitored(ON);
    rig.edit('pipeline.yaml', (text) => text.replace('cat ${in.a}', 'touch begun; sleep 60; cat ${in.a}'));
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (rig.has('begun')) controller.abort();
    }, 5);
    const { code } = await cli(['-C', rig.dir, '-q', 'build'], { signal: controller.signal });
    clearInterval(watch);
    expect(code).toBe(130);
    expect(metric(rig, 'build_ended', { outcome: 'interrupted' })).toBe(1);
  });
});

/** Until nothing more goes onto the disk. */
function fill(path: string): void {
  try {
    for (;;) appendFileSync(path, 'x'.repeat(1_024));
  } catch (thrown) {
    expect(String(thrown)).toContain('ENOSPC');
  }
}

describe('the summary of a step on GitHub', () => {
  it('is added to what is there: verdict, counts, coverage, broken gates, failures, the path of the reports', async () => {
    const rig = monitored();
    rig.write('step.md', 'earlier\n');
    report(
      rig,
      documentOf({ verdict: { level: 'warning', sentence: 'Coverage is low.' }, gates: [gateOf()] }),
    );
    failBars(rig);
    expect((await build(rig, [], { GITHUB_STEP_SUMMARY: rig.path('step.md') })).code).toBe(1);
    const text = rig.read('step.md');
    expect(text.split('\n\n').slice(0, 2)).toEqual([
      'earlier\n## ❌ pipeline: warning, the build has failures',
      'spot 1m: Coverage is low. (the last reports, as of 2024-01-31T23:59:00Z)',
    ]);
    expect(text).toContain('❌ The build has failures: 1 executed, 1 failed in ');
    expect(text).toContain('| `bars` | ');
    expect(text).toContain('| ❌ critical | coverage | month | 0.95 fraction | 1 | BTCUSDT/2024-01 |');
    expect(text).toContain('| BTCUSDT | ✅ ok | 990 | 10 | 99.0000 % | 100.0000 % | 1 | 0 |');
    expect(text).toMatch(/\nReports: `reports\/runs\/[0-9-]+[0-9a-f]{8}`\n\n$/);
  });

  it('is written after a build with nothing to do, too', async () => {
    const rig = monitored();
    await build(rig);
    await build(rig, [], { GITHUB_STEP_SUMMARY: rig.path('step.md') });
    expect(rig.read('step.md')).toContain('The build is done: nothing to do, 2 fresh in ');
  });

  it('that cannot be written is a warning, and the build is what it was', async () => {
    const rig = monitored();
    const { code, err } = await build(rig, [], { GITHUB_STEP_SUMMARY: rig.path('no/such/step.md') });
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: GITHUB_STEP_SUMMARY: ENOENT: .*\n$/);
  });
});
