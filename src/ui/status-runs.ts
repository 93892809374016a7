/**
 * Runs of partitions that are in the same state for the same reasons: what makes a status of 10,000 targets a page.
 * Knows no layout.
 */
import type { Absence, FreshRun, Reason, TargetState, TargetStatus } from '../engine/events.ts';
import { describeReasons } from './reasons.ts';
import { keyOf, ruleOf } from './target-name.ts';

/** Consecutive targets of one rule that differ in their last key only. */
export interface Run {
  readonly rule: string;
  /** All keys but the last. */
  readonly prefix: string;
  readonly first: string;
  readonly last: string;
  readonly count: number;
  readonly state: TargetState;
  /** Of a single target its own; of several what they share, `*` in the place of the last key. */
  readonly reasons: readonly Reason[];
  /** Of the first of them, if that has one. */
  readonly log: string | undefined;
  /** Of what is absent, the same way. */
  readonly absent: Absence | undefined;
}

interface OpenRun extends Run {
  last: string;
  count: number;
  reasons: readonly Reason[];
  absent: Absence | undefined;
  readonly shared: readonly Reason[];
  /** The shared reasons in words: what must be equal. */
  readonly alike: string;
  /** When the first of them was last asked, for those that are due. */
  asked: string | undefined;
  /** Why they are absent, in the words of all. */
  readonly lacks: string | undefined;
  /** When the first of them is asked again. */
  recheckAt: string | undefined;
  /** Whether that is not so of all of them. */
  mixed: boolean;
}

/** All targets of one rule but those that are fresh and have nothing to say. In order. */
export function runsOf(group: readonly (TargetStatus | FreshRun)[]): readonly Run[] {
  const runs: OpenRun[] = [];
  let open: OpenRun | undefined;
  for (const status of group) {
    if ('fresh' in status || (status.state === 'fresh' && status.reasons.length === 0)) {
      open = undefined;
      continue;
    }
    const next = runOf(status);
    if (open !== undefined && continues(open, next)) append(open, next);
    else {
      open = next;
      runs.push(next);
    }
  }
  return runs;
}

function continues(run: OpenRun, next: OpenRun): boolean {
  const sameKeys = run.first !== '' && next.first !== '' && run.prefix === next.prefix;
  return sameKeys && run.state === next.state && run.alike === next.alike && run.lacks === next.lacks;
}

function append(run: OpenRun, next: OpenRun): void {
  run.last = next.last;
  run.count += 1;
  if (run.asked !== undefined && next.asked !== undefined && next.asked < run.asked) run.asked = next.asked;
  const since = run.asked === undefined ? {} : { was: `${run.asked} or later` };
  run.reasons = run.shared.map((reason) => (reason.kind === 'due' ? { ...reason, ...since } : reason));
  if (run.lacks !== undefined) run.absent = { reason: run.lacks, ...earlier(run, next) };
}

/** One that is never asked again is no reason not to say when the others are. */
function earlier(run: OpenRun, next: OpenRun): Pick<Absence, 'recheckAt'> {
  const [first, ...others] = [run.recheckAt, next.recheckAt].filter((at) => at !== undefined).sort();
  if (first === undefined) return {};
  run.mixed ||= others[0] !== first;
  run.recheckAt = first;
  return { recheckAt: run.mixed ? `${first} or later` : first };
}

function runOf({ target, state, reasons, log, absent }: TargetStatus): OpenRun {
  const key = keyOf(target);
  const cut = key.lastIndexOf('/');
  const last = key.slice(cut + 1);
  // Why it failed matters more than why it ran, and only the first reasons are shown.
  const ordered =
    state === 'failed'
      ? [...reasons].sort((a, b) => Number(b.kind === 'failed') - Number(a.kind === 'failed'))
      : reasons;
  const shared = ordered.map((reason) => sharedReason(reason, last));
  return {
    rule: ruleOf(target),
    prefix: key.slice(0, Math.max(cut, 0)),
    first: last,
    last,
    count: 1,
    state,
    reasons: ordered,
    log,
    absent,
    lacks: absent && withoutKey(absent.reason, last),
    recheckAt: absent?.recheckAt,
    mixed: false,
    shared,
    alike: describeReasons(shared, Number.POSITIVE_INFINITY),
    asked: ordered.find(({ kind }) => kind === 'due')?.was,
  };
}

/** Each month waits for its own archive and misses its own file; each symbol was last asked at its own second. */
function sharedReason(reason: Reason, key: string): Reason {
  const { kind, name, was, is } = reason;
  switch (kind) {
    case 'input':
    case 'output':
    case 'upstream':
      return name.includes(key) ? { ...reason, name: withoutKey(name, key) } : reason;
    case 'param':
      return {
        kind,
        name,
        ...(was === undefined ? {} : { was: withoutKey(was, key) }),
        ...(is === undefined ? {} : { is: withoutKey(is, key) }),
      };
    case 'due':
      return { kind, name: '' };
    case 'code':
    case 'new':
    case 'forced':
    case 'failed':
      return reason;
  }
}

/** `2021-03` goes from `month=2021-03/x` and `X-1m-2021-03.zip`, but not from `2021-03-05`. */
function withoutKey(text: string, key: string): string {
  if (key === '' || !text.includes(key)) return text;
  const escaped = key.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return text.replace(new RegExp(`(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9-])`, 'g'), '*');
}
