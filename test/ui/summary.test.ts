import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import { createSummary, formatSummary } from '../../src/ui/summary.ts';
import { capture } from './fake-streams.ts';
import { buildFinished, buildStarted, CORRUPT, failed, finished, received, started } from './fixtures.ts';

const PLAIN = { color: false };

function said(events: readonly BuildEvent[], options: { quiet?: boolean } = {}): string {
  const stream = capture();
  const summary = createSummary(stream, { ...PLAIN, ...options });
  for (const event of events) summary.listener(event);
  expect(stream.writes).toEqual([]);
  void summary.close();
  return stream.text();
}

describe('the closing line', () => {
  it('counts what was done and what was not', () => {
    const counts = { executed: 12, fresh: 30, absent: 1, failed: 1, blocked: 2 };
    expect(formatSummary(buildFinished(counts), [], PLAIN)).toBe(
      'built 12, 30 fresh, 1 absent, 1 failed, 2 blocked in 3.2s (as of 2025-02-28T23:59:00Z)\n',
    );
  });

  it('leaves out what there is none of', () => {
    expect(formatSummary(buildFinished({ restored: 3, checked: 1, fresh: 10 }), [], PLAIN)).toBe(
      'restored 3, checked 1, 10 fresh in 3.2s (as of 2025-02-28T23:59:00Z)\n',
    );
    expect(formatSummary(buildFinished({ failed: 10 }), [], PLAIN)).toBe(
      'built 0, 10 failed in 3.2s (as of 2025-02-28T23:59:00Z)\n',
    );
  });

  it('says that there was nothing to do', () => {
    expect(formatSummary(buildFinished({ fresh: 43 }), [], PLAIN)).toBe('nothing to do: 43 targets fresh\n');
    expect(formatSummary(buildFinished({ fresh: 1, absent: 2 }), [], PLAIN)).toBe(
      'nothing to do: 1 target fresh, 2 absent\n',
    );
    expect(formatSummary(buildFinished(), [], PLAIN)).toBe('nothing to do: no targets\n');
  });

  it('says that a build was interrupted, or is a dry run', () => {
    expect(formatSummary(buildFinished({ executed: 5, interrupted: true }), [], PLAIN)).toBe(
      'interrupted: built 5 in 3.2s (as of 2025-02-28T23:59:00Z)\n',
    );
    expect(said([buildStarted(true), buildFinished({ executed: 5 })])).toBe(
      'would build 5 in 3.2s (as of 2025-02-28T23:59:00Z)\n',
    );
  });
});

describe('the summary', () => {
  it('lists what failed and what to do', () => {
    const bare = { code: 'recipe-failed', message: 'exit code 1\nmore' };
    const events = [
      failed('archive/B/2024-01', CORRUPT),
      failed('bars/B/2024-02', bare),
      finished('bars/B/2024-03', 'executed'),
      buildFinished({ executed: 1, failed: 2 }),
    ];
    expect(said(events)).toBe(
      [
        'failed archive/B/2024-01: archive-corrupt',
        '  delete the file and build again',
        'failed bars/B/2024-02: recipe-failed',
        '  its whole log: pipeline --verbose build bars/B/2024-02',
        'built 1, 2 failed in 3.2s (as of 2025-02-28T23:59:00Z)',
        '',
      ].join('\n'),
    );
  });

  it('sums what changed in the data by rule, in the order first seen', () => {
    const events = [
      finished('bars/B/2024-01', 'executed', { changes: { added: 1_400, changed: 0 } }),
      finished('features/B/2024-01', 'executed', { changes: { added: 0 } }),
      finished('bars/B/2024-02', 'executed', { changes: { final: 44_640, added: 40 } }),
      finished('gaps/B', 'executed', { changes: { 'gaps_closed\x1b': 2 } }),
      buildFinished({ executed: 4 }),
    ];
    expect(said(events)).toBe(
      [
        'bars: 1,440 added, 44,640 final',
        'gaps: 2 gaps closed\\x1b',
        'built 4 in 3.2s (as of 2025-02-28T23:59:00Z)',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [14_000, 512_000_000, 'downloaded 512 MB in 14 s (36.6 MB/s)'],
    [2_500, 1_000_000, 'downloaded 1 MB in 2.5 s (400 kB/s)'],
    [80_000, 8_000_000_000, 'downloaded 8 GB in 1 min 20 s (100 MB/s)'],
    [1, 94, 'downloaded 94 B in 0.1 s'],
  ])('tells after %i ms what was downloaded, and how fast', (ms, bytes, line) => {
    const stream = capture();
    let time = 0;
    const summary = createSummary(stream, { ...PLAIN, now: () => time });
    summary.listener(started('archive/B'));
    time += ms;
    summary.listener(received('archive/B', bytes));
    summary.listener(finished('archive/B', 'executed'));
    summary.listener(buildFinished({ executed: 1 }));
    void summary.close();
    expect(stream.text()).toBe(`${line}\nbuilt 1 in 3.2s (as of 2025-02-28T23:59:00Z)\n`);
  });

  it('lists 20 failures and counts the others', () => {
    const many = Array.from({ length: 23 }, (_, index) =>
      failed(`bars/${index}`, { ...CORRUPT, message: `${index} is corrupt` }),
    );
    const lines = formatSummary(buildFinished({ failed: 23 }), many, PLAIN).split('\n');
    expect(lines[40]).toBe('and 3 more: pipeline status @failed');
    expect(lines).toHaveLength(43);
  });

  it('tells failures with one message as one trouble', () => {
    const many = ['a', 'b', 'c'].map((key) =>
      failed(`raw/${key}`, { code: 'disk-space', message: 'too little', hint: 'free at least 3 MB' }),
    );
    const text = formatSummary(buildFinished({ failed: 4 }), [...many, failed('bars', CORRUPT)], PLAIN);
    expect(text.split('\n').slice(0, 4)).toEqual([
      'failed raw/a and 2 more: disk-space',
      '  free at least 3 MB',
      'failed bars: archive-corrupt',
      '  delete the file and build again',
    ]);
  });

  it('is silent when quiet, unless something failed', () => {
    expect(said([buildFinished({ executed: 5 })], { quiet: true })).toBe('');
    expect(said([failed('bars', CORRUPT), buildFinished({ failed: 1 })], { quiet: true })).toContain(
      'built 0, 1 failed',
    );
  });

  it('says nothing of a build that did not come to its end', () => {
    expect(said([buildStarted()])).toBe('');
  });
});
