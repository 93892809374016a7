/**
 * Figures as a reader of the page sees them: counts, percentages, durations and prices, spelt alike in any locale.
 * It knows no columns.
 */

/** A figure is not torn from its unit at the end of a line. */
const NBSP = '\u00a0';

/** Where there is no figure. */
export const NOTHING = '–';

/** `1,234,567`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A count and what is counted: `1 month`, `2 months`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** The six decimals that a fraction has in the reports, as a percentage: `94.9305 %`. */
export function percentText(fraction: number | null): string {
  return fraction === null ? NOTHING : `${(fraction * 100).toFixed(4)}${NBSP}%`;
}

/** A threshold: as many decimals as it was declared with. */
export function shareText(fraction: number): string {
  return `${Number((fraction * 100).toFixed(4))}${NBSP}%`;
}

/** `3 d 4 h`: the two largest units, the rest cut off. */
export function durationText(minutes: number): string {
  if (minutes < 1) return minutes === 0 ? `0${NBSP}min` : `${Math.floor(minutes * 60)}${NBSP}s`;
  const days = Math.floor(minutes / 1_440);
  const hours = Math.floor((minutes % 1_440) / 60);
  const rest = Math.floor(minutes % 60);
  const parts = [
    ...(days > 0 ? [`${countText(days)}${NBSP}d`] : []),
    ...(hours > 0 ? [`${hours}${NBSP}h`] : []),
    ...(rest > 0 ? [`${rest}${NBSP}min`] : []),
  ];
  return parts.slice(0, 2).join(NBSP);
}

/** `2021-02-11 03:41`; the page says once that all times are UTC. Seconds only where there are any. */
export function momentText(instant: string | null): string {
  if (instant === null) return NOTHING;
  return instant.replace('T', ' ').replace(/(?::00)?Z$/, '');
}

/** A price with as many digits that count, without an exponent. */
export function priceText(price: number, digits = 7): string {
  const short = Number(price.toPrecision(digits));
  const [whole = '', decimals] = plain(short).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

function plain(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return value < 1 ? value.toFixed(20).replace(/0+$/, '') : String(BigInt(value));
}
