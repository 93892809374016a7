/**
 * How far each rule is, counted from the events of a build, and the rows that say so. Pure but for the clock it is
 * given: knows neither terminal nor timers.
 */
import type { BuildEvent } from '../engine/events.ts';
import { formatRate } from './amounts.ts';
import { formatDuration, formatSpan } from './duration.ts';
import { printable } from './printable.ts';
import { keyOf, ruleOf } from './target-name.ts';
import type { Pace } from './transfer.ts';
import { createTransfer } from './transfer.ts';
import { padEnd, textWidth } from './width.ts';

export type RowState = 'waiting' | 'running' | 'done' | 'failed';

export interface Row {
  readonly state: RowState;
  /** `archive  12/240  3 running  1 failed  38.2 MB/s  ETA 1 min 20 s  BTCUSDT/2024-01 37%`. Not cropped. */
  readonly title: string;
}

export interface ProgressModel {
  apply(event: BuildEvent): void;
  /** One row per rule in order of first appearance; when there are more than `limit`, the rest share the last row. */
  rows(limit: number): Row[];
  /** The same of each rule that downloads, in one line without the target that was last heard of. */
  downloads(): string[];
}

interface Counts {
  planned: number;
  finished: number;
  failed: number;
  /** Targets that run, in order of their start, each with the last that was heard of it. */
  readonly running: Map<string, string>;
}

/** `now` in milliseconds, from any start. */
export function createProgressModel(now: () => number): ProgressModel {
  const rules = new Map<string, Counts>();
  const transfer = createTransfer(now);

  function of(rule: string): Counts {
    let counts = rules.get(rule);
    if (counts === undefined) {
      counts = { planned: 0, finished: 0, failed: 0, running: new Map() };
      rules.set(rule, counts);
    }
    return counts;
  }

  /** What trails in after a target's end must not set it running again. */
  function note(target: string, text: string): void {
    const { running } = of(ruleOf(target));
    if (running.has(target)) running.set(target, text);
  }

  function paceOf(rule: string, counts: Counts): Pace | undefined {
    return transfer.pace(rule, knownOf(counts) - counts.finished);
  }

  return {
    apply: (event) => {
      transfer.apply(event);
      switch (event.type) {
        case 'targets-planned':
          of(event.rule).planned += event.count;
          return;
        case 'target-started':
          of(event.rule).running.set(event.target, '');
          return;
        case 'target-progress':
          note(event.target, amount(event.done, event.total, event.unit));
          return;
        case 'target-retry':
          note(
            event.target,
            `retry ${event.attempt} in ${formatDuration(event.waitMs / 1000)}: ${event.message}`,
          );
          return;
        case 'target-finished': {
          const counts = of(event.rule);
          counts.running.delete(event.target);
          counts.finished += 1;
          if (event.outcome === 'failed') counts.failed += 1;
          return;
        }
        case 'targets-stood':
          of(event.rule).finished += event.count;
          return;
        case 'build-started':
          for (const rule of event.rules) of(rule);
          return;
        case 'warning':
        case 'lock-waiting':
        case 'target-log':
        case 'target-warning':
        case 'build-finished':
          return;
      }
    },
    rows: (limit) => {
      const all = [...rules].filter(
        ([, { planned, finished, running }]) => planned + finished + running.size > 0,
      );
      const own = all.length <= limit ? all : all.slice(0, Math.max(0, limit - 1));
      const width = Math.max(0, ...own.map(([rule]) => textWidth(printable(rule))));
      const rows = own.map(([rule, counts]) =>
        rowOf(padEnd(printable(rule), width), counts, paceOf(rule, counts)),
      );
      const others = all.slice(own.length).map(([, counts]) => counts);
      if (others.length > 0 && limit > 0)
        rows.push(rowOf(`… and ${others.length} more rules`, sum(others), undefined));
      return rows;
    },
    downloads: () =>
      [...rules].flatMap(([rule, counts]) => {
        const pace = paceOf(rule, counts);
        return pace === undefined ? [] : [partsOf(printable(rule), counts, pace).join('  ')];
      }),
  };
}

function sum(counts: readonly Counts[]): Counts {
  const total = { planned: 0, finished: 0, failed: 0, running: new Map<string, string>() };
  for (const one of counts) {
    total.planned += one.planned;
    total.finished += one.finished;
    total.failed += one.failed;
    for (const [target, text] of one.running) total.running.set(target, text);
  }
  return total;
}

function rowOf(name: string, counts: Counts, pace: Pace | undefined): Row {
  const { finished, failed, running } = counts;
  const parts = partsOf(name, counts, pace);
  const last = [...running].at(-1);
  if (last !== undefined) parts.push(printable(`${keyOf(last[0])} ${last[1]}`.trim()));
  return {
    state: stateOf(finished >= knownOf(counts), failed, running.size),
    title: parts.filter((part) => part !== '').join('  '),
  };
}

function partsOf(name: string, counts: Counts, pace: Pace | undefined): string[] {
  const { finished, failed, running } = counts;
  const parts = [name, `${finished}/${knownOf(counts)}`];
  if (running.size > 0) parts.push(`${running.size} running`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (pace !== undefined) parts.push(formatRate(pace.rate));
  if (pace?.eta !== undefined) parts.push(`ETA ${formatSpan(Math.max(1, pace.eta))}`);
  return parts;
}

/** More may start than were planned. */
function knownOf({ planned, finished, running }: Counts): number {
  return Math.max(planned, finished + running.size);
}

function stateOf(complete: boolean, failed: number, running: number): RowState {
  if (failed > 0) return 'failed';
  if (running > 0) return 'running';
  return complete ? 'done' : 'waiting';
}

/** `37%` where the end is known, else `1200 rows`. */
function amount(done: number, total: number | undefined, unit: string): string {
  if (total === undefined || total <= 0) return `${done} ${unit}`;
  return `${Math.min(100, Math.floor((100 * done) / total))}%`;
}
