import { describe, expect, it } from 'vitest';
import type { BuildEvent, Outcome, Reason } from '../../../src/engine/events.ts';
import type { RunRequest } from '../../../src/engine/history/collector.ts';
import { HistoryCollector } from '../../../src/engine/history/collector.ts';
import type { NewRun } from '../../../src/engine/state/run-record.ts';
import { isIdle, isQuiet, runRecord } from '../../../src/engine/state/run-record.ts';
import { buildFinished, finished, started } from '../../ui/fixtures.ts';

const ASKED: RunRequest = {
  between: undefined,
  force: false,
  refresh: false,
  sweep: false,
  offline: false,
};
const RULES = ['listing', 'archive', 'bars', 'reports'];
const NEW: Reason = { kind: 'new', name: 'x' };
const END = Date.parse('2026-01-05T08:01:05.000Z');

/** Events, and between them how many milliseconds go by. */
type Step = BuildEvent | number;

function begun(more: Partial<Extract<BuildEvent, { type: 'build-started' }>> = {}): BuildEvent {
  return {
    type: 'build-started',
    asOf: '2026-01-04T23:59:00Z',
    dryRun: false,
    selectors: [],
    rules: RULES,
    ...more,
  };
}

function collected(steps: readonly Step[], asked: Partial<RunRequest> = {}, broken?: unknown): NewRun {
  let elapsed = 1_000;
  const clock = { wall: () => END, elapsed: () => elapsed };
  const collector = new HistoryCollector({ ...ASKED, ...asked }, clock);
  for (const step of steps) {
    if (typeof step === 'number') elapsed += step;
    else collector.listen(step);
  }
  const run = collector.result(broken);
  if (run === undefined) throw new Error('nothing was begun');
  // Whatever is collected can be kept.
  expect(runRecord.parse({ number: 1, builds: 1, ...run })).toEqual({ number: 1, builds: 1, ...run });
  return run;
}

function bytes(target: string, done: number): BuildEvent {
  return { type: 'target-progress', target, rule: target.split('/')[0] ?? '', done, unit: 'bytes' };
}

function ran(target: string, outcome: Outcome = 'executed', more: object = {}): readonly Step[] {
  return [started(target), finished(target, outcome, { reasons: [NEW], ...more })];
}

