import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeightLimits } from '../../../../tasks/binance/rest/limiter.ts';
import { budgetOf, Limiter } from '../../../../tasks/binance/rest/limiter.ts';
import { learnt } from '../../../../tasks/binance/rest/server-clock.ts';
import { VirtualTime } from './virtual-time.ts';

const MINUTE = 60_000;
const never = new AbortController().signal;
setMaxListeners(0, never);

/** An exchange that counts weight by the fixed minutes of its own clock. */
class Exchange {
  readonly #time: VirtualTime;
  /** Its clock, less ours. */
  readonly #offset: number;
  readonly counted = new Map<number, number>();

  constructor(time: VirtualTime, offset: number) {
    this.#time = time;
    this.#offset = offset;
  }

  now(): number {
    return this.#time.now() + this.#offset;
  }

  /** What the answer's header says. */
  spend(weight: number): number {
    const minute = Math.floor(this.now() / MINUTE);
    const used = (this.counted.get(minute) ?? 0) + weight;
    this.counted.set(minute, used);
    return used;
  }
}

interface Line {
  /** Each way, the longest in milliseconds. */
  readonly slowest: number;
  /** Of a thousand answers, how many are lost. */
  readonly lost: number;
}

/** One process: it learns the exchange's time first, then its workers ask without end. */
class Process {
  readonly limiter: Limiter;
  readonly spent: number[] = [];
  longestWait = 0;
  readonly #time: VirtualTime;
  readonly #exchange: Exchange;
  readonly #line: Line;
  readonly #random: () => number;

  constructor(time: VirtualTime, exchange: Exchange, limits: WeightLimits, line: Line, random: () => number) {
    this.#time = time;
    this.#exchange = exchange;
    this.#line = line;
    this.#random = random;
    this.limiter = new Limiter(limits, time);
  }

  async start(workers: number, weights: readonly number[]): Promise<void> {
    const ticket = await this.limiter.acquire(1, never);
    const sentAt = this.#time.now();
    await this.#travel();
    const used = this.#exchange.spend(1);
    const serverTime = this.#exchange.now();
    await this.#travel();
    this.limiter.release(ticket, { sent: true, used });
    this.limiter.clock = learnt({ serverTime, sentAt, receivedAt: this.#time.now(), wall: 0 });
    for (let worker = 0; worker < workers; worker++) void this.#work(weights);
  }

  async #work(weights: readonly number[]): Promise<void> {
    for (;;) {
      const weight = weights[Math.floor(this.#random() * weights.length)] ?? 1;
      const asked = this.#time.now();
      const ticket = await this.limiter.acquire(weight, never);
      this.longestWait = Math.max(this.longestWait, this.#time.now() - asked);
      await this.#travel();
      const used = this.#exchange.spend(weight);
      this.spent.push(this.#exchange.now());
      await this.#travel();
      const lost = this.#random() * 1_000 < this.#line.lost;
      this.limiter.release(ticket, { sent: true, used: lost ? undefined : used });
    }
  }

  #travel(): Promise<void> {
    return this.#time.sleep(1 + this.#random() * this.#line.slowest);
  }
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface World {
  readonly seed: number;
  readonly offset: number;
  readonly processes: number;
  readonly workers: number;
  readonly line: Line;
  readonly limits: WeightLimits;
  readonly minutes: number;
  readonly weights?: readonly number[];
}

const STARTS_WITHIN = 5_000;

async function run(world: World) {
  const time = new VirtualTime();
  const exchange = new Exchange(time, world.offset);
  const random = seeded(world.seed);
  const processes = Array.from({ length: world.processes }, () => {
    const process = new Process(time, exchange, world.limits, world.line, random);
    void time
      .sleep(random() * STARTS_WITHIN)
      .then(() => process.start(world.workers, world.weights ?? [1, 2, 5]));
    return process;
  });
  await time.run((world.minutes + 1) * MINUTE);
  // The minutes in which they began, and the one that was cut, are not whole.
  const whole = [...exchange.counted].slice(0, -1);
  const begun = world.offset + STARTS_WITHIN + 2 * (world.line.slowest + 1);
  const minutes = whole.filter(([minute]) => minute * MINUTE >= begun);
  return { exchange, processes, minutes };
}

const world = fc.record({
  seed: fc.integer(),
  offset: fc.integer({ min: -100_000, max: 100_000 }),
  workers: fc.integer({ min: 1, max: 12 }),
  line: fc.record({ slowest: fc.integer({ min: 5, max: 4_000 }), lost: fc.constantFrom(0, 0, 20) }),
  limits: fc.constant({ limit: 400, share: 0.95 }),
  minutes: fc.constant(3),
});

describe('requests of endless demand', () => {
  it('of one process never pass its budget in any minute of the exchange, whatever the line', async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.double({ min: 0.1, max: 1, noNaN: true }), async (given, share) => {
        const limits = { limit: 400, share };
        const { exchange } = await run({ ...given, limits, processes: 1 });
        expect(Math.max(...exchange.counted.values())).toBeLessThanOrEqual(budgetOf(limits));
      }),
      { numRuns: 60 },
    );
  });

  it('of up to three processes never pass the limit together', async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.integer({ min: 2, max: 3 }), async (given, processes) => {
        const { exchange } = await run({ ...given, processes });
        expect(Math.max(...exchange.counted.values())).toBeLessThanOrEqual(given.limits.limit);
      }),
      { numRuns: 60 },
    );
  });

