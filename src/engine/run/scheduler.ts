/**
 * The loop. Targets go through named states, each change through one `move`: a target is wanted, linked to what
 * it reads, waits for that, is decided, queues for its pool, runs, and settles, which may make its dependents
 * ready. It knows neither how a target is decided nor how it runs.
 */

import type { Listener, Outcome } from '../events.ts';
import { producersOf } from '../graph/edges.ts';
import { Announcer } from './announcer.ts';
import type { Decision, RunPlan } from './decide.ts';
import { decide } from './decide.ts';
import { outcomeOf, unstable } from './finished.ts';
import { Links } from './links.ts';
import { Pools } from './pools.ts';
import { Ready } from './ready.ts';
import type { Roots } from './roots.ts';
import type { Runner, RunResult } from './runner.ts';
import type { Session } from './session.ts';
import type { Settled } from './settled.ts';
import { States } from './states.ts';
import { Waiting } from './waiting.ts';
import { Waits } from './waits.ts';

/** What waits for its pool. */
type Work = Extract<Decision, { kind: 'run' | 'restore' }>;

export interface SchedulerOptions {
  /** Undefined in a dry run, where `decide` never asks for one. */
  readonly runner: Runner | undefined;
  /** All pools together. */
  readonly jobs: number;
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  readonly emit: Listener;
  /** Ends of targets tell what they waited for (`waited`): for listeners that ask for it. */
  readonly tellWaits?: boolean | undefined;
  /** Targets that stand are told of one by one, too. */
  readonly tellEach?: boolean | undefined;
}

/** How often one target may be decided anew because its inputs changed under it. */
const MAX_AGAIN = 5;

/** Settles every root and all it needs, or stops starting work when told to. */
export async function schedule(session: Session, roots: Roots, options: SchedulerOptions): Promise<void> {
  await new Loop(session, roots, options).run();
}

class Loop {
  readonly #session: Session;
  readonly #roots: Roots;
  readonly #options: SchedulerOptions;
  readonly #states = new States();
  readonly #links: Links;
  readonly #waiting = new Waiting();
  /** Worked off in a loop, not by recursion: a chain of a target a day is thousands long. */
  readonly #toLink: number[] = [];
  readonly #again: number[] = [];
  readonly #ready: Ready;
  readonly #pools: Pools<Work>;
  readonly #waits: Waits | undefined;
  readonly #announcer: Announcer;
  #stopped = false;
  /** Whatever an earlier pass has gone over has been asked for. */
  #complete = false;
  #wake: (() => void) | undefined;
  #bug: unknown;

  constructor(session: Session, roots: Roots, options: SchedulerOptions) {
    this.#session = session;
    this.#roots = roots;
    this.#options = options;
    this.#links = new Links(session);
    const pools = new Pools<Work>(session.graph.manifest.pools, options.jobs);
    this.#pools = pools;
    this.#ready = new Ready((pool) => pools.waitingIn(pool));
    const { emit, tellWaits, tellEach: each = false } = options;
    this.#waits = tellWaits ? new Waits(() => performance.now()) : undefined;
    this.#announcer = new Announcer(session, { emit, waits: this.#waits, each });
  }

