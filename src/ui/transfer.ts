/**
 * How fast bytes come, reckoned from the events of a build: by rule, over the last five seconds, and over all that
 * was downloaded. Pure but for the clock it is given. Knows no layout.
 */
import type { BuildEvent } from '../engine/events.ts';

export interface Pace {
  /** Bytes a second. */
  readonly rate: number;
  /** Seconds until the rest of the rule is there; undefined where nobody can tell. */
  readonly eta: number | undefined;
}

export interface Downloaded {
  readonly bytes: number;
  /** Time in which at least one target was downloading; waits before another try are none. */
  readonly seconds: number;
}

export interface Transfer {
  apply(event: BuildEvent): void;
  /** `left`: unfinished targets. Undefined while none of the rule downloads, and before there is enough to reckon with. */
  pace(rule: string, left: number): Pace | undefined;
  /** Undefined where nothing was. */
  downloaded(): Downloaded | undefined;
}

/** The unit of progress that counts. */
export const BYTES = 'bytes';

const WINDOW_MS = 5_000;
/** Of events that come closer together only the last one counts: a long window stays a short list. */
const GRAIN_MS = 100;
const ENOUGH_FINISHED = 3;

interface Running {
  readonly rule: string;
  /** When this try began. */
  since: number;
  /** Of this try, as it was last told. */
  done: number;
  total: number | undefined;
}

interface Line {
  /** When the first of its downloads began. */
  readonly since: number;
  bytes: number;
  /** What had come by when, oldest first; one of them is as old as the window. */
  readonly samples: { at: number; bytes: number }[];
  readonly running: Set<Running>;
  finished: number;
  finishedBytes: number;
}

/** `now` in milliseconds, from any start. It is asked only of targets that run: of 100,000 fresh ones it is not. */
export function createTransfer(now: () => number): Transfer {
  const started = new Map<string, number>();
  const running = new Map<string, Running>();
  const lines = new Map<string, Line>();
  const spans: { from: number; to: number }[] = [];

  function progressed(event: Extract<BuildEvent, { type: 'target-progress' }>): void {
    const since = started.get(event.target);
    // What trails in after a target's end is none of its bytes.
    if (event.unit !== BYTES || since === undefined) return;
    const line = lines.get(event.rule) ?? newLine(since);
    lines.set(event.rule, line);
    const one = running.get(event.target) ?? { rule: event.rule, since, done: 0, total: undefined };
    running.set(event.target, one);
    line.running.add(one);
    // A try that begins anew counts from nothing, and the bytes of the one before came all the same.
    line.bytes += event.done >= one.done ? event.done - one.done : event.done;
    one.done = event.done;
    one.total = event.total;
    note(line, now());
  }

  function retried({ target, waitMs }: Extract<BuildEvent, { type: 'target-retry' }>): void {
    const again = now() + waitMs;
    started.set(target, again);
    const one = running.get(target);
    if (one === undefined) return;
    spans.push({ from: one.since, to: now() });
    one.since = again;
  }

  function finished(event: Extract<BuildEvent, { type: 'target-finished' }>): void {
    started.delete(event.target);
    const one = running.get(event.target);
    if (one === undefined) return;
    running.delete(event.target);
    spans.push({ from: one.since, to: now() });
    const line = lines.get(one.rule);
    line?.running.delete(one);
    if (line === undefined || event.outcome === 'failed') return;
    line.finished += 1;
    line.finishedBytes += one.done;
  }

  return {
    apply: (event) => {
      if (event.type === 'target-started') started.set(event.target, now());
      else if (event.type === 'target-progress') progressed(event);
      else if (event.type === 'target-retry') retried(event);
      else if (event.type === 'target-finished') finished(event);
    },
    pace: (rule, left) => {
      const line = lines.get(rule);
      if (line === undefined || line.running.size === 0) return undefined;
      const time = now();
      if (line.finished < ENOUGH_FINISHED && time - line.since < WINDOW_MS) return undefined;
      const rate = rateOf(line, time);
      return { rate, eta: etaOf(line, left, rate) };
    },
    downloaded: () => {
      const bytes = [...lines.values()].reduce((sum, line) => sum + line.bytes, 0);
      if (bytes === 0) return undefined;
      const open = [...running.values()].map(({ since }) => ({ from: since, to: now() }));
      return { bytes, seconds: covered([...spans, ...open]) / 1000 };
    },
  };
}

function newLine(since: number): Line {
  const samples = [{ at: since, bytes: 0 }];
  return { since, bytes: 0, samples, running: new Set(), finished: 0, finishedBytes: 0 };
}

function note({ samples, bytes }: Line, now: number): void {
  const [before, last] = samples.slice(-2);
  if (last !== undefined && before !== undefined && now - before.at < GRAIN_MS) {
    last.at = now;
    last.bytes = bytes;
  } else samples.push({ at: now, bytes });
  while ((samples[1]?.at ?? now) < now - WINDOW_MS) samples.shift();
}

function rateOf({ samples, bytes, since }: Line, now: number): number {
  const from = Math.max(now - WINDOW_MS, since);
  if (now <= from) return 0;
  const before = samples.findLast(({ at }) => at <= from)?.bytes ?? 0;
  return (bytes - before) / ((now - from) / 1000);
}

/** `left`: targets of the rule that are not finished, those that run among them. */
function etaOf(line: Line, left: number, rate: number): number | undefined {
  const mean = meanOf(line);
  if (rate <= 0 || mean === undefined) return undefined;
  let bytes = Math.max(0, left - line.running.size) * mean;
  for (const { done, total } of line.running) bytes += Math.max(0, (total ?? mean) - done);
  return bytes / rate;
}

/** Of what is finished; before anything is, of what the running ones say they will be. */
function meanOf({ finished, finishedBytes, running }: Line): number | undefined {
  if (finished > 0) return finishedBytes / finished;
  const totals = [...running].flatMap(({ total }) => (total === undefined ? [] : [total]));
  return totals.length === 0 ? undefined : totals.reduce((sum, total) => sum + total, 0) / totals.length;
}

/** The length of the union. */
function covered(spans: readonly { readonly from: number; readonly to: number }[]): number {
  let length = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    length += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return length;
}
