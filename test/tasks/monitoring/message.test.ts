/** What a webhook is sent. */
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../tasks/monitoring/notify/facts.ts';
import { factsFor } from '../../../tasks/monitoring/notify/facts.ts';
import { bodyOf, testBody } from '../../../tasks/monitoring/notify/message.ts';
import type { News } from '../../../tasks/monitoring/notify/news.ts';
import { documentOf, failedOf, gapOf, gateOf, reportedOf } from './fixtures.ts';

const GAP = gapOf('BTCUSDT', '2024-01-01T10:00', '2024-01-01T10:59');
const DOCUMENT = documentOf({
  verdict: { level: 'critical', sentence: 'Coverage of BTCUSDT/2024-01 is 90 %.' },
  gates: [gateOf(), gateOf({ level: 'info', broken: 0, where: [] })],
});

function news(changes: Partial<News> = {}): News {
  const next = { level: null, levelAt: null, gaps: null, failed: null, failedToldAt: null };
  return { occasions: ['critical', 'new-gaps', 'failed'], was: 'ok', newGaps: [GAP], next, ...changes };
}

const facts = (gaps = [GAP], failures = [failedOf('archive/BTCUSDT/2024-01')]): Facts =>
  factsFor(undefined, reportedOf(DOCUMENT, gaps), failures);

describe('the message in JSON', () => {
  it('says why it was sent, how the dataset is, and what is new', () => {
    expect(JSON.parse(bodyOf('json', news(), facts()))).toEqual({
      version: 1,
      source: 'pipeline',
      on: ['critical', 'new-gaps', 'failed'],
      market: 'spot',
      interval: '1m',
      as_of: '2024-01-31T23:59:00Z',
      level: 'critical',
      was: 'ok',
      sentence: 'Coverage of BTCUSDT/2024-01 is 90 %.',
      coverage_raw: 0.99,
      coverage_adjusted: 1,
      broken: {
        count: 1,
        first: [
          { check: 'coverage', level: 'critical', scope: 'month', broken: 1, where: ['BTCUSDT/2024-01'] },
        ],
      },
      new_gaps: {
        count: 1,
        first: [
          {
            symbol: 'BTCUSDT',
            first_missing: '2024-01-01T10:00Z',
            last_missing: '2024-01-01T10:59Z',
            missing: 60,
            cause: 'unknown',
          },
        ],
      },
      failed: { count: 1, first: [{ target: 'archive/BTCUSDT/2024-01', code: 'archive-corrupt' }] },
      report: 'reports/runs/2024-01-31-0a1b2c3d',
    });
  });

  it('says what failed where there are no reports', () => {
    const none = factsFor(undefined, undefined, [failedOf('listing/BTCUSDT', { code: 'http-dns' })]);
    expect(
      JSON.parse(bodyOf('json', news({ occasions: ['failed'], was: undefined, newGaps: [] }), none)),
    ).toEqual({
      version: 1,
      source: 'pipeline',
      on: ['failed'],
      failed: { count: 1, first: [{ target: 'listing/BTCUSDT', code: 'http-dns' }] },
    });
  });

  it('says ten of each list, and how many there are', () => {
    const failures = Array.from({ length: 25 }, (_, at) => failedOf(`bars/A/${at}`));
    const body = JSON.parse(
      bodyOf('json', news({ newGaps: Array.from({ length: 12 }, () => GAP) }), facts([], failures)),
    );
    expect([body.failed.count, body.failed.first.length]).toEqual([25, 10]);
    expect([body.new_gaps.count, body.new_gaps.first.length]).toEqual([12, 10]);
  });

  it('says nothing that a failure has said, which may hold a secret', () => {
    const failure = failedOf('a', { message: 'GET https://x/?key=hunter2 answered 403' });
    for (const format of ['json', 'slack'] as const)
      expect(bodyOf(format, news(), facts([], [failure]))).not.toContain('hunter2');
  });
});

describe('the message for Slack', () => {
  it('says it in lines', () => {
    expect(JSON.parse(bodyOf('slack', news(), facts())).text.split('\n')).toEqual([
      '*pipeline: critical (was ok), 1 failed*',
      'spot 1m as of 2024-01-31T23:59:00Z',
      'Coverage of BTCUSDT/2024-01 is 90 %.',
      'broken gates: 1',
      '• critical coverage (month): 1, BTCUSDT/2024-01',
      'new gaps: 1',
      '• BTCUSDT 2024-01-01T10:00Z to 2024-01-01T10:59Z: 60 bars, unknown',
      'failed: 1',
      '• archive/BTCUSDT/2024-01: archive-corrupt',
      'report: reports/runs/2024-01-31-0a1b2c3d',
    ]);
  });

  it('mentions nobody and links nowhere, whatever targets are called', () => {
    const failure = failedOf('a/<!channel>&\n<https://x|y>');
    expect(JSON.parse(bodyOf('slack', news({ newGaps: [] }), facts([], [failure]))).text).toContain(
      '• a/&lt;!channel&gt;&amp; &lt;https://x|y&gt;: archive-corrupt',
    );
  });

  it('says how many more there are', () => {
    const failures = Array.from({ length: 12 }, (_, at) => failedOf(`t/${at}`));
    expect(JSON.parse(bodyOf('slack', news(), facts([], failures))).text).toContain(
      '• t/9: archive-corrupt\n• and 2 more',
    );
  });

  it('says what failed where there are no reports', () => {
    const none = factsFor(undefined, undefined, [failedOf('listing/BTCUSDT', { code: 'http-dns' })]);
    const body = bodyOf('slack', news({ occasions: ['failed'], was: undefined, newGaps: [] }), none);
    expect(JSON.parse(body).text).toBe('*pipeline: failed*\nfailed: 1\n• listing/BTCUSDT: http-dns');
  });
});

it('is a test where one is asked for', () => {
  expect(JSON.parse(testBody('json'))).toEqual({
    version: 1,
    source: 'pipeline',
    on: ['test'],
    sentence: 'This is a test: pipeline can tell you of builds here.',
  });
  expect(JSON.parse(testBody('slack'))).toEqual({
    text: '*pipeline: test*\nThis is a test: pipeline can tell you of builds here.',
  });
});
