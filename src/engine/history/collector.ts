/**
 * What a build was, gathered from its events: how it was asked for, what it counted, rule by rule and target by
 * target. Knows no files and not how much a record may hold.
 */
import type { BuildEvent } from '../events.ts';
import { formatInstant, MINUTE } from '../manifest/instant.ts';
import type { NewRun } from '../state/run-record.ts';
import type { Span } from '../task.ts';
import { ListedTargets } from './listed-targets.ts';
import { RuleTally, sumOf } from './rule-tally.ts';
import { cut, MESSAGE, TEXT, thousandths } from './sizes.ts';

/** How the build was asked for, beyond what its first event says. */
export interface RunRequest {
  readonly between: Span | undefined;
  readonly force: boolean;
  readonly refresh: boolean;
  readonly sweep: boolean;
  readonly offline: boolean;
}

export interface Clock {
  /** Epoch milliseconds. */
  wall(): number;
  /** Milliseconds from any start, never less than before. */
  elapsed(): number;
}

const WARNINGS = 100;
const ALERTS = 100;
const SELECTORS = 100;

type Started = Extract<BuildEvent, { type: 'build-started' }>;
type Ended = Extract<BuildEvent, { type: 'target-finished' }>;
type Finished = Extract<BuildEvent, { type: 'build-finished' }>;

export class HistoryCollector {
  readonly #request: RunRequest;
  readonly #clock: Clock;
  readonly #beganAt: number;
  readonly #rules = new Map<string, RuleTally>();
  readonly #listed = new ListedTargets();
  readonly #warnings: { target: string; message: string }[] = [];
  #warned = 0;
  readonly #alerts: NonNullable<NewRun['alerts']> = [];
  #alerted = 0;
  #started: Started | undefined;
  #finished: Finished | undefined;

  constructor(request: RunRequest, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
    this.#beganAt = clock.elapsed();
  }

  listen(event: BuildEvent): void {
    switch (event.type) {
      case 'build-started':
        this.#started = event;
        return;
      case 'target-started':
        this.#tally(event.rule).start(event.target, this.#clock.elapsed());
        return;
      case 'target-progress':
        if (event.unit === 'bytes') this.#tally(event.rule).progress(event.target, event.done);
        return;
      case 'target-warning':
        this.#warned++;
        if (this.#warnings.length < WARNINGS)
          this.#warnings.push({ target: event.target, message: cut(event.message, MESSAGE) });
        return;
      case 'targets-stood':
        this.#tally(event.rule).counts[event.outcome] += event.count;
        return;
      case 'target-finished':
        this.#end(event);
        return;
      case 'build-finished':
        this.#finished = event;
        return;
      case 'warning':
      case 'lock-waiting':
      case 'targets-planned':
      case 'target-log':
      case 'target-retry':
        return;
    }
  }

  /** What came of it so far; undefined when nothing was begun. `broken`: what was thrown, where something was. */
  result(broken?: unknown): NewRun | undefined {
    if (this.#started === undefined) return undefined;
    const { asOf, selectors, rules: declared } = this.#started;
    const finished = this.#finished;
    const now = this.#clock.elapsed();
    const finishedAt = this.#clock.wall();
    const seconds = finished?.seconds ?? thousandths(now - this.#beganAt);
    const { between, force, refresh, sweep, offline } = this.#request;
    const rules = inOrder(this.#rules, declared);
    const targets = this.#listed.inOrder(declared);
    return {
      startedAt: new Date(finishedAt - seconds * 1_000).toISOString(),
      finishedAt: new Date(finishedAt).toISOString(),
      seconds,
      ended: broken !== undefined ? 'broken' : finished?.interrupted ? 'interrupted' : 'done',
      ...(broken === undefined ? {} : { error: cut(messageOf(broken), MESSAGE) }),
      asOf,
      runId: finished?.runId ?? null,
      selectors: selectors.slice(0, SELECTORS).map((text) => cut(text, TEXT)),
      moreSelectors: Math.max(0, selectors.length - SELECTORS),
      ...edgesOf(between),
      options: { force, refresh, sweep, offline },
      counts: sumOf(rules.map(([, { counts }]) => counts)),
      rules: rules.flatMap(([rule, tally]) => tally.totals(rule, now) ?? []),
      targets,
      moreTargets: this.#listed.count - targets.length,
      warnings: this.#warnings,
      moreWarnings: this.#warned - this.#warnings.length,
      ...this.#alertsTold(),
    };
  }

  #alertsTold(): Pick<NewRun, 'alerts' | 'moreAlerts'> {
    if (this.#alerted === 0) return {};
    return { alerts: this.#alerts, moreAlerts: this.#alerted - this.#alerts.length };
  }

  #end(event: Ended): void {
    for (const { level, code, message } of event.alerts ?? []) {
      this.#alerted++;
      if (this.#alerts.length === ALERTS) continue;
      this.#alerts.push({
        target: event.target,
        level,
        code: cut(code, TEXT),
        message: cut(message, MESSAGE),
      });
    }
    const ran = this.#tally(event.rule).end(event, this.#clock.elapsed());
    const settled = event.outcome === 'fresh' || event.outcome === 'absent' || event.outcome === 'blocked';
    if (settled && !ran) this.#listed.pass(event);
    else this.#listed.add(event);
  }

  #tally(rule: string): RuleTally {
    const known = this.#rules.get(rule);
    if (known !== undefined) return known;
    const tally = new RuleTally();
    this.#rules.set(rule, tally);
    return tally;
  }
}

/** As the manifest declares them. */
function inOrder<T>(
  rules: ReadonlyMap<string, T>,
  declared: readonly string[],
): readonly (readonly [string, T])[] {
  return declared.flatMap((rule) => {
    const value = rules.get(rule);
    return value === undefined ? [] : [[rule, value] as const];
  });
}

/** An open end is none; `--to` includes its minute. */
function edgesOf(between: Span | undefined): { from?: string; to?: string } {
  const isOpen = (time: number): boolean => !(Math.abs(time) < 8.64e15);
  return {
    ...(between === undefined || isOpen(between.start) ? {} : { from: formatInstant(between.start) }),
    ...(between === undefined || isOpen(between.end) ? {} : { to: formatInstant(between.end - MINUTE) }),
  };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
