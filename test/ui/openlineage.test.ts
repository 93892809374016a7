import { describe, expect, it } from 'vitest';
import type { BuildEvent, Made } from '../../src/engine/events.ts';
import { uuidOf } from '../../src/engine/lineage/uuid.ts';
import { formatLineageEvents } from '../../src/ui/lineage-events.ts';
import type { RunEvent } from '../../src/ui/openlineage.ts';
import { createOpenLineage } from '../../src/ui/openlineage-reporter.ts';
import { eventsIn, problemsOf } from '../openlineage.ts';

const SETTING = { workspace: '/work', namespace: 'ns', version: '1.2.3', uuid: uuidOf };
const MADE: Made = {
  fingerprint: 'f1',
  inputs: [
    { input: 'plan', path: 'plan.json', pointer: '/a', digest: 'value' },
    { input: 'rows', path: 'rows.csv', digest: 'd1' },
    { input: 'again', path: 'rows.csv', digest: 'd1' },
    { path: '/elsewhere/x', digest: 'd2' },
  ],
  outputs: [
    {
      name: 'zip',
      path: 'raw/a.zip',
      digest: 'd3',
      origins: [
        {
          url: 'https://data.example:8443/k/a.zip?v=1',
          revision: '"e"',
          checksum: 'c',
          bytes: 7,
          fetchedAt: '2024-01-01T00:00:00.000Z',
        },
      ],
    },
  ],
};

function told(events: readonly BuildEvent[], close = true): readonly RunEvent[] {
  const sent: RunEvent[] = [];
  let now = Date.parse('2024-01-01T00:00:00Z');
  const reporter = createOpenLineage((event) => sent.push(event), {
    ...SETTING,
    build: 'this one',
    now: () => (now += 1_000),
  });
  for (const event of events) reporter.listener(event);
  if (close) reporter.close();
  for (const event of sent) expect(problemsOf(event)).toEqual([]);
  return sent;
}

const lines = (events: readonly RunEvent[]): readonly string[] =>
  events.map(({ eventType, job }) => `${eventType} ${job.name}`);

const started = (target: string): BuildEvent => ({
  type: 'target-started',
  target,
  rule: target,
  reasons: [],
});
const finished = (
  target: string,
  more: Partial<Extract<BuildEvent, { type: 'target-finished' }>> = {},
): BuildEvent => ({
  type: 'target-finished',
  target,
  rule: target,
  outcome: 'executed',
  reasons: [{ kind: 'new', name: target }],
  seconds: 1,
  ...more,
});
const ended = (more: Partial<Extract<BuildEvent, { type: 'build-finished' }>> = {}): BuildEvent => ({
  type: 'build-finished',
  asOf: '2024-01-01T00:00:00Z',
  runId: null,
  executed: 0,
  restored: 0,
  checked: 0,
  fresh: 0,
  absent: 0,
  failed: 0,
  blocked: 0,
  seconds: 1,
  interrupted: false,
  alerts: { critical: 0, warning: 0 },
  ...more,
});
const FAILURE = { code: 'archive-corrupt', message: 'a.zip: cut short' };

