/** A build by the lockfile against the exchange: the same bytes from what is committed, and what was republished. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtins, marketConfig } from '../../src/compose.ts';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { Rig } from '../rig.ts';
import { FROM, fewDays, fileKey, SYMBOLS, TO } from './history.ts';
import type { MarketSpec } from './market.ts';
import { differences, marketRig, published } from './market.ts';

const LOCK = 'pipeline.lock';
const RAW = 'data/raw/binance/BTCUSDT/1m';
let exchange: Emulator;

beforeEach(async () => {
  // With a day that the archive lacks: its bars come from REST.
  exchange = await startEmulator({
    history: fewDays({ missingDays: [{ day: '2024-02-02', symbols: ['ETHUSDT'] }] }),
  });
});

afterEach(() => exchange.close());

async function builtOnce(changes: Partial<MarketSpec> = {}): Promise<Rig> {
  const rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO, ...changes });
  const { failures, diagnostics } = await rig.build();
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
  exchange.clearRequests();
  return rig;
}

/** What git would bring: the manifest, its configs and the lockfile. */
function clone(rig: Rig): Rig {
  const files = ['pipeline.yaml', LOCK, ...rig.files('configs')];
  return new Rig(Object.fromEntries(files.map((path) => [path, rig.read(path)])), {
    builtins: builtins(),
    configSchema: marketConfig,
  });
}

function listings(): readonly string[] {
  return exchange.requests.flatMap(({ path, query }) =>
    path.startsWith('/listing') ? [`${path}?${query}`] : [],
  );
}

describe('a fresh clone', () => {
  it('built by the lockfile gives the same bytes and asks for no listing', async () => {
    const here = await builtOnce();
    const there = clone(here);
    const { failures, differing } = await there.build([], { locked: true });
    expect({ failures, differing }).toEqual({ failures: {}, differing: [] });
    expect(listings()).toEqual([]);
    expect(differences(published(there.dir), published(here.dir))).toEqual([]);
    expect(there.read(LOCK)).toBe(here.read(LOCK));
    exchange.clearRequests();
    const again = await there.build([], { locked: true });
    expect([again.ran, again.differing, exchange.requests]).toEqual([[], [], []]);
  });

  it('of a market whose symbols are listed by pattern asks for none of them either', async () => {
    const here = await builtOnce({ symbols: { listed: '*USDT' } as never });
    const there = clone(here);
    const { failures, differing } = await there.build([], { locked: true });
    expect({ failures, differing }).toEqual({ failures: {}, differing: [] });
    expect(listings()).toEqual([]);
    expect(differences(published(there.dir), published(here.dir))).toEqual([]);
  });

  it('without --locked, on the same market, comes to the same lockfile', async () => {
    const here = await builtOnce();
    const there = clone(here);
    await there.build();
    expect(there.read(LOCK)).toBe(here.read(LOCK));
  });
});

describe('an archive that was republished', () => {
  it('is gone for a clone, which says so and builds everything else', async () => {
    const here = await builtOnce();
    const there = clone(here);
    exchange.republish(fileKey('BTCUSDT', '2024-02-02'));
    const { failures, outcomes } = await there.build([], { locked: true });
    expect(Object.keys(failures)).toEqual(['archive/BTCUSDT/2024-02-02']);
    const failure = failures['archive/BTCUSDT/2024-02-02'];
    expect([failure?.code, failure?.hint]).toEqual([
      'source-gone',
      'put the locked file in place from a copy, or build without --locked to take the new one',
    ]);
    expect(failure?.message).toMatch(
      /^data\/raw\/binance\/BTCUSDT\/1m\/BTCUSDT-1m-2024-02-02\.zip: pipeline\.lock names the SHA-256 [0-9a-f]{64}, and http:\S+\.zip\.CHECKSUM says [0-9a-f]{64}: the publisher has replaced the file$/,
    );
    expect(exchange.requests.filter(({ path }) => path.endsWith('2024-02-02.zip'))).toEqual([]);
    expect([outcomes['bars/BTCUSDT/2024-02'], outcomes['bars/ETHUSDT/2024-02']]).toEqual([
      'blocked',
      'executed',
    ]);
  });

  it('is taken from the revisions where it was kept, without a request', async () => {
    const here = await builtOnce();
    const locked = here.read(LOCK);
    const before = published(here.dir);
    exchange.republish(fileKey('BTCUSDT', '2024-02-02'));
    const { ran } = await here.build([], { sweep: true });
    expect(ran).toContain('archive/BTCUSDT/2024-02-02');
    expect(here.files(`${RAW}/revisions`)).toHaveLength(1);
    expect(here.read(LOCK)).not.toBe(locked);

    here.write(LOCK, locked);
    exchange.clearRequests();
    const { failures, differing } = await here.build([], { locked: true });
    expect({ failures, differing }).toEqual({ failures: {}, differing: [] });
    expect(exchange.requests).toEqual([]);
    expect(differences(published(here.dir), before)).toEqual([]);
    // Both are kept: the way forward is open as well.
    expect(here.files(`${RAW}/revisions`)).toHaveLength(2);
  });
});