describe('what is kept of a build', () => {
  it('says when it was, how it was asked for and how it ended', () => {
    const run = collected(
      [
        begun({ selectors: ['bars', 'bars/BTCUSDT'] }),
        buildFinished({ seconds: 65, runId: '2026-01-04-0123abcd' }),
      ],
      { force: true, offline: true },
    );
    expect(run).toEqual({
      startedAt: '2026-01-05T08:00:00.000Z',
      finishedAt: '2026-01-05T08:01:05.000Z',
      seconds: 65,
      ended: 'done',
      asOf: '2026-01-04T23:59:00Z',
      runId: '2026-01-04-0123abcd',
      selectors: ['bars', 'bars/BTCUSDT'],
      moreSelectors: 0,
      options: { force: true, refresh: false, sweep: false, offline: true },
      counts: { executed: 0, restored: 0, checked: 0, fresh: 0, absent: 0, failed: 0, blocked: 0 },
      rules: [],
      targets: [],
      moreTargets: 0,
      warnings: [],
      moreWarnings: 0,
    });
  });

  it('gives edges in time as they would be typed, open ones not at all', () => {
    const [start, end] = [Date.parse('2024-08-01T00:00:00Z'), Date.parse('2024-08-03T00:00:00Z')];
    const edges = (between: RunRequest['between']) => {
      const { from, to } = collected([begun(), buildFinished()], { between });
      return { from, to };
    };
    expect(edges({ start, end })).toEqual({ from: '2024-08-01T00:00:00Z', to: '2024-08-02T23:59:00Z' });
    expect(edges({ start, end: 8.64e15 })).toEqual({ from: '2024-08-01T00:00:00Z', to: undefined });
    expect(edges({ start: -8.64e15, end })).toEqual({ from: undefined, to: '2024-08-02T23:59:00Z' });
  });

  it('is there for interrupted builds', () => {
    const run = collected([begun(), started('bars/A'), 500, buildFinished({ interrupted: true })]);
    expect(run).toMatchObject({ ended: 'interrupted', targets: [], moreTargets: 0 });
    expect(run.rules).toMatchObject([{ rule: 'bars', counts: {}, busySeconds: 0.5 }]);
  });

  it('is there for builds that could not go on, with the reason and our own clock', () => {
    const run = collected([250, begun(), ...ran('bars/A'), 500], {}, new Error('ENOSPC: disk full'));
    expect(run).toMatchObject({
      ended: 'broken',
      error: 'ENOSPC: disk full',
      seconds: 0.75,
      startedAt: '2026-01-05T08:01:04.250Z',
      counts: { executed: 1 },
    });
  });

  it('is nothing when nothing was begun', () => {
    const collector = new HistoryCollector(ASKED, { wall: () => 0, elapsed: () => 0 });
    expect(collector.result(new Error('x'))).toBeUndefined();
  });

  it('holds warnings of targets, a hundred of them, the others counted', () => {
    const warning = (message: string): BuildEvent => ({
      type: 'target-warning',
      target: 'listing/BTCUSDT',
      message,
    });
    const few = collected([begun(), warning('late'), buildFinished()]);
    expect(few).toMatchObject({
      warnings: [{ target: 'listing/BTCUSDT', message: 'late' }],
      moreWarnings: 0,
    });
    const many = collected([
      begun(),
      ...Array.from({ length: 130 }, () => warning('x'.repeat(2_000))),
      buildFinished(),
    ]);
    expect([many.warnings.length, many.moreWarnings]).toEqual([100, 30]);
    expect(many.warnings[0]?.message).toBe(`${'x'.repeat(999)}…`);
  });

  it('holds a hundred selectors, the others counted', () => {
    const selectors = Array.from({ length: 250 }, (_, at) => `out/${at}`);
    const run = collected([begun({ selectors }), buildFinished()]);
    expect([run.selectors, run.moreSelectors]).toEqual([selectors.slice(0, 100), 150]);
  });
});

describe('what a rule did', () => {
  it('is counted by outcome and kind of reason, its times and changes summed', () => {
    const zips: Reason[] = [1, 2, 3].map((n) => ({ kind: 'input', name: `zip ${n}` }));
    const run = collected([
      begun(),
      finished('listing/A', 'fresh'),
      started('bars/A/1'),
      100,
      started('bars/A/2'),
      100,
      finished('bars/A/1', 'executed', {
        seconds: 0.2,
        reasons: [...zips, NEW],
        changes: { added: 10, changed: 0, final: 3 },
      }),
      200,
      finished('bars/A/2', 'executed', {
        seconds: 0.3,
        reasons: zips.slice(0, 1),
        changes: { added: 5, odd: Number.NaN },
      }),
      5_000,
      ...ran('bars/A/3', 'failed', { seconds: 0.5, reasons: [] }),
      finished('bars/A/4', 'fresh'),
      finished('reports', 'blocked', { reasons: [{ kind: 'upstream', name: 'bars/A/3' }] }),
      buildFinished(),
    ]);
    expect(run.counts).toEqual({
      executed: 2,
      restored: 0,
      checked: 0,
      fresh: 2,
      absent: 0,
      failed: 1,
      blocked: 1,
    });
    expect(run.rules).toEqual([
      {
        rule: 'bars',
        counts: { executed: 2, fresh: 1, failed: 1 },
        seconds: 1,
        busySeconds: 0.4,
        bytes: 0,
        reasons: { input: 2, new: 1 },
        changes: { added: 15, final: 3 },
      },
      {
        rule: 'reports',
        counts: { blocked: 1 },
        seconds: 0,
        busySeconds: 0,
        bytes: 0,
        reasons: {},
        changes: {},
      },
    ]);
  });

  it('has the bytes of executed targets, as each last told them', () => {
    const run = collected([
      begun(),
      started('archive/A/1'),
      bytes('archive/A/1', 400),
      bytes('archive/A/1', 1_000),
      { type: 'target-progress', target: 'archive/A/1', rule: 'archive', done: 77, unit: 'files' },
      finished('archive/A/1', 'executed'),
      bytes('archive/A/1', 5_000),
      started('archive/A/2'),
      bytes('archive/A/2', 300),
      finished('archive/A/2', 'failed'),
      started('archive/A/3'),
      // A try that begins anew.
      bytes('archive/A/3', 300),
      bytes('archive/A/3', 20),
      finished('archive/A/3', 'executed'),
      buildFinished(),
    ]);
    expect(run.rules[0]?.bytes).toBe(1_020);
  });

  it('runs once while its inputs change under it', () => {
    const run = collected([
      begun(),
      started('bars/A'),
      100,
      started('bars/A'),
      100,
      finished('bars/A', 'executed'),
      buildFinished(),
    ]);
    expect(run.rules).toMatchObject([{ counts: { executed: 1 }, busySeconds: 0.2 }]);
  });

  it('is told in the order of the manifest', () => {
    const run = collected([
      begun(),
      ...ran('reports'),
      ...ran('bars/A'),
      ...ran('listing/A'),
      buildFinished(),
    ]);
    expect(run.rules.map(({ rule }) => rule)).toEqual(['listing', 'bars', 'reports']);
    expect(run.targets.map(({ target }) => target)).toEqual(['listing/A', 'bars/A', 'reports']);
  });
});

