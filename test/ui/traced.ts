/** What a trace is, as tests read it: the part of the Chrome trace event format that a build writes. */
import { z } from 'zod';

const number = z.number().int().nonnegative();
const place = { pid: z.number().int().positive(), tid: z.number().int().positive() };

const metadata = z.strictObject({
  ph: z.literal('M'),
  name: z.enum(['process_name', 'process_sort_index', 'thread_name']),
  pid: place.pid,
  tid: place.tid.optional(),
  args: z.union([z.strictObject({ name: z.string() }), z.strictObject({ sort_index: number })]),
});

const phase = z.strictObject({
  ph: z.literal('X'),
  name: z.string(),
  cat: z.literal('phase'),
  ts: number,
  dur: number,
  ...place,
});

const run = z.strictObject({
  ph: z.literal('X'),
  name: z.string(),
  cat: z.string(),
  ts: number,
  dur: number,
  ...place,
  args: z.strictObject({
    rule: z.string(),
    outcome: z.enum(['executed', 'restored', 'checked', 'absent', 'failed', 'again', 'interrupted']),
    reasons: z.string(),
    bytes: number.optional(),
    queued_ms: number.optional(),
    after: z.string().optional(),
  }),
});

const retry = z.strictObject({
  ph: z.literal('i'),
  s: z.literal('t'),
  name: z.string(),
  cat: z.literal('retry'),
  ts: number,
  ...place,
  args: z.strictObject({ target: z.string(), message: z.string(), wait_ms: number }),
});

const schema = z.strictObject({
  displayTimeUnit: z.literal('ms'),
  traceEvents: z.array(z.union([metadata, phase, run, retry])),
});

export interface Traced {
  readonly runs: readonly z.infer<typeof run>[];
  readonly phases: readonly z.infer<typeof phase>[];
  readonly retries: readonly z.infer<typeof retry>[];
  /** `pool cpu (limit 2)` and its lanes, by the number of the process. */
  readonly pools: ReadonlyMap<number, { readonly name: string; readonly lanes: readonly string[] }>;
}

/** Throws where it is none. */
export function traceIn(text: string): Traced {
  const { traceEvents } = schema.parse(JSON.parse(text));
  const pools = new Map<number, { name: string; lanes: string[] }>();
  for (const event of traceEvents) {
    if (event.ph !== 'M' || !('name' in event.args)) continue;
    if (event.name === 'process_name') pools.set(event.pid, { name: event.args.name, lanes: [] });
    else pools.get(event.pid)?.lanes.push(event.args.name);
  }
  return {
    runs: traceEvents.flatMap((event) => (event.ph === 'X' && 'args' in event ? [event] : [])),
    phases: traceEvents.flatMap((event) => (event.ph === 'X' && !('args' in event) ? [event] : [])),
    retries: traceEvents.flatMap((event) => (event.ph === 'i' ? [event] : [])),
    pools,
  };
}
