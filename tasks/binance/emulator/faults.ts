/**
 * Faults on demand: which ones meet a request, and how often. What each does to an answer is `server.ts`.
 * A new kind is a new member of `FaultKind`: the compiler then names every place that must know it.
 */

export type FaultKind =
  /** This answer instead of the true one. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection is reset after so many bytes of the body; default: before anything is answered. */
  | { readonly kind: 'reset'; readonly after?: number }
  /** The connection ends after so many bytes of a body that was announced whole; default: half of it. */
  | { readonly kind: 'truncate'; readonly after?: number }
  /** One byte is turned over; default: the middle one. */
  | { readonly kind: 'flip'; readonly offset?: number }
  /** The true answer, later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing more comes after so many bytes of the body; default: not even the head. Ends with `close()`. */
  | { readonly kind: 'stall'; readonly after?: number };

export type Fault = FaultKind & {
  /**
   * A part of, or a pattern for, path and query as they were sent: `/data/spot/…zip`,
   * `/api/v3/klines?symbol=…`.
   */
  readonly match: string | RegExp;
  /** Default: any. */
  readonly method?: string;
  /** How many requests it meets; default: all. */
  readonly times?: number;
  /** How many matching requests pass before the first one it meets. */
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
  meet(method: string, target: string): readonly FaultKind[];
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
    meet(method, target) {
      const met: FaultKind[] = [];
      for (const armed of book) {
        const { fault } = armed;
        if (armed.hits >= (fault.times ?? Number.POSITIVE_INFINITY)) continue;
        if (fault.method !== undefined && fault.method !== method) continue;
        // `search` rather than `test`: a pattern with the flag g keeps its place between tests.
        if (typeof fault.match === 'string' ? !target.includes(fault.match) : target.search(fault.match) < 0)
          continue;
        if (armed.seen++ < (fault.skip ?? 0)) continue;
        armed.hits++;
        met.push(fault);
      }
      return met;
    },
  };
}
