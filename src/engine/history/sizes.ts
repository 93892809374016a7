/** How much of a text or a list a record holds: messages and values of parameters may be of any length. */

export const TEXT = 300;
export const MESSAGE = 1_000;

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** Milliseconds as seconds with three decimals. */
export function thousandths(ms: number): number {
  return Math.round(ms) / 1_000;
}
