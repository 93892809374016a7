/** What of the features is made again when bars change: the rules as they are shipped, bars put in place by hand. */
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { builtins, templateFile } from '../../../src/compose.ts';
import { Rig } from '../../rig.ts';
import type { Row } from './months.ts';
import { MINUTE, rowsOf, writeMonth } from './months.ts';

const MONTHS = ['2024-01', '2024-02', '2024-03'] as const;
const shipped = parse(templateFile('pipeline.yaml')).rules;

const MANIFEST = stringify({
  version: 1,
  configs: ['config.yaml'],
  dimensions: {
    symbol: ['X'],
    month: { every: 'month', from: '2024-01-01T00:00:00Z', to: '${as_of}' },
    resampled: '${features.resampled}',
  },
  rules: {
    bars: {
      for: ['symbol', 'month'],
      in: { raw: 'in/${month}.parquet' },
      task: './bars.mjs',
      out: { bars: 'bars/${symbol}/${month}.parquet', summary: 'bars/${symbol}/${month}.json' },
    },
    tails: shipped.tails,
    features: shipped.features,
  },
});

const CONFIG = stringify({
  market: 'spot',
  interval: '1m',
  features: { resampled: ['5m', '1d'] },
  paths: { cache: 'cache', features: 'features' },
});

/** An empty file is a month that was not published. */
const BARS = `import { copyFileSync, statSync, writeFileSync } from 'node:fs';
export default { version: 1, run({ inputs, outputs }) {
  if (statSync(inputs.raw).size === 0) return { absent: 'not-published' };
  copyFileSync(inputs.raw, outputs.bars);
  writeFileSync(outputs.summary, '');
} };`;

/** The first and the last two days of a month, a bar each quarter of an hour, after these changes by minute. */
async function writeRaw(
  rig: Rig,
  month: string,
  changes: Readonly<Record<number, number>> = {},
): Promise<void> {
  const start = Date.parse(`${month}-01T00:00:00Z`);
  const end = new Date(start).setUTCMonth(new Date(start).getUTCMonth() + 1);
  const row = (ts: number): Row => {
    const minute = ts < start + 2 * 86_400_000 ? (ts - start) / MINUTE : (ts - end) / MINUTE;
    return { ts, close: changes[minute] ?? 100 + Math.sin(minute), volume: 1 };
  };
  const quarters = (from: number): readonly Row[] =>
    Array.from({ length: 192 }, (_, index) => row(from + index * 15 * MINUTE));
  rig.write(`in/${month}.parquet`, '');
  await writeMonth(rig.path(`in/${month}.parquet`), [...quarters(start), ...quarters(end - 2 * 86_400_000)]);
}

async function workspace(): Promise<Rig> {
  const rig = new Rig(
    { 'pipeline.yaml': MANIFEST, 'config.yaml': CONFIG, 'bars.mjs': BARS },
    { builtins: builtins(), asOf: '2024-03-31T23:59:00Z' },
  );
  for (const month of MONTHS) await writeRaw(rig, month);
  return rig;
}

const of = (month: string): readonly string[] => [`features/X/1d/${month}`, `features/X/5m/${month}`];
/** The last month has no use for a tail. */
const made = (month: string): readonly string[] => [
  `bars/X/${month}`,
  ...of(month),
  ...(month === MONTHS.at(-1) ? [] : [`tails/X/${month}`]),
];

/** Of the first day of a month: null where there is nothing to go on from. */
async function firstReturn(rig: Rig, month: string): Promise<unknown> {
  const path = rig.path(`features/spot/interval=1d/symbol=X/month=${month}/bars.parquet`);
  const [[value] = []] = await rowsOf('SELECT log_return FROM read_parquet($1) LIMIT 1', path);
  return value;
}

describe('features', () => {
  it('are made once, month by month and interval by interval', async () => {
    const rig = await workspace();
    expect((await rig.build()).ran).toEqual(MONTHS.flatMap(made).sort());
    expect((await rig.build()).ran).toEqual([]);
    expect(rig.files('features')).toEqual(
      ['interval=1d', 'interval=5m'].flatMap((interval) =>
        MONTHS.map((month) => `features/spot/${interval}/symbol=X/month=${month}/bars.parquet`),
      ),
    );
  });

  it('of a month whose bars changed are made again, those of the next month only when its last day did', async () => {
    const rig = await workspace();
    await rig.build();
    await writeRaw(rig, '2024-01', { 30: 200 });
    expect((await rig.build()).ran).toEqual(made('2024-01'));
    // The last bar before the day that February needs, and the first one of it.
    await writeRaw(rig, '2024-01', { 30: 200, [-1455]: 200 });
    expect((await rig.build()).ran).toEqual(made('2024-01'));
    await writeRaw(rig, '2024-01', { 30: 200, [-1455]: 200, [-1440]: 200 });
    expect((await rig.build()).ran).toEqual([...made('2024-01'), ...of('2024-02')].sort());
    await writeRaw(rig, '2024-03', { [-15]: 200 });
    expect((await rig.build()).ran).toEqual(made('2024-03'));
  });

  it('begin anew after a month that is not there, and go on once it is', async () => {
    const rig = await workspace();
    rig.write('in/2024-01.parquet', '');
    const { outcomes } = await rig.build();
    expect([...of('2024-01'), 'tails/X/2024-01'].map((target) => outcomes[target])).toEqual(
      Array(3).fill('absent'),
    );
    expect(await firstReturn(rig, '2024-02')).toBeNull();
    await writeRaw(rig, '2024-01');
    expect((await rig.build()).ran).toEqual([...made('2024-01'), ...of('2024-02')].sort());
    expect(await firstReturn(rig, '2024-02')).toEqual(expect.any(Number));
  });

  it('of the open month grow with the as-of, and the tails may be deleted meanwhile', async () => {
    const rig = await workspace();
    await rig.build([], { asOf: '2024-03-01T11:59:00Z' });
    const bars = (interval: string) =>
      rig.has(`features/spot/interval=${interval}/symbol=X/month=2024-03/bars.parquet`);
    expect([bars('5m'), bars('1d')]).toEqual([true, false]);
    rig.remove('cache');
    const { ran } = await rig.build([], { asOf: '2024-03-02T00:00:00Z' });
    expect(ran).toEqual([...made('2024-03'), 'tails/X/2024-02'].sort());
    expect([bars('5m'), bars('1d')]).toEqual([true, true]);
  });
});
