import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator, zipOf } from '../../tasks/binance/emulator/emulator.ts';
import { spanOf } from '../../tasks/binance/time-keys.ts';
import type { Built, Rig } from '../rig.ts';
import { FROM, fewDays, fileKey, SYMBOLS, TO } from './history.ts';
import type { MarketSpec } from './market.ts';
import { barsFolder, differences, marketRig, published, report, tree } from './market.ts';
import { HOUR } from './rows.ts';

let exchange: Emulator;

beforeEach(async () => {
  exchange = await startEmulator({ history: fewDays() });
});

afterEach(() => exchange.close());

function workspace(changes: Partial<MarketSpec> = {}): Rig {
  return marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO, ...changes });
}

async function builtOnce(changes: Partial<MarketSpec> = {}): Promise<Rig> {
  const rig = workspace(changes);
  const { failures, diagnostics } = await rig.build();
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
  exchange.clearRequests();
  return rig;
}

const RAW = 'data/raw/binance';

function executed({ ran, outcomes }: Built): readonly string[] {
  return ran.filter((target) => outcomes[target] === 'executed');
}

function asked(end: string): readonly string[] {
  return exchange.requests.flatMap(({ path }) =>
    path.endsWith(end) ? [path.slice(path.lastIndexOf('/') + 1)] : [],
  );
}

describe('a listing', () => {
  it('that somebody edited is asked for anew, wholly, and nothing comes of the edit', async () => {
    const rig = await builtOnce();
    const path = `${RAW}/BTCUSDT/1m/listing.json`;
    const before = rig.read(path);
    rig.edit(path, (text) => text.replaceAll('2024-01-31', '2024-01-29'));
    const { ran } = await rig.build();
    expect(ran).toEqual(['listing/BTCUSDT']);
    expect(rig.read(path)).toBe(before);
    expect(exchange.requests.map(({ query }) => query.includes('marker='))).toEqual([false, false]);
  });

  it('notices a republished day beside a monthly file by a sweep, and lists from the open month on otherwise', async () => {
    const rig = await builtOnce();
    exchange.republish(fileKey('BTCUSDT', '2024-01-30'));
    const update = await rig.build([], { refresh: true });
    expect(executed(update)).toEqual([]);
    expect(exchange.requests.filter(({ query }) => query.includes('marker=')).length).toBe(2);
    exchange.clearRequests();
    const sweep = await rig.build([], { sweep: true });
    expect(executed(sweep)).toEqual(['listing/BTCUSDT', 'sources/BTCUSDT']);
    expect(exchange.requests.filter(({ query }) => query.includes('marker='))).toEqual([]);
  });

  it('with another date and the same ETag costs one look at the CHECKSUM', async () => {
    const rig = await builtOnce();
    const key = fileKey('BTCUSDT', '2024-02-02');
    const answer = await fetch(`${exchange.archiveUrl}/${key}`);
    exchange.publish(key, Buffer.from(await answer.arrayBuffer()));
    exchange.clearRequests();
    const again = await rig.build([], { refresh: true });
    expect(executed(again)).toEqual(['archive/BTCUSDT/2024-02-02', 'listing/BTCUSDT', 'sources/BTCUSDT']);
    expect([asked('.CHECKSUM'), asked('.zip')]).toEqual([['BTCUSDT-1m-2024-02-02.zip.CHECKSUM'], []]);
    expect(rig.has(`${RAW}/BTCUSDT/1m/revisions`)).toBe(false);
  });
});

