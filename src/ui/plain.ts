/**
 * Progress as lines, for logs and pipes: one line for each thing worth knowing, failures in full.
 * What is fresh is silent. Knows neither rows nor the closing summary.
 */
import type { BuildEvent, Outcome } from '../engine/events.ts';
import { formatDiagnostics } from './diagnostic-printer.ts';
import { formatDuration } from './duration.ts';
import { formatFailure, verb } from './failure.ts';
import type { Reporter, TextStream } from './listener.ts';
import { printable } from './printable.ts';
import { createProgressModel } from './progress-model.ts';
import { describeReasons } from './reasons.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';
import { BYTES } from './transfer.ts';
import { crop } from './width.ts';

export interface PlainOptions {
  readonly color: boolean;
  /** For the excerpts of diagnostics and for progress; what is said of a target is never cropped. */
  readonly width: number;
  /** Failures and warnings of targets only. */
  readonly quiet?: boolean;
  /** Also what starts, what is fresh, and every log line. */
  readonly verbose?: boolean;
  /** Milliseconds, from any start. For tests. */
  readonly now?: () => number;
}

/** One failed listing blocks all months of its symbol: a log needs to name a few and count the rest. */
const BLOCKED_SHOWN = 3;
/** A disk that is too small, or a host that has banned us, fails many targets with one and the same message. */
const SAME_SHOWN = 3;
/** How often a log says how far downloads are. */
const PROGRESS_MS = 10_000;

type Finished = Extract<BuildEvent, { type: 'target-finished' }>;

export function createPlain(stream: TextStream, options: PlainOptions): Reporter {
  const style = styleFor(options.color);
  const { quiet = false, verbose = false } = options;
  const print = (line: string): void => {
    stream.write(`${line}\n`);
  };
  let dryRun = false;
  /** How many targets each failure has blocked so far, by what is said of it. */
  const blocked = new Map<string, number>();
  /** The same for failures, by their message. */
  const failures = new Map<string, { readonly first: string; readonly code: string; count: number }>();
  const model = createProgressModel(options.now ?? (() => performance.now()));
  let ticker: NodeJS.Timeout | undefined;

  /** Also while nothing comes: that is when one looks at a log. */
  function tellDownloads(): void {
    for (const line of model.downloads()) print(crop(`${verb('progress')}${line}`, options.width));
  }

  function follow(event: BuildEvent): void {
    model.apply(event);
    if (event.type === 'target-progress' && event.unit === BYTES)
      ticker ??= setInterval(tellDownloads, PROGRESS_MS).unref();
    if (event.type === 'build-finished') stop();
  }

  function stop(): void {
    clearInterval(ticker);
    ticker = undefined;
  }

  function finished(event: Finished): void {
    if (event.outcome === 'blocked' && !quiet && !verbose) {
      const why = describeReasons(event.reasons);
      const count = (blocked.get(why) ?? 0) + 1;
      blocked.set(why, count);
      if (count > BLOCKED_SHOWN) return;
    }
    if (event.outcome === 'failed') {
      const { code = 'failed', message = event.target } = event.failure ?? {};
      const same = failures.get(message) ?? { first: event.target, code, count: 0 };
      same.count++;
      failures.set(message, same);
      if (same.count > SAME_SHOWN && !verbose) return;
      print(formatFailure(event, style, verbose).join('\n'));
    } else if (!quiet && (verbose || event.outcome !== 'fresh')) print(finishedLine(event, style, dryRun));
    for (const line of alertLines(event, style, verbose)) print(line);
  }

  function restOfBlocked(): void {
    for (const [why, count] of blocked) {
      if (count > BLOCKED_SHOWN) print(tidy(verb('blocked'), `and ${count - BLOCKED_SHOWN} more`, why));
    }
    blocked.clear();
    for (const { first, code, count } of failures.values()) {
      if (count > SAME_SHOWN && !verbose)
        print(
          tidy(
            style.red(verb('failed')),
            `and ${count - SAME_SHOWN} more`,
            `${printable(code)}, as ${printable(first)}`,
          ),
        );
    }
    failures.clear();
  }

  function aside(event: BuildEvent): void {
    switch (event.type) {
      case 'warning':
        stream.write(withLineEnd(formatDiagnostics([event.diagnostic], options)));
        return;
      case 'lock-waiting':
        print(waitingLine(event.holder, style));
        return;
      case 'target-retry':
        print(retryLine(event, style));
        return;
      case 'target-started':
        if (verbose) print(tidy(verb('started'), printable(event.target), describeReasons(event.reasons)));
        return;
      case 'target-log':
        if (verbose) print(tidy(style.dim(verb('log')), printable(event.target), printable(event.line)));
        return;
      case 'build-started':
      case 'targets-planned':
      case 'target-progress':
      case 'target-warning':
      case 'target-finished':
      case 'build-finished':
        return;
    }
  }

  return {
    listener: (event) => {
      if (event.type === 'build-started') dryRun = event.dryRun;
      if (event.type === 'build-finished') restOfBlocked();
      if (!quiet) follow(event);
      if (event.type === 'target-finished') finished(event);
      else if (event.type === 'target-warning') print(warningLine(event, style));
      else if (!quiet) aside(event);
    },
    close: stop,
  };
}

