/**
 * How far each rule is, counted from the events of a build, and the rows that say so. Pure: knows neither
 * terminal nor timers.
 */
import type { BuildEvent } from '../engine/events.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';
import { keyOf, ruleOf } from './target-name.ts';
import { padEnd, textWidth } from './width.ts';

export type RowState = 'waiting' | 'running' | 'done' | 'failed';

export interface Row {
  readonly state: RowState;
  /** `bars  12/30  2 running  1 failed  BTCUSDT/2024-01`. Not cropped. */
  readonly title: string;
}

export interface ProgressModel {
  apply(event: BuildEvent): void;
  /** One row per rule in order of first appearance; when there are more than `limit`, the rest share the last row. */
  rows(limit: number): Row[];
}

interface Counts {
  planned: number;
  finished: number;
  failed: number;
  /** Targets that run, in order of their start, each with the last that was heard of it. */
  readonly running: Map<string, string>;
}

export function createProgressModel(): ProgressModel {
  const rules = new Map<string, Counts>();

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

  return {
    apply: (event) => {
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
        case 'build-started':
          for (const rule of event.rules) of(rule);
          return;
        case 'warning':
        case 'lock-waiting':
        case 'target-log':
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
      const rows = own.map(([rule, counts]) => rowOf(padEnd(printable(rule), width), counts));
      const others = all.slice(own.length).map(([, counts]) => counts);
      if (others.length > 0 && limit > 0) rows.push(rowOf(`… and ${others.length} more rules`, sum(others)));
      return rows;
    },
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

function rowOf(name: string, { planned, finished, failed, running }: Counts): Row {
  const known = Math.max(planned, finished + running.size);
  const parts = [name, `${finished}/${known}`];
  if (running.size > 0) parts.push(`${running.size} running`);
  if (failed > 0) parts.push(`${failed} failed`);
  const last = [...running].at(-1);
  if (last !== undefined) parts.push(printable(`${keyOf(last[0])} ${last[1]}`.trim()));
  return {
    state: stateOf(finished >= known, failed, running.size),
    title: parts.filter((part) => part !== '').join('  '),
  };
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
