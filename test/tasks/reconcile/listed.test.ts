import { expect, it } from 'vitest';
import { listed } from '../../../tasks/reconcile/listed.ts';

it('lists the first 10,000 rows and counts them all', () => {
  const list = listed<number>();
  expect(list.counts).toEqual({ listed: 0, of: 0 });
  for (let row = 1; row <= 10_001; row++) list.add(row);
  expect(list.counts).toEqual({ listed: 10_000, of: 10_001 });
  expect([list.rows[0], list.rows.at(-1), list.rows.length]).toEqual([1, 10_000, 10_000]);
});
