import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import { createProgressModel } from '../../src/ui/progress-model.ts';
import { CORRUPT, failed, finished, planned, progressed, received, started } from './fixtures.ts';

function rows(events: readonly BuildEvent[], limit = 20): string[] {
  const model = createProgressModel(() => 0);
  for (const event of events) model.apply(event);
  return model.rows(limit).map(({ state, title }) => `${state}: ${title}`);
}

describe('the rows of progress', () => {
  it('count what is finished, runs and failed, and name what started last', () => {
    expect(
      rows([
        planned('bars', 20),
        planned('bars', 10),
        ...Array.from({ length: 11 }, (_, index) => finished(`bars/B/${index}`, 'fresh')),
        failed('bars/B/11', CORRUPT),
        started('bars/BTCUSDT/2023-12'),
        started('bars/BTCUSDT/2024-01'),
      ]),
    ).toEqual(['failed: bars  12/30  2 running  1 failed  BTCUSDT/2024-01']);
  });

  it('are in order of first appearance, names padded', () => {
    expect(
      rows([planned('listing', 1), planned('bars', 2), finished('listing/B', 'checked'), started('bars/B')]),
    ).toEqual(['done: listing  1/1', 'running: bars     0/2  1 running  B']);
    expect(rows([planned('reports', 1)])).toEqual(['waiting: reports  0/1']);
  });

  it('are in the order of the manifest, as far as a build has targets of the rule', () => {
    const begun: BuildEvent = {
      type: 'build-started',
      asOf: '2025-02-28T23:59:00Z',
      dryRun: false,
      selectors: [],
      rules: ['archive', 'unused', 'bars'],
    };
    expect(rows([begun, planned('bars', 1), planned('archive', 1)])).toEqual([
      'waiting: archive  0/1',
      'waiting: bars     0/1',
    ]);
  });

  it('tell how far the named target is, and why it waits', () => {
    const retry: BuildEvent = {
      type: 'target-retry',
      target: 'archive/B',
      attempt: 2,
      message: 'HTTP\x1b 503',
      waitMs: 4000,
    };
    const begin = [planned('archive', 1), started('archive/B')];
    expect(rows([...begin, progressed('archive/B', 37, 100)])).toEqual([
      'running: archive  0/1  1 running  B 37%',
    ]);
    expect(rows([...begin, progressed('archive/B', 1200)])).toEqual([
      'running: archive  0/1  1 running  B 1200 rows',
    ]);
    expect(rows([...begin, retry])).toEqual([
      'running: archive  0/1  1 running  B retry 2 in 4.0s: HTTP\\x1b 503',
    ]);
  });

  it('count on when more targets start than were planned, and ignore what comes after the end', () => {
    expect(rows([started('reports'), finished('reports', 'executed'), progressed('reports', 1, 2)])).toEqual([
      'done: reports  1/1',
    ]);
  });

  it('are 20 at most: the other rules share the last', () => {
    const events = Array.from({ length: 25 }, (_, index) => planned(`r${index}`, 2));
    expect(rows(events.slice(0, 20)).at(-1)).toBe('waiting: r19  0/2');
    const shown = rows([...events, started('r22/x'), failed('r23', CORRUPT)]);
    expect(shown).toHaveLength(20);
    expect(shown.slice(18)).toEqual([
      'waiting: r18  0/2',
      'failed: … and 6 more rules  1/12  1 running  1 failed  x',
    ]);
    expect(rows(events, 1)).toEqual(['waiting: … and 25 more rules  0/50']);
  });
});

describe('the rows of downloads', () => {
  /** 4 MB/s: ten of 4 MB, a second each; then two that have begun. */
  function afterTen() {
    let time = 0;
    const model = createProgressModel(() => time);
    model.apply(planned('archive', 240));
    for (let at = 0; at < 10; at += 1) {
      model.apply(started(`archive/BTCUSDT/${at}`));
      time += 1_000;
      model.apply(received(`archive/BTCUSDT/${at}`, 4_000_000, 4_000_000));
      model.apply(finished(`archive/BTCUSDT/${at}`, 'executed'));
    }
    for (const name of ['x', 'y']) model.apply(started(`archive/BTCUSDT/${name}`));
    model.apply(received('archive/BTCUSDT/y', 1_000_000, 4_000_000));
    return model;
  }

  it('tell rate and time left before the target', () => {
    expect(afterTen().rows(20)).toEqual([
      {
        state: 'running',
        title: 'archive  10/240  2 running  4.2 MB/s  ETA 3 min 39 s  BTCUSDT/y 25%',
      },
    ]);
  });

  it('are told without the target in logs', () => {
    expect(afterTen().downloads()).toEqual(['archive  10/240  2 running  4.2 MB/s  ETA 3 min 39 s']);
  });
});