describe('the targets that are listed', () => {
  it('are those that ran or failed, with their first reasons, changes and failure', () => {
    const reasons = [1, 2, 3, 4, 5].map((n): Reason => ({ kind: 'input', name: `zip ${n}`, was: 'a' }));
    const run = collected([
      begun(),
      ...ran('listing/A', 'checked'),
      // Asked again, and still not there; the other one was not asked.
      ...ran('archive/A/1', 'absent', { absent: 'not-published' }),
      finished('archive/A/2', 'absent', { absent: 'not-published' }),
      ...ran('bars/A', 'executed', { reasons, seconds: 0.25, changes: { added: 2, removed: 0 } }),
      // What cannot run at all has failed without being started.
      finished('bars/B', 'failed', {
        seconds: 0,
        failure: { code: 'input-missing', message: 'not there', hint: 'do', log: ['x'] },
      }),
      finished('reports', 'blocked'),
      buildFinished(),
    ]);
    expect(run.targets).toEqual([
      { target: 'listing/A', outcome: 'checked', seconds: 0.8, reasons: [NEW], moreReasons: 0 },
      { target: 'archive/A/1', outcome: 'absent', seconds: 0.8, reasons: [NEW], moreReasons: 0 },
      {
        target: 'bars/A',
        outcome: 'executed',
        seconds: 0.25,
        reasons: reasons.slice(0, 3),
        moreReasons: 2,
        changes: { added: 2 },
      },
      {
        target: 'bars/B',
        outcome: 'failed',
        seconds: 0,
        reasons: [],
        moreReasons: 0,
        failure: { code: 'input-missing', message: 'not there' },
      },
    ]);
  });

  it('stand in the order of partitions, those that do not follow on each other marked', () => {
    const run = collected([
      begun(),
      finished('bars/A/2021-01', 'fresh'),
      ...ran('bars/B/2021-02'),
      ...ran('bars/A/2021-05'),
      finished('bars/A/2021-04', 'fresh'),
      ...ran('bars/A/2021-03'),
      ...ran('bars/B/2021-01'),
      ...ran('bars/A/2021-02'),
      finished('bars/B/2021-03', 'blocked'),
      buildFinished(),
    ]);
    expect(run.targets.map(({ target, apart }) => [target, apart ?? false])).toEqual([
      ['bars/A/2021-02', false],
      ['bars/A/2021-03', false],
      ['bars/A/2021-05', true],
      ['bars/B/2021-01', false],
      ['bars/B/2021-02', false],
    ]);
  });

  it('are five hundred: failures and changes first, and what was found as it was last', () => {
    const name = (at: number): string => `bars/A/${String(at).padStart(4, '0')}`;
    const many = (from: number, count: number, outcome: Outcome, more: object = {}): readonly Step[] =>
      Array.from({ length: count }, (_, at) => ran(name(from + at), outcome, more)).flat();
    const run = collected([
      begun(),
      ...many(0, 600, 'checked'),
      ...many(1_000, 300, 'executed'),
      ...many(2_000, 200, 'executed', { changes: { added: 1 } }),
      ...many(3_000, 100, 'failed'),
      buildFinished(),
    ]);
    expect([run.targets.length, run.moreTargets]).toEqual([500, 700]);
    const by = (test: (target: NewRun['targets'][number]) => boolean): number =>
      run.targets.filter(test).length;
    expect(by(({ outcome }) => outcome === 'failed')).toBe(100);
    expect(by(({ changes }) => changes !== undefined)).toBe(200);
    expect(by(({ outcome, changes }) => outcome === 'executed' && changes === undefined)).toBe(200);
    // Those that were left out lie between these.
    expect(run.targets.find(({ target }) => target === name(2_000))?.apart).toBe(true);
    expect(run.targets.find(({ target }) => target === name(2_001))?.apart).toBeUndefined();
    expect(run.rules[0]?.counts).toEqual({ checked: 600, executed: 500, failed: 100 });
  });

  it('have texts of a bounded length', () => {
    const long = 'x'.repeat(5_000);
    const run = collected([
      begun(),
      ...ran('bars/A', 'failed', {
        reasons: [{ kind: 'param', name: long, was: long, is: long }],
        failure: { code: long, message: long },
      }),
      buildFinished(),
    ]);
    const [target] = run.targets;
    const lengths = [target?.reasons[0], target?.failure].flatMap((each) =>
      Object.values(each ?? {}).map((text) => text.length),
    );
    expect(lengths).toEqual([5, 300, 300, 300, 300, 1_000]);
  });
});

