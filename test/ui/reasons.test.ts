import { describe, expect, it } from 'vitest';
import type { Reason } from '../../src/engine/events.ts';
import { describeReason, describeReasons } from '../../src/ui/reasons.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('a reason in words', () => {
  it.each<[Reason, string]>([
    [{ kind: 'input', name: 'zips', was: A, is: B }, 'input zips changed'],
    [{ kind: 'input', name: 'zips', is: B }, 'input zips appeared'],
    [{ kind: 'input', name: 'zips', was: A }, 'input zips gone'],
    [{ kind: 'input', name: 'zips' }, 'input zips changed'],
    [{ kind: 'param', name: 'n', was: '1', is: '2' }, 'param n changed: 1 → 2'],
    [{ kind: 'param', name: 'n', is: '2' }, 'param n appeared: 2'],
    [{ kind: 'param', name: 'n', was: '1' }, 'param n gone (was 1)'],
    [{ kind: 'param', name: 'n' }, 'param n changed'],
    [
      { kind: 'code', name: 'tasks/bars/normalize.ts', was: A, is: B },
      'code changed tasks/bars/normalize.ts',
    ],
    [{ kind: 'code', name: 'tasks/lib/zip.ts', is: B }, 'code added tasks/lib/zip.ts'],
    [{ kind: 'code', name: 'tasks/lib/zip.ts', was: A }, 'code removed tasks/lib/zip.ts'],
    [{ kind: 'output', name: 'out/a.txt', was: A, is: 'missing' }, 'output out/a.txt missing'],
    [{ kind: 'output', name: 'out/a.txt', was: A, is: B }, 'output out/a.txt changed since it was built'],
    [
      { kind: 'output', name: 'text', was: 'out/a.txt', is: 'b.txt' },
      'output text declared anew: out/a.txt → b.txt',
    ],
    [{ kind: 'new', name: '' }, 'never built'],
    [{ kind: 'forced', name: '' }, 'forced'],
    [{ kind: 'due', name: '', was: '2026-01-02T03:04:05Z' }, 'recheck due (last asked 2026-01-02T03:04:05Z)'],
    [{ kind: 'due', name: '' }, 'recheck due'],
    [{ kind: 'upstream', name: 'archive/BTCUSDT/2024-01' }, 'waits for archive/BTCUSDT/2024-01'],
    [{ kind: 'upstream', name: 'archive/B/2024-01', is: 'failed' }, 'archive/B/2024-01 failed'],
    [{ kind: 'upstream', name: 'archive/B/2024-01', is: 'absent' }, 'archive/B/2024-01 absent'],
    [{ kind: 'failed', name: 'archive-corrupt', is: 'x.zip: bad CRC-32' }, 'failed: x.zip: bad CRC-32'],
    [{ kind: 'failed', name: 'x.zip: bad CRC-32' }, 'failed: x.zip: bad CRC-32'],
    [{ kind: 'failed', name: '', is: 'bad CRC-32' }, 'failed: bad CRC-32'],
    [
      { kind: 'failed', name: 'summaries bars/B', is: 'timeout bars/B' },
      'summaries bars/B failed: timeout bars/B',
    ],
    [{ kind: 'failed', name: 'summaries bars/B', was: 'timeout bars/B' }, 'summaries bars/B no longer fails'],
    [{ kind: 'input', name: 'zips in/a.zip', is: 'missing' }, 'input zips in/a.zip missing'],
    [{ kind: 'input', name: 'lib/b.txt', was: A, is: 'missing' }, 'input lib/b.txt missing'],
    [{ kind: 'input', name: 'plan in/a.json', is: 'not JSON' }, 'input plan in/a.json is not JSON'],
    [{ kind: 'input', name: 'zips archive/B', is: 'absent: not listed' }, 'input zips archive/B absent'],
    [
      { kind: 'input', name: 'zips archive/B', was: 'absent: not listed' },
      'input zips archive/B no longer absent',
    ],
    [{ kind: 'input', name: 'note in/n.txt', was: 'none', is: B }, 'input note in/n.txt appeared'],
    [{ kind: 'input', name: 'note in/n.txt', was: A, is: 'none' }, 'input note in/n.txt gone'],
    [
      { kind: 'param', name: 'params.interval', was: '"1m"', is: '"5m"' },
      'param interval changed: "1m" → "5m"',
    ],
    [{ kind: 'param', name: 'task', was: 'bars/a', is: 'bars/b' }, 'task changed: bars/a → bars/b'],
    [{ kind: 'param', name: 'run', was: 'tr a b', is: 'tr a c' }, 'recipe changed: tr a b → tr a c'],
    [{ kind: 'code', name: 'code', was: A, is: B }, 'code changed'],
    [{ kind: 'code', name: 'code', is: B }, 'code changed'],
    [
      { kind: 'code', name: 'code', was: 'version 1', is: 'version 2' },
      'code changed: version 1 → version 2',
    ],
  ])('%j reads "%s"', (reason, text) => {
    expect(describeReason(reason)).toBe(text);
  });

  it('shortens long values and digests', () => {
    const long = `["${'BTCUSDT","'.repeat(10)}"]`;
    expect(describeReason({ kind: 'param', name: 'symbols', was: A, is: long })).toBe(
      'param symbols changed: aaaaaaaaaaaa → ["BTCUSDT","BTCUSDT","BTCUSDT",…',
    );
  });

  it('shows where long values differ', () => {
    const span = (end: string) => `2025-08 2025-08-01T00:00:00Z..${end}`;
    const reason: Reason = {
      kind: 'param',
      name: 'month',
      was: span('2025-08-22T00:00:00Z'),
      is: span('2025-08-23T00:00:00Z'),
    };
    expect(describeReason(reason)).toBe('param month changed: …2025-08-22T00:00:00Z → …2025-08-23T00:00:00Z');
  });

  it('tells when a target was last asked to the second', () => {
    expect(describeReason({ kind: 'due', name: 'listing/B', was: '2026-01-02T03:04:05.678Z' })).toBe(
      'recheck due (last asked 2026-01-02T03:04:05Z)',
    );
  });

  it('shows control characters in names and values', () => {
    expect(describeReason({ kind: 'param', name: 'n\x1b[1m', was: '\x07', is: '\n' })).toBe(
      'param n\\x1b[1m changed: \\x07 → \\n',
    );
  });

  it('shows three and counts the others, or all', () => {
    const reasons = ['a', 'b', 'c', 'd', 'e'].map((name): Reason => ({ kind: 'input', name }));
    expect(describeReasons(reasons)).toBe('input a changed, input b changed, input c changed and 2 more');
    expect(describeReasons(reasons, Number.POSITIVE_INFINITY)).toBe(
      'input a changed, input b changed, input c changed, input d changed, input e changed',
    );
    expect(describeReasons([])).toBe('');
  });
});
