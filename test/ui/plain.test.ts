import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import { formatDiagnostics } from '../../src/ui/diagnostic-printer.ts';
import type { PlainOptions } from '../../src/ui/plain.ts';
import { createPlain } from '../../src/ui/plain.ts';
import { capture } from './fake-streams.ts';
import {
  buildFinished,
  buildStarted,
  CORRUPT,
  failed,
  finished,
  planned,
  progressed,
  received,
  started,
  warned,
} from './fixtures.ts';

const PLAIN = { color: false, width: 80 };

function said(events: readonly BuildEvent[], options: PlainOptions = PLAIN): string {
  const stream = capture();
  const plain = createPlain(stream, options);
  for (const event of events) plain.listener(event);
  void plain.close();
  return stream.text();
}

const BUILD: readonly BuildEvent[] = [
  buildStarted(),
  { type: 'lock-waiting', holder: 'build, process 4711' },
  planned('bars', 4),
  finished('listing/BTCUSDT', 'checked'),
  finished('sources/BTCUSDT', 'fresh', { seconds: 0 }),
  started('bars/BTCUSDT/2024-01', [{ kind: 'input', name: 'zips', was: 'a', is: 'b' }]),
  progressed('bars/BTCUSDT/2024-01', 1, 2),
  { type: 'target-log', target: 'bars/BTCUSDT/2024-01', line: 'half way' },
  {
    type: 'target-retry',
    target: 'archive/BTCUSDT/2024-02',
    attempt: 2,
    message: 'HTTP 503 from the archive',
    waitMs: 4000,
  },
  finished('bars/BTCUSDT/2024-01', 'executed', {
    reasons: [{ kind: 'input', name: 'zips', was: 'a', is: 'b' }],
  }),
  finished('bars/BTCUSDT/2024-02', 'restored', { reasons: [{ kind: 'new', name: '' }], seconds: 65 }),
  finished('archive/BTCUSDT/2024-03', 'absent', { absent: 'not listed yet' }),
  failed('archive/BTCUSDT/2024-04', CORRUPT),
  finished('bars/BTCUSDT/2024-04', 'blocked', {
    reasons: [{ kind: 'upstream', name: 'archive/BTCUSDT/2024-04' }],
    seconds: 0,
  }),
  buildFinished(),
];

describe('plain lines', () => {
  it('name the first few targets that a failure blocks and count the rest, unless verbose', () => {
    const months = ['01', '02', '03', '04', '05'].map((month) =>
      finished(`bars/B/2024-${month}`, 'blocked', {
        reasons: [{ kind: 'upstream', name: 'listing/B', is: 'failed' }],
        seconds: 0,
      }),
    );
    const other = finished('bars/E/2024-01', 'blocked', {
      reasons: [{ kind: 'upstream', name: 'listing/E', is: 'failed' }],
      seconds: 0,
    });
    expect(said([...months, other, buildFinished()])).toBe(
      [
        'blocked   bars/B/2024-01  listing/B failed',
        'blocked   bars/B/2024-02  listing/B failed',
        'blocked   bars/B/2024-03  listing/B failed',
        'blocked   bars/E/2024-01  listing/E failed',
        'blocked   and 2 more  listing/B failed',
        '',
      ].join('\n'),
    );
    expect(said([...months, buildFinished()], { ...PLAIN, verbose: true }).split('\n')).toHaveLength(6);
  });

  it('give a failure that many targets share in full three times, and count the rest, unless verbose', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((key) =>
      failed(`raw/${key}`, { code: 'disk-space', message: 'too little' }),
    );
    const all = [...many, failed('bars', CORRUPT), buildFinished({ failed: 6 })];
    const lines = said(all).split('\n');
    expect(lines.filter((line) => line.includes('too little'))).toHaveLength(3);
    expect(lines.at(-2)).toBe('failed    and 2 more  disk-space, as raw/a');
    expect(said(all, { ...PLAIN, verbose: true }).match(/too little/g)).toHaveLength(5);
  });

  it('tell each thing worth knowing in a line, failures in full, and nothing of what is fresh', () => {
    expect(said(BUILD)).toBe(
      [
        'waiting   another build holds the workspace: build, process 4711',
        'checked   listing/BTCUSDT  0.8s',
        'retry     archive/BTCUSDT/2024-02  in 4.0s  HTTP 503 from the archive (retry 2)',
        'executed  bars/BTCUSDT/2024-01  0.8s  input zips changed',
        'restored  bars/BTCUSDT/2024-02  1m 05s  never built',
        'absent    archive/BTCUSDT/2024-03  0.8s  not listed yet',
        'failed    archive/BTCUSDT/2024-04  0.8s  archive-corrupt: BTCUSDT-1m-2024-01.zip: CRC-32 is 0a1b2c3d, expected 4e5f6071',
        '  hint: delete the file and build again',
        '  log:',
        '  | reading the directory',
        '  | inflating',
        'blocked   bars/BTCUSDT/2024-04  waits for archive/BTCUSDT/2024-04',
        '',
      ].join('\n'),
    );
  });

  it('are failures alone when quiet', () => {
    expect(said(BUILD, { ...PLAIN, quiet: true })).toBe(
      [
        'failed    archive/BTCUSDT/2024-04  0.8s  archive-corrupt: BTCUSDT-1m-2024-01.zip: CRC-32 is 0a1b2c3d, expected 4e5f6071',
        '  hint: delete the file and build again',
        '  log:',
        '  | reading the directory',
        '  | inflating',
        '',
      ].join('\n'),
    );
  });

  it('are also starts, log lines and what is fresh when verbose', () => {
    expect(said(BUILD.slice(3, 8), { ...PLAIN, verbose: true })).toBe(
      [
        'checked   listing/BTCUSDT  0.8s',
        'fresh     sources/BTCUSDT  0.0s',
        'started   bars/BTCUSDT/2024-01  input zips changed',
        'log       bars/BTCUSDT/2024-01  half way',
        '',
      ].join('\n'),
    );
  });

  it('say what a dry run would build', () => {
    const reasons = [{ kind: 'forced', name: '' }] as const;
    expect(said([buildStarted(true), finished('bars/B/2024-01', 'executed', { reasons, seconds: 0 })])).toBe(
      'to build  bars/B/2024-01  forced\n',
    );
  });

  it('print a warning as a diagnostic', () => {
    const diagnostic = { severity: 'warning', message: 'value "unused" is never read' } as const;
    const text = formatDiagnostics([diagnostic], PLAIN);
    expect(text).toContain('value "unused" is never read');
    expect(said([{ type: 'warning', diagnostic }])).toBe(text.endsWith('\n') ? text : `${text}\n`);
  });

  it('show what targets warn of, quiet or not', () => {
    const events = [
      started('listing/B'),
      warned('listing/B', 'the host cannot be reached\x1b: files are asked for one by one'),
    ];
    const line = 'warning   listing/B  the host cannot be reached\\x1b: files are asked for one by one\n';
    expect(said(events)).toBe(line);
    expect(said(events, { ...PLAIN, quiet: true })).toBe(line);
  });

  it('colour the verb alone', () => {
    expect(said([finished('bars/B/2024-01', 'executed')], { color: true, width: 80 })).toBe(
      '\x1b[32mexecuted  \x1b[39mbars/B/2024-01  0.8s\n',
    );
  });
});

