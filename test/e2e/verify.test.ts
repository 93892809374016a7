/** The market's dataset, verified when the exchange is gone: everything comes out again, and what does not is named. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HistorySpec } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { withDuckDB } from '../../tasks/lib/duckdb.ts';
import { cli as inProcess } from '../cli/cli.ts';
import { everything } from '../engine/verify/verifying.ts';
import type { Rig } from '../rig.ts';
import { scratch } from '../tasks/context.ts';
import { PROJECT } from './cli.ts';
import { FROM, fewDays, SYMBOLS, TO } from './history.ts';
import { marketRig } from './market.ts';

/** Minutes that the files lack and REST has, and minutes that nobody has. */
const HOLES = [{ first: '2024-02-02T10:00:00Z', last: '2024-02-02T11:59:00Z' }];
const HALTS = [{ first: '2024-02-03T02:00:00Z', last: '2024-02-03T03:29:00Z' }];

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', scratch());
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Built, and the exchange closed: whoever asks it anything fails. */
async function built(damaged?: HistorySpec['damaged'], failing: readonly string[] = []): Promise<Rig> {
  const exchange = await startEmulator({
    history: fewDays({ archiveGaps: HOLES, halts: HALTS, ...(damaged && { damaged }) }),
  });
  try {
    const rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO });
    const { failures, diagnostics } = await rig.build();
    expect({ failures: Object.keys(failures), diagnostics }).toEqual({ failures: failing, diagnostics: '' });
    return rig;
  } finally {
    await exchange.close();
  }
}

interface Differing {
  readonly target: string;
  readonly path: string;
  readonly locked: string | null;
  readonly inPlace: string | null;
  readonly rebuilt: string | null;
  readonly remark?: string;
  readonly difference?: { readonly summary: string; readonly sameValues?: boolean; readonly rows: unknown };
}

async function verified(
  rig: Rig,
  args: readonly string[] = [],
  warned: RegExp = /^$/,
): Promise<{
  readonly code: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly differing: readonly Differing[];
  readonly failures: readonly unknown[];
  readonly unproven: readonly string[];
}> {
  const { code, out, err } = await inProcess(['-C', rig.dir, '--json', 'verify', ...args]);
  expect(err).toMatch(warned);
  return { code, ...JSON.parse(out) };
}

function flip(rig: Rig, path: string, at: number): void {
  const bytes = readFileSync(rig.path(path));
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  rig.write(path, bytes);
}

const found = (rig: Rig, folder: string, end: string): string => {
  const path = rig.files(folder).find((each) => each.endsWith(end));
  if (path === undefined) throw new Error(`nothing in ${folder} ends with ${end}`);
  return path;
};