  it('nor do two where the share leaves less than one request unused', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const limits = { limit: 60, share: 1 };
        // A process whose answer is lost, or comes in the next minute, knows less than the others.
        const line = { slowest: Math.min(given.line.slowest, 300), lost: 0 };
        const { exchange, minutes } = await run({ ...given, line, limits, processes: 2 });
        expect(Math.max(...exchange.counted.values())).toBeLessThanOrEqual(limits.limit);
        expect(minutes.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('are let go one a minute where the limit has room for no more', async () => {
    const limits = { limit: 6, share: 1 };
    const line = { slowest: 50, lost: 0 };
    const given = { seed: 1, offset: 0, workers: 2, line, limits, minutes: 4, processes: 1, weights: [5] };
    const { minutes } = await run(given);
    expect(minutes.map(([, used]) => used)).toEqual([5, 5, 5]);
  });

  it('use at least 0.9 of the limit, every process its part, and none waits for longer than the next minute', async () => {
    await fc.assert(
      fc.asyncProperty(
        world,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 5, max: 500 }),
        async (given, processes, slowest) => {
          const line = { ...given.line, slowest };
          const { minutes, processes: all } = await run({ ...given, line, workers: 8, processes });
          expect(minutes.length).toBeGreaterThanOrEqual(2);
          for (const [minute, used] of minutes) {
            expect(used).toBeGreaterThanOrEqual(0.9 * given.limits.limit);
            for (const { spent } of all) {
              expect(spent.some((at) => Math.floor(at / MINUTE) === minute)).toBe(true);
            }
          }
          for (const { longestWait } of all) expect(longestWait).toBeLessThan(MINUTE + 5_000);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the limiter', () => {
  const limits = { limit: 1_000, share: 0.05 };

  function synced(time: VirtualTime, used = 0): Limiter {
    const limiter = new Limiter(limits, time);
    // The exchange's clock stands at half past a minute.
    limiter.clock = learnt({ serverTime: 30_000, sentAt: time.now(), receivedAt: time.now(), wall: 0 });
    if (used > 0) {
      limiter.acquire(1, never).then((ticket) => limiter.release(ticket, { sent: true, used }));
    }
    return limiter;
  }

  it('lets one request go alone as long as the time of the exchange is not known', async () => {
    const time = new VirtualTime();
    const limiter = new Limiter(limits, time);
    const first = await limiter.acquire(1, never);
    let second = false;
    void limiter.acquire(1, never).then(() => {
      second = true;
    });
    await time.run(10 * MINUTE);
    expect(second).toBe(false);
    limiter.release(first, { sent: true, used: 1 });
    await time.run(10 * MINUTE);
    expect(second).toBe(true);
  });

  it('waits for the next minute where others have used the weight up, and says how long', async () => {
    const time = new VirtualTime();
    const limiter = synced(time, 60);
    await time.run(0);
    const waits: number[] = [];
    let at = Number.NaN;
    void limiter
      .acquire(2, never, (ms) => waits.push(ms))
      .then(() => {
        at = time.now();
      });
    await time.run(MINUTE);
    expect(at).toBeGreaterThanOrEqual(30_000);
    expect(at).toBeLessThan(30_200);
    expect(waits).toEqual([30_050]);
  });

  it('counts what was never answered, and not what was never sent', async () => {
    const time = new VirtualTime();
    const limiter = synced(time);
    for (let at = 0; at < 30; at++) limiter.release(await limiter.acquire(2, never), { sent: false });
    for (let at = 0; at < 25; at++) {
      limiter.release(await limiter.acquire(2, never), { sent: true, used: undefined });
    }
    let more = false;
    void limiter.acquire(1, never).then(() => {
      more = true;
    });
    await time.run(20_000);
    expect(more).toBe(false);
    await time.run(MINUTE);
    expect(more).toBe(true);
  });

  it('does not take the figure of the minute before for that of this one', async () => {
    const time = new VirtualTime();
    const limiter = synced(time);
    await time.run(29_000);
    const late = await limiter.acquire(1, never);
    await time.run(2_000);
    limiter.release(late, { sent: true, used: 50 });
    expect(await limiter.acquire(49, never)).toMatchObject({ weight: 49 });
    let more = false;
    void limiter.acquire(1, never).then(() => {
      more = true;
    });
    await time.run(1_000);
    // But what was under way over the border may count in this minute.
    expect(more).toBe(false);
  });

  it('serves in the order of asking: a heavy request is not passed by light ones', async () => {
    const time = new VirtualTime();
    const limiter = synced(time, 45);
    await time.run(0);
    const order: number[] = [];
    for (const weight of [10, 1, 1]) {
      void limiter.acquire(weight, never).then((ticket) => {
        order.push(weight);
        limiter.release(ticket, { sent: true, used: undefined });
      });
    }
    await time.run(20_000);
    expect(order).toEqual([]);
    await time.run(MINUTE);
    expect(order).toEqual([10, 1, 1]);
  });

  it('ends a wait at once when it is aborted, and goes on with the next', async () => {
    const time = new VirtualTime();
    const limiter = synced(time, 45);
    await time.run(0);
    const abort = new AbortController();
    const heavy = limiter.acquire(10, abort.signal);
    const light = limiter.acquire(1, never);
    abort.abort(new Error('enough'));
    await expect(heavy).rejects.toThrow('enough');
    expect(await light).toMatchObject({ weight: 1 });
    await expect(limiter.acquire(1, abort.signal)).rejects.toThrow('enough');
  });
});
