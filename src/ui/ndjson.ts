/**
 * Events as JSON lines on stdout: the contract of `build --json` and `watch --json`. `build-finished` is the last
 * line of its build. Knows no terminal, yet leaves no control character unescaped: stdout may be one.
 */
import type { BuildEvent } from '../engine/events.ts';
import type { Reporter, TextStream } from './listener.ts';

export interface NdjsonOptions {
  /** Milliseconds, from any start. For tests. */
  readonly now?: () => number;
}

const PROGRESS_INTERVAL_MS = 1000;
const FLUSH_AT = 1 << 16;
// JSON escapes C0 itself; DEL and C1 are legal in it, and a terminal obeys them.
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g;

export function createNdjson(stream: TextStream, options: NdjsonOptions = {}): Reporter {
  const now = options.now ?? (() => performance.now());
  const progressed = new Map<string, number>();
  // 100,000 fresh targets arrive in one turn of the loop: one write for each would cost more than the build.
  let buffer = '';
  let ended = false;

  function flush(): void {
    const text = buffer;
    buffer = '';
    if (text !== '') stream.write(text);
  }

  function due(target: string): boolean {
    const time = now();
    const last = progressed.get(target);
    if (last !== undefined && time - last < PROGRESS_INTERVAL_MS) return false;
    progressed.set(target, time);
    return true;
  }

  return {
    listener: (event) => {
      // Whatever trails in after the end (a log line of an aborted task) would not be the last line. The next build
      // of a watch may begin with a warning or by waiting.
      if (ended && event.type.startsWith('target')) return;
      ended = false;
      if (event.type === 'target-progress' && !due(event.target)) return;
      if (event.type === 'target-finished') progressed.delete(event.target);
      if (buffer === '') queueMicrotask(flush);
      buffer += `${toLine(shapeOf(event))}\n`;
      if (event.type === 'build-finished') ended = true;
      if (ended || buffer.length >= FLUSH_AT) flush();
    },
    close: flush,
  };
}

/** As every line on stdout: nothing in it that a terminal would obey. */
export function toLine(event: object): string {
  return JSON.stringify(event).replace(
    UNSAFE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The two ends by name, so that what the engine adds to its events does not leak into the contract. */
function shapeOf(event: BuildEvent): object {
  switch (event.type) {
    case 'target-finished': {
      const { type, target, outcome, reasons, seconds, absent, failure, changes, alerts } = event;
      // Beyond the contract, and only where there is something to say.
      return { type, target, outcome, reasons, seconds, absent, failure, changes, alerts };
    }
    case 'build-finished': {
      const { type, asOf, runId, executed, restored, checked, fresh, absent, failed, blocked, seconds } =
        event;
      const counts = { executed, restored, checked, fresh, absent, failed, blocked };
      const { interrupted, alerts, differing } = event;
      const ended = { type, asOf, runId, ...counts, seconds, alerts };
      return { ...ended, ...(interrupted ? { interrupted } : {}), differing };
    }
    case 'build-started':
    case 'warning':
    case 'lock-waiting':
    case 'targets-planned':
    case 'targets-stood':
    case 'target-started':
    case 'target-progress':
    case 'target-log':
    case 'target-warning':
    case 'target-retry':
      return event;
  }
}
