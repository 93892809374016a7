/** Random mixtures of the catalogue's faults, each from a number that is printed when it fails. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { drawsOf } from '../../tasks/binance/emulator/prng.ts';
import type { Draw } from './faults.ts';
import { buildUntilWhole, FAULT_CASES, faultRig, faultsOf, HISTORY, leftovers, PAGE } from './faults.ts';
import { differences, published } from './market.ts';

/** Another start gives other mixtures: PIPELINE_FAULT_SEED=… */
const SEED = process.env['PIPELINE_FAULT_SEED'] ?? '2026';

const QUICK = FAULT_CASES.filter(({ slow }) => slow === undefined);

/** Three to six faults, each one to three times, some after other requests; now and then one that takes its time. */
function mixture(draw: Draw) {
  const cases = Array.from({ length: 3 + draw(4) }, () => {
    const from = draw(40) === 0 ? FAULT_CASES : QUICK;
    return from[draw(from.length)];
  });
  return cases.flatMap((each) =>
    each === undefined ? [] : [{ name: each.name, faults: faultsOf(each, draw, 1 + draw(3), draw(8)) }],
  );
}

/** Tests numbers `from` to `to`, to be spread over files that run side by side. */
export function testMixtures(from: number, to: number): void {
  let exchange: Emulator;
  let expected: ReadonlyMap<string, Buffer | string>;

  beforeAll(async () => {
    exchange = await startEmulator({ history: HISTORY, running: true, listing: { pageSize: PAGE } });
  });
  afterAll(() => exchange.close());

  it('are compared with a build that met none', async () => {
    const rig = faultRig(exchange);
    expect(await buildUntilWhole(rig, 1)).toBe(1);
    expected = published(rig.dir);
  });

  it.each(Array.from({ length: to - from + 1 }, (_, at) => from + at))(
    `number %i of seed ${SEED} leaves no trace`,
    async (number) => {
      exchange.reset();
      const mixed = mixture(drawsOf(`${SEED}/${number}`));
      for (const { faults } of mixed) for (const fault of faults) exchange.faults.add(fault);
      const rig = faultRig(exchange);
      await buildUntilWhole(rig);
      const found = {
        differing: differences(published(rig.dir), expected),
        leftovers: leftovers(rig),
        unheeded: exchange.weight.unheeded,
        aboveBudget: exchange.weight.peak() > 0.95 * exchange.weight.limit(),
        ranAgain: (await rig.build()).ran,
      };
      const names = mixed.map(({ name }) => name).join(', ');
      expect(found, names).toEqual({
        differing: [],
        leftovers: [],
        unheeded: 0,
        aboveBudget: false,
        ranAgain: [],
      });
    },
  );
}
