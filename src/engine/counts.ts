/** How the targets of a build have ended, counted from its events. Knows no target by name. */
import type { AlertCounts, Listener, Outcome } from './events.ts';

export type Counts = Readonly<Record<Outcome, number>>;

export function noCounts(): Record<Outcome, number> {
  return { executed: 0, restored: 0, checked: 0, fresh: 0, absent: 0, failed: 0, blocked: 0 };
}

export function counting(): {
  readonly value: Record<Outcome, number>;
  readonly alerts: AlertCounts;
  readonly listen: Listener;
} {
  const alerts = { critical: 0, warning: 0 };
  const value = noCounts();
  return {
    value,
    alerts,
    listen: (event) => {
      if (event.type === 'targets-stood') value[event.outcome] += event.count;
      if (event.type !== 'target-finished') return;
      value[event.outcome]++;
      for (const { level } of event.alerts ?? []) alerts[level]++;
    },
  };
}

/** Nothing has run, and nothing is wrong. */
export function isCalm({ value, alerts }: { readonly value: Counts; readonly alerts: AlertCounts }): boolean {
  return !hasRun(value) && value.blocked === 0 && alerts.critical + alerts.warning === 0;
}

export function hasRun({ executed, restored, checked, failed }: Counts): boolean {
  return executed + restored + checked + failed > 0;
}
