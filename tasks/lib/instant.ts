/** Instants as text: ISO 8601 in UTC, strict. Knows neither time zones nor the clock. */

const FORM = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?Z$/;

/** For messages: what `instantMs` accepts. */
export const INSTANT_FORM = 'an instant in UTC such as 2025-08-22T23:59:00Z';

/** Epoch milliseconds, or undefined where the text is no instant: 30 February, a missing `Z`, an offset. */
export function instantMs(text: string): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const whole = `${match[1]}:${match[2] ?? '00'}.${(match[3] ?? '').padEnd(3, '0')}Z`;
  const ms = Date.parse(whole);
  // Date.parse takes 24:00 and rolls 30 February over: only what is spelt back the same way counts.
  return Number.isNaN(ms) || new Date(ms).toISOString() !== whole ? undefined : ms;
}
