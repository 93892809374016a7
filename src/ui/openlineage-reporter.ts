/**
 * A build as OpenLineage events: START and COMPLETE, FAIL or ABORT of each target that runs, within a run of the build,
 * which is told of only if something runs. A listener; it does not know where the events go.
 */
import type { BuildEvent } from '../engine/events.ts';
import type { Reporter } from './listener.ts';
import type { OpenLineageSetting, RunEvent, RunFacts, RunState } from './openlineage.ts';
import { runEvent } from './openlineage.ts';

export interface OpenLineageOptions extends OpenLineageSetting {
  /** What no other build has. */
  readonly build: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Finished = Extract<BuildEvent, { type: 'target-finished' }>;

const BUILD = 'build';

export function createOpenLineage(
  send: (event: RunEvent) => void,
  options: OpenLineageOptions,
): Pick<Reporter, 'listener'> & { close(): void } {
  const parent = { runId: options.uuid(options.build), job: BUILD };
  const running = new Set<string>();
  let begun = false;

  const tell = (facts: Omit<RunFacts, 'at'>): void =>
    send(runEvent(options, { ...facts, at: new Date(options.now()).toISOString() }));
  const ofTarget = (target: string, state: RunState): Omit<RunFacts, 'at'> => ({
    state,
    runId: options.uuid(`${options.build} ${target}`),
    job: target,
    jobType: 'TASK',
    parent,
  });
  const ofBuild = (state: RunState): Omit<RunFacts, 'at'> => ({
    state,
    runId: parent.runId,
    job: BUILD,
    jobType: 'BUILD',
  });

  function start(target: string): void {
    // One that is decided anew is still the same run.
    if (running.has(target)) return;
    if (!begun) tell(ofBuild('START'));
    begun = true;
    running.add(target);
    tell(ofTarget(target, 'START'));
  }

  function finish({ target, outcome, reasons, failure, made, absent }: Finished): void {
    // Fresh and blocked ones have not run.
    if (!running.delete(target)) return;
    tell({
      ...ofTarget(target, failure === undefined ? 'COMPLETE' : 'FAIL'),
      ...(made === undefined ? {} : { made }),
      ...(failure === undefined ? {} : { failure }),
      ended: { outcome, reasons, ...(absent === undefined ? {} : { absent }) },
    });
  }

  function end(state: RunState): void {
    for (const target of running) tell(ofTarget(target, 'ABORT'));
    running.clear();
    if (begun) tell(ofBuild(state));
    begun = false;
  }

  return {
    listener: (event) => {
      switch (event.type) {
        case 'target-started':
          start(event.target);
          break;
        case 'target-finished':
          finish(event);
          break;
        case 'build-finished':
          end(event.interrupted ? 'ABORT' : event.failed > 0 ? 'FAIL' : 'COMPLETE');
          break;
        case 'build-started':
        case 'warning':
        case 'lock-waiting':
        case 'targets-planned':
        case 'target-progress':
        case 'target-log':
        case 'target-warning':
        case 'target-retry':
          break;
      }
    },
    // Of a build that broke down nobody has heard the end.
    close: () => end('ABORT'),
  };
}
