/**
 * What time it is at the exchange, by one answer of its `/time` and a clock of ours that nobody sets: not a moment
 * but the bounds between which it lies. Pure arithmetic: it asks nobody.
 */

/** Milliseconds to add to our monotonic clock: the exchange's time is at least the one and at most the other. */
export interface ServerClock {
  readonly earliest: number;
  readonly latest: number;
  /** When it was learnt, by both of our clocks: together they tell that the machine has slept. */
  readonly learntAt: number;
  readonly learntOn: number;
}

/** Timers fire early by up to a millisecond, and two quartzes drift apart by some 100 ms in half an hour. */
const SLACK = 50;
const GOOD_FOR = 30 * 60_000;
const JUMP = 2_000;

export interface TimeAnswer {
  readonly serverTime: number;
  /** By the monotonic clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** By the wall clock, on receipt. */
  readonly wall: number;
}

/** The exchange read its clock after the request was sent and before the answer came. */
export function learnt({ serverTime, sentAt, receivedAt, wall }: TimeAnswer): ServerClock {
  return {
    earliest: serverTime - receivedAt - SLACK,
    latest: serverTime - sentAt + SLACK,
    learntAt: receivedAt,
    learntOn: wall,
  };
}

/** Too old, or the machine has slept or its clock was set since: to be learnt anew. */
export function isStale({ learntAt, learntOn }: ServerClock, now: number, wall: number): boolean {
  const passed = now - learntAt;
  return passed > GOOD_FOR || Math.abs(wall - learntOn - passed) > JUMP;
}
