/** What is news to a webhook, by what it knows already. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../tasks/monitoring/notify/facts.ts';
import { factsFor } from '../../../tasks/monitoring/notify/facts.ts';
import type { Known } from '../../../tasks/monitoring/notify/news.ts';
import { newsFor } from '../../../tasks/monitoring/notify/news.ts';
import { noteOf, readKnown, tellingsOf } from '../../../tasks/monitoring/notify/tell.ts';
import type { Hook, Occasion } from '../../../tasks/monitoring/settings.ts';
import { OCCASIONS } from '../../../tasks/monitoring/settings.ts';
import type { Verdict } from '../../../tasks/reports/document.ts';
import { VERDICTS } from '../../../tasks/reports/document.ts';
import { documentOf, failedOf, gapOf, reportedOf, symbolOf } from './fixtures.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function facts(level: Verdict | undefined, more: Partial<Facts> = {}): Facts {
  const gaps = level === undefined ? undefined : [];
  return { level, gaps, failed: [], reported: undefined, ...more };
}

/** What is told, one build after the other, a day apart unless said otherwise. */
function told(
  on: readonly Occasion[],
  states: readonly Facts[],
  repeatMs?: number,
  step = DAY,
): readonly string[] {
  let known: Known | undefined;
  return states.map((state, at) => {
    const news = newsFor({ on, repeatMs }, state, known, at * step);
    known = news.next;
    return news.occasions.join();
  });
}

describe('news of the level', () => {
  it('is told once, when it is reached', () => {
    const states = [facts('ok'), facts('critical'), facts('critical'), facts('ok'), facts('critical')];
    expect(told(['critical'], states)).toEqual(['', 'critical', '', '', 'critical']);
  });

  it('is told at the first look, too', () => {
    expect(told(['critical'], [facts('critical')])).toEqual(['critical']);
    expect(told(['warning'], [facts('warning')])).toEqual(['warning']);
  });

  it('reaches those who ask for warnings when it is worse than that', () => {
    const states = [facts('warning'), facts('critical'), facts('warning'), facts('info')];
    expect(told(['warning'], states)).toEqual(['warning', 'warning', '', '']);
    expect(told(['critical', 'warning'], states)).toEqual(['warning', 'critical', '', '']);
    expect(told(['critical'], states)).toEqual(['', 'critical', '', '']);
  });

  it('is a change in both directions, and none at the first look', () => {
    const states = [facts('warning'), facts('critical'), facts('critical'), facts('ok'), facts('info')];
    expect(told(['change'], states)).toEqual(['', 'change', '', 'change', 'change']);
  });

  it('is told again when it stands for as long as `repeat` says', () => {
    const states = Array.from({ length: 5 }, () => facts('critical'));
    expect(told(['critical'], states, DAY, 12 * HOUR)).toEqual(['critical', '', 'critical', '', 'critical']);
    expect(told(['change'], states, DAY, 12 * HOUR)).toEqual(['', '', '', '', '']);
  });

  it('is told each day by a job that ends a little earlier than the day before', () => {
    const states = Array.from({ length: 4 }, () => facts('critical'));
    expect(told(['critical'], states, DAY, DAY - HOUR)).toEqual([
      'critical',
      'critical',
      'critical',
      'critical',
    ]);
    expect(told(['critical'], states, DAY, DAY - 3 * HOUR)).toEqual(['critical', '', 'critical', '']);
  });

  it('is that of the last reports while a build has none', () => {
    expect(told(['critical', 'change'], [facts('critical'), facts(undefined), facts('critical')])).toEqual([
      'critical',
      '',
      '',
    ]);
  });
});

