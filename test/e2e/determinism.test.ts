import { randomInt } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { drawsOf } from '../../tasks/binance/emulator/prng.ts';
import { cli, ended } from './cli.ts';
import { FROM, fewDays, SYMBOLS, TO } from './history.ts';
import type { MarketSpec } from './market.ts';
import { differences, marketRig, published, tree } from './market.ts';

/** Set `DELETE_SEED` to the number in a failed test's name to have the same files deleted again. */
const SEED = process.env['DELETE_SEED'] ?? String(randomInt(1_000_000));

const exchanges: Emulator[] = [];

afterEach(async () => {
  for (const exchange of exchanges.splice(0)) await exchange.close();
});

async function exchangeOfItsOwn(): Promise<Emulator> {
  const halts = [{ first: '2024-02-01T12:40:00Z', last: '2024-02-01T13:59:00Z' }];
  const exchange = await startEmulator({ history: fewDays({ halts }) });
  exchanges.push(exchange);
  return exchange;
}

function spec(exchange: Emulator): MarketSpec {
  return { exchange, symbols: SYMBOLS, from: FROM, to: TO };
}

/** But for when REST was asked, which its stored answers say. */
const everything = (dir: string): ReadonlyMap<string, Buffer | string> =>
  new Map(
    [...tree(dir)]
      // The last build's own metrics hold a clock.
      .filter(([path]) => /^(data|reports)\//.test(path) && path !== 'reports/metrics.prom')
      .map(([path, content]) => [
        path,
        path.startsWith('data/raw/binance-rest/')
          ? String(content).replace(/"asked_at":\s*"[^"]*"/, '')
          : content,
      ]),
  );

describe('the same sources', () => {
  it('give the same bytes in another folder, time zone and locale, from another host, with 1 job or 8', async () => {
    const one = marketRig({ ...spec(await exchangeOfItsOwn()), features: true });
    const other = marketRig({ ...spec(await exchangeOfItsOwn()), features: true });
    const runs = [
      await cli(one.dir, ['build', '-j', '1'], { env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8' } }),
      await cli(other.dir, ['build', '-j', '8'], { env: { TZ: 'America/St_Johns', LC_ALL: 'C' } }),
    ];
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(ended(runs[0] ?? missing(), 'executed')).toEqual(ended(runs[1] ?? missing(), 'executed'));
    expect(published(one.dir).size).toBe(2 * 2 * 2 + 2 * 2 * 3 + 1 + 5);
    // Caches and raw files as well.
    expect(differences(everything(one.dir), everything(other.dir))).toEqual([]);
  });

  it('give the same bytes again by --force', async () => {
    const rig = marketRig(spec(await exchangeOfItsOwn()));
    await rig.build();
    const before = everything(rig.dir);
    const { ran } = await rig.build([], { force: true, jobs: 1 });
    expect(ran).toHaveLength(25);
    expect(differences(everything(rig.dir), before)).toEqual([]);
  });

  it(`give the same bytes after any of the files were deleted (seed ${SEED})`, async () => {
    const draw = drawsOf(`delete ${SEED}`);
    const rig = marketRig(spec(await exchangeOfItsOwn()));
    await rig.build();
    const before = published(rig.dir);
    for (let round = 0; round < 5; round++) {
      const deleted = [...everything(rig.dir).keys()].filter(() => draw(2) === 0);
      for (const path of deleted) rig.remove(path);
      const { failures } = await rig.build();
      expect(failures).toEqual({});
      expect(
        differences(published(rig.dir), before),
        `round ${round}: without ${deleted.join(', ')}`,
      ).toEqual([]);
      expect((await rig.build()).ran).toEqual([]);
    }
  });
});

function missing(): never {
  throw new Error('a run is missing');
}
