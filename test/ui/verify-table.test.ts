import { describe, expect, it } from 'vitest';
import type { ShownFinding, ShownVerification } from '../../src/ui/verify-table.ts';
import { formatVerification } from '../../src/ui/verify-table.ts';

const OPTIONS = { width: 100, color: false, verbose: false, asOf: '2024-03-31T23:59:00Z' };
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

function verification(changes: Partial<ShownVerification>): ShownVerification {
  return {
    findings: [],
    failures: [],
    unproven: [],
    counts: { read: 1_234, rebuilt: 1, compared: 2 },
    ...changes,
  };
}

const finding = (changes: Partial<ShownFinding>): ShownFinding => ({
  target: 'bars/A',
  path: 'data/a.parquet',
  locked: A,
  inPlace: A,
  rebuilt: A,
  ...changes,
});

describe('a verification for people', () => {
  it('is one line when nothing is wrong', () => {
    expect(formatVerification(verification({}), OPTIONS)).toBe(
      'verified: 1,234 files read, 1 target made again, 2 outputs compared (as of 2024-03-31T23:59:00Z): all as pipeline.lock says\n',
    );
  });

  it('does not call verified what was held against nothing', () => {
    const counts = { read: 0, rebuilt: 0, compared: 0 };
    expect(formatVerification(verification({ counts }), OPTIONS)).toBe(
      'nothing to verify: pipeline.lock names no file of what was asked for (as of 2024-03-31T23:59:00Z)\n',
    );
  });

  it('tells digests apart from what is locked, missing, or not made', () => {
    const findings = [
      finding({ inPlace: B }),
      finding({ path: 'data/b.csv', inPlace: null, rebuilt: C }),
      finding({ path: 'data/c.csv', locked: null, inPlace: B, rebuilt: null }),
    ];
    expect(formatVerification(verification({ findings }), OPTIONS)).toBe(`\
target  path            locked        in place      made again
bars/A  data/a.parquet  aaaaaaaaaaaa  bbbbbbbbbbbb  as locked
bars/A  data/b.csv      aaaaaaaaaaaa  missing       cccccccccccc
bars/A  data/c.csv      no line       bbbbbbbbbbbb  no

3 files not as pipeline.lock says: 1,234 files read, 1 target made again, 2 outputs compared (as of 2024-03-31T23:59:00Z)
`);
  });

  it('shows how files differ, row by row, a few columns each, and nothing that moves the cursor', () => {
    const cells = ['open', 'high', 'low', 'close', 'volume'].map((column) => ({
      column,
      inPlace: '1\u001b[2J',
      rebuilt: '',
    }));
    const findings = [
      finding({
        rebuilt: B,
        remark: 'made as runs/2/a.parquet now',
        difference: {
          summary: '12 rows differ',
          rows: [
            { row: 0, cells: [{ column: 'x', inPlace: 'x', rebuilt: 'y' }] },
            { row: 1_440, cells },
            { row: 1_441, cells: [{ column: 'open', inPlace: null, rebuilt: '3' }] },
          ],
        },
      }),
    ];
    const text = formatVerification(verification({ findings }), OPTIONS);
    expect(text.split('\n').slice(3, -3)).toEqual([
      'data/a.parquet: made as runs/2/a.parquet now; 12 rows differ',
      '    header',
      '      x: x in place, y made again',
      '    row 1,440',
      '      open: 1\\x1b[2J in place, "" made again',
      '      high: 1\\x1b[2J in place, "" made again',
      '      low: 1\\x1b[2J in place, "" made again',
      '      close: 1\\x1b[2J in place, "" made again',
      '      and 1 more columns',
      '    row 1,441',
      '      open: nothing in place, 3 made again',
    ]);
  });

  it('names the first fifty files and ten unproven targets, with --verbose all', () => {
    const findings = Array.from({ length: 60 }, (_, at) => finding({ path: `data/${at}.csv`, inPlace: B }));
    const unproven = Array.from({ length: 12 }, (_, at) => `bars/${at}`);
    const short = formatVerification(verification({ findings, unproven }), OPTIONS);
    expect(short).toContain('data/49.csv');
    expect(short).not.toContain('data/50.csv');
    expect(short).toContain('and 10 more: --verbose shows them\n');
    expect(short).toContain('  bars/9\n  and 2 more: --verbose shows them\n');
    expect(short).toMatch(/60 files not as pipeline\.lock says, 12 unproven: /);
    const long = formatVerification(verification({ findings, unproven }), { ...OPTIONS, verbose: true });
    expect(long).toContain('data/59.csv');
    expect(long).toContain('  bars/11\n');
    expect(long).not.toContain('more:');
  });

  it('tells failures with what to do and what was logged', () => {
    const failure = {
      code: 'recipe-failed',
      message: 'a: exit code 1\nof cat',
      hint: 'mend it',
      log: ['cat: x'],
    };
    const text = formatVerification(verification({ failures: [{ target: 'a', failure }] }), OPTIONS);
    expect(text).toBe(`\
failed  a  recipe-failed: a: exit code 1
  | of cat
  hint: mend it
  | cat: x

1 failed: 1,234 files read, 1 target made again, 2 outputs compared (as of 2024-03-31T23:59:00Z)
`);
  });
});
