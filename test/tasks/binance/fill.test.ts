import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Json } from '../../../src/engine/task.ts';
import type { GapsDocument } from '../../../tasks/bars/documents.ts';
import { parseRestRows } from '../../../tasks/bars/rest-rows.ts';
import type { Emulator } from '../../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../../tasks/binance/emulator/emulator.ts';
import { cmHistory, testHistory, umHistory } from '../../../tasks/binance/emulator/test-history.ts';
import fill from '../../../tasks/binance/fill.ts';
import type { FakeContextOptions } from '../context.ts';
import { fakeContext, scratch } from '../context.ts';

let exchange: Emulator;

beforeAll(async () => {
  const halt = { first: '2024-02-10T02:00:00Z', last: '2024-02-10T02:59:00Z' };
  exchange = await startEmulator({
    history: [testHistory({ halts: [halt] }), umHistory(), cmHistory()],
  });
});

afterAll(() => exchange.close());

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', scratch());
  exchange.clearRequests();
});

type Gaps = readonly (readonly [first: string, last: string])[];

/** Of February 2024, as `bars/normalize` writes it. */
function gapsOf(
  gaps: Gaps,
  plan: GapsDocument['plan'] = { served: 'monthly', provisional: false },
): GapsDocument {
  const counts = { duplicates: 0, conflicts: 0, off_grid: 0, short_close: 0, zero_trade: 0, provisional: 0 };
  return {
    version: 2,
    start: '2024-02-01T00:00:00Z',
    end: '2024-03-01T00:00:00Z',
    expected: 41_760,
    rows: 0,
    first_ts: null,
    last_ts: null,
    gaps: gaps.map(([first, last]) => ({ first, last, missing: 0 })),
    counts: { ...counts, price_rule: 0, volume_rule: 0, outside: 0, out_of_order: 0 },
    plan,
    files: [],
  };
}

interface Given {
  readonly gaps?: Gaps | string;
  readonly plan?: GapsDocument['plan'];
  readonly params?: Readonly<Record<string, Json>>;
  readonly settings?: Readonly<Record<string, Json>>;
  readonly more?: Partial<FakeContextOptions<never>>;
  readonly workspace?: string;
}

async function run({ gaps = [], plan, params, settings, more, workspace = scratch() }: Given) {
  const path = join(workspace, 'gaps.json');
  writeFileSync(path, typeof gaps === 'string' ? gaps : JSON.stringify(gapsOf(gaps, plan)));
  const spelt = { market: 'spot', symbol: 'BTCUSDT', interval: '1m', fill: 'rest', ...params };
  const ctx = fakeContext({
    target: 'fill/BTCUSDT/2024-02',
    ...more,
    workspace,
    params: fill.params?.parse(spelt) ?? expect.fail('no params'),
    inputs: { gaps: path },
    settings: {
      rest_url: exchange.restUrl,
      answers: 'data/raw/binance-rest',
      recheck: '30d',
      weight_limit: 6_000,
      weight_share: 0.95,
      network: {},
      ...settings,
    },
    out: { rows: 'rows.json' },
  });
  const result = await fill.run(ctx);
  const text = (): string => readFileSync(ctx.outputs['rows'] ?? '', 'utf8');
  return { result, ctx, text };
}

const HOLE: Gaps = [['2024-02-05T10:00:00Z', '2024-02-05T10:59:00Z']];
const EMPTY = '{"version":2,"empty":[],"unknown_symbol":[],"unanswered":[],"rows":[]}\n';

describe('nobody is asked', () => {
  it.each<readonly [when: string, given: Given]>([
    ['where there are no gaps', {}],
    [
      'before the symbol was listed',
      { gaps: HOLE, plan: { served: 'none', provisional: true, reason: 'pre-listing' } },
    ],
    ['with fill: none', { gaps: HOLE, params: { fill: 'none' } }],
  ])('%s: no row is written', async (_, given) => {
    const { result, text } = await run(given);
    expect(result).toBeUndefined();
    expect(text()).toBe(EMPTY);
    expect(exchange.requests).toEqual([]);
  });
});