describe('OpenLineage events of a build', () => {
  it('tell of each target that runs, within a run of the build', () => {
    const events = told([
      started('a'),
      finished('a', { made: MADE }),
      finished('b', { outcome: 'fresh' }),
      ended(),
    ]);
    expect(lines(events)).toEqual(['START build', 'START a', 'COMPLETE a', 'COMPLETE build']);
    expect(events[2]).toMatchInlineSnapshot(`
      {
        "eventTime": "2024-01-01T00:00:03.000Z",
        "eventType": "COMPLETE",
        "inputs": [
          {
            "facets": {},
            "name": "/work/plan.json",
            "namespace": "file",
          },
          {
            "facets": {
              "version": {
                "_producer": "urn:pipeline:1.2.3",
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                "datasetVersion": "sha256:d1",
              },
            },
            "name": "/work/rows.csv",
            "namespace": "file",
          },
          {
            "facets": {
              "version": {
                "_producer": "urn:pipeline:1.2.3",
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                "datasetVersion": "sha256:d2",
              },
            },
            "name": "/elsewhere/x",
            "namespace": "file",
          },
          {
            "facets": {
              "dataSource": {
                "_producer": "urn:pipeline:1.2.3",
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasourceDatasetFacet.json#/$defs/DatasourceDatasetFacet",
                "name": "data.example:8443",
                "uri": "https://data.example:8443/k/a.zip?v=1",
              },
              "pipeline_origin": {
                "_producer": "urn:pipeline:1.2.3",
                "_schemaURL": "urn:pipeline:openlineage:1#/$defs/OriginDatasetFacet",
                "bytes": 7,
                "checksum": "c",
                "fetchedAt": "2024-01-01T00:00:00.000Z",
                "revision": ""e"",
              },
              "version": {
                "_producer": "urn:pipeline:1.2.3",
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                "datasetVersion": "sha256:c",
              },
            },
            "name": "/k/a.zip?v=1",
            "namespace": "https://data.example:8443",
          },
        ],
        "job": {
          "facets": {
            "jobType": {
              "_producer": "urn:pipeline:1.2.3",
              "_schemaURL": "https://openlineage.io/spec/facets/2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
              "integration": "PIPELINE",
              "jobType": "TASK",
              "processingType": "BATCH",
            },
          },
          "name": "a",
          "namespace": "ns",
        },
        "outputs": [
          {
            "facets": {
              "version": {
                "_producer": "urn:pipeline:1.2.3",
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                "datasetVersion": "sha256:d3",
              },
            },
            "name": "/work/raw/a.zip",
            "namespace": "file",
          },
        ],
        "producer": "urn:pipeline:1.2.3",
        "run": {
          "facets": {
            "parent": {
              "_producer": "urn:pipeline:1.2.3",
              "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/ParentRunFacet.json#/$defs/ParentRunFacet",
              "job": {
                "name": "build",
                "namespace": "ns",
              },
              "run": {
                "runId": "5be1b402-d626-8ad6-8d83-cb5929c8a6e3",
              },
            },
            "pipeline_target": {
              "_producer": "urn:pipeline:1.2.3",
              "_schemaURL": "urn:pipeline:openlineage:1#/$defs/TargetRunFacet",
              "fingerprint": "f1",
              "outcome": "executed",
              "reasons": [
                {
                  "kind": "new",
                  "name": "a",
                },
              ],
            },
            "processing_engine": {
              "_producer": "urn:pipeline:1.2.3",
              "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet",
              "name": "pipeline",
              "version": "1.2.3",
            },
          },
          "runId": "697e013f-cd37-86d1-8af1-0be7a3bd4183",
        },
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
      }
    `);
  });

  it('name a run the same from its start to its end, and another one in another build', () => {
    const [build, start, end] = told([started('a'), finished('a'), ended()]);
    expect(start?.run.runId).toBe(end?.run.runId);
    expect(start?.run.runId).not.toBe(build?.run.runId);
    expect(uuidOf('one')).not.toBe(uuidOf('two'));
    expect(uuidOf('one')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('say that a target has failed, and why', () => {
    const events = told([
      started('a'),
      finished('a', { outcome: 'failed', failure: FAILURE }),
      ended({ failed: 1 }),
    ]);
    expect(lines(events)).toEqual(['START build', 'START a', 'FAIL a', 'FAIL build']);
    expect(events[2]?.run.facets['errorMessage']).toMatchObject({
      message: 'archive-corrupt: a.zip: cut short',
      programmingLanguage: 'TypeScript',
    });
  });

  it('say of one that is incomplete that it has failed, and what it made all the same', () => {
    const incomplete = finished('a', { outcome: 'failed', failure: FAILURE, made: MADE });
    const end = told([started('a'), incomplete, ended({ failed: 1 })])[2];
    expect([end?.eventType, end?.outputs.map(({ name }) => name)]).toEqual(['FAIL', ['/work/raw/a.zip']]);
  });

  it('say what an interrupt has ended', () => {
    expect(lines(told([started('a'), started('b'), finished('a'), ended({ interrupted: true })]))).toEqual([
      'START build',
      'START a',
      'START b',
      'COMPLETE a',
      'ABORT b',
      'ABORT build',
    ]);
  });

  it('end what a build that broke down has begun', () => {
    expect(lines(told([started('a')]))).toEqual(['START build', 'START a', 'ABORT a', 'ABORT build']);
    expect(lines(told([started('a')], false))).toEqual(['START build', 'START a']);
  });

  it('start a target once that is decided anew, and are none where nothing runs', () => {
    expect(lines(told([started('a'), started('a'), finished('a'), ended()]))).toHaveLength(4);
    const fresh = [
      finished('a', { outcome: 'fresh' }),
      finished('b', { outcome: 'blocked', failure: FAILURE }),
    ];
    expect(told([...fresh, ended({ failed: 1 })])).toEqual([]);
  });
});

describe('OpenLineage events of what is recorded', () => {
  const run = { ...MADE, target: 'a', finishedAt: '2024-01-01T00:00:10.000Z', seconds: 2.5 };

  it('are a START and a COMPLETE of each target, at the times that are recorded', () => {
    const events = eventsIn(formatLineageEvents([run], SETTING));
    expect(events.map(({ eventType, eventTime }) => [eventType, eventTime])).toEqual([
      ['START', '2024-01-01T00:00:07.500Z'],
      ['COMPLETE', '2024-01-01T00:00:10.000Z'],
    ]);
    expect(events[1]?.inputs.map(({ namespace, name }) => `${namespace} ${name}`)).toEqual([
      'file /work/plan.json',
      'file /work/rows.csv',
      'file /elsewhere/x',
      'https://data.example:8443 /k/a.zip?v=1',
    ]);
  });

  it('are the same whenever they are asked for', () => {
    expect(formatLineageEvents([run], SETTING)).toBe(formatLineageEvents([run], SETTING));
  });
});

describe('the schema of our own', () => {
  it('refuses what the published one does', () => {
    const [good] = told([started('a'), finished('a'), ended()]);
    const without = (name: string) =>
      Object.fromEntries(Object.entries(good ?? {}).filter(([key]) => key !== name));
    for (const name of ['eventTime', 'producer', 'schemaURL', 'run', 'job'])
      expect(problemsOf(without(name))).not.toEqual([]);
    const bad = [
      { eventType: 'DONE' },
      { eventTime: 'yesterday' },
      { producer: 'no uri' },
      { run: { runId: '1' } },
      { job: { namespace: 'a' } },
      { outputs: [{ namespace: 'file', name: 'x', facets: { version: { datasetVersion: '1' } } }] },
    ];
    for (const each of bad) expect(problemsOf({ ...good, ...each })).not.toEqual([]);
    expect(problemsOf(good)).toEqual([]);
  });
});
