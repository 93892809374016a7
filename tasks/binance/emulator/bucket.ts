/**
 * A line of so many bytes a second that everyone shares, for servers whose speed is to be measured against.
 * It knows neither sockets nor what the bytes are.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** What the line may make up for at once: timers fire a millisecond late and more. */
const CATCH_UP_MS = 20;
const SMALLEST = 1 << 10;
const LARGEST = 64 << 10;

/** Time as the bucket sees it. */
export interface Timer {
  /** Milliseconds on a scale that only rises. */
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<unknown>;
}

const MACHINE: Timer = {
  now: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};

export class TokenBucket {
  /** What is best taken at a time: the line's work of a few milliseconds, so that those who share it take turns. */
  readonly portion: number;
  readonly #bytesPerMs: number;
  readonly #timer: Timer;
  #free = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number, timer: Timer = MACHINE) {
    if (!(bytesPerSecond > 0)) throw new Error(`a line of ${bytesPerSecond} bytes a second`);
    this.#timer = timer;
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.portion = Math.min(LARGEST, Math.max(SMALLEST, Math.floor(bytesPerSecond / 200)));
  }

  /** Resolves when the line is free for these bytes. In the order of the calls. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#timer.now();
    const begins = Math.max(this.#free, now - CATCH_UP_MS);
    this.#free = begins + bytes / this.#bytesPerMs;
    if (begins > now) await this.#timer.wait(begins - now, signal);
  }
}