describe('rows for a gap', () => {
  it('are those of REST, and the answer is kept as a source', async () => {
    const { result, ctx, text } = await run({ gaps: HOLE });
    const kept = 'data/raw/binance-rest/spot/BTCUSDT/1m/2024-02-05T100000Z_2024-02-05T105900Z.json';
    const file = join(ctx.workspace, kept);
    const { asked_at: fetchedAt } = JSON.parse(readFileSync(file, 'utf8'));
    const [start, end] = [Date.UTC(2024, 1, 5, 10), Date.UTC(2024, 1, 5, 11)];
    const query = `symbol=BTCUSDT&interval=1m&startTime=${start}&endTime=${end - 1}`;
    const url = `${exchange.restUrl}/api/v3/klines?${query}`;
    expect(result).toEqual({ kept: [file], origins: { rows: [{ url, fetchedAt, file }] } });
    const parsed = parseRestRows(text(), 'rows.json');
    if (!parsed.ok) expect.fail(parsed.failure.message);
    expect(parsed.klines.rows).toBe(60);
    expect(parsed.document.rows.map(([open]) => open)).toEqual(
      Array.from({ length: 60 }, (_, index) => Date.UTC(2024, 1, 5, 10) + index * 60_000),
    );
    expect(exchange.requests.map(({ path }) => path)).toEqual(['/api/v3/time', '/api/v3/klines']);
    expect(ctx.progressed).toEqual([{ done: 60, total: 60, unit: 'bars' }]);
  });

  it('are those of REST also where the listing calls the symbol delisted: its archive may stand still', async () => {
    const { result } = await run({
      gaps: HOLE,
      plan: { served: 'none', provisional: true, reason: 'delisted' },
    });
    expect(result).toMatchObject({
      kept: [expect.stringContaining('2024-02-05T100000Z_2024-02-05T105900Z')],
    });
  });

  it('come from the kept answer alone the next time, byte for byte, offline as well', async () => {
    const first = await run({ gaps: HOLE });
    exchange.clearRequests();
    const { workspace } = first.ctx;
    const again = await run({ gaps: HOLE, workspace, more: { offline: true } });
    expect(again.result).toEqual(first.result);
    expect(again.text()).toBe(first.text());
    expect(exchange.requests).toEqual([]);
  });

  it.each([
    ['um', 'BTCUSDT', '/fapi/v1/klines'],
    ['cm', 'BTCUSD_PERP', '/dapi/v1/klines'],
  ])('on %s come from its own interface', async (market, symbol, path) => {
    const { result, ctx, text } = await run({ gaps: HOLE, params: { market, symbol } });
    const folder = `data/raw/binance-rest/${market}/${symbol}/1m`;
    expect(result).toMatchObject({
      kept: readdirSync(join(ctx.workspace, folder)).map((name) => join(ctx.workspace, folder, name)),
      origins: { rows: [{ url: expect.stringContaining(`${exchange.restUrl}${path}?symbol=${symbol}&`) }] },
    });
    expect(text().split('\n')).toHaveLength(63);
    expect(exchange.requests.at(-1)).toMatchObject({ path, status: 200 });
  });

  it('that REST does not have are said to be empty, with a time to ask again', async () => {
    const { result, text } = await run({ gaps: [['2024-02-10T02:00:00Z', '2024-02-10T02:59:00Z']] });
    expect(result).toMatchObject({ kept: [expect.any(String)], recheckAfter: expect.any(Number) });
    expect(text()).toBe(
      '{"version":2,"empty":[{"first":"2024-02-10T02:00:00Z","last":"2024-02-10T02:59:00Z"}],"unknown_symbol":[],"unanswered":[],"rows":[]}\n',
    );
  });

  it('of a symbol that REST does not know are said so', async () => {
    const { text } = await run({ gaps: HOLE, params: { symbol: 'LUNAUSDT' } });
    expect(text()).toBe(
      '{"version":2,"empty":[],"unknown_symbol":[{"first":"2024-02-05T10:00:00Z","last":"2024-02-05T10:59:00Z"}],"unanswered":[],"rows":[]}\n',
    );
  });
});

