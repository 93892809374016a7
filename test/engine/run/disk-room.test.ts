/** How much room waiting targets still want, held against a disk that is made up. */
import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../src/engine/run/decide.ts';
import { DiskRoom } from '../../../src/engine/run/disk-room.ts';
import { StatMemo } from '../../../src/engine/state/memo.ts';
import { scratch } from '../state/scratch.ts';

const MB = 1_000_000;
/** Kept free besides. */
const RESERVE = 16 << 20;

/** Of a plan only what the reckoning looks at. */
function plan(index: number, size: number): RunPlan {
  return {
    target: {
      index,
      id: `raw/${index}`,
      rule: {
        name: 'raw',
        disk: { input: 'entry', pointer: '/size' },
        outputs: [{ name: 'zip', directory: false, template: { parts: [`raw/${index}.zip`] } }],
      },
    },
    partition: { keys: {}, spans: {} },
    gathered: { inputs: [{ name: 'entry', items: [{ value: { size } }] }] },
  } as unknown as RunPlan;
}

function room(free: number): DiskRoom {
  const folder = scratch();
  return new DiskRoom(new StatMemo('', folder), () => free);
}

describe('targets that say how much they write', () => {
  it('are started while all of it fits, to the last byte', () => {
    const disk = room(30 * MB + RESERVE);
    const plans = [plan(0, 10 * MB), plan(1, 20 * MB)];
    for (const each of plans) disk.claim(each);
    expect(plans.map((each) => disk.shortage(each))).toEqual([undefined, undefined]);
  });

  it('are told how much is wanting when it does not, and then none is started any more', () => {
    const disk = room(30 * MB + RESERVE - 2 * MB);
    const plans = [plan(0, 10 * MB), plan(1, 20 * MB)];
    for (const each of plans) disk.claim(each);
    const failure = {
      code: 'disk-space',
      message:
        '2 targets of rule "raw" and the like still write 30.0 MB, and only 44.8 MB are free where raw/0 goes: none of them was started',
      hint: 'free at least 2.0 MB there, or ask for less: fewer keys, or --from and --to',
    };
    expect(plans.map((each) => disk.shortage(each))).toEqual([failure, failure]);
    for (const each of plans) disk.release(each);
    disk.claim(plan(2, 1));
    expect(disk.shortage(plan(2, 1))).toEqual(failure);
  });

  it('count alone as one, and not what says nothing', () => {
    const disk = room(0);
    disk.claim(plan(0, 5 * MB));
    disk.claim(plan(1, Number.NaN));
    expect(disk.shortage(plan(1, Number.NaN))).toBeUndefined();
    expect(disk.shortage(plan(0, 5 * MB))).toMatchObject({
      message:
        '1 target of rule "raw" and the like still write 5.0 MB, and only 0.0 MB are free where raw/0 goes: none of them was started',
      hint: 'free at least 21.8 MB there, or ask for less: fewer keys, or --from and --to',
    });
  });
});
