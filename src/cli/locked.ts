/** What `--locked` takes: a lockfile, and nothing that contradicts it. */
import { formatInstant } from '../engine/manifest/instant.ts';
import type { Lock } from '../engine/state/lockfile.ts';
import { LOCKFILE, readLock } from '../engine/state/lockfile.ts';
import { parseAsOf, UsageError } from './args.ts';
import type { Common } from './workspace.ts';

/** Throws where `--locked` is asked for in vain. `now`: epoch milliseconds. */
export function lockFor(workspace: string, { asOf }: Common, refresh: boolean, now: number): Lock {
  if (refresh)
    throw new UsageError('--refresh contradicts --locked, which asks no listing', 'leave out one of them');
  const lock = readLock(workspace);
  if (lock === undefined)
    throw new UsageError(
      `--locked builds what ${LOCKFILE} says, and there is none here`,
      'run `pipeline build` once, which writes it, and commit it',
    );
  const locked = formatInstant(lock.asOf);
  if (asOf !== undefined && parseAsOf(asOf, now) !== lock.asOf)
    throw new UsageError(
      `--as-of ${asOf} contradicts --locked: ${LOCKFILE} says ${locked}`,
      'leave out --as-of',
    );
  return notOfTheFuture(lock, now);
}

/** Of what has not happened yet nothing can be built, and nothing proved. `now`: epoch milliseconds. */
export function notOfTheFuture(lock: Lock, now: number): Lock {
  if (lock.asOf <= now) return lock;
  throw new UsageError(
    `${LOCKFILE} says as-of ${formatInstant(lock.asOf)}, which lies in the future`,
    'set the clock of this machine, or take a lockfile that was built in the past',
  );
}
