/** Builds as the history keeps them, for tests of what is shown of them. */
import type { LoggedRule, LoggedRun, LoggedTarget } from '../../src/ui/logged-run.ts';

export function loggedRun(
  number: number,
  more: Partial<Omit<LoggedRun, 'counts'>> & { counts?: Partial<LoggedRun['counts']> } = {},
): LoggedRun {
  const none = { executed: 0, restored: 0, checked: 0, fresh: 0, absent: 0, failed: 0, blocked: 0 };
  return {
    number,
    builds: 1,
    startedAt: '2026-01-05T08:00:01.250Z',
    finishedAt: '2026-01-05T08:01:06.250Z',
    seconds: 65,
    ended: 'done',
    asOf: '2026-01-04T23:59:00Z',
    runId: null,
    selectors: [],
    moreSelectors: 0,
    options: { force: false, refresh: false, sweep: false, offline: false },
    rules: [],
    targets: [],
    moreTargets: 0,
    warnings: [],
    moreWarnings: 0,
    ...more,
    counts: { ...none, ...more.counts },
  };
}

export function loggedRule(rule: string, more: Partial<LoggedRule> = {}): LoggedRule {
  return { rule, counts: { executed: 1 }, seconds: 1, busySeconds: 1, bytes: 0, changes: {}, ...more };
}

export function loggedTarget(target: string, more: Partial<LoggedTarget> = {}): LoggedTarget {
  return { target, outcome: 'executed', seconds: 0.8, reasons: [], moreReasons: 0, ...more };
}
