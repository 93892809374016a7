/** Events for tests of reporters, with the uninteresting fields filled in. */
import type { BuildEvent, Failure, Outcome, Reason } from '../../src/engine/events.ts';
import { ruleOf } from '../../src/ui/target-name.ts';

export type Finished = Extract<BuildEvent, { type: 'target-finished' }>;
export type BuildFinished = Extract<BuildEvent, { type: 'build-finished' }>;

export const AS_OF = '2025-02-28T23:59:00Z';

export function buildStarted(dryRun = false): BuildEvent {
  return { type: 'build-started', asOf: AS_OF, dryRun, selectors: [], rules: [] };
}

export function planned(rule: string, count: number): BuildEvent {
  return { type: 'targets-planned', rule, count };
}

export function started(target: string, reasons: readonly Reason[] = []): BuildEvent {
  return { type: 'target-started', target, rule: ruleOf(target), reasons };
}

export function progressed(target: string, done: number, total?: number): BuildEvent {
  return {
    type: 'target-progress',
    target,
    rule: ruleOf(target),
    done,
    unit: 'rows',
    ...(total === undefined ? {} : { total }),
  };
}

/** A download: progress in bytes. */
export function received(target: string, done: number, total?: number): BuildEvent {
  return {
    type: 'target-progress',
    target,
    rule: ruleOf(target),
    done,
    unit: 'bytes',
    ...(total === undefined ? {} : { total }),
  };
}

export function warned(target: string, message: string): BuildEvent {
  return { type: 'target-warning', target, message };
}

export function finished(target: string, outcome: Outcome, more: Partial<Finished> = {}): Finished {
  return {
    type: 'target-finished',
    target,
    rule: ruleOf(target),
    outcome,
    reasons: [],
    seconds: 0.8,
    ...more,
  };
}

export function failed(target: string, failure: Failure): Finished {
  return finished(target, 'failed', { failure });
}

export function buildFinished(counts: Partial<BuildFinished> = {}): BuildFinished {
  return {
    type: 'build-finished',
    asOf: AS_OF,
    runId: null,
    executed: 0,
    restored: 0,
    checked: 0,
    fresh: 0,
    absent: 0,
    failed: 0,
    blocked: 0,
    seconds: 3.2,
    interrupted: false,
    alerts: { critical: 0, warning: 0 },
    ...counts,
  };
}

export const CORRUPT: Failure = {
  code: 'archive-corrupt',
  message: 'BTCUSDT-1m-2024-01.zip: CRC-32 is 0a1b2c3d, expected 4e5f6071',
  hint: 'delete the file and build again',
  log: ['reading the directory', 'inflating'],
};
