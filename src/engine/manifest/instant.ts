/** UTC instants as the manifest spells them. It knows neither calendars nor what an instant is for. */

export const MINUTE = 60_000;

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?Z$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

/** `2025-08-22T23:59Z`, with or without seconds: epoch milliseconds, floored to the second. */
export function parseInstant(text: string): number | undefined {
  const [, year, month, day, hour, minute, second = '00'] = INSTANT.exec(text) ?? [];
  if (year === undefined) return undefined;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = Date.parse(iso);
  // Date.parse takes 2024-02-30 for 1 March: only what comes back unchanged was a date.
  return !Number.isNaN(time) && new Date(time).toISOString() === iso ? time : undefined;
}

/** A date alone: the start of its first minute. */
export function parseDate(text: string): number | undefined {
  return DATE.test(text) ? parseInstant(`${text}T00:00:00Z`) : undefined;
}

export function formatInstant(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function floorMinute(time: number): number {
  return Math.floor(time / MINUTE) * MINUTE;
}
