/** A lineage as OpenLineage events: of each target the run that is recorded, as it would have been told of. Pure. */
import type { Made } from '../engine/events.ts';
import type { OpenLineageSetting } from './openlineage.ts';
import { runEvent } from './openlineage.ts';

export interface RecordedRun extends Made {
  readonly target: string;
  readonly finishedAt: string;
  readonly seconds: number;
}

/** JSON lines, START and COMPLETE of each, in the order of the list. */
export function formatLineageEvents(runs: readonly RecordedRun[], setting: OpenLineageSetting): string {
  return runs
    .flatMap((run) => {
      const { target: job, finishedAt, seconds, fingerprint } = run;
      const facts = {
        job,
        jobType: 'TASK',
        runId: setting.uuid(`${job} ${fingerprint} ${finishedAt}`),
      } as const;
      const startedAt = new Date(Date.parse(finishedAt) - seconds * 1000).toISOString();
      return [
        runEvent(setting, { ...facts, state: 'START', at: startedAt }),
        runEvent(setting, { ...facts, state: 'COMPLETE', at: finishedAt, made: run }),
      ];
    })
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('');
}
