import { describe, expect, it } from 'vitest';
import { giveBack, takeDoubles } from '../../../tasks/lib/scratch.ts';

const MONTH = 600_000;

/** Nothing is kept afterwards that the next test could be given. */
function emptied(): void {
  for (let time = 0; time < 2; time++) takeDoubles(MONTH);
}

describe('doubles to work in', () => {
  it('are as many as asked for, and zero where nobody had them before', () => {
    const [few, many] = [takeDoubles(3), takeDoubles(MONTH)];
    expect([...few]).toEqual([0, 0, 0]);
    expect(many).toHaveLength(MONTH);
    expect(many.every((value) => value === 0)).toBe(true);
  });

  it('are used again by those who need as many or fewer, one at a time', () => {
    const first = takeDoubles(MONTH);
    giveBack(first.subarray(5, 10), first);
    const second = takeDoubles(MONTH - 100);
    expect(second.buffer).toBe(first.buffer);
    expect(second).toHaveLength(MONTH - 100);
    expect(takeDoubles(MONTH).buffer).not.toBe(first.buffer);
    giveBack(second);
    expect(takeDoubles(MONTH + 1).buffer).not.toBe(first.buffer);
    emptied();
  });

  it('are gone where they are too many to be held, or more than two were given back', () => {
    const large = new Float64Array((8 << 20) / 8 + 1);
    const months = [0, 1, 2].map(() => takeDoubles(MONTH));
    giveBack(large, ...months);
    expect(large).toHaveLength(0);
    expect(months.map(({ length }) => length)).toEqual([MONTH, MONTH, 0]);
    emptied();
  });

  it('are left alone where they are few, since others may live in their memory', () => {
    const few = takeDoubles(100);
    giveBack(few);
    expect(takeDoubles(100).buffer).not.toBe(few.buffer);
    expect(few).toHaveLength(100);
  });

  it('cannot be given back twice', () => {
    const month = takeDoubles(MONTH);
    giveBack(month);
    expect(() => giveBack(month)).toThrow('the same memory was given back twice');
    emptied();
  });
});
