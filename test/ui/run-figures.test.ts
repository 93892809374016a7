/** A build in figures, gathered from its events. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildEvent, Outcome } from '../../src/engine/events.ts';
import type { RunFigures } from '../../src/ui/run-figures.ts';
import { collectFigures, hostIn } from '../../src/ui/run-figures.ts';
import {
  AS_OF,
  buildFinished,
  buildStarted,
  CORRUPT,
  failed,
  finished,
  received,
  started,
} from './fixtures.ts';

const OUTCOMES: readonly Outcome[] = [
  'executed',
  'restored',
  'checked',
  'fresh',
  'absent',
  'failed',
  'blocked',
];

/** A second passes before each event. */
function figuresOf(events: readonly BuildEvent[]): RunFigures | undefined {
  let now = 0;
  const figures = collectFigures(() => now);
  for (const event of events) {
    now += 1_000;
    figures.apply(event);
  }
  return figures.result();
}

const retry = (target: string): BuildEvent => ({
  type: 'target-retry',
  target,
  attempt: 2,
  message: 'again',
  waitMs: 10,
});

describe('a build in figures', () => {
  it('is what became of its targets, rule by rule in the order of the manifest', () => {
    const begun: BuildEvent = {
      type: 'build-started',
      asOf: AS_OF,
      dryRun: false,
      selectors: [],
      rules: ['a', 'b', 'c'],
    };
    const of = figuresOf([
      begun,
      started('b/1'),
      retry('b/1'),
      retry('b/1'),
      finished('b/1', 'executed', { seconds: 3 }),
      finished('b/2', 'restored'),
      finished('a/1', 'fresh', { seconds: 0 }),
      finished('a/2', 'checked', { seconds: 2 }),
      failed('b/3', CORRUPT),
      buildFinished({ seconds: 9, runId: '2025-02-28-0a1b2c3d' }),
    ]);
    expect(of).toMatchObject({
      ended: 'failed',
      idle: false,
      asOf: AS_OF,
      runId: '2025-02-28-0a1b2c3d',
      seconds: 9,
      counts: { executed: 1, restored: 1, checked: 1, fresh: 1, absent: 0, failed: 1, blocked: 0 },
      failures: [{ target: 'b/3', code: 'archive-corrupt', message: CORRUPT.message, host: undefined }],
      downloaded: undefined,
    });
    expect(of?.rules.map(({ rule, seconds, retries }) => [rule, seconds, retries])).toEqual([
      ['a', [2], 0],
      ['b', [3, 0.8], 2],
    ]);
  });

  it('is none where none was begun: another build held the workspace', () => {
    expect(figuresOf([{ type: 'lock-waiting', holder: 'a test' }])).toBeUndefined();
  });

  it('has nothing to do where nothing ran and nothing failed', () => {
    const idle = (...ends: readonly BuildEvent[]) =>
      figuresOf([buildStarted(), ...ends, buildFinished()])?.idle;
    expect(idle(finished('a', 'fresh'), finished('b', 'absent'))).toBe(true);
    expect(idle()).toBe(true);
    for (const outcome of ['executed', 'restored', 'checked', 'failed', 'blocked'] as const)
      expect(idle(finished('a', outcome))).toBe(false);
    expect(figuresOf([buildStarted(), buildFinished({ interrupted: true })])?.idle).toBe(false);
  });

  it('was interrupted, or broke off where nobody has heard its end', () => {
    expect(figuresOf([buildStarted(), buildFinished({ interrupted: true })])?.ended).toBe('interrupted');
    expect(figuresOf([buildStarted(), finished('a', 'executed')])).toMatchObject({
      ended: 'broken',
      idle: false,
      seconds: 1,
      failures: [{ target: 'build', code: 'broken-off', message: 'the build broke off before its end' }],
    });
  });

  it('is what was downloaded, and how long that took', () => {
    const of = figuresOf([
      buildStarted(),
      started('a/1'),
      received('a/1', 400),
      received('a/1', 1_000),
      finished('a/1', 'executed'),
      buildFinished(),
    ]);
    expect(of?.downloaded).toEqual({ bytes: 1_000, seconds: 3 });
  });

  it('adds up, whatever the events are', () => {
    const end = fc.record({ rule: fc.constantFrom('a', 'b', 'c'), outcome: fc.constantFrom(...OUTCOMES) });
    fc.assert(
      fc.property(fc.array(end), (ends) => {
        const events = ends.map(({ rule, outcome }, at) => finished(`${rule}/${at}`, outcome));
        const of = figuresOf([buildStarted(), ...events, buildFinished()]);
        for (const outcome of OUTCOMES) {
          const due = ends.filter((each) => each.outcome === outcome).length;
          expect(of?.counts[outcome]).toBe(due);
          expect(of?.rules.reduce((sum, { counts }) => sum + counts[outcome], 0)).toBe(due);
        }
        expect(of?.failures).toHaveLength(of?.counts.failed ?? -1);
      }),
    );
  });
});

describe('the host that a failure names', () => {
  it.each([
    ['GET https://data.binance.vision/a/b.zip answered 503', 'data.binance.vision'],
    ['GET http://127.0.0.1:9/a failed: 127.0.0.1:9 refused the connection', '127.0.0.1:9'],
    ['GET https://me:hunter2@example.org?key=hunter2 answered 403', 'example.org'],
    ['GET https://example.org#hunter2', 'example.org'],
    ['ask "http://[::1]:80/x" again', '[::1]'],
    ['a.csv:3: the price is -1, expected more than 0', undefined],
    ['https://', undefined],
    ['https://me:hun/ter2@example.org/', undefined],
  ])('%s', (message, host) => {
    expect(hostIn(message)).toBe(host);
  });
});
