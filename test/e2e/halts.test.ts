/** Halts of the exchange, minute by minute: they explain gaps in the reports, and nothing else. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator, HistorySpec } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { cli } from '../cli/cli.ts';
import type { Rig } from '../rig.ts';
import type { MarketSpec } from './market.ts';
import { coverageOf, marketRig, report } from './market.ts';

const started: Emulator[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.close()));
});

interface Made {
  readonly rig: Rig;
  readonly exchange: Emulator;
}

async function market(
  history: Omit<HistorySpec, 'seed' | 'market'>,
  spec: Omit<MarketSpec, 'exchange' | 'symbols'>,
): Promise<Made> {
  const exchange = await startEmulator({ history: { seed: 3, market: 'spot', ...history } });
  started.push(exchange);
  const symbols = history.symbols.map(({ name }) => name);
  return { exchange, rig: marketRig({ exchange, symbols, ...spec }) };
}

async function built(rig: Rig) {
  const result = await rig.build();
  expect(result).toMatchObject({ failures: {}, diagnostics: '' });
  return result;
}

const gapRows = (rig: Rig): readonly (readonly (string | undefined)[])[] =>
  report(rig, 'gap_report').map((row) =>
    ['symbol', 'first_missing', 'last_missing', 'missing', 'cause', 'evidence'].map((name) => row[name]),
  );

describe('bars of a minute', () => {
  it('of 2018-02, with the halts of BTCUSDT, are 94.9 % of all and all that could be had', async () => {
    // docs/DOMAIN.md §2.
    const halts = [
      { first: '2018-02-08T00:29:00Z', last: '2018-02-09T09:58:00Z' },
      { first: '2018-02-10T06:00:00Z', last: '2018-02-10T06:14:00Z' },
      { first: '2018-02-11T04:01:00Z', last: '2018-02-11T04:34:00Z' },
    ];
    const { rig } = await market(
      {
        now: '2018-03-05T00:00:00Z',
        symbols: [{ name: 'BTCUSDT', listed: '2018-02-01T00:00:00Z', ticks: 900_000 }],
        halts,
      },
      { from: '2018-02-01T00:00:00Z', to: '2018-02-28T23:59:00Z' },
    );
    const { events } = await built(rig);
    expect(coverageOf(rig, 'BTCUSDT', '2018-02')).toMatchObject({
      expected: '40320',
      missing: '2059',
      excused: '2059',
      coverage_raw: '0.948933',
      coverage_adjusted: '1.000000',
      gaps: '3',
      status: 'ok',
    });
    expect(gapRows(rig)).toEqual(
      halts.map(({ first, last }, index) => [
        'BTCUSDT',
        first,
        last,
        ['2010', '15', '34'][index],
        'halt',
        `halt ${first} to ${last}${index === 0 ? '' : ' (approximate)'}, halts.yaml version 1`,
      ]),
    );
    const alerts = events.flatMap((event) => (event.type === 'target-finished' ? (event.alerts ?? []) : []));
    expect(alerts.filter(({ level }) => level === 'critical')).toEqual([]);
  });

  it.each([
    { first: '2021-02-11T03:41:00Z', last: '2021-02-11T04:59:00Z', missing: '79' },
    { first: '2021-03-06T02:00:00Z', last: '2021-03-06T03:29:00Z', missing: '90' },
  ])('of the outage from $first on are excused, and asked for like any others', async (halt) => {
    const { first, last, missing } = halt;
    const [from, to] = [`${first.slice(0, 10)}T00:00:00Z`, `${first.slice(0, 10)}T23:59:00Z`];
    const symbols = ['BTCUSDT', 'ETHUSDT'];
    const { rig, exchange } = await market(
      {
        now: new Date(Date.parse(to) + 86_400_000).toISOString(),
        symbols: symbols.map((name) => ({ name, listed: from })),
        halts: [halt],
      },
      { from, to },
    );
    await built(rig);
    const evidence = `halt ${first} to ${last}, halts.yaml version 1`;
    expect(gapRows(rig)).toEqual(symbols.map((name) => [name, first, last, missing, 'halt', evidence]));
    for (const symbol of symbols) {
      expect(coverageOf(rig, symbol, 'all')).toMatchObject({
        excused: missing,
        coverage_adjusted: '1.000000',
      });
    }
    expect(exchange.requests.filter(({ path }) => path.endsWith('/klines'))).toHaveLength(2);
  });
});

describe('a halt that the calendar does not have', () => {
  const HALT = { first: '2024-02-03T02:00:00Z', last: '2024-02-03T03:29:00Z' };
  const names = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'];

  async function unknownHalt(symbols: readonly string[] = names): Promise<Made> {
    const made = await market(
      {
        now: '2024-02-04T12:00:00Z',
        symbols: symbols.map((name) => ({ name, listed: '2024-02-02T00:00:00Z' })),
        halts: [HALT],
        // A hole of one symbol alone is none.
        archiveGaps: [{ first: '2024-02-02T10:00:00Z', last: '2024-02-02T10:59:00Z', symbols: ['BTCUSDT'] }],
      },
      { from: '2024-02-02T00:00:00Z', to: '2024-02-03T23:59:00Z', fill: 'none' },
    );
    await built(made.rig);
    return made;
  }

  const proposed = async (rig: Rig, ...more: readonly string[]) => {
    const { code, out, err } = await cli(['-C', rig.dir, 'gaps', '--propose-halts', ...more]);
    // No value of the calendar is called unused.
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out;
  };

  it('is proposed, and once it is pasted nothing but the reports is made anew', async () => {
    const { rig, exchange } = await unknownHalt();
    const printed = await proposed(rig);
    expect(
      printed,
    ).toBe(`# 1 halt proposed by the last gap report. Look at each, paste it under the market in configs/halts.yaml,
# in the order of time, and raise \`version\` there.
    # 90 minutes, missing for 3 of 3 symbols (BTCUSDT, ETHUSDT, BNBUSDT): unknown
    - { first: "${HALT.first}", last: "${HALT.last}", source: "missing for 3 of 3 symbols" }
`);
    expect(JSON.parse(await proposed(rig, '--json'))).toEqual({
      symbols: 3,
      proposals: [
        { ...HALT, minutes: 90, symbols: names, partly: [], of: 3, causes: ['unknown'], approximate: false },
      ],
      undecided: [],
    });
    const calendar = rig.read('configs/halts.yaml');
    const pasted = calendar.replace('version: 1 ', 'version: 2 ').replace('  um: []', `${printed}  um: []`);
    rig.write('configs/halts.yaml', pasted);
    exchange.clearRequests();
    const { ran } = await built(rig);
    expect(ran).toEqual(['reports']);
    expect(exchange.requests).toEqual([]);
    expect(gapRows(rig).filter(([, first]) => first === HALT.first)).toEqual(
      names.map((name) => [
        name,
        HALT.first,
        HALT.last,
        '90',
        'halt',
        `halt ${HALT.first} to ${HALT.last}, halts.yaml version 2`,
      ]),
    );
    expect(await proposed(rig)).toBe(
      '# no halt to propose: nothing else is missing for most symbols at once\n',
    );
  });

  it('cannot be told from a hole where fewer than three symbols are known', async () => {
    const { rig } = await unknownHalt(names.slice(0, 2));
    expect(
      await proposed(rig),
    ).toBe(`# too few symbols are known: 2, at least 3 are needed to tell a halt from a hole
#   ${HALT.first} to ${HALT.last}: 90 minutes, missing for 2 of 2 symbols (BTCUSDT, ETHUSDT): unknown
`);
  });

  it('of another market changes nothing', async () => {
    const { rig } = await unknownHalt();
    const calendar = rig.read('configs/halts.yaml');
    rig.write(
      'configs/halts.yaml',
      calendar.replace(
        'um: []',
        'um: [{ first: "2024-02-03T02:00:00Z", last: "2024-02-03T03:29:00Z", source: "somebody" }]',
      ),
    );
    expect((await built(rig)).ran).toEqual([]);
  });
});

it('says that there are no reports yet', async () => {
  const { rig } = await market(
    { now: '2024-02-04T12:00:00Z', symbols: [{ name: 'BTCUSDT', listed: '2024-02-02T00:00:00Z' }] },
    { from: '2024-02-02T00:00:00Z', to: '2024-02-03T23:59:00Z' },
  );
  expect(await cli(['-C', rig.dir, 'gaps', '--propose-halts'])).toMatchObject({
    code: 1,
    out: '',
    err: 'error: there is no coverage report yet\n  = make it with `pipeline build reports`\n',
  });
});
