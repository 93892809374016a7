/** Gathers a build's runs for its profile, and says it once the build has finished. A listener, no more. */
import type { BuildEvent } from '../engine/events.ts';
import type { Reporter } from './listener.ts';
import type { Profile, Recorded } from './profile.ts';
import { profileOf } from './profile.ts';
import type { Ran } from './profile-path.ts';
import type { RunClock } from './profile-runs.ts';
import { followRuns } from './profile-runs.ts';

export interface ProfileOptions extends RunClock, Pick<Recorded, 'limits' | 'poolOf'> {
  /** When the build ends: for what has to stand before `build-finished`. */
  readonly atEnd?: (profile: Profile) => void;
  /** When reporters close: for what stands below the summary. */
  readonly atClose?: (profile: Profile) => void;
}

const NONE: Ran['retries'] = [];

/** Of a build that broke down it says nothing, as the summary does. */
export function createProfile(options: ProfileOptions): Reporter {
  const ran: Ran[] = [];
  const after = new Map<string, string>();
  const runs = followRuns(options, (run) => {
    const { target, rule, outcome, from, to, bytes, waited } = run;
    const retries = run.retries.length === 0 ? NONE : run.retries;
    // Field by field: objects that are spread take three times the room, and there may be 100,000.
    ran.push({ target, rule, outcome, from, to, bytes, retries, queued: (waited?.queued ?? 0) * 1000 });
  });
  let profile: Profile | undefined;

  function listener(event: BuildEvent): void {
    runs.apply(event);
    if (event.type === 'target-finished' && event.waited?.after !== undefined)
      after.set(event.target, event.waited.after);
    if (event.type !== 'build-finished') return;
    profile = profileOf({ ...options, phases: runs.end(), ran, after });
    options.atEnd?.(profile);
  }

  return {
    listener,
    close: () => {
      if (profile !== undefined) options.atClose?.(profile);
    },
  };
}
