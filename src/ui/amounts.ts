/** Amounts for people: bytes, rates, counts. Decimal units and three digits; no locale ever decides how they look. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `512 MB`, `38.2 kB`, `0 B`. */
export function formatBytes(bytes: number): string {
  for (const [power, unit] of UNITS.entries()) {
    const shown = threeDigits(bytes / 1000 ** power);
    if (Number(shown) < 1000 || power === UNITS.length - 1) return `${shown} ${unit}`;
  }
  throw new RangeError(`${bytes} bytes`);
}

/** `38.2 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `1,440`. */
export function formatCount(count: number): string {
  return String(count).replace(/(?<!\.\d*)\B(?=(?:\d{3})+(?!\d))/g, ',');
}

function threeDigits(value: number): string {
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(decimals)));
}