describe('a build', () => {
  const kinds = (steps: readonly Step[], more: Parameters<typeof buildFinished>[0] = {}) => {
    const run = collected([begun(), ...steps, buildFinished(more)]);
    return { idle: isIdle(run), quiet: isQuiet(run) };
  };

  it('is idle when nothing was run and nothing is wrong', () => {
    const settled = [finished('bars/A', 'fresh'), finished('bars/B', 'absent')];
    expect(kinds(settled)).toEqual({ idle: true, quiet: true });
    expect(kinds(settled, { interrupted: true })).toEqual({ idle: false, quiet: false });
    expect(kinds([finished('bars/A', 'blocked')])).toEqual({ idle: false, quiet: false });
    expect(kinds([finished('bars/A', 'failed')])).toEqual({ idle: false, quiet: false });
  });

  it('is quiet when it asked and built nothing', () => {
    expect(kinds(ran('listing/A', 'checked'))).toEqual({ idle: false, quiet: true });
    expect(kinds(ran('archive/A', 'absent'))).toEqual({ idle: false, quiet: true });
    expect(kinds(ran('bars/A', 'executed'))).toEqual({ idle: false, quiet: false });
    for (const two of [
      ['executed', 'restored'],
      ['executed', 'failed'],
      ['restored', 'blocked'],
      ['failed', 'blocked'],
    ] as const)
      expect(kinds(two.flatMap((outcome, at) => ran(`bars/${at}`, outcome))).quiet, two.join()).toBe(false);
    expect(kinds([{ type: 'target-warning', target: 'listing/A', message: 'late' }])).toEqual({
      idle: false,
      quiet: false,
    });
  });
});