describe('a month whose monthly file is late', () => {
  it('is final when it comes: status names the inputs that changed, and the days stay where they are', async () => {
    await exchange.close();
    exchange = await startEmulator({
      history: fewDays({ lateMonths: [{ month: '2024-01', symbols: ['ETHUSDT'] }] }),
    });
    const rig = await builtOnce();
    exchange.publish(fileKey('ETHUSDT', '2024-01'));
    const looked = await rig.build(['listing', 'sources'], { refresh: true });
    expect(executed(looked)).toEqual(['listing/ETHUSDT', 'sources/ETHUSDT']);

    const status = await rig.status();
    const stale = status.filter(({ state }) => state === 'stale');
    const named = stale.map(({ target, reasons }) => [
      target,
      ...reasons.map(({ kind, name }) => `${kind} ${name}`),
    ]);
    expect(named).toEqual([
      ['archive/ETHUSDT/2024-01', 'new archive/ETHUSDT/2024-01'],
      ['staged/ETHUSDT/2024-01', `input plan ${RAW}/ETHUSDT/1m/sources.json#/months/2024-01`],
    ]);

    const { failures, ...rest } = await rig.build();
    expect(failures).toEqual({});
    expect(executed({ failures, ...rest })).toEqual([
      'archive/ETHUSDT/2024-01',
      'bars/ETHUSDT/2024-01',
      'fill/ETHUSDT/2024-01',
      'reports',
      'staged/ETHUSDT/2024-01',
    ]);
    expect(rig.json(`${barsFolder({ symbol: 'ETHUSDT', month: '2024-01' })}/summary.json`)).toMatchObject({
      provisional: 0,
      sources: { monthly: 2880, daily: 0, rest: 0 },
    });
    const kept = [...tree(rig.path(`${RAW}/ETHUSDT/1m`)).keys()].filter((name) => name.includes('-2024-01-'));
    expect(kept).toEqual(['ETHUSDT-1m-2024-01-30.zip', 'ETHUSDT-1m-2024-01-31.zip']);
    expect(Object.keys((rig.json(`${RAW}/ETHUSDT/1m/sources.json`) as { others: object }).others)).toEqual([
      '2024-01-30',
      '2024-01-31',
    ]);
    const clean = workspace();
    await clean.build();
    expect(differences(published(rig.dir), published(clean.dir))).toEqual([]);
  });
});

/** A ZIP of hours from the start of its period to its end, or to another one. */
function hours(period: string, until = spanOf(period)?.end ?? 0): readonly [string, Buffer] {
  const lines: string[] = [];
  for (let ts = spanOf(period)?.start ?? 0; ts < until; ts += HOUR)
    lines.push(`${ts},100,110,90,105,2,${ts + HOUR - 1},200,3,1,100,0\n`);
  return [fileKey('LUNAUSDT', period, 'spot', '1h'), zipOf(`LUNAUSDT-1h-${period}.csv`, lines.join(''))];
}

describe('a symbol that was delisted, and whose name was used again', () => {
  it('has a hole, and after the last file months for which REST is asked once, in vain', async () => {
    await exchange.close();
    const files = [hours('2024-02'), hours('2024-03', Date.parse('2024-03-10')), hours('2024-05')];
    exchange = await startEmulator({ files: new Map(files), now: Date.parse('2024-09-02T00:00:00Z') });
    const rig = workspace({
      symbols: ['LUNAUSDT'],
      interval: '1h',
      from: '2024-01-01T00:00:00Z',
      to: '2024-08-31T23:59:00Z',
    });
    const { failures, events } = await rig.build();
    expect(failures).toEqual({});
    const absent = events.flatMap((event) =>
      event.type === 'target-finished' && event.outcome === 'absent' && event.target.startsWith('bars/')
        ? [[event.target.slice(-7), event.absent]]
        : [],
    );
    expect(Object.fromEntries(absent)).toEqual({
      '2024-01': 'pre-listing',
      '2024-04': 'not-published',
      '2024-06': 'delisted',
      '2024-07': 'delisted',
      '2024-08': 'delisted',
    });
    expect(rig.json('data/cache/staged/spot/1h/LUNAUSDT/2024-07.gaps.json')).toMatchObject({
      expected: 744,
      rows: 0,
      gaps: [{ first: '2024-07-01T00:00:00Z', last: '2024-07-31T23:00:00Z', missing: 744 }],
      plan: { served: 'none', reason: 'delisted' },
    });
    const starts = exchange.requests.flatMap(({ path, query }) =>
      path.endsWith('/klines') ? [Number(new URLSearchParams(query).get('startTime'))] : [],
    );
    const months = starts.map((ms) => new Date(ms).toISOString().slice(0, 7)).sort();
    expect(months).toEqual(['2024-03', '2024-04', '2024-06', '2024-07', '2024-08']);
    expect((await rig.build()).ran).toEqual([]);
  });
});