describe('new gaps', () => {
  const one = gapOf('BTCUSDT', '2024-01-01T10:00', '2024-01-01T10:59');
  const two = gapOf('BTCUSDT', '2024-01-02T10:00', '2024-01-02T10:59');
  const gaps = (...list: readonly ReturnType<typeof gapOf>[]): Facts => facts('ok', { gaps: list });

  it('are those that the last build did not have, and none at the first look', () => {
    expect(told(['new-gaps'], [gaps(one), gaps(one, two), gaps(one, two)])).toEqual(['', 'new-gaps', '']);
  });

  it('are new again when they were filled in between', () => {
    expect(told(['new-gaps'], [gaps(one), gaps(), gaps(one)])).toEqual(['', '', 'new-gaps']);
  });

  it('are none where a known gap shrinks, is split or gets another cause', () => {
    const left = gapOf('BTCUSDT', '2024-01-01T10:00', '2024-01-01T10:29', { cause: 'confirmed-empty' });
    const right = gapOf('BTCUSDT', '2024-01-01T10:30', '2024-01-01T10:59');
    expect(told(['new-gaps'], [gaps(one), gaps(left, right), gaps(right), gaps(right)])).toEqual([
      '',
      '',
      '',
      '',
    ]);
    expect(told(['new-gaps'], [gaps(left, right), gaps(one)])).toEqual(['', '']);
  });

  it('are those that have grown, and those of another symbol', () => {
    const longer = gapOf('BTCUSDT', '2024-01-01T10:00', '2024-01-01T11:00');
    const other = { ...one, symbol: 'ETHUSDT' };
    expect(told(['new-gaps'], [gaps(one), gaps(longer), gaps(longer, other)])).toEqual([
      '',
      'new-gaps',
      'new-gaps',
    ]);
  });

  it('are found whatever the symbol is called', () => {
    const odd = { ...one, symbol: 'constructor' };
    expect(told(['new-gaps'], [gaps(), gaps(odd)])).toEqual(['', 'new-gaps']);
  });

  it('are named, and only they', () => {
    const { next } = newsFor({ on: ['new-gaps'], repeatMs: undefined }, gaps(one), undefined, 0);
    expect(newsFor({ on: ['new-gaps'], repeatMs: undefined }, gaps(one, two), next, 1).newGaps).toEqual([
      two,
    ]);
  });
});

describe('failures', () => {
  const failed = (...targets: readonly string[]): Facts =>
    facts('ok', { failed: targets.map((target) => ({ target, code: 'archive-corrupt' })) });

  it('are told once, and again when others fail', () => {
    expect(
      told(['failed'], [failed('a'), failed('a'), failed('a', 'b'), failed('b', 'a'), failed(), failed('a')]),
    ).toEqual(['failed', '', 'failed', '', '', 'failed']);
  });

  it('are told again when they stand for as long as `repeat` says', () => {
    const states = [failed('a'), failed('a'), failed('a')];
    expect(told(['failed'], states, 2 * DAY)).toEqual(['failed', '', 'failed']);
  });
});

describe('whatever happens', () => {
  it('a state that stands is told at most once, and what nobody asks for never', () => {
    const gap = fc.nat(5).map((day) => gapOf('A', `2024-01-0${day + 1}T00:00`, `2024-01-0${day + 1}T01:00`));
    const state = fc.record({
      level: fc.constantFrom(...VERDICTS),
      gaps: fc.uniqueArray(gap, { selector: ({ first_missing }) => first_missing }),
      failed: fc
        .uniqueArray(fc.constantFrom('a', 'b'))
        .map((all) => all.map((target) => ({ target, code: 'x' }))),
    });
    const on = fc.uniqueArray(fc.constantFrom(...OCCASIONS), { minLength: 1 });
    fc.assert(
      fc.property(on, fc.array(state, { minLength: 1 }), (wanted, states) => {
        const all = states.map((each): Facts => ({ ...each, reported: undefined }));
        const last = all.at(-1) ?? facts('ok');
        const said = told(wanted, [...all, last]);
        expect(said.at(-1)).toBe('');
        for (const occasion of said.flatMap((each) => each.split(',').filter(Boolean)))
          expect(wanted).toContain(occasion);
      }),
    );
  });
});

