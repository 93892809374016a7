/** What one rule did in a build, summed: outcomes, times, bytes, reasons, changes in the data. Knows no other rule. */
import { noCounts } from '../counts.ts';
import type { BuildEvent, Outcome, ReasonKind } from '../events.ts';
import type { RuleTotals } from '../state/run-record.ts';
import { thousandths } from './sizes.ts';

type Ended = Extract<BuildEvent, { type: 'target-finished' }>;
type Counts = Record<Outcome, number>;

const OUTCOMES = ['executed', 'restored', 'checked', 'fresh', 'absent', 'failed', 'blocked'] as const;

export class RuleTally {
  readonly counts: Counts = noCounts();
  readonly #reasons = new Map<ReasonKind, number>();
  readonly #changes = new Map<string, number>();
  /** What runs, with the bytes that were last told of it. */
  readonly #running = new Map<string, number>();
  /** Since when at least one runs. */
  #busySince = 0;
  #busyMs = 0;
  #seconds = 0;
  #bytes = 0;
  #ran = false;

  start(target: string, now: number): void {
    if (this.#running.size === 0) this.#busySince = now;
    this.#running.set(target, 0);
    this.#ran = true;
  }

  /** What trails in after a target's end is none of its bytes. */
  progress(target: string, bytes: number): void {
    if (this.#running.has(target)) this.#running.set(target, Math.round(bytes));
  }

  /** Whether it ran at all. */
  end(event: Ended, now: number): boolean {
    this.counts[event.outcome]++;
    // Of 100,000 targets that are fresh none is looked up.
    const bytes = this.#running.size === 0 ? undefined : this.#running.get(event.target);
    if (bytes === undefined && event.outcome !== 'failed') return false;
    if (bytes !== undefined) {
      this.#running.delete(event.target);
      if (this.#running.size === 0) this.#busyMs += now - this.#busySince;
      if (event.outcome === 'executed') this.#bytes += bytes;
    }
    this.#seconds += event.seconds;
    for (const kind of new Set(event.reasons.map((reason) => reason.kind))) add(this.#reasons, kind, 1);
    for (const [key, count] of changesOf(event)) add(this.#changes, key, count);
    return bytes !== undefined;
  }

  /** Undefined where all was as it should be and nothing ran. An interrupted target ran until now. */
  totals(rule: string, now: number): RuleTotals | undefined {
    const { failed, blocked } = this.counts;
    if (!this.#ran && failed + blocked === 0) return undefined;
    const open = this.#running.size > 0 ? now - this.#busySince : 0;
    return {
      rule,
      counts: Object.fromEntries(Object.entries(this.counts).filter(([, count]) => count > 0)),
      seconds: thousandths(this.#seconds * 1_000),
      busySeconds: thousandths(this.#busyMs + open),
      bytes: this.#bytes,
      reasons: Object.fromEntries(this.#reasons),
      changes: Object.fromEntries(this.#changes),
    };
  }
}

/** What the task counted, but for zeros and what is no number. */
export function changesOf({ changes = {} }: Ended): readonly (readonly [string, number])[] {
  return Object.entries(changes).filter(([, count]) => Number.isFinite(count) && count !== 0);
}

export function sumOf(all: readonly Readonly<Counts>[]): Counts {
  const sum = noCounts();
  for (const counts of all) for (const outcome of OUTCOMES) sum[outcome] += counts[outcome];
  return sum;
}

function add<K>(sums: Map<K, number>, key: K, count: number): void {
  sums.set(key, (sums.get(key) ?? 0) + count);
}
