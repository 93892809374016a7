import { describe, expect, it } from 'vitest';
import { formatWhy } from '../../src/ui/why.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const WHY = {
  target: 'bars/BTCUSDT/2024-01',
  state: 'stale',
  reasons: [
    { kind: 'input', name: 'zips', was: A, is: B },
    { kind: 'param', name: 'interval', was: '1m', is: '5m' },
  ],
  parts: [
    { kind: 'task', name: 'bars/normalize', was: 'bars/normalize', is: 'bars/normalize' },
    { kind: 'code', name: 'tasks/bars/normalize.ts', was: A, is: A },
    { kind: 'param', name: 'interval', was: '1m', is: '5m' },
    { kind: 'input', name: 'zips', was: A, is: B },
    { kind: 'input', name: 'fill', is: B },
    { kind: 'input', name: 'plan', was: A },
  ],
} as const;

describe('the explanation of a target', () => {
  it('shows every part then and now, and marks what is as it was', () => {
    expect(formatWhy(WHY, { color: false, width: 80 })).toBe(
      [
        'bars/BTCUSDT/2024-01  stale',
        '  input zips changed',
        '  param interval changed: 1m → 5m',
        '',
        '   kind   name                     then            now',
        '=  task   bars/normalize           bars/normalize  bars/normalize',
        '=  code   tasks/bars/normalize.ts  aaaaaaaaaaaa    aaaaaaaaaaaa',
        '≠  param  interval                 1m              5m',
        '≠  input  zips                     aaaaaaaaaaaa    bbbbbbbbbbbb',
        '+  input  fill                                     bbbbbbbbbbbb',
        '-  input  plan                     aaaaaaaaaaaa',
        '',
      ].join('\n'),
    );
  });

  it('dims what is as it was', () => {
    const lines = formatWhy(WHY, { color: true, width: 80 }).split('\n');
    expect(lines[5]).toMatch(/^\x1b\[2m= {2}task .*\x1b\[22m$/);
    expect(lines[7]).toMatch(/^≠ {2}param/);
  });

  it('is one line when there is nothing to compare', () => {
    expect(
      formatWhy({ target: 'a\x1bb', state: 'unknown', reasons: [], parts: [] }, { color: false, width: 80 }),
    ).toBe('a\\x1bb  unknown\n');
  });
});