describe('what concerns some symbols', () => {
  const document = documentOf({
    verdict: { level: 'critical', sentence: 'Too much is missing.' },
    symbols: [symbolOf('BTCUSDT', { level: 'critical' }), symbolOf('ETHUSDT', { level: 'warning' })],
  });
  const gaps = [
    gapOf('BTCUSDT', '2024-01-01T10:00', '2024-01-01T10:59'),
    gapOf('ETHUSDT', '2024-01-01T10:00', '2024-01-01T10:59'),
    gapOf('ETHUSDT', '2024-01-02T10:00', '2024-01-02T10:59', { cause: 'halt' }),
  ];
  const failures = [failedOf('bars/BTCUSDT/2024-01'), failedOf('bars/ETHUSDT/2024-01'), failedOf('reports')];

  it('is their level, their gaps that nothing excuses, and their targets', () => {
    const of = factsFor(['ETHUSDT'], reportedOf(document, gaps), failures);
    expect(of.level).toBe('warning');
    expect(of.gaps).toEqual([gaps[1]]);
    expect(of.failed).toEqual([{ target: 'bars/ETHUSDT/2024-01', code: 'archive-corrupt' }]);
  });

  it('is nothing where they are not in the reports', () => {
    expect(factsFor(['XRPUSDT'], reportedOf(document, gaps), failures)).toMatchObject({
      level: 'ok',
      gaps: [],
      failed: [],
    });
  });

  it('is everything where nobody names any', () => {
    const of = factsFor(undefined, reportedOf(document, gaps), failures);
    expect([of.level, of.gaps?.length, of.failed.length]).toEqual(['critical', 2, 3]);
  });
});

describe('what webhooks know', () => {
  const hook: Hook = {
    to: { env: 'HOOK' },
    format: 'json',
    on: ['critical', 'new-gaps', 'failed'],
    symbols: undefined,
    repeatMs: undefined,
  };
  const env = { HOOK: 'https://hooks.example.org/services/s3cr3t' };
  const gaps = [gapOf('BTCUSDT', '2024-01-01T10:00', '2024-01-01T10:59')];
  const critical = documentOf({ verdict: { level: 'critical', sentence: 'Too much is missing.' } });
  const state = { reported: reportedOf(critical, gaps), failures: [failedOf('a')], now: 5 };

  it('comes back from its note, which holds nothing of the address but what the config calls it', () => {
    const tellings = tellingsOf([hook], env, new Map(), state);
    const note = noteOf(tellings, new Map(), new Set());
    expect(JSON.stringify(note)).not.toContain('s3cr3t');
    const known = readKnown(JSON.parse(JSON.stringify(note)));
    expect(tellingsOf([hook], env, known, state).map(({ body }) => body)).toEqual([undefined]);
  });

  it('is what it was for one that could not be told', () => {
    const tellings = tellingsOf([hook], env, new Map(), state);
    const note = noteOf(tellings, new Map(), new Set(tellings.map(({ id }) => id)));
    expect(note).toEqual({ version: 1, hooks: {} });
    expect(tellingsOf([hook], env, readKnown(note), state)[0]?.news.occasions).toEqual([
      'critical',
      'failed',
    ]);
  });

  it('is nothing where the note is damaged or of another version', () => {
    for (const note of [undefined, null, [], { version: 2, hooks: {} }, { version: 1, hooks: { a: 1 } }])
      expect(readKnown(note).size).toBe(0);
  });

  it('is apart for two that differ in a secret alone', () => {
    const both: Hook[] = [
      { ...hook, to: { url: 'https://hooks.example.org/a-s3cr3t' } },
      { ...hook, to: { url: 'https://hooks.example.org/b-s3cr3t' } },
    ];
    const tellings = tellingsOf(both, env, new Map(), state);
    expect(new Set(tellings.map(({ id }) => id)).size).toBe(2);
    expect(JSON.stringify(noteOf(tellings, new Map(), new Set()))).not.toContain('s3cr3t');
  });

  it('forgets those that are in no config any more', () => {
    const known = new Map([['gone', newsFor(hook, facts('ok'), undefined, 0).next]]);
    const note = noteOf(tellingsOf([hook], env, known, state), known, new Set());
    expect(readKnown(note).has('gone')).toBe(false);
  });
});
