/** Builds side by side: of two workspaces, which share the exchange's patience, and of one, which share its folder. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { cli } from './cli.ts';
import { faultRig, HISTORY } from './faults.ts';
import { differences, published } from './market.ts';

let exchange: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({ history: HISTORY, running: true });
});

afterAll(() => exchange.close());

/** The history lacks more than the gates allow. */
const WARN = '--quality=warn';

const rest = (): number => exchange.requests.filter(({ path }) => path.startsWith('/api/')).length;

describe('builds of two workspaces at once', () => {
  it('both heed the ban that one of them has met, and both go on when it ends', async () => {
    const [one, other] = [faultRig(exchange), faultRig(exchange)];
    const ban = exchange.faults.add({ match: '/api/v3/klines', kind: 'ban', seconds: 3, times: 1 });
    const runs = await Promise.all([one, other].map(({ dir }) => cli(dir, ['build', WARN])));
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(ban.hits).toBe(1);
    expect(exchange.weight.unheeded).toBe(0);
    expect(differences(published(one.dir), published(other.dir))).toEqual([]);
  });

  it('stay under the limit together', async () => {
    exchange.reset();
    exchange.clearRequests();
    const rigs = [faultRig(exchange), faultRig(exchange), faultRig(exchange)];
    const runs = await Promise.all(rigs.map(({ dir }) => cli(dir, ['build', WARN])));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(rest()).toBeGreaterThan(rigs.length);
    expect(exchange.weight.refused).toBe(0);
    expect(exchange.weight.peak()).toBeLessThanOrEqual(exchange.weight.limit());
  });
});

describe('two builds of one workspace at once', () => {
  it('come one after the other, or the second leaves with --no-wait and says who is there', async () => {
    exchange.reset();
    exchange.faults.add({ match: '/listing', kind: 'delay', ms: 3_000, times: 2 });
    const rig = faultRig(exchange);
    let second: ReturnType<typeof cli> | undefined;
    let third: ReturnType<typeof cli> | undefined;
    const first = await cli(rig.dir, ['build', WARN], {
      onEvent: () => {
        second ??= cli(rig.dir, ['build', WARN, '--no-wait']);
        third ??= cli(rig.dir, ['build', WARN]);
      },
    });
    const [left, waited] = [await second, await third];
    expect(first.code).toBe(0);
    expect(left?.code).toBe(1);
    expect(left?.stderr).toMatch(
      /^error: another build holds this workspace: process \d+, build\n +(?:= )?leave out --no-wait to wait for it\n$/,
    );
    expect(waited?.code).toBe(0);
    expect(waited?.stderr).toMatch(/another build holds the workspace: process \d+, build/);
    expect(waited?.events.at(-1)).toMatchObject({ type: 'build-finished', executed: 0, failed: 0 });
  });
});
