/** What `--offline` means for one target: a source is not run, unless its task says that it takes care itself. */
import type { Rule } from '../manifest/model.ts';
import type { RunPlan } from './decide.ts';
import type { RunResult } from './runner.ts';
import type { Session } from './session.ts';

/**
 * Undefined: it may run. Nothing is known of what was not asked, so no failure is recorded. When nothing but what the
 * last answer lacked calls for the run, consumers go on with that answer, as they did then.
 */
export async function refuseOffline(
  session: Session,
  { target, reasons, previous }: RunPlan,
): Promise<RunResult | undefined> {
  const { action, source } = target.rule;
  if (!session.options.offline || !source) return undefined;
  if (action.kind !== 'run' && (await takesCare(session, action))) return undefined;
  const failure = {
    code: 'offline',
    message: `${target.id} must be asked for (${reasons.map(({ kind }) => kind).join(', ')}), and --offline forbids it`,
    hint: 'build once without --offline',
  };
  if (previous?.incomplete !== undefined && reasons.every(({ kind }) => kind === 'failed')) {
    const settled = {
      state: 'checked',
      record: previous,
      elided: false,
      reasons,
      incomplete: failure,
    } as const;
    return { kind: 'settled', settled, outcome: 'failed' };
  }
  return { kind: 'settled', settled: { state: 'failed', failure, reasons }, outcome: 'failed' };
}

/** A module that cannot be loaded says so when it is run. */
async function takesCare(
  session: Session,
  action: Exclude<Rule['action'], { kind: 'run' }>,
): Promise<boolean> {
  try {
    return (await session.code.load(action)).offline === true;
  } catch {
    return true;
  }
}