  async run(): Promise<void> {
    await this.#session.identifyCode();
    this.#session.lookFor('nobody');
    for (const index of this.#roots.first(this.#session.graph)) this.#want(index);
    this.#linkAll();
    this.#announcer.tellStood();
    const stop = (): void => this.#stop();
    this.#options.signal.addEventListener('abort', stop, { once: true });
    if (this.#options.signal.aborted) this.#stop();
    try {
      for (;;) {
        await this.#decideReady();
        this.#startQueued();
        // Another target may have ended between the last look at what is ready and this one.
        if (this.#ready.hasNext()) continue;
        if (this.#pools.busy === 0) {
          if (this.#wantEarlier()) continue;
          break;
        }
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
    } finally {
      this.#options.signal.removeEventListener('abort', stop);
      this.#session.lookFor('pass');
    }
    this.#announcer.close();
    if (this.#bug !== undefined) throw this.#bug;
    if (!this.#stopped) this.#states.expectAllSettled(this.#session.graph);
  }

  /** What only such targets read as stand has not been asked for, and is told of all the same. */
  #wantEarlier(): boolean {
    if (this.#stopped || this.#complete) return false;
    this.#complete = true;
    for (const index of this.#session.earlier) this.#want(index);
    this.#linkAll();
    this.#announcer.tellStood();
    return true;
  }

  #stop(): void {
    this.#stopped = true;
    this.#pools.clear();
    this.#ready.clear();
  }

  /** Takes a target, and by and by all it needs, into this pass. */
  #want(index: number): void {
    if (this.#states.of(index) !== undefined) return;
    const stands = this.#session.stand(index);
    if (stands !== undefined) {
      this.#states.move(index, 'settled');
      this.#announcer.stands(index, stands);
      return;
    }
    this.#announcer.planned(index);
    this.#states.move(index, 'awaiting');
    this.#toLink.push(index);
  }

  /** First come, first linked: with one job, targets run in the order of rules and partitions. */
  #linkAll(): void {
    // Linking wants more targets, which join the end of the list that is walked.
    for (const index of this.#toLink) this.#link(index);
    this.#toLink.length = 0;
  }

  #link(index: number): void {
    const link = this.#links.link(index);
    if ('reads' in link) this.#states.move(index, 'waiting');
    this.#waitFor(index, 'reads' in link ? link.reads : new Set(link.awaits));
  }

  #waitFor(index: number, needs: ReadonlySet<number>): void {
    for (const need of needs) this.#want(need);
    const unsettled = this.#states.unsettled(needs);
    if (!this.#waiting.add(index, unsettled)) this.#unblock(index);
  }

  #unblock(index: number): void {
    if (this.#states.of(index) === 'awaiting') {
      this.#toLink.push(index);
      return;
    }
    this.#waits?.ready(index);
    this.#states.move(index, 'ready');
    this.#pushReady(index);
  }

  #pushReady(index: number): void {
    this.#ready.push(index, this.#session.graph.target(index).rule.pool);
  }

  async #decideReady(): Promise<void> {
    // Decisions are synchronous so that 100,000 of them cost no promises, but must not starve running tasks.
    let last = performance.now();
    for (;;) {
      const next = this.#ready.next();
      if (next === undefined) return;
      this.#decide(next);
      if (performance.now() - last < 50) continue;
      await new Promise((resolve) => setImmediate(resolve));
      this.#startQueued();
      last = performance.now();
    }
  }

  #decide(index: number): void {
    const again = this.#unsettledAgain(index);
    if (again.size > 0) {
      this.#states.move(index, 'waiting');
      this.#waitFor(index, again);
      return;
    }
    const { graph } = this.#session;
    const target = graph.target(index);
    const code = this.#session.identified.get(target.rule.name);
    if (code === undefined) throw new Error(`no code was identified for rule "${target.rule.name}"`);
    this.#session.lookFor(index);
    const decision = decide(this.#session, target, this.#links.of(index), code);
    this.#session.lookFor('nobody');
    switch (decision.kind) {
      case 'settle':
        this.#settle(index, decision.settled, outcomeOf(decision.settled), 0);
        return;
      case 'demand':
        for (const each of decision.targets) this.#demand(each, index);
        this.#states.move(index, 'waiting');
        this.#waitFor(index, new Set(decision.targets));
        return;
      case 'run':
        this.#options.runner?.expect(decision.plan);
        this.#enqueue(index, decision);
        return;
      case 'restore':
        this.#enqueue(index, decision);
    }
  }

  #enqueue(index: number, work: Work): void {
    this.#states.move(index, 'queued');
    this.#waits?.queued(index);
    this.#pools.enqueue(work.plan.target.rule.pool, work);
  }

  /** What this target reads and another one has demanded since this one became ready. */
  #unsettledAgain(index: number): ReadonlySet<number> {
    if (this.#session.demanded.size === 0) return new Set();
    return new Set(this.#states.unsettled(producersOf(this.#links.of(index))));
  }

  /** An intermediate that settled on the strength of its record is needed as a file. */
  #demand(index: number, by: number): void {
    const { demanded } = this.#session;
    if (demanded.has(index)) return;
    demanded.add(index);
    this.#announcer.reopened(index);
    this.#waits?.demanded(index, by);
    this.#session.reopen(index);
    this.#states.move(index, 'ready');
    this.#pushReady(index);
  }

  #startQueued(): void {
    if (this.#stopped) return;
    const { runner } = this.#options;
    if (runner === undefined) return;
    for (let work = this.#pools.start(); work !== undefined; work = this.#pools.start())
      void this.#start(work, runner);
  }

  async #start(work: Work, runner: Runner): Promise<void> {
    const { plan } = work;
    const { index, rule } = plan.target;
    this.#states.move(index, 'running');
    this.#waits?.started(index);
    const started = performance.now();
    let gaveWay = false;
    const worked = (): void => {
      gaveWay = this.#pools.giveWay(rule.pool);
      this.#wake?.();
    };
    try {
      const result = await this.#carryOut(work, runner, worked);
      if (result.kind === 'settled') {
        this.#settle(index, result.settled, result.outcome, (performance.now() - started) / 1000);
      } else if (!this.#stopped) this.#decideAgain(index, plan);
    } catch (thrown) {
      // Not a task's failure (those are values) but ours, or a disk that is full: stop, and let it be seen.
      this.#bug ??= thrown;
      this.#stop();
    } finally {
      if (gaveWay) this.#pools.ended();
      else this.#pools.release(rule.pool);
      this.#wake?.();
    }
  }

  /** What is put back is not told of as started: it ends at once, or is built after all. */
  #carryOut(work: Work, runner: Runner, worked: () => void): Promise<RunResult> {
    const { plan } = work;
    if (work.kind === 'restore') return runner.restore(plan, work.past);
    const { id, rule } = plan.target;
    this.#options.emit({ type: 'target-started', target: id, rule: rule.name, reasons: plan.reasons });
    return runner.run(plan, worked);
  }

  #decideAgain(index: number, plan: RunPlan): void {
    const times = (this.#again[index] ?? 0) + 1;
    this.#again[index] = times;
    if (times <= MAX_AGAIN) {
      this.#states.move(index, 'ready');
      this.#pushReady(index);
      return;
    }
    this.#settle(index, unstable(plan, times), 'failed', 0);
  }

  #settle(index: number, given: Settled, ended: Outcome | undefined, seconds: number): void {
    const settled = this.#session.set(index, given);
    const outcome = settled === given ? ended : outcomeOf(settled);
    this.#states.move(index, 'settled');
    this.#links.settled(index);
    this.#announcer.ended(index, settled, outcome, seconds);
    if (outcome === 'failed' && this.#options.failFast) this.#stop();
    if (this.#stopped) return;
    this.#waits?.settling(index);
    for (const dependent of this.#waiting.release(index)) this.#unblock(dependent);
    for (const more of this.#roots.after(this.#session.graph, index)) this.#want(more);
    this.#linkAll();
  }
}