describe('a failure in full', () => {
  it('keeps the last 20 lines of a log, and says how many there are before', () => {
    const log = Array.from({ length: 25 }, (_, index) => `line ${index}`);
    const lines = said([failed('bars', { code: 'x', message: 'y', log })]).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'failed    bars  0.8s  x: y',
      '  log (5 earlier lines: --verbose):',
      '  | line 5',
    ]);
    expect(lines).toHaveLength(23);
    expect(said([failed('bars', { code: 'x', message: 'y', log })], { ...PLAIN, verbose: true })).toContain(
      '| line 0',
    );
  });

  it('shows a stack on request only', () => {
    const bug = { code: 'bug', message: 'x is not a function', stack: 'TypeError: x\n    at run' };
    expect(said([failed('bars', bug)])).toBe(
      'failed    bars  0.8s  bug: x is not a function\n  this is a bug, not bad input; --verbose shows the stack\n',
    );
    expect(said([failed('bars', bug)], { ...PLAIN, verbose: true })).toBe(
      'failed    bars  0.8s  bug: x is not a function\n  stack:\n  | TypeError: x\n  |     at run\n',
    );
  });

  it('lets nothing from outside begin a line or command the terminal', () => {
    const failure = {
      code: 'recipe-failed',
      message: 'exit code 1\n::error::not ours',
      hint: 'look\x1b]0;title\x07',
      log: ['::add-mask::x', '\x1b[2J'],
    };
    expect(said([failed('bars/\x1b[31m', failure)])).toBe(
      [
        'failed    bars/\\x1b[31m  0.8s  recipe-failed: exit code 1',
        '  | ::error::not ours',
        '  hint: look\\x1b]0;title\\x07',
        '  log:',
        '  | ::add-mask::x',
        '  | \\x1b[2J',
        '',
      ].join('\n'),
    );
  });
});

describe('downloads in a log', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const begun = [
    planned('archive', 240),
    planned('bars', 9),
    started('bars/B'),
    started('archive/B/2024-01'),
  ];

  it('are told every ten seconds while they run, also when nothing comes, and not after the end', async () => {
    const stream = capture();
    const plain = createPlain(stream, PLAIN);
    for (const event of [...begun, received('archive/B/2024-01', 0, 60_000_000)]) plain.listener(event);
    for (let second = 1; second <= 10; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      plain.listener(received('archive/B/2024-01', second * 2_000_000, 60_000_000));
    }
    expect(stream.text()).toBe('progress  archive  0/240  1 running  1.6 MB/s  ETA 2 h 29 min\n');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stream.writes.slice(1)).toEqual(['progress  archive  0/240  1 running  0 B/s\n']);
    plain.listener(finished('archive/B/2024-01', 'executed'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(stream.writes.slice(2)).toEqual(['executed  archive/B/2024-01  0.8s\n']);
    plain.listener(buildFinished());
    expect(vi.getTimerCount()).toBe(0);
    await plain.close();
  });

  it('keep to the width', async () => {
    const stream = capture();
    const plain = createPlain(stream, { ...PLAIN, width: 40 });
    for (const event of [...begun, received('archive/B/2024-01', 1)]) plain.listener(event);
    await vi.advanceTimersByTimeAsync(10_000);
    await plain.close();
    expect(stream.text()).toBe('progress  archive  0/240  1 running  0…\n');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('start no timer when quiet, or when nothing counts bytes', () => {
    for (const [options, event] of [
      [{ ...PLAIN, quiet: true }, received('archive/B/2024-01', 1)],
      [PLAIN, progressed('bars/B', 1)],
    ] as const) {
      const plain = createPlain(capture(), options);
      for (const each of [...begun, event]) plain.listener(each);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});
