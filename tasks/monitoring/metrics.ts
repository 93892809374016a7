/**
 * `metrics.prom`: what the last build and the last reports say, for Prometheus' textfile collector. prom-client spells
 * the text. All of it is gauges, but for durations: the file tells of one build, and each build writes it anew.
 */
import type { Registry } from 'prom-client';
import type { SummaryDocument } from '../reports/document.ts';
import type { Machine } from './machine.ts';
import { addDataset } from './metrics-dataset.ts';
import { headOf, STAMPS } from './metrics-idle.ts';
import type { FailedFigure, Run } from './run.ts';
import { ENDS, OUTCOMES } from './run.ts';

export interface MetricsFacts {
  readonly run: Run;
  readonly machine: Machine;
  /** Seconds since 1970. */
  readonly endedAt: number;
  /** Of the last build that ended well, this one or an earlier one; undefined: none is known. */
  readonly succeededAt: number | undefined;
  /** The last reports, and what is told from other ones by. */
  readonly dataset: SummaryDocument | undefined;
  readonly key: string | undefined;
}

/** Of failures so many pairs of code and host have a series of their own: the rest is `other`. */
export const MOST_FAILURE_SERIES = 50;
const OTHER = 'other';

/** Seconds: from a parsed month to a download that is throttled. */
const BUCKETS = [0.01, 0.1, 1, 10, 60, 600];

export async function metricsText(facts: MetricsFacts): Promise<string> {
  const { Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  const gauge = gaugesOf(registry, Gauge);
  addBuild(gauge, facts);
  const { run } = facts;
  const durations = new Histogram({
    name: 'pipeline_build_target_duration_seconds',
    help: 'How long the targets of the rule ran that ran in the last build that had something to do.',
    labelNames: ['rule'],
    buckets: BUCKETS,
    registers: [registry],
  });
  for (const { rule, seconds } of run.rules) for (const each of seconds) durations.observe({ rule }, each);
  addMachine(gauge, facts.machine);
  if (facts.dataset !== undefined) addDataset(gauge, facts.dataset);
  return `${headOf(facts.key)}${await registry.metrics()}`;
}

/** The labels of a sample, and its value: in the order of the names. */
export type Sample = readonly [labels: readonly string[], value: number];

/** Adds a metric: its name, what it says, its labels, its samples. */
export type AddGauge = (
  name: string,
  help: string,
  labels: readonly string[],
  samples: readonly Sample[],
) => void;

function gaugesOf(registry: Registry, Gauge: typeof import('prom-client').Gauge): AddGauge {
  return (name, help, labelNames, samples) => {
    // One without labels would stand there as 0.
    if (samples.length === 0) return;
    const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
    for (const [labels, value] of samples)
      gauge.set(Object.fromEntries(labelNames.map((label, at) => [label, labels[at] ?? ''])), value);
  };
}

function addBuild(gauge: AddGauge, { run, endedAt, succeededAt, machine }: MetricsFacts): void {
  gauge(STAMPS.ended, 'When the last build ended.', [], [[[], endedAt]]);
  const succeeded: readonly Sample[] = succeededAt === undefined ? [] : [[[], succeededAt]];
  gauge(STAMPS.succeeded, 'When a build last ended without failures.', [], succeeded);
  gauge(STAMPS.seconds, 'How long the last build took.', [], [[[], run.seconds]]);
  gauge(
    STAMPS.idle,
    '1: the last build had nothing to do. Other figures are of the last one that had.',
    [],
    [[[], run.idle ? 1 : 0]],
  );
  gauge(
    STAMPS.outcome,
    'How the last build ended.',
    ['outcome'],
    ENDS.map((end) => [[end], end === run.ended ? 1 : 0]),
  );
  gauge(
    'pipeline_build_targets',
    'Targets of the last build that had something to do.',
    ['rule', 'outcome'],
    run.rules.flatMap(({ rule, counts }) =>
      OUTCOMES.map((outcome): Sample => [[rule, outcome], counts[outcome]]),
    ),
  );
  gauge(
    'pipeline_build_target_duration_max_seconds',
    'How long the slowest target of the rule ran.',
    ['rule'],
    run.rules.flatMap(({ rule, seconds }): Sample[] =>
      seconds.length === 0 ? [] : [[[rule], seconds.reduce((most, each) => Math.max(most, each), 0)]],
    ),
  );
  gauge(
    'pipeline_build_retries',
    'Tries that failed and were followed by another one.',
    ['rule'],
    run.rules.map(({ rule, retries }): Sample => [[rule], retries]),
  );
  gauge(
    'pipeline_build_failures',
    'Targets that failed, by the code of the failure and the host that it names.',
    ['code', 'host'],
    failureSamples(run.failures),
  );
  const all = OUTCOMES.reduce((sum, outcome) => sum + run.counts[outcome], 0);
  const bad = run.counts.failed + run.counts.blocked;
  gauge(
    'pipeline_build_success_ratio',
    'Targets that neither failed nor were blocked ÷ all targets.',
    [],
    [[[], all === 0 ? 1 : (all - bad) / all]],
  );
  const { bytes, seconds } = run.downloaded ?? { bytes: 0, seconds: 0 };
  gauge('pipeline_build_download_bytes', 'Bytes that were downloaded.', [], [[[], bytes]]);
  gauge('pipeline_build_download_seconds', 'Time in which anything was downloaded.', [], [[[], seconds]]);
  gauge(
    'pipeline_build_download_bytes_per_second',
    'How fast the downloads were; 0 without any.',
    [],
    [[[], seconds > 0 ? bytes / seconds : 0]],
  );
  gauge(
    'pipeline_build_max_resident_memory_bytes',
    'The most memory that the process had.',
    [],
    [[[], machine.maxResidentBytes]],
  );
}

function addMachine(gauge: AddGauge, { disk, data }: Machine): void {
  if (disk !== undefined) {
    gauge(
      'pipeline_disk_free_bytes',
      'Room for this user on the volume of the workspace.',
      [],
      [[[], disk.free]],
    );
    gauge('pipeline_disk_size_bytes', 'Size of the volume of the workspace.', [], [[[], disk.size]]);
  }
  gauge(
    'pipeline_data_size_bytes',
    'Size of the files below each folder that the config names in `paths`.',
    ['folder'],
    data.map(({ name, bytes }): Sample => [[name], bytes]),
  );
}

/** The most frequent pairs first; equal ones by name. */
function failureSamples(failures: readonly FailedFigure[]): readonly Sample[] {
  const counts = new Map<string, { readonly labels: readonly [string, string]; count: number }>();
  for (const { code, host = '' } of failures) {
    const key = JSON.stringify([code, host]);
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { labels: [code, host], count: 1 });
    else known.count += 1;
  }
  const all = [...counts]
    .sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
    .map(([, { labels, count }]): Sample => [labels, count]);
  if (all.length <= MOST_FAILURE_SERIES) return all;
  const kept = all.slice(0, MOST_FAILURE_SERIES - 1);
  const rest = all.slice(MOST_FAILURE_SERIES - 1).reduce((sum, [, count]) => sum + count, 0);
  return [...kept, [[OTHER, OTHER], rest]];
}