describe('a market whose exchange is gone', { timeout: 120_000 }, () => {
  it('comes out again as it is locked, and nothing in the workspace changes', async () => {
    const rig = await built();
    const before = everything(rig.dir);
    const { code, counts, differing, failures, unproven } = await verified(rig);
    expect({ code, differing, failures, unproven }).toEqual({
      code: 0,
      differing: [],
      failures: [],
      unproven: [],
    });
    expect(counts['compared']).toBeGreaterThan(2 * SYMBOLS.length);
    expect(everything(rig.dir)).toEqual(before);
    // Without listings, caches and records, too: from what the publisher sent, and what REST answered.
    rig.remove('data/cache');
    rig.remove('.pipeline');
    for (const symbol of SYMBOLS) rig.remove(`data/raw/binance/${symbol}/1m/listing.json`);
    expect(await verified(rig)).toMatchObject({ code: 0, differing: [], failures: [], unproven: [] });
  });

  it('names the Parquet file, the report and the ZIP of which one byte has flipped', async () => {
    const rig = await built();
    const parquet = found(rig, 'data/processed', 'bars.parquet');
    flip(rig, parquet, -1);
    const one = await verified(rig);
    expect(one.code).toBe(3);
    expect(one.differing.map(({ path }) => path)).toEqual([parquet]);
    expect(one.differing[0]?.rebuilt).toBe(one.differing[0]?.locked);
    expect(one.differing[0]?.difference?.summary).toMatch(/^the file in place is no Parquet file: /);
    flip(rig, parquet, -1);

    const report = found(rig, 'reports/runs', 'coverage_report.csv');
    const digit = rig.read(report).lastIndexOf(',0,');
    flip(rig, report, digit + 1);
    const two = await verified(rig);
    expect(two.code).toBe(3);
    expect(two.differing.map(({ path }) => path)).toEqual([report]);
    expect(two.differing[0]?.difference).toMatchObject({
      summary: '1 row differs',
      rows: [{ cells: [{ inPlace: '1', rebuilt: '0' }] }],
    });
    flip(rig, report, digit + 1);

    const zip = found(rig, 'data/raw/binance', '.zip');
    flip(rig, zip, 100);
    const three = await verified(rig);
    expect(three.code).toBe(3);
    expect(three.differing).toMatchObject([{ path: zip, kind: 'source', rebuilt: null }]);
    expect(three.failures).toEqual([]);
    expect(three.unproven).toContain('reports');
  });

  it('tells values from how they are packed, and the first rows that differ', async () => {
    const rig = await built();
    const parquet = found(rig, 'data/processed', 'bars.parquet');
    const rewrite = (select: string): Promise<void> =>
      withDuckDB(new AbortController().signal, async ({ run }) => {
        const copy = rig.path('copy.parquet');
        await run(`COPY (${select}) TO '${copy}' (FORMAT parquet, COMPRESSION snappy)`);
        rig.write(parquet, readFileSync(copy));
        rig.remove('copy.parquet');
      });
    const from = `read_parquet('${rig.path(parquet)}', hive_partitioning = false)`;
    await rewrite(`SELECT * FROM ${from}`);
    expect((await verified(rig, ['bars'])).differing[0]?.difference).toEqual({
      summary: 'the values are the same: only how they are written differs',
      sameValues: true,
      rows: [],
    });
    await rewrite(
      `SELECT * REPLACE (CASE WHEN ts = (SELECT min(ts) FROM ${from}) THEN close + 1 ELSE close END AS close) FROM ${from}`,
    );
    expect((await verified(rig, ['bars'])).differing[0]?.difference).toMatchObject({
      summary: '1 row differs',
      sameValues: false,
      rows: [{ row: 1, cells: [{ column: 'close' }] }],
    });
  });

  it('says what is lost and what it cannot make again, and a sample looks at less', async () => {
    const rig = await built();
    const [symbol = ''] = SYMBOLS;
    rig.remove('data/processed');
    const lost = await verified(rig);
    expect(lost.code).toBe(3);
    expect(lost.unproven).toEqual([]);
    expect(
      lost.differing.every(({ inPlace, rebuilt, locked }) => inPlace === null && rebuilt === locked),
    ).toBe(true);
    rig.remove(`data/raw/binance/${symbol}`);
    const less = await verified(rig);
    expect(less.code).toBe(3);
    expect(less.failures).toEqual([]);
    expect(
      less.unproven.every((target) => target === 'reports' || target.startsWith(`bars/${symbol}/`)),
    ).toBe(true);
    const sample = await verified(rig, ['--sample', '1', `bars/${SYMBOLS[1]}`]);
    expect(sample.counts['compared']).toBe(2);
    expect(await verified(rig, ['--sample', '1', `bars/${SYMBOLS[1]}`])).toEqual(sample);
  });

  it('names rows of REST that it cannot make again of what is stored', async () => {
    const rig = await built();
    const answers = found(rig, 'data/raw/binance-rest/spot/BTCUSDT', '.json');
    rig.remove('data/cache');
    const stored = rig.files('data/raw/binance-rest').map((path) => [path, rig.read(path)] as const);
    const rows = 'data/cache/fill/spot/1m/BTCUSDT/2024-02.json';
    // It holds a digest of its own, and is set aside where it does not fit: only in the scratch.
    rig.edit(answers, (text) =>
      text.replace(/"(\d+\.\d+)"/, (_, price: string) => `"${(Number(price) + 1).toFixed(2)}"`),
    );
    const named = {
      code: 3,
      failures: [],
      differing: [
        {
          path: rows,
          kind: 'source',
          inPlace: null,
          rebuilt: null,
          remark: 'what there is without asking anybody makes other bytes of it',
        },
      ],
      unproven: ['bars/BTCUSDT/2024-02', 'reports'],
    };
    expect(await verified(rig, [], /it has been changed since it was written/)).toMatchObject(named);
    expect(rig.has(answers)).toBe(true);
    rig.remove('data/raw/binance-rest/spot/BTCUSDT');
    expect(await verified(rig)).toMatchObject(named);
    for (const [path, text] of stored) rig.write(path, text);
    expect(await verified(rig)).toMatchObject({ code: 0, differing: [], unproven: [] });
  });

  it('fails where the build failed for want of a whole file, and has all else come out without it', async () => {
    const damaged = [{ symbol: 'BTCUSDT', period: '2024-01', damage: 'truncated' }] as const;
    const rig = await built(damaged, ['archive/BTCUSDT/2024-01']);
    const { code, failures, differing, unproven } = await verified(rig);
    expect({ code, differing, unproven }).toEqual({ code: 1, differing: [], unproven: [] });
    expect(failures).toMatchObject([
      { target: 'archive/BTCUSDT/2024-01', failure: { code: 'archive-corrupt' } },
    ]);
  });

  it('leaves nothing that the next command does not sweep when it is killed', async () => {
    const rig = await built();
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', '-C', rig.dir, 'verify'], {
      cwd: PROJECT,
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    while (!rig.has('.pipeline/tmp/scratch/workspace/data/processed') && child.exitCode === null)
      await sleep(5);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(rig.has('.pipeline/tmp/scratch')).toBe(true);
    const { ran } = await rig.build();
    expect(ran).toEqual([]);
    expect(rig.files('.pipeline/tmp')).toEqual([]);
    expect(await verified(rig)).toMatchObject({ code: 0 });
  });
});