describe('a listing host that cannot be reached', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2024-02-04T12:00:00Z') });
    onTestFinished(() => void vi.useRealTimers());
  });

  it('is made up for by asking the archive file by file: the same data, and nothing is fetched again', async () => {
    const clean = await builtOnce();
    const fault = exchange.faults.add({ match: '/listing', kind: 'status', status: 451 });
    const rig = workspace();
    const { failures, events } = await rig.build();
    expect(failures).toEqual({});
    expect(differences(published(rig.dir), published(clean.dir))).toEqual([]);
    const warnings = events.flatMap((event) => (event.type === 'target-warning' ? [event] : []));
    expect(warnings.map(({ target }) => target).sort()).toEqual(['listing/BTCUSDT', 'listing/ETHUSDT']);
    expect(warnings[0]?.message).toMatch(
      /^the listing of (BTC|ETH)USDT at 127\.0\.0\.1:\d+ cannot be reached \(GET .* answered 451 .*\): 127\.0\.0\.1:\d+ was asked for \d+ files one by one instead, and has \d+ of them; older files that are republished go unnoticed until the listing can be reached again$/,
    );

    fault.remove();
    exchange.clearRequests();
    const back = await rig.build([], { refresh: true });
    expect(back.failures).toEqual({});
    expect([asked('.zip'), asked('.CHECKSUM')]).toEqual([[], []]);
    expect(executed(back).filter((target) => !/^(listing|sources)\//.test(target))).toEqual([]);
    const listing = `${RAW}/BTCUSDT/1m/listing.json`;
    expect(rig.read(listing)).toBe(clean.read(listing));
  });

  it('keeps what it said before, and a new day comes all the same', async () => {
    const rig = workspace({ to: null });
    await rig.build([], { asOf: '2024-02-02T23:59:00Z' });
    exchange.faults.add({ match: '/listing', kind: 'status', status: 503 });
    exchange.clock.set(Date.parse('2024-02-05T12:00:00Z'));
    vi.setSystemTime(Date.parse('2024-02-05T12:00:00Z'));
    exchange.clearRequests();
    const { failures, ran } = await rig.build([], { asOf: '2024-02-04T23:59:00Z', refresh: true });
    expect(failures).toEqual({});
    expect(ran).toContain('archive/BTCUSDT/2024-02-04');
    const heads = exchange.requests.flatMap(({ method, path }) => (method === 'HEAD' ? [path] : []));
    expect(heads.filter((path) => path.includes('BTCUSDT')).sort()).toEqual(
      ['2024-02-04', '2024-02-05', '2024-02'].map((period) => `/${fileKey('BTCUSDT', period)}`),
    );
  });
});

describe('a publisher who cannot be reached at all', () => {
  it('leaves what was built as it is, and what can be built is: the listing alone has failed', async () => {
    const rig = await builtOnce();
    const before = published(rig.dir);
    const fault = exchange.faults.add({ match: /^\/(listing|data)/, kind: 'status', status: 451 });
    const cut = await rig.build([], { refresh: true });
    const { outcomes, failures } = cut;
    expect(Object.keys(failures).sort()).toEqual(['listing/BTCUSDT', 'listing/ETHUSDT']);
    expect(failures['listing/BTCUSDT']?.message).toMatch(
      /answered 451 .*; its files cannot be asked for one by one either: .*; what was listed before goes on to count$/,
    );
    expect(Object.values(outcomes).filter((outcome) => outcome === 'blocked')).toEqual([]);
    expect(executed(cut)).toEqual([]);
    expect(differences(published(rig.dir), before)).toEqual([]);

    fault.remove();
    const { failures: none, ran: again } = await rig.build();
    expect([none, again]).toEqual([{}, ['listing/BTCUSDT', 'listing/ETHUSDT']]);
    expect((await rig.build()).ran).toEqual([]);
  });
});

