import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import type { Transfer } from '../../src/ui/transfer.ts';
import { createTransfer } from '../../src/ui/transfer.ts';
import { CORRUPT, failed, finished, progressed, received, started } from './fixtures.ts';

const MB = 1_000_000;

/** A number lets so many milliseconds pass. */
function heard(events: readonly (BuildEvent | number)[]): Transfer {
  let time = 1_000;
  const transfer = createTransfer(() => time);
  for (const event of events) {
    if (typeof event === 'number') time += event;
    else transfer.apply(event);
  }
  return transfer;
}

/** One whole download that takes so many milliseconds. */
function download(target: string, bytes: number, ms: number): readonly (BuildEvent | number)[] {
  return [started(target), ms, received(target, bytes, bytes), finished(target, 'executed')];
}

describe('the pace of downloads', () => {
  it('is silent before three are finished or five seconds have passed', () => {
    const two = [...download('archive/a', MB, 100), ...download('archive/b', MB, 100)];
    const running = [started('archive/z'), received('archive/z', 1)];
    expect(heard([...two, ...running]).pace('archive', 10)).toBeUndefined();
    expect(heard([...two, ...download('archive/c', MB, 100), ...running]).pace('archive', 10)).toEqual({
      rate: expect.closeTo(3_000_001 / 0.3, 0),
      eta: expect.closeTo((9 * MB + (MB - 1)) / (3_000_001 / 0.3), 6),
    });
    expect(heard([...running, 4_999]).pace('archive', 10)).toBeUndefined();
    expect(heard([...running, 5_000]).pace('archive', 10)).toMatchObject({ eta: undefined });
  });

  it('is that of the last five seconds', () => {
    const events = [
      started('archive/a'),
      received('archive/a', 100 * MB),
      1_000,
      received('archive/a', 110 * MB),
    ];
    const slower = [4_500, received('archive/a', 112 * MB), 500];
    expect(heard([...events, ...slower]).pace('archive', 1)?.rate).toBe((2 * MB) / 5);
    expect(heard([...events, ...slower, 20_000]).pace('archive', 1)).toEqual({ rate: 0, eta: undefined });
  });

  it('tells the rest by the mean of what is finished, and by what running ones lack', () => {
    const finishedOnes = ['a', 'b', 'c'].flatMap((name) => download(`archive/${name}`, 4 * MB, 1_000));
    const running = [started('archive/d'), received('archive/d', 1 * MB, 2 * MB)];
    // 13 MB in 3 s; 1 MB is left of this one, and 4 MB of each of the other two.
    expect(heard([...finishedOnes, ...running]).pace('archive', 3)?.eta).toBeCloseTo((9 * 3) / 13, 9);
  });

  it('tells the rest by the sizes of running ones before anything is finished', () => {
    const running = [
      started('archive/a'),
      received('archive/a', 0, 20 * MB),
      5_000,
      received('archive/a', 5 * MB, 20 * MB),
    ];
    expect(heard(running).pace('archive', 2)).toEqual({ rate: MB, eta: 15 + 20 });
  });

  it('leaves out of the mean what failed, was fresh, or counts something else than bytes', () => {
    const events = [
      ...['a', 'b', 'c'].flatMap((name) => download(`archive/${name}`, 4 * MB, 1_000)),
      started('archive/e'),
      received('archive/e', 1),
      failed('archive/e', CORRUPT),
      finished('archive/f', 'fresh'),
      started('archive/g'),
      progressed('archive/g', 99, 100),
      finished('archive/g', 'executed'),
      started('archive/d'),
      received('archive/d', 0),
    ];
    expect(heard(events).pace('archive', 1)?.eta).toBeCloseTo(4 / ((12 + 1e-6) / 3), 5);
  });

  it('is by rule, and none where nothing of the rule downloads', () => {
    const events = [started('a/x'), received('a/x', MB), 6_000, started('b/y'), progressed('b/y', 1)];
    const transfer = heard(events);
    expect(transfer.pace('a', 1)).toBeDefined();
    expect(transfer.pace('b', 1)).toBeUndefined();
    expect(transfer.pace('c', 1)).toBeUndefined();
    expect(heard([...events, finished('a/x', 'executed')]).pace('a', 1)).toBeUndefined();
  });
});

describe('what was downloaded', () => {
  it('is nothing where no target counts bytes', () => {
    expect(
      heard([started('bars/a'), progressed('bars/a', 5), finished('bars/a', 'executed')]).downloaded(),
    ).toBeUndefined();
  });

  it('counts the bytes of every try, and the time in which anything was downloading', () => {
    const retried = [
      started('archive/a'),
      1_000,
      received('archive/a', 3 * MB),
      1_000,
      received('archive/a', 1 * MB),
      received('archive/a', 4 * MB),
      finished('archive/a', 'executed'),
    ];
    expect(heard([...retried, 60_000, ...download('other/b', MB, 500)]).downloaded()).toEqual({
      bytes: 8 * MB,
      seconds: 2.5,
    });
  });

  it('counts no time in which a target waits for its next try', () => {
    const retry: BuildEvent = {
      type: 'target-retry',
      target: 'a/x',
      attempt: 1,
      message: 'cut',
      waitMs: 4_000,
    };
    const again = [retry, 4_000, 500, received('a/x', 3), finished('a/x', 'executed')];
    expect(heard([started('a/x'), 1_000, received('a/x', 2), ...again]).downloaded()).toEqual({
      bytes: 3,
      seconds: 1.5,
    });
    expect(heard([started('a/x'), 1_000, ...again]).downloaded()).toEqual({ bytes: 3, seconds: 0.5 });
  });

  it('counts what runs still, and not what trails in after the end', () => {
    const events = [
      started('a/x'),
      received('a/x', 5),
      1_000,
      finished('a/x', 'executed'),
      received('a/x', 9),
    ];
    expect(heard([...events, started('a/y'), 1_000, received('a/y', 2)]).downloaded()).toEqual({
      bytes: 7,
      seconds: 2,
    });
  });

  it('never counts more time than has passed, however downloads overlap', () => {
    const step = fc.oneof(fc.nat(2_000), fc.tuple(fc.nat(4), fc.constantFrom('start', 'bytes', 'end')));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const active = new Set<string>();
        const counted = new Set<string>();
        const events: (BuildEvent | number)[] = [];
        let passed = 0;
        for (const each of steps) {
          if (typeof each === 'number') {
            passed += each;
            events.push(each);
            continue;
          }
          const target = `archive/${each[0]}`;
          if (each[1] === 'start' && !active.has(target)) {
            active.add(target);
            events.push(started(target));
          } else if (each[1] === 'bytes' && active.has(target)) {
            counted.add(target);
            events.push(received(target, 1));
          } else if (each[1] === 'end' && active.delete(target)) events.push(finished(target, 'executed'));
        }
        const found = heard(events).downloaded();
        expect(found === undefined).toBe(counted.size === 0);
        expect(found?.seconds ?? 0).toBeLessThanOrEqual(passed / 1000 + 1e-9);
      }),
    );
  });
});