describe('what cannot be asked for', () => {
  it('leaves the month incomplete, with the failure; what came before it is there', async () => {
    const fault = exchange.faults.add({ match: '/klines', kind: 'status', status: 503, skip: 1 });
    const gaps: Gaps = [...HOLE, ['2024-02-20T00:00:00Z', '2024-02-20T00:09:00Z']];
    const { result, text, ctx } = await run({ gaps });
    fault.remove();
    expect(result).toMatchObject({
      kept: [expect.stringContaining('2024-02-05T100000Z')],
      incomplete: { code: 'http-server-error', transient: true },
    });
    expect(text()).toContain(
      '"unanswered":[{"first":"2024-02-20T00:00:00Z","last":"2024-02-20T00:09:00Z","code":"http-server-error"}]',
    );
    exchange.clearRequests();
    const again = await run({ gaps, workspace: ctx.workspace });
    expect(again.result).toEqual({
      kept: [expect.any(String), expect.any(String)],
      origins: { rows: [expect.any(Object), expect.any(Object)] },
    });
    expect(exchange.requests.filter(({ path }) => path.endsWith('klines'))).toHaveLength(1);
  });

  it('offline is a failure that says so', async () => {
    const { result, text } = await run({ gaps: HOLE, more: { offline: true } });
    expect(result).toMatchObject({ kept: [], incomplete: { code: 'offline' } });
    expect(text()).toContain('"code":"offline"');
    expect(exchange.requests).toEqual([]);
  });

  it('does not make a damaged answer less worth telling', async () => {
    const first = await run({ gaps: HOLE });
    const { workspace } = first.ctx;
    const path = 'data/raw/binance-rest/spot/BTCUSDT/1m/2024-02-05T100000Z_2024-02-05T105900Z.json';
    writeFileSync(join(workspace, path), '');
    const { result, ctx } = await run({ gaps: HOLE, workspace, more: { offline: true } });
    expect(result).toMatchObject({ incomplete: { code: 'offline' } });
    expect(ctx.warnings).toEqual([
      `${path}: it is no JSON: Unexpected end of JSON input: it counts as not there, and is kept as ${relative('data/raw/binance-rest/spot/BTCUSDT/1m', path)}.damaged`,
    ]);
  });
});

describe('a stored answer', () => {
  const path = 'data/raw/binance-rest/spot/BTCUSDT/1m/2024-02-05T100000Z_2024-02-05T105900Z.json';

  it('that was edited is set aside and asked for again: no price comes from a text editor', async () => {
    const first = await run({ gaps: HOLE });
    const { workspace } = first.ctx;
    const file = join(workspace, path);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"\d+\.\d+"/, '"1.00000000"'));
    const again = await run({ gaps: HOLE, workspace });
    expect(again.text()).toBe(first.text());
    expect(again.ctx.warnings).toEqual([
      `${path}: it has been changed since it was written: it is not what its digest says: it counts as not there, and is kept as ${basename(path)}.damaged`,
    ]);
  });

  it('that cannot be read fails the month, which keeps the rows it has', async () => {
    const { workspace } = (await run({ gaps: HOLE })).ctx;
    rmSync(join(workspace, path));
    symlinkSync(basename(path), join(workspace, path));
    exchange.clearRequests();
    expect((await run({ gaps: HOLE, workspace })).result).toEqual({
      failed: {
        code: 'answers-unreadable',
        message: `${path} cannot be read (ELOOP): the answers of REST are kept there`,
        hint: 'make it readable for this user, or remove it',
      },
    });
    expect(exchange.requests).toEqual([]);
  });
});

describe('input and settings', () => {
  it('that are wrong are named', async () => {
    expect((await run({ gaps: '{' })).result).toMatchObject({
      failed: {
        code: 'gaps-unreadable',
        message: expect.stringMatching(/^gaps\.json is no JSON: /),
        hint: 'build the month again: --force with staged selected',
      },
    });
    expect((await run({ gaps: '{"version":7}' })).result).toMatchObject({
      failed: { code: 'gaps-unreadable', message: expect.stringMatching(/^gaps\.json is no list of gaps: /) },
    });
    expect((await run({ gaps: HOLE, settings: { recheck: 'monthly', weight_share: 2 } })).result).toEqual({
      failed: {
        code: 'settings-invalid',
        message:
          'settings.recheck: "monthly" is no duration: expected a whole number and a unit of ms, s, m, h or d, such as 10s; settings.weight_share: Too big: expected number to be <=1',
        hint: 'correct the settings of the rule in the manifest, or the config values that they name',
      },
    });
  });
});
