/** The emulator's own time: it stands until it is set, or runs at the pace of the machine's. Knows no dates. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  set(ms: number): void;
  advance(ms: number): void;
}

export function clockOf(start: number, running: boolean): Clock {
  let base = start;
  let since = performance.now();
  const now = (): number => (running ? Math.floor(base + performance.now() - since) : base);
  const set = (ms: number): void => {
    base = ms;
    since = performance.now();
  };
  return { now, set, advance: (ms) => set(now() + ms) };
}
