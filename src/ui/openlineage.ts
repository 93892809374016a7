/**
 * Run events of OpenLineage (https://openlineage.io/spec/2-0-2/OpenLineage.json), as plain data: a target is a job, each
 * time it runs a run of it, and files and addresses are its datasets. Knows neither when things happen nor where events
 * go.
 */
import type { Made } from '../engine/events.ts';

const SPEC = 'https://openlineage.io/spec';
const EVENT_SCHEMA = `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`;
/** Of facets of our own, which have no published schema: a name that nobody else uses. */
const OWN = 'urn:pipeline:openlineage:1';

export type RunState = 'START' | 'COMPLETE' | 'FAIL' | 'ABORT';

/** What is the same for all events of a build. */
export interface OpenLineageSetting {
  /** Absolute: names of local files are absolute paths, by the naming rules of OpenLineage. */
  readonly workspace: string;
  /** Of the jobs. */
  readonly namespace: string;
  /** Of this program. */
  readonly version: string;
  /** The same UUID for the same text. */
  readonly uuid: (text: string) => string;
}

export interface RunFacts {
  readonly state: RunState;
  /** ISO, UTC. */
  readonly at: string;
  readonly runId: string;
  /** The name of a target, or of the build. */
  readonly job: string;
  readonly jobType: 'TASK' | 'BUILD';
  readonly parent?: { readonly runId: string; readonly job: string };
  readonly made?: Made;
  readonly failure?: { readonly code: string; readonly message: string; readonly stack?: string };
  /** How it ended and why it ran, in words of this program. */
  readonly ended?: Readonly<Record<string, unknown>>;
}

type Facet = Readonly<Record<string, unknown>>;
type Facets = Readonly<Record<string, Facet>>;

export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
}

export interface RunEvent {
  readonly eventType: RunState;
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

export function runEvent(setting: OpenLineageSetting, facts: RunFacts): RunEvent {
  const { namespace } = setting;
  const facet = facetsOf(setting);
  return {
    eventType: facts.state,
    eventTime: facts.at,
    producer: producerOf(setting),
    schemaURL: EVENT_SCHEMA,
    run: { runId: facts.runId, facets: runFacets(setting, facts) },
    job: {
      namespace,
      name: facts.job,
      facets: {
        jobType: facet('2-0-3/JobTypeJobFacet', {
          processingType: 'BATCH',
          integration: 'PIPELINE',
          jobType: facts.jobType,
        }),
      },
    },
    inputs: facts.made === undefined ? [] : inputsOf(setting, facts.made),
    outputs: facts.made?.outputs.map(({ path, digest }) => localFile(setting, path, digest)) ?? [],
  };
}

function runFacets(setting: OpenLineageSetting, { parent, failure, ended, made }: RunFacts): Facets {
  const facet = facetsOf(setting);
  const own = { ...ended, ...(made === undefined ? {} : { fingerprint: made.fingerprint }) };
  return {
    processing_engine: facet('1-1-1/ProcessingEngineRunFacet', {
      version: setting.version,
      name: 'pipeline',
    }),
    ...(parent === undefined
      ? {}
      : {
          parent: facet('1-0-1/ParentRunFacet', {
            run: { runId: parent.runId },
            job: { namespace: setting.namespace, name: parent.job },
          }),
        }),
    ...(failure === undefined
      ? {}
      : {
          errorMessage: facet('1-0-1/ErrorMessageRunFacet', {
            message: `${failure.code}: ${failure.message}`,
            programmingLanguage: 'TypeScript',
            ...(failure.stack === undefined ? {} : { stackTrace: failure.stack }),
          }),
        }),
    ...(Object.keys(own).length === 0
      ? {}
      : { pipeline_target: facet(undefined, { ...own }, 'TargetRunFacet') }),
  };
}

/** Each file once, whatever values in it were read; then each address, as what was read there. */
function inputsOf(setting: OpenLineageSetting, { inputs, outputs }: Made): readonly Dataset[] {
  const files = new Map<string, string | undefined>();
  for (const { path, pointer, digest } of inputs)
    files.set(path, files.get(path) ?? (pointer === undefined ? digest : undefined));
  const addresses = new Map<string, Dataset>();
  for (const origin of outputs.flatMap(({ origins = [] }) => origins))
    addresses.set(origin.url, remoteFile(setting, origin));
  return [...[...files].map(([path, digest]) => localFile(setting, path, digest)), ...addresses.values()];
}

function localFile(setting: OpenLineageSetting, path: string, digest: string | undefined): Dataset {
  const name = path.startsWith('/') ? path : `${setting.workspace}/${path}`;
  const facets: Facets = digest === undefined ? {} : { version: versionFacet(setting, `sha256:${digest}`) };
  return { namespace: 'file', name, facets };
}

type Origin = NonNullable<Made['outputs'][number]['origins']>[number];

function remoteFile(setting: OpenLineageSetting, origin: Origin): Dataset {
  const { protocol, host, pathname, search } = new URL(origin.url);
  const { url, ...known } = origin;
  const version = origin.checksum === undefined ? origin.revision : `sha256:${origin.checksum}`;
  const facet = facetsOf(setting);
  return {
    namespace: `${protocol}//${host}`,
    name: `${pathname}${search}`,
    facets: {
      dataSource: facet('1-0-1/DatasourceDatasetFacet', { name: host, uri: url }),
      ...(version === undefined ? {} : { version: versionFacet(setting, version) }),
      ...(Object.keys(known).length === 0
        ? {}
        : { pipeline_origin: facet(undefined, { ...known }, 'OriginDatasetFacet') }),
    },
  };
}

function versionFacet(setting: OpenLineageSetting, datasetVersion: string): Facet {
  return facetsOf(setting)('1-0-1/DatasetVersionDatasetFacet', { datasetVersion });
}

type MakeFacet = (published: string | undefined, fields: Facet, own?: string) => Facet;

/** `published`: version and name of a facet of the specification; `own`: the name of one of ours. */
function facetsOf(setting: OpenLineageSetting): MakeFacet {
  const _producer = producerOf(setting);
  return (published, fields, own) => {
    const name = published?.split('/')[1] ?? own ?? '';
    const file = published === undefined ? OWN : `${SPEC}/facets/${published}.json`;
    return { _producer, _schemaURL: `${file}#/$defs/${name}`, ...fields };
  };
}

function producerOf({ version }: OpenLineageSetting): string {
  return `urn:pipeline:${encodeURIComponent(version)}`;
}
