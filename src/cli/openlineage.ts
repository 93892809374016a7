/** `build --openlineage FILE|URL`: from the option to a reporter whose events go there. What goes wrong is a warning. */
import { relative, resolve } from 'node:path';
import { uuidOf } from '../engine/lineage/uuid.ts';
import { isLockPath } from '../engine/state/lockfile-shards.ts';
import { isStatePath } from '../engine/state/workspace-state.ts';
import type { Reporter } from '../ui/listener.ts';
import type { OpenLineageSetting } from '../ui/openlineage.ts';
import { createOpenLineage } from '../ui/openlineage-reporter.ts';
import { UsageError } from './args.ts';
import type { EventSink } from './event-sink.ts';
import { fileSink, httpSink } from './event-sink.ts';
import type { Io } from './io.ts';
import { remark } from './io.ts';

/** Names of jobs are of this workspace, unless the variable that OpenLineage's clients read says otherwise. */
export function lineageSetting(workspace: string, version: string, { env }: Io): OpenLineageSetting {
  const namespace = env['OPENLINEAGE_NAMESPACE'] || `file://${workspace}`;
  return { workspace, namespace, version, uuid: uuidOf };
}

export interface OpenLineageRequest {
  readonly where: string;
  readonly workspace: string;
  readonly version: string;
}

/** Lines of another kind would spoil them. */
function notOurs(where: string, workspace: string, { cwd }: Io): string {
  const path = relative(workspace, resolve(cwd, where));
  if (path !== 'pipeline.yaml' && !isLockPath(path) && !isStatePath(path)) return where;
  throw new UsageError(
    `--openlineage ${where}: this file is the build's own`,
    'name another file, e.g. events.ndjson',
  );
}

export async function openLineage(
  { where, workspace, version }: OpenLineageRequest,
  io: Io,
): Promise<Reporter> {
  const sink: EventSink = /^https?:/i.test(where)
    ? await httpSink(where, { workspace, apiKey: io.env['OPENLINEAGE_API_KEY'] })
    : fileSink(notOurs(where, workspace, io), io.cwd);
  const reporter = createOpenLineage((event) => sink.send(JSON.stringify(event)), {
    ...lineageSetting(workspace, version, io),
    build: `${workspace} ${process.pid} ${performance.timeOrigin} ${performance.now()}`,
    now: io.now,
  });
  return {
    listener: reporter.listener,
    close: async () => {
      reporter.close();
      const trouble = await sink.close();
      if (trouble !== undefined) remark(io, trouble);
    },
  };
}
