/**
 * Tells listeners how targets end: each once, although an intermediate whose files are gone may yet be demanded, and
 * those that stand as they were found before by number. Knows neither the loop's states nor how a target came to its end.
 */
import type { Listener, Outcome, Waited } from '../events.ts';
import { finished, outcomeOf } from './finished.ts';
import { isToldAlone } from './known-fresh.ts';
import type { Session } from './session.ts';
import type { Settled } from './settled.ts';
import type { Waits } from './waits.ts';

export interface AnnouncerOptions {
  readonly emit: Listener;
  /** Undefined: what targets waited for is not told. */
  readonly waits: Waits | undefined;
  /** Targets that stand are told of one by one, too. */
  readonly each: boolean;
}

export class Announcer {
  readonly #session: Session;
  readonly #options: AnnouncerOptions;
  /** Somebody may yet need their files. */
  readonly #held = new Set<number>();
  /** How targets stood that have been demanded and have not settled since. */
  readonly #reopened = new Map<number, Settled>();
  /** By rule: how many targets stood as they were found before, and have not been told of. */
  readonly #stood = new Map<string, number>();

  constructor(session: Session, options: AnnouncerOptions) {
    this.#session = session;
    this.#options = options;
  }

  planned(index: number): void {
    const { rule } = this.#session.graph.target(index);
    this.#options.emit({ type: 'targets-planned', rule: rule.name, count: 1 });
  }

  /** A target that is not decided. */
  stands(index: number, settled: Settled): void {
    const { rule } = this.#session.graph.target(index);
    if (this.#options.each || isToldAlone(rule)) {
      this.planned(index);
      this.#tell(index, settled, 'fresh', 0);
    } else this.#stood.set(rule.name, (this.#stood.get(rule.name) ?? 0) + 1);
  }

  /** All together that have come up so far. */
  tellStood(): void {
    for (const [rule, count] of this.#stood) {
      this.#options.emit({ type: 'targets-planned', rule, count });
      this.#options.emit({ type: 'targets-stood', rule, outcome: 'fresh', count });
    }
    this.#stood.clear();
  }

  /** `outcome` undefined: in a dry run nothing has come of it. */
  ended(index: number, settled: Settled, outcome: Outcome | undefined, seconds: number): void {
    this.#reopened.delete(index);
    // It may run yet, and has one end, not two.
    if ('elided' in settled && settled.elided) this.#held.add(index);
    else if (outcome !== undefined) this.#tell(index, settled, outcome, seconds);
  }

  /** An end is taken back: its files are demanded. */
  reopened(index: number): void {
    const settled = this.#session.settled(index);
    if (settled !== undefined) this.#reopened.set(index, settled);
    this.#held.delete(index);
  }

  /** Once nothing can be demanded any more. */
  close(): void {
    for (const index of this.#held) {
      const settled = this.#session.settled(index);
      if (settled !== undefined) this.#reopened.set(index, settled);
    }
    for (const [index, settled] of this.#reopened)
      this.#tell(index, settled, outcomeOf(settled) ?? 'fresh', 0);
  }

  #tell(index: number, settled: Settled, outcome: Outcome, seconds: number): void {
    const ended = finished(this.#session.graph.target(index), settled, outcome, seconds);
    const { emit, waits } = this.#options;
    emit(waits === undefined ? ended : { ...ended, waited: this.#waited(index, waits) });
  }

  #waited(index: number, waits: Waits): Waited {
    const { after, queuedMs } = waits.of(index);
    const queued = Math.round(queuedMs) / 1000;
    return after === undefined ? { queued } : { after: this.#session.graph.target(after).id, queued };
  }
}
