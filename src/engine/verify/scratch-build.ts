/**
 * A locked build of a scratch workspace: offline, with records of nothing, its inputs links to the files in place. Runs
 * targets as any build does; compares nothing.
 */
import type { BuildEvent, Listener } from '../events.ts';
import { isTakenIn } from '../lock/kinds.ts';
import type { Manifest } from '../manifest/model.ts';
import type { Code } from '../run/code.ts';
import type { Roots } from '../run/roots.ts';
import { LocalRunner } from '../run/run-target.ts';
import { schedule } from '../run/scheduler.ts';
import type { PassOptions } from '../run/session.ts';
import { Session } from '../run/session.ts';
import type { Loaded } from '../state/journal.ts';
import type { Lock } from '../state/lockfile.ts';
import type { StatMemo } from '../state/memo.ts';
import { BuildState } from '../state/workspace-state.ts';
import type { ScratchPlaces } from './scratch-places.ts';
import { ScratchMemo } from './scratch-places.ts';

export interface ScratchBuild {
  readonly manifest: Manifest;
  readonly lock: Lock;
  /** Traced in the workspace itself: it is told by the paths there. */
  readonly code: Code;
  /** Of the workspace. */
  readonly loaded: Loaded;
  readonly places: ScratchPlaces;
  readonly inPlace: StatMemo;
  readonly roots: Roots;
  readonly jobs: number;
  readonly holder: string;
  readonly signal: AbortSignal;
  readonly emit: Listener;
  readonly now: number;
}

/** The pass when it is over; its files lie in the scratch until that is removed. */
export async function buildInScratch(asked: ScratchBuild): Promise<Session> {
  const { manifest, lock, code, loaded, places, roots, holder, signal, jobs } = asked;
  const state = await BuildState.open(places.root, {
    holder,
    wait: true,
    signal,
    onWaiting: () => undefined,
  });
  if (state === undefined) throw new Error(`somebody else builds in ${places.root}`);
  try {
    const session = new Session(manifest, {
      workspace: places.root,
      loaded: withFailures(state.journal.loaded, loaded),
      memo: new ScratchMemo(places, asked.inPlace),
      code,
      options: scratchOptions(manifest, asked.now),
      lock,
    });
    const emit = quietly(asked.emit);
    const runner = new LocalRunner(session, state, emit, signal);
    await schedule(session, roots, { runner, jobs, failFast: false, signal, emit });
    return session;
  } finally {
    await state.close();
  }
}

/** Nothing has been made yet; but whom the world outside has refused it cannot ask again here. */
function withFailures({ successes, codes, orphans, remarks }: Loaded, { failures }: Loaded): Loaded {
  return { successes, codes, orphans, remarks, failures };
}

function scratchOptions(manifest: Manifest, now: number): PassOptions {
  const keepFailed = (target: string): boolean => {
    const rule = manifest.rules.get(target.split('/')[0] ?? '');
    return rule !== undefined && isTakenIn(rule);
  };
  return { dry: false, refresh: false, sweep: false, offline: true, force: () => false, keepFailed, now };
}

/**
 * What is lacking is told at the end, with the lockfile's lines: nobody has asked for `--offline` here. What tasks say
 * of good or bad data is no matter of proof.
 */
function quietly(emit: Listener): Listener {
  return (event: BuildEvent) => {
    if (event.type !== 'target-finished') return emit(event);
    const { alerts: _, ...ended } = event;
    if (ended.outcome !== 'failed') return emit(ended);
    const { failure: __, ...rest } = ended;
    emit({ ...rest, outcome: 'blocked' });
  };
}
