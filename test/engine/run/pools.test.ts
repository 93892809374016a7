import { describe, expect, it } from 'vitest';
import { Pools } from '../../../src/engine/run/pools.ts';

function pools(jobs = Number.POSITIVE_INFINITY): Pools<string> {
  const made = new Pools<string>(new Map([['cpu', 1]]), jobs);
  for (let at = 0; at < 100; at++) made.enqueue('cpu', `${at}`);
  return made;
}

describe('a pool', () => {
  it('lets the next one start when one is released', () => {
    const of = pools();
    expect([of.start(), of.start(), of.busy]).toEqual(['0', undefined, 1]);
    of.release('cpu');
    expect([of.start(), of.busy]).toEqual(['1', 1]);
  });

  it('lets the next one start when one gives way, and counts both', () => {
    const of = pools();
    of.start();
    expect(of.giveWay('cpu')).toBe(true);
    expect([of.start(), of.start(), of.busy]).toEqual(['1', undefined, 2]);
    of.ended();
    expect(of.busy).toBe(1);
  });

  it('starts none while 64 that gave way have not ended', () => {
    const of = pools();
    let started = 0;
    while (of.start() !== undefined) {
      started++;
      of.giveWay('cpu');
    }
    expect(started).toBe(64);
    of.ended();
    expect(of.start()).toBe('64');
  });

  it('gives way to nobody where one job at a time is asked for', () => {
    const of = pools(1);
    of.start();
    expect(of.giveWay('cpu')).toBe(false);
    expect(of.start()).toBeUndefined();
    of.release('cpu');
    expect(of.start()).toBe('1');
  });
});
