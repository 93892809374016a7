/** What a reporter is: a listener on the build's events, and a last word. Knows no format and no terminal. */
import type { Listener } from '../engine/events.ts';

/** Where text goes. `process.stderr` is one, and so is a list of strings in a test. */
export interface TextStream {
  write(text: string): unknown;
}

export interface Reporter {
  readonly listener: Listener;
  /** Called once, after the last event: what is drawn is left in its final state, timers end. */
  close(): Promise<void> | void;
}

/** One reporter of several: each hears every event, in order; they close one after the other, in order. */
export function combine(reporters: readonly Reporter[]): Reporter {
  return {
    listener: (event) => {
      for (const reporter of reporters) reporter.listener(event);
    },
    close: async () => {
      for (const reporter of reporters) await reporter.close();
    },
  };
}
