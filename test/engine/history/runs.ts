/** Records of builds for tests, with the uninteresting fields filled in. */
import type { NewRun } from '../../../src/engine/state/run-record.ts';

export const AS_OF = '2026-01-04T23:59:00Z';

const NOTHING = { executed: 0, restored: 0, checked: 0, fresh: 0, absent: 0, failed: 0, blocked: 0 };

/** `counts` may name some. */
export function newRun(
  more: Partial<Omit<NewRun, 'counts'>> & { counts?: Partial<NewRun['counts']> } = {},
): NewRun {
  return {
    startedAt: '2026-01-05T08:00:00.000Z',
    finishedAt: '2026-01-05T08:01:05.000Z',
    seconds: 65,
    ended: 'done',
    asOf: AS_OF,
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
    counts: { ...NOTHING, ...more.counts },
  };
}

/** A build that executed one target, told apart by its seconds. */
export function busyRun(seconds: number, more: Partial<Omit<NewRun, 'counts'>> = {}): NewRun {
  const target = { target: 'bars/BTCUSDT/2026-01', outcome: 'executed', seconds } as const;
  return newRun({
    seconds,
    counts: { executed: 1, fresh: 9 },
    targets: [
      {
        ...target,
        reasons: [{ kind: 'input', name: 'zips é😀\n' }],
        moreReasons: 2,
        changes: { added: 1_440 },
      },
    ],
    ...more,
  });
}

/** A build with nothing to do, at a minute of an hour. */
export function idleRun(minute: number, more: Parameters<typeof newRun>[0] = {}): NewRun {
  const at = `2026-01-05T09:${String(minute).padStart(2, '0')}`;
  return newRun({
    startedAt: `${at}:00.000Z`,
    finishedAt: `${at}:01.000Z`,
    seconds: 1,
    counts: { fresh: 10 },
    ...more,
  });
}
