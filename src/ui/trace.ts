/**
 * A build as Chrome trace events (Perfetto, chrome://tracing): a complete event for each run, on a lane for each place
 * of its pool, retries as instants, the phases of the build on a lane of their own. Written piece by piece as runs end,
 * so that what is kept does not grow with them. It does not know where the text goes.
 */
import type { Reporter } from './listener.ts';
import type { Phase, Run, RunClock } from './profile-runs.ts';
import { followRuns } from './profile-runs.ts';
import { describeReasons } from './reasons.ts';

export interface TraceOptions extends RunClock {
  /** How many may run at once, by pool. */
  readonly limits: ReadonlyMap<string, number>;
  readonly poolOf: (rule: string) => string;
}

/** A thread of the trace. `free`: microseconds, when the last of its runs ended. */
interface Lane {
  readonly tid: number;
  free: number;
}

interface Pool {
  /** A process of the trace. */
  readonly pid: number;
  readonly name: string;
  readonly limit: number;
  readonly lanes: Lane[];
}

// 0 is the idle process to those who read traces of kernels.
const BUILD_PID = 1;
/** When a run began that was told of at its end is known to a millisecond. */
const SLACK_US = 1_000;

export function createTrace(write: (text: string) => void, options: TraceOptions): Reporter {
  const pools = new Map<string, Pool>();
  let tids = 0;
  let separator = '{"displayTimeUnit":"ms","traceEvents":[\n';

  function event(fields: object): void {
    write(`${separator}${JSON.stringify(fields)}`);
    separator = ',\n';
  }

  function metadata(pid: number, tid: number | undefined, name: string, args: object): void {
    event({ ph: 'M', name, pid, ...(tid === undefined ? {} : { tid }), args });
  }

  function nameProcess(pid: number, name: string): void {
    metadata(pid, undefined, 'process_name', { name });
    metadata(pid, undefined, 'process_sort_index', { sort_index: pid });
  }

  function nameThread(pid: number, name: string): number {
    tids += 1;
    metadata(pid, tids, 'thread_name', { name });
    return tids;
  }

  function poolOf(rule: string): Pool {
    const name = options.poolOf(rule);
    const known = pools.get(name);
    if (known !== undefined) return known;
    const limit = options.limits.get(name) ?? 1;
    const pool = { pid: BUILD_PID + 1 + pools.size, name, limit, lanes: [] };
    pools.set(name, pool);
    nameProcess(pool.pid, `pool ${name} (limit ${limit})`);
    return pool;
  }

  /**
   * Of the lanes that were free when it began the one that was free last: taken in the order of ends, no other choice
   * needs fewer lanes, and runs of a pool need as many as there were at once.
   */
  function laneFor({ pid, name, lanes, limit }: Pool, from: number): Lane {
    const free =
      lastFree(lanes, from) ?? (lanes.length < limit ? undefined : lastFree(lanes, from + SLACK_US));
    if (free !== undefined) return free;
    const lane = { tid: nameThread(pid, `${name} ${lanes.length + 1}`), free: 0 };
    lanes.push(lane);
    return lane;
  }

  function run(one: Run): void {
    const pool = poolOf(one.rule);
    const began = inMicroseconds(one.from);
    const lane = laneFor(pool, began);
    const to = inMicroseconds(one.to);
    const ts = Math.min(Math.max(began, lane.free), to);
    lane.free = to;
    const where = { pid: pool.pid, tid: lane.tid };
    event({ ph: 'X', name: one.target, cat: one.rule, ts, dur: to - ts, ...where, args: argsOf(one) });
    for (const { at, attempt, message, waitMs } of one.retries) {
      const args = { target: one.target, message, wait_ms: waitMs };
      event({
        ph: 'i',
        s: 't',
        name: `retry ${attempt}`,
        cat: 'retry',
        ts: inMicroseconds(at),
        ...where,
        args,
      });
    }
  }

  function end(phases: readonly Phase[]): void {
    nameProcess(BUILD_PID, 'build');
    const tid = nameThread(BUILD_PID, 'phases');
    for (const { name, from, to } of phases) {
      const ts = inMicroseconds(from);
      event({ ph: 'X', name, cat: 'phase', ts, dur: inMicroseconds(to) - ts, pid: BUILD_PID, tid });
    }
    write('\n]}\n');
  }

  const runs = followRuns(options, run);
  return { listener: runs.apply, close: () => end(runs.end()) };
}

function lastFree(lanes: readonly Lane[], by: number): Lane | undefined {
  let last: Lane | undefined;
  for (const lane of lanes) if (lane.free <= by && lane.free >= (last?.free ?? 0)) last = lane;
  return last;
}

function argsOf({ rule, outcome, reasons, bytes, waited }: Run): object {
  return {
    rule,
    outcome,
    reasons: describeReasons(reasons),
    ...(bytes === 0 ? {} : { bytes }),
    ...(waited === undefined ? {} : { queued_ms: Math.round(waited.queued * 1000) }),
    ...(waited?.after === undefined ? {} : { after: waited.after }),
  };
}

function inMicroseconds(ms: number): number {
  return Math.round(ms * 1000);
}
