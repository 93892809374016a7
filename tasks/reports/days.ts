/**
 * The days of a month's summary, packed: three numbers a day, where tuples with texts of their own take several times the
 * memory. Reports hold those of every month, and draw those of a few symbols. It opens no file.
 */
import { z } from 'zod';
import type { Day } from '../bars/documents.ts';

const DAY = 86_400_000;
const NUMBERS = 3;

/** Each day with a bar, ascending. */
export const daysSchema = z.array(z.unknown()).transform((days, ctx) => {
  const numbers = new Float64Array(days.length * NUMBERS);
  let to = 0;
  for (const [at, day] of days.entries()) {
    const [text, close, volume] = isTriple(day) ? day : [];
    const epoch = typeof text === 'string' ? epochDay(text) : Number.NaN;
    if (!Number.isNaN(epoch) && isFigure(close) && isFigure(volume)) {
      numbers[to++] = epoch;
      numbers[to++] = close;
      numbers[to++] = volume;
    } else {
      const message = `expected a day, a close and a volume such as ["2024-01-31", 42582.6, 1234.5], got ${JSON.stringify(day)}`;
      ctx.addIssue({ code: 'custom', path: [at], message });
    }
  }
  return numbers;
});

export function unpacked(numbers: Float64Array): readonly Day[] {
  return Array.from({ length: numbers.length / NUMBERS }, (_, at) => {
    const [day = 0, close = 0, volume = 0] = numbers.subarray(at * NUMBERS, (at + 1) * NUMBERS);
    return [new Date(day * DAY).toISOString().slice(0, '2024-01-31'.length), close, volume];
  });
}

function isTriple(day: unknown): day is readonly unknown[] {
  return Array.isArray(day) && day.length === NUMBERS;
}

function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** NaN where no calendar has the day: the form knows leap years. */
function epochDay(text: string): number {
  return z.regexes.date.test(text) ? Date.parse(text) / DAY : Number.NaN;
}
