/** Durations as the manifest spells them: a number and a unit. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** `500ms`, `10s`, `5m`, `1h`, `2d` in milliseconds. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ''] = DURATION.exec(text) ?? [];
  const scale = UNITS[unit];
  return amount === undefined || scale === undefined ? undefined : Math.round(Number(amount) * scale);
}