/** `warning   listing/BTCUSDT  the listing cannot be reached: …`. */
export function warningLine(
  { target, message }: Extract<BuildEvent, { type: 'target-warning' }>,
  style: Style,
): string {
  return tidy(style.yellow(verb('warning')), printable(target), printable(message));
}

/**
 * `critical  reports  coverage: …`. A target that was fresh tells again what is critical, since the exit code hangs on
 * it; other alerts are told when they are new.
 */
export function alertLines(
  { target, outcome, alerts = [] }: Pick<Finished, 'target' | 'outcome' | 'alerts'>,
  style: Style,
  verbose = false,
): readonly string[] {
  return alerts
    .filter(({ level }) => verbose || outcome !== 'fresh' || level === 'critical')
    .map(({ level, code, message }) => {
      const paint = level === 'critical' ? style.red : style.yellow;
      return tidy(paint(verb(level)), printable(target), `${printable(code)}: ${printable(message)}`);
    });
}

/** `waiting   another build holds the workspace: …`. */
export function waitingLine(holder: string, style: Style): string {
  return `${style.yellow(verb('waiting'))}another build holds the workspace: ${printable(holder)}`;
}

export function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function retryLine(event: Extract<BuildEvent, { type: 'target-retry' }>, style: Style): string {
  const wait = `in ${formatDuration(event.waitMs / 1000)}`;
  const why = `${printable(event.message)} (retry ${event.attempt})`;
  return tidy(style.yellow(verb('retry')), printable(event.target), wait, why);
}

/** `executed  bars/BTCUSDT/2024-01  0.8s  input zips changed`. */
function finishedLine(event: Finished, style: Style, dryRun: boolean): string {
  const word = dryRun && event.outcome === 'executed' ? 'to build' : event.outcome;
  const why = event.absent === undefined ? describeReasons(event.reasons) : printable(event.absent);
  const seconds = dryRun || event.outcome === 'blocked' ? '' : formatDuration(event.seconds);
  return tidy(paintFor(event.outcome, style)(verb(word)), printable(event.target), seconds, why);
}

function paintFor(outcome: Outcome, style: Style): (text: string) => string {
  switch (outcome) {
    case 'executed':
    case 'restored':
      return style.green;
    case 'failed':
      return style.red;
    case 'absent':
    case 'blocked':
      return style.yellow;
    case 'checked':
    case 'fresh':
      return style.dim;
  }
}

/** The verb, then whatever is not empty, two spaces apart. */
function tidy(verb: string, ...parts: readonly string[]): string {
  return verb + parts.filter((part) => part !== '').join('  ');
}
