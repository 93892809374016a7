/**
 * Faults on demand: which ones meet a request, and how often. What each does to an answer is `server.ts`.
 * A new kind is a new member of `FaultKind`: the compiler then names every place that must know it.
 */
import type { Ask, Reply } from './reply.ts';

export type FaultKind =
  /** This answer instead of the true one. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The client is sent elsewhere; default: to the same address once more, where no redirect meets it. */
  | {
      readonly kind: 'redirect';
      /** Default 302. */
      readonly status?: 301 | 302 | 303 | 307 | 308;
      readonly location?: string;
    }
  /** REST bans the client from this request on, which is told so. Elsewhere: nothing. */
  | { readonly kind: 'ban'; readonly seconds: number }
  /** The connection is reset after so many bytes of the body; default: before anything is answered. */
  | { readonly kind: 'reset'; readonly after?: number }
  /** The connection ends after so many bytes of a body that was announced whole; default: half of it. */
  | { readonly kind: 'truncate'; readonly after?: number }
  /** One byte is turned over; default: the middle one. */
  | { readonly kind: 'flip'; readonly offset?: number }
  /** The true answer, later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The body comes so many bytes at a time, the first ones at once. */
  | { readonly kind: 'trickle'; readonly bytes: number; readonly everyMs: number }
  /** Nothing more comes after so many bytes of the body; default: not even the head. Ends with `close()`. */
  | { readonly kind: 'stall'; readonly after?: number }
  /**
   * What the exchange hears, what it says, or both go through a function. Those that tests share are
   * `rewrites.ts`.
   */
  | {
      readonly kind: 'rewrite';
      readonly ask?: (ask: Ask) => Ask;
      readonly reply?: (reply: Reply, ask: Ask) => Reply;
    };

export type Fault = FaultKind & {
  /**
   * A part of, or a pattern for, path and query as they were sent: `/data/spot/…zip`,
   * `/api/v3/klines?symbol=…`.
   */
  readonly match: string | RegExp;
  /** Default: any. */
  readonly method?: string;
  /** By the emulator's clock, in epoch milliseconds: `from` included, `until` not. Default: always. */
  readonly from?: number;
  readonly until?: number;
  /** How many requests it meets; default: all. */
  readonly times?: number;
  /** How many requests, of those that match in its time, pass before the first one that it meets. */
  readonly skip?: number;
};

export interface AddedFault {
  /** How many requests it has met. */
  readonly hits: number;
  remove(): void;
}

export interface Faults {
  add(fault: Fault): AddedFault;
  clear(): void;
}

interface Armed {
  readonly fault: Fault;
  seen: number;
  hits: number;
}

/** `meet` gives what happens to a request, in the order in which the faults were added, and counts it. */
export interface FaultBook extends Faults {
  meet(ask: Ask, now: number): readonly FaultKind[];
}

export function faultBook(): FaultBook {
  const book = new Set<Armed>();
  return {
    add(fault) {
      const armed: Armed = { fault, seen: 0, hits: 0 };
      book.add(armed);
      return {
        get hits() {
          return armed.hits;
        },
        remove: () => void book.delete(armed),
      };
    },
    clear: () => book.clear(),
    meet(ask, now) {
      const met: FaultKind[] = [];
      for (const armed of book) {
        const { fault } = armed;
        if (armed.hits >= (fault.times ?? Number.POSITIVE_INFINITY)) continue;
        if (!concerns(fault, ask) || now < (fault.from ?? now) || now >= (fault.until ?? Infinity)) continue;
        if (armed.seen++ < (fault.skip ?? 0)) continue;
        armed.hits++;
        met.push(fault);
      }
      return met;
    },
  };
}

function concerns(fault: Fault, { method, target, redirected }: Ask): boolean {
  if (fault.method !== undefined && fault.method !== method) return false;
  // A redirect to a given place may lead in circles: that is what was asked for.
  if (fault.kind === 'redirect' && fault.location === undefined && redirected) return false;
  // `search` rather than `test`: a pattern with the flag g keeps its place between tests.
  return typeof fault.match === 'string' ? target.includes(fault.match) : target.search(fault.match) >= 0;
}
