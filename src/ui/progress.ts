/**
 * Progress in a terminal: a row per rule, drawn over in place five times a second, then every failure in full.
 * A build of less than 150 ms, or one in which nothing runs, draws nothing and never loads listr2. Knows no layout.
 */
import { formatDiagnostics } from './diagnostic-printer.ts';
import type { FailedTarget } from './failure.ts';
import { formatFailure } from './failure.ts';
import type { Reporter, TextStream } from './listener.ts';
import { alertLines, waitingLine, warningLine, withLineEnd } from './plain.ts';
import { createProgressModel } from './progress-model.ts';
import type { DrawnRows } from './progress-rows.ts';
import { createScreen } from './screen.ts';
import { styleFor } from './style.ts';

/** `process.stderr`, or a stand-in. Its size is asked at each drawing. */
export interface TerminalStream extends TextStream {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface ProgressOptions {
  readonly color: boolean;
  /** Columns, where the stream does not say. */
  readonly width: number;
  /** Whole logs and stacks of failures. */
  readonly verbose?: boolean;
  /** Milliseconds, from any start. For tests. */
  readonly now?: () => number;
}

const START_AFTER_MS = 150;
const REDRAW_MS = 200;
/** listr2's layout costs more than in proportion to its tasks. */
const MOST_ROWS = 20;

/** For one build: `watch` makes one for each. */
export function createProgress(stream: TerminalStream, options: ProgressOptions): Reporter {
  const style = styleFor(options.color);
  const model = createProgressModel(options.now ?? (() => performance.now()));
  const screen = createScreen(stream);
  const failures: FailedTarget[] = [];
  let starter: NodeJS.Timeout | undefined;
  let ticker: NodeJS.Timeout | undefined;
  let opening: Promise<void> | undefined;
  let drawn: DrawnRows | undefined;
  let closed = false;
  let holder: string | undefined;

  const width = (): number => Math.max(1, stream.columns || options.width);
  // A block as high as the terminal scrolls, and could not be drawn over.
  const rows = () => model.rows(Math.max(1, Math.min(MOST_ROWS, (stream.rows || 24) - 2)));

  async function open(): Promise<void> {
    const { drawRows } = await import('./progress-rows.ts');
    if (closed) return;
    const rowsDrawn = drawRows({ screen, style, limit: MOST_ROWS, width });
    drawn = rowsDrawn;
    ticker = setInterval(() => rowsDrawn.update(rows()), REDRAW_MS).unref();
  }

  return {
    listener: (event) => {
      model.apply(event);
      if (event.type === 'warning') {
        screen.print(
          withLineEnd(formatDiagnostics([event.diagnostic], { color: options.color, width: width() })),
        );
      } else if (event.type === 'lock-waiting' && event.holder !== holder) {
        holder = event.holder;
        screen.print(`${waitingLine(event.holder, style)}\n`);
      } else if (event.type === 'target-warning') {
        screen.print(`${warningLine(event, style)}\n`);
      } else if (event.type === 'target-started') {
        starter ??= setTimeout(() => {
          opening = open();
        }, START_AFTER_MS).unref();
      } else if (event.type === 'target-finished') {
        if (event.outcome === 'failed') failures.push(event);
        for (const line of alertLines(event, style)) screen.print(`${line}\n`);
      }
    },
    close: async () => {
      closed = true;
      clearTimeout(starter);
      await opening;
      clearInterval(ticker);
      await drawn?.end(rows());
      for (const failed of failures) {
        stream.write(`${formatFailure(failed, style, options.verbose === true).join('\n')}\n`);
      }
    },
  };
}
