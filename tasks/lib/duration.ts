/** Durations as people write them in configs: `250ms`, `10s`, `5m`, `1h`, `1d`. Knows no clock. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** For messages: what `durationMs` accepts. */
export const DURATION_FORM = 'a whole number and a unit of ms, s, m, h or d, such as 10s';

/** Milliseconds, or undefined where the text is no duration. Zero is none: it would mean "at once" to one reader and "never" to another. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * (UNITS[match[2] ?? ''] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
}

/** The shortest spelling that `durationMs` reads back: `90s`, `2m`. */
export function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = UNITS[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