describe('symbols by patterns', () => {
  const NEW = { name: 'NEWUSDT', listed: '2024-02-03T00:00:00Z', ticks: 1_000 };
  const bars = (rig: Rig): readonly string[] =>
    [...tree(rig.path('data/processed/spot/bars_1m')).keys()].filter((path) => path.endsWith('.parquet'));

  it('are those that the archive has: a new one comes by itself', async () => {
    await exchange.close();
    const { symbols } = fewDays();
    const others = ['BTCUPUSDT', 'ETHBTC'].map((name) => ({ name, listed: '2024-02-02T00:00:00Z' }));
    exchange = await startEmulator({
      history: fewDays({ now: '2024-02-03T12:00:00Z', symbols: [...symbols, ...others, NEW] }),
    });
    const rig = workspace({ to: null, listingRefresh: '1h' });
    rig.edit('configs/e2e.yaml', (text) =>
      text.replace(/\[\s*"BTCUSDT",\s*"ETHUSDT"\s*\]/, '{ "listed": "*USDT", "not": "*UPUSDT" }'),
    );
    const first = await rig.build([], { asOf: '2024-02-02T23:59:00Z' });
    expect([first.diagnostics, first.failures]).toEqual(['', {}]);
    expect(rig.json(`${RAW}/universe.json`)).toMatchObject({ symbols: ['BTCUSDT', 'ETHUSDT'] });
    expect(first.ran.filter((target) => target.startsWith('bars/'))).toEqual(
      SYMBOLS.flatMap((symbol) => [`bars/${symbol}/2024-01`, `bars/${symbol}/2024-02`]),
    );
    expect(bars(rig)).toHaveLength(4);
    expect((await rig.build([], { asOf: '2024-02-02T23:59:00Z' })).ran).toEqual([]);

    exchange.clock.set(Date.parse('2024-02-04T12:00:00Z'));
    const second = await rig.build([], { asOf: '2024-02-03T23:59:00Z', refresh: true });
    expect(second.failures).toEqual({});
    expect(executed(second).filter((target) => target.includes('NEWUSDT'))).toEqual([
      'archive/NEWUSDT/2024-02-03',
      'bars/NEWUSDT/2024-02',
      'fill/NEWUSDT/2024-01',
      'fill/NEWUSDT/2024-02',
      'listing/NEWUSDT',
      'sources/NEWUSDT',
      'staged/NEWUSDT/2024-01',
      'staged/NEWUSDT/2024-02',
    ]);
    expect(second.outcomes['bars/NEWUSDT/2024-01']).toBe('absent');
    expect([...new Set(report(rig, 'coverage_report').map(({ symbol }) => symbol))]).toEqual([
      'BTCUSDT',
      'ETHUSDT',
      'NEWUSDT',
    ]);
  });

  it('that name nothing fail with the nearest there are', async () => {
    const rig = workspace();
    rig.edit('configs/e2e.yaml', (text) =>
      text.replace(/\[\s*"BTCUSDT",\s*"ETHUSDT"\s*\]/, '{ "listed": "*USTD" }'),
    );
    const { failures } = await rig.build();
    expect(failures['universe']).toMatchObject({
      code: 'universe-empty',
      message:
        'no symbol of market spot in the archive matches the pattern "*USTD": it has 2, such as BTCUSDT, ETHUSDT',
    });
  });
});
