/**
 * Steers requests by their weight, so that an address stays within a share of what the exchange allows it in each
 * minute of the exchange's clock (docs/DOMAIN.md §3). Every answer says how much the address has used, other
 * processes included; what is under way counts beside it. It sends nothing, and knows neither hosts nor bans.
 */
import type { ServerClock } from './server-clock.ts';

const MINUTE = 60_000;
/**
 * What other processes have under way is in no answer yet. If each has no more than this part of what the share leaves
 * unused, then so many of them do not pass the limit together.
 */
const PROCESSES = 3;

/** Time as the limiter needs it: the machine's, or a test's. */
export interface Timer {
  /** Monotonic, in milliseconds. */
  now(): number;
  /** Calls once, after so long; gives what cancels it. */
  after(ms: number, call: () => void): () => void;
}

export interface WeightLimits {
  /** A minute. */
  readonly limit: number;
  readonly share: number;
}

/** What stands for a request that may be sent: to be given back when it has ended. */
export interface Ticket {
  readonly weight: number;
  /** The exchange's minute, at the earliest, in which it is sent; undefined before the time there is known. */
  readonly minute: number | undefined;
  /** See `#unseen`, when it was given. */
  readonly unseen: number;
}

export type Outcome =
  | { readonly sent: false }
  /** What the answer says is used; undefined where there was no answer or nothing in it. */
  | { readonly sent: true; readonly used: number | undefined };

interface Waiting {
  readonly weight: number;
  readonly go: (ticket: Ticket) => void;
  readonly onWait: ((ms: number) => void) | undefined;
  told: boolean;
}

export function budgetOf({ limit, share }: WeightLimits): number {
  return Math.floor(limit * share);
}

export class Limiter {
  readonly #timer: Timer;
  #limits: WeightLimits;
  #clock: ServerClock | undefined;
  /** The exchange's minute that `#used` is of. */
  #minute: number | undefined;
  #used = 0;
  /** Weights of this minute that no header taken so far is known to include. */
  #unseen = 0;
  /** Weights that may count in the minute after this one. */
  #ahead = 0;
  #underWay = 0;
  #heaviest = 0;
  readonly #queue: Waiting[] = [];
  #cancel: (() => void) | undefined;

  constructor(limits: WeightLimits, timer: Timer) {
    this.#limits = limits;
    this.#timer = timer;
  }

  /** The config may have changed since. */
  heed(limits: WeightLimits): void {
    this.#limits = limits;
    this.#pump();
  }

  get clock(): ServerClock | undefined {
    return this.#clock;
  }

  /** Until the exchange's time is known, requests go one at a time. */
  set clock(clock: ServerClock) {
    this.#clock = clock;
    this.#turn();
    this.#pump();
  }

  /**
   * Resolves when a request of this weight may be sent, in the order of the calls. An abort rejects at once with the
   * signal's reason. `onWait` is told how long the wait for the next minute is.
   */
  acquire(weight: number, signal: AbortSignal, onWait?: (ms: number) => void): Promise<Ticket> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const waiting: Waiting = {
        weight,
        onWait,
        told: false,
        go: (ticket) => {
          signal.removeEventListener('abort', abort);
          resolve(ticket);
        },
      };
      const abort = (): void => {
        const at = this.#queue.indexOf(waiting);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(signal.reason);
        this.#pump();
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#heaviest = Math.max(this.#heaviest, weight);
      this.#queue.push(waiting);
      this.#pump();
    });
  }

  release(ticket: Ticket, outcome: Outcome): void {
    this.#turn();
    this.#underWay -= ticket.weight;
    if (outcome.sent) this.#count(ticket, outcome.used);
    this.#pump();
  }

  /**
   * An answer's figure is of the minute in which the exchange counted the request. That is this one for certain if it
   * was sent in it and has ended in it; otherwise the figure may be of another one, and only its weight is counted.
   */
  #count({ weight, minute, unseen }: Ticket, used: number | undefined): void {
    const latest = this.#latestMinute();
    if (used !== undefined && (minute === latest || latest === undefined)) {
      // What ended unseen while this one was under way may have been counted after it.
      this.#used = Math.max(this.#used, used + this.#unseen - unseen);
      return;
    }
    this.#used += weight;
    this.#unseen += weight;
    if (latest !== this.#minute) this.#ahead += weight;
  }

  /** Goes on to the exchange's next minute once it has begun there for certain. */
  #turn(): void {
    const minute = this.#earliestMinute();
    if (minute === undefined || minute === this.#minute) return;
    // The first time, and after the exchange's clock was set back, nothing is over that was counted so far.
    if (this.#minute !== undefined && minute > this.#minute) {
      this.#used = this.#ahead;
      this.#unseen = 0;
      this.#ahead = 0;
    }
    this.#minute = minute;
  }

  #earliestMinute(): number | undefined {
    return this.#clock && Math.floor((this.#timer.now() + this.#clock.earliest) / MINUTE);
  }

  #latestMinute(): number | undefined {
    return this.#clock && Math.floor((this.#timer.now() + this.#clock.latest) / MINUTE);
  }

  #pump(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#turn();
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (!this.#fits(next.weight)) break;
      this.#queue.shift();
      this.#underWay += next.weight;
      next.go({ weight: next.weight, minute: this.#minute, unseen: this.#unseen });
    }
    const first = this.#queue[0];
    if (first === undefined || this.#clock === undefined || this.#minute === undefined) return;
    if (this.#used + this.#underWay + first.weight <= this.#room(first.weight)) return; // an end makes room
    const wait = Math.ceil((this.#minute + 1) * MINUTE - (this.#timer.now() + this.#clock.earliest));
    if (!first.told) first.onWait?.(wait);
    first.told = true;
    this.#cancel = this.#timer.after(wait, () => this.#pump());
  }

  #fits(weight: number): boolean {
    if (this.#clock === undefined) return this.#underWay === 0;
    if (this.#underWay > 0 && this.#underWay + weight > this.#atOnce()) return false;
    return this.#used + this.#underWay + weight <= this.#room(weight);
  }

  #atOnce(): number {
    return Math.max(0, this.#limits.limit - budgetOf(this.#limits)) / PROCESSES;
  }

  /** What may be used in this minute: the share, and less where it leaves no room for one request of each other process. */
  #room(weight: number): number {
    const budget = budgetOf(this.#limits);
    if (this.#heaviest <= this.#atOnce()) return budget;
    return Math.max(weight, Math.min(budget, this.#limits.limit - (PROCESSES - 1) * this.#heaviest));
  }
}
