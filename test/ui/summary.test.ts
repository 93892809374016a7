import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import { createSummary, formatSummary } from '../../src/ui/summary.ts';
import { capture } from './fake-streams.ts';
import { buildFinished, buildStarted, CORRUPT, failed, finished } from './fixtures.ts';

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

  it('lists 20 failures and counts the others', () => {
    const many = Array.from({ length: 23 }, (_, index) => failed(`bars/${index}`, CORRUPT));
    const lines = formatSummary(buildFinished({ failed: 23 }), many, PLAIN).split('\n');
    expect(lines[40]).toBe('and 3 more: pipeline status @failed');
    expect(lines).toHaveLength(43);
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
