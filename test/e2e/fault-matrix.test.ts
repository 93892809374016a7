/** Each fault of the catalogue by itself: the build gets over it, alone or by being run again, and nobody sees that it was there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { drawsOf } from '../../tasks/binance/emulator/prng.ts';
import { buildUntilWhole, FAULT_CASES, faultRig, faultsOf, HISTORY, leftovers, PAGE } from './faults.ts';
import { differences, published } from './market.ts';

let exchange: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({ history: HISTORY, running: true, listing: { pageSize: PAGE } });
});

afterAll(() => exchange.close());

async function clean(): Promise<ReadonlyMap<string, Buffer | string>> {
  exchange.reset();
  const rig = faultRig(exchange);
  expect(await buildUntilWhole(rig, 1)).toBe(1);
  return published(rig.dir);
}

describe('a fault that passes by', () => {
  it('is one of at least twenty kinds', () => {
    expect(new Set(FAULT_CASES.map(({ name }) => name)).size).toBe(FAULT_CASES.length);
    expect(FAULT_CASES.length).toBeGreaterThanOrEqual(20);
  });

  it.each(FAULT_CASES)('leaves no trace: $name', async (each) => {
    const expected = await clean();
    exchange.reset();
    const rig = faultRig(exchange);
    const faults = faultsOf(each, drawsOf(each.name), 2, 0).map((fault) => exchange.faults.add(fault));
    await buildUntilWhole(rig);
    expect(faults.map(({ hits }) => hits)).not.toContain(0);
    expect(differences(published(rig.dir), expected)).toEqual([]);
    expect(leftovers(rig)).toEqual([]);
    expect(exchange.weight.unheeded).toBe(0);
    expect(exchange.weight.peak()).toBeLessThanOrEqual(0.95 * exchange.weight.limit());
    expect((await rig.build()).ran).toEqual([]);
  });
});
