/** An exchange without a network: which bars it has, what time it is there, and what it was asked. */

import type { TaskFailure } from '../../../../src/engine/task.ts';
import type { RestRow } from '../../../../tasks/bars/rest-rows.ts';
import type { Klines } from '../../../../tasks/binance/rest/body.ts';
import type { KlinesQuery } from '../../../../tasks/binance/rest/client.ts';
import type { Read } from '../../../../tasks/lib/settings.ts';
import { at, row, STEP } from './answered.ts';

export const TROUBLE: TaskFailure = { code: 'http-cut', message: 'the line was cut', transient: true };

export class FakeExchange {
  readonly #has: (bar: number) => boolean;
  /** Of the questions for klines, first and last bar. */
  readonly asked: (readonly [first: number, last: number])[] = [];
  /** Bars up to the one with this number have opened. */
  now: number;
  /** Price at which bars close. */
  close = 105;
  /** The question with this number, from 0, and all after it fail. */
  failsFrom = Number.POSITIVE_INFINITY;
  knowsSymbol = true;
  secondsPast = 30;

  constructor(now: number, has: (bar: number) => boolean = () => true) {
    this.now = now;
    this.#has = has;
  }

  async serverNow(): Promise<Read<number>> {
    return { ok: true, value: at(this.now) + this.secondsPast * 1_000 };
  }

  /** As the exchange does it: the first thousand that open within the span, the open one too. */
  async klines({ startTime, endTime }: KlinesQuery): Promise<Klines> {
    const [first, last] = [(startTime - at(0)) / STEP, Math.floor((endTime - at(0)) / STEP)];
    this.asked.push([first, last]);
    if (this.asked.length > this.failsFrom) return { ok: false, failure: TROUBLE };
    if (!this.knowsSymbol) return { ok: 'unknown-symbol', error: { code: -1121, msg: 'Invalid symbol.' } };
    const rows: RestRow[] = [];
    for (let bar = Math.ceil(first); bar <= Math.min(last, this.now) && rows.length < 1_000; bar++) {
      if (this.#has(bar)) rows.push(row(bar, this.close));
    }
    return { ok: true, rows };
  }
}
