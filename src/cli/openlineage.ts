/** `build --openlineage FILE|URL`: from the option to a reporter whose events go there. What goes wrong is a warning. */
import { uuidOf } from '../engine/lineage/uuid.ts';
import type { Reporter } from '../ui/listener.ts';
import type { OpenLineageSetting } from '../ui/openlineage.ts';
import { createOpenLineage } from '../ui/openlineage-reporter.ts';
import type { EventSink } from './event-sink.ts';
import { fileSink, httpSink } from './event-sink.ts';
import type { Io } from './io.ts';
import { remark } from './io.ts';
import { notOurs } from './own-file.ts';

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

export async function openLineage(
  { where, workspace, version }: OpenLineageRequest,
  io: Io,
): Promise<Reporter> {
  const sink: EventSink = /^https?:/i.test(where)
    ? await httpSink(where, { workspace, apiKey: io.env['OPENLINEAGE_API_KEY'] })
    : // Lines of another kind would spoil them.
      fileSink(
        notOurs({ option: '--openlineage', where, example: 'events.ndjson' }, workspace, io.cwd),
        io.cwd,
      );
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
