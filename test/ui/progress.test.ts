import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import type { Reporter } from '../../src/ui/listener.ts';
import { createProgress } from '../../src/ui/progress.ts';
import type { FakeTerminal } from './fake-streams.ts';
import { fakeTerminal } from './fake-streams.ts';
import {
  buildFinished,
  buildStarted,
  CORRUPT,
  failed,
  finished,
  planned,
  received,
  started,
  warned,
} from './fixtures.ts';

const PLAIN = { color: false, width: 80 };
const FAILURE = [
  'failed    bars/B/2024-02  0.8s  archive-corrupt: BTCUSDT-1m-2024-01.zip: CRC-32 is 0a1b2c3d, expected 4e5f6071',
  '  hint: delete the file and build again',
  '  log:',
  '  | reading the directory',
  '  | inflating',
];

/** Past the 150 ms in which nothing is drawn, until the rows are loaded. */
async function drawn(ms = 400): Promise<void> {
  await vi.advanceTimersByTimeAsync(150);
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(ms);
}

function feed(reporter: Reporter, events: readonly BuildEvent[]): void {
  for (const event of events) reporter.listener(event);
}

describe('progress in a terminal', () => {
  let terminal: FakeTerminal;

  beforeEach(() => {
    terminal = fakeTerminal(120);
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('draws a row for each rule, leaves its final state, then prints failures in full', async () => {
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [buildStarted(), planned('listing', 1), finished('listing/B', 'checked')]);
    feed(progress, [planned('bars', 2), started('bars/B/2024-01')]);
    await drawn();
    expect(terminal.screen()).toEqual(['✔ listing  1/1', '❯ bars     0/2  1 running  B/2024-01']);

    feed(progress, [
      finished('bars/B/2024-01', 'executed'),
      started('bars/B/2024-02'),
      planned('reports', 1),
    ]);
    await vi.advanceTimersByTimeAsync(200);
    expect(terminal.screen()).toEqual([
      '✔ listing  1/1',
      '❯ bars     1/2  1 running  B/2024-02',
      '◼ reports  0/1',
    ]);

    feed(progress, [
      failed('bars/B/2024-02', CORRUPT),
      finished('reports', 'blocked'),
      buildFinished({ failed: 1 }),
    ]);
    await progress.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(terminal.screen()).toEqual([
      '✔ listing  1/1',
      '✖ bars     2/2  1 failed',
      '✔ reports  1/1',
      ...FAILURE,
    ]);
  });

  it('draws nothing for a build that is over in 150 ms, but prints its failures', async () => {
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('bars', 1), started('bars/B/2024-02')]);
    await vi.advanceTimersByTimeAsync(149);
    feed(progress, [failed('bars/B/2024-02', CORRUPT), buildFinished({ failed: 1 })]);
    await progress.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(terminal.text()).toBe(`${FAILURE.join('\n')}\n`);
  });

  it('draws nothing, and starts no timer, while nothing runs', async () => {
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [
      buildStarted(),
      planned('bars', 2),
      finished('bars/a', 'fresh'),
      finished('bars/b', 'fresh'),
    ]);
    expect(vi.getTimerCount()).toBe(0);
    await progress.close();
    expect(terminal.writes).toEqual([]);
  });

  it('ends when it is closed while its rows are being loaded', async () => {
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('bars', 1), started('bars/a')]);
    vi.advanceTimersByTime(150);
    await progress.close();
    await vi.dynamicImportSettled();
    expect(vi.getTimerCount()).toBe(0);
    expect(terminal.writes).toEqual([]);
  });

  it('redraws five times a second at most, whatever happens meanwhile', async () => {
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('bars', 5000), started('bars/a')]);
    await drawn(200);
    const before = terminal.writes.length;
    for (let step = 0; step < 100; step++) {
      for (let index = 0; index < 20; index++)
        progress.listener(finished(`bars/${step}-${index}`, 'executed'));
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(terminal.writes.length - before).toBe(5);
    await progress.close();
    expect(terminal.screen()).toEqual(['❯ bars  2000/5000  1 running  a']);
  });

  it('keeps to 20 rows, and to the height of a small terminal', async () => {
    const rules = Array.from({ length: 30 }, (_, index) => planned(`rule-${index}`, 1));
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [...rules, started('rule-0/a')]);
    await drawn();
    expect(terminal.screen()).toHaveLength(20);
    expect(terminal.screen().at(-1)).toBe('◼ … and 11 more rules  0/11');
    await progress.close();

    const small = fakeTerminal(120, 8);
    const second = createProgress(small, PLAIN);
    feed(second, [...rules, started('rule-0/a')]);
    await drawn(1000);
    expect(small.screen()).toHaveLength(6);
    await second.close();
    expect(small.screen()).toHaveLength(6);
  });

  it('crops rows to the terminal, also after it was made narrower', async () => {
    terminal.columns = 30;
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('bars', 2), started(`bars/${'LONG'.repeat(20)}`)]);
    await drawn();
    expect(terminal.screen()).toEqual(['❯ bars  0/2  1 running  LONG…']);
    terminal.columns = 20;
    await vi.advanceTimersByTimeAsync(200);
    expect(terminal.screen()).toEqual(['❯ bars  0/2  1 run…']);
    await progress.close();
  });

  it('prints warnings and waiting above the rows', async () => {
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [
      { type: 'lock-waiting', holder: 'build, process 4711' },
      { type: 'lock-waiting', holder: 'build, process 4711' },
      planned('bars', 1),
      started('bars/a'),
    ]);
    await drawn();
    progress.listener({
      type: 'warning',
      diagnostic: { severity: 'warning', message: 'value "x" is never read' },
    });
    const screen = terminal.screen();
    expect(screen[0]).toBe('waiting   another build holds the workspace: build, process 4711');
    expect(screen.filter((line) => line.startsWith('waiting'))).toHaveLength(1);
    expect(screen.slice(1, -1).join('\n')).toContain('value "x" is never read');
    expect(screen.at(-1)).toBe('❯ bars  0/1  1 running  a');
    await progress.close();
  });

  it('prints what targets warn of above the rows', async () => {
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('listing', 1), started('listing/B')]);
    await drawn();
    progress.listener(warned('listing/B', 'the host cannot be reached'));
    expect(terminal.screen()).toEqual([
      'warning   listing/B  the host cannot be reached',
      '❯ listing  0/1  1 running  B',
    ]);
    await progress.close();
  });

  it('tells how fast downloads come and how long the rest will take, within 80 columns', async () => {
    terminal.columns = 80;
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('archive', 240)]);
    for (let at = 0; at < 12; at += 1) {
      const target = `archive/BTCUSDT/${at}`;
      feed(progress, [started(target)]);
      await drawn(850);
      feed(progress, [received(target, 38_200_000, 38_200_000), finished(target, 'executed')]);
    }
    feed(
      progress,
      ['a', 'b', 'c'].map((name) => started(`archive/BTCUSDT/2024-01-${name}`)),
    );
    feed(progress, [received('archive/BTCUSDT/2024-01-c', 7_640_000, 38_200_000)]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(terminal.screen()).toEqual([
      '❯ archive  12/240  3 running  39.7 MB/s  ETA 3 min 39 s  BTCUSDT/2024-01-c 20%',
    ]);
    await progress.close();
  });

  it('colours icons when asked to, whatever the environment says', async () => {
    vi.stubEnv('NO_COLOR', '1');
    const progress = createProgress(terminal, { ...PLAIN, color: true });
    feed(progress, [planned('bars', 1), started('bars/a')]);
    await drawn();
    expect(terminal.text()).toContain('\x1b[33m❯\x1b[39m bars');
    await progress.close();
    vi.unstubAllEnvs();
  });

  it('writes no colour codes without colour, and no control character from outside ever', async () => {
    vi.stubEnv('FORCE_COLOR', '1');
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('bars', 1), started('bars/\x1b]0;title\x07')]);
    await drawn();
    feed(progress, [failed('bars/\x1b]0;title\x07', { code: 'x', message: '\x1b[2J', log: ['\x9b1A'] })]);
    await progress.close();
    expect(stripVTControlCharacters(terminal.text().replaceAll(/\x1b\[\d*[AJK]/g, ''))).toBe(
      terminal.text().replaceAll(/\x1b\[\d*[AJK]/g, ''),
    );
    vi.unstubAllEnvs();
  });

  it('leaves the signals of the process alone', async () => {
    const before = process.listenerCount('SIGINT');
    const progress = createProgress(terminal, PLAIN);
    feed(progress, [planned('bars', 1), started('bars/a')]);
    await drawn();
    expect(terminal.screen()).toHaveLength(1);
    expect(process.listenerCount('SIGINT')).toBe(before);
    await progress.close();
  });
});
