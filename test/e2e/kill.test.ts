import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { drawsOf } from '../../tasks/binance/emulator/prng.ts';
import { DEEP } from '../engine/crash/extent.ts';
import type { Rig } from '../rig.ts';
import type { CliRun } from './cli.ts';
import { cli, ended } from './cli.ts';
import { FROM, fewDays, fileKey, SYMBOLS, TO } from './history.ts';
import { differences, marketRig, published, tree } from './market.ts';

/** Set `KILL_SEED` to the number in a failed test's name to have the same instants again, as far as they can be. */
const SEED = process.env['KILL_SEED'] ?? String(randomInt(1_000_000));

let exchange: Emulator;

beforeEach(async () => {
  exchange = await startEmulator({ history: fewDays() });
});

afterEach(() => exchange.close());

function workspace(): Rig {
  return marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO });
}

async function cleanBuild(): Promise<Rig> {
  const rig = workspace();
  expect((await rig.build()).failures).toEqual({});
  return rig;
}

/** Lines of JSON that a first build of this market prints, about. */
const LINES = 90;

/** A build that gets a signal after so many lines and a few milliseconds, unless it ends before. */
async function cutShort(
  rig: Rig,
  signal: NodeJS.Signals,
  at: { readonly line: number; readonly ms: number },
  args: readonly string[] = [],
): Promise<CliRun> {
  let lines = 0;
  return cli(rig.dir, ['build', ...args], {
    onEvent: (_, kill) => {
      if (lines++ === at.line) void sleep(at.ms).then(() => kill(signal));
    },
  });
}

/** All but `metrics.prom`, which tells of the build itself. */
const seen = (rig: Rig): ReadonlyMap<string, Buffer | string> =>
  new Map([...tree(rig.dir)].filter(([path]) => /^(data|reports)\/(?!metrics\.prom$)/.test(path)));

/** What a reader may see: nothing that is not, whole, in one of the finished trees. */
function halfWritten(
  rig: Rig,
  ...finished: readonly ReadonlyMap<string, Buffer | string>[]
): readonly string[] {
  return [...seen(rig)].flatMap(([path, content]) => {
    // What has come of a file, for the next build to go on with: nobody takes that for the file.
    if (path.startsWith('data/cache/partial/')) return [];
    const whole = finished.some((each) => {
      const due = each.get(path);
      return Buffer.isBuffer(due) && Buffer.isBuffer(content) ? due.equals(content) : due === content;
    });
    return whole ? [] : [path];
  });
}

/** Instants of each test. Smaller builds are killed much more often, in `test/engine/crash`. */
const KILLED = DEEP ? 40 : 10;
const KILLED_AGAIN = DEEP ? 12 : 4;
const INTERRUPTED = DEEP ? 20 : 4;
const timeout = DEEP ? 1_800_000 : 180_000;

describe('a build that is killed', { timeout }, () => {
  it(`shows nothing half-written, and the next build ends equal to a clean one (seed ${SEED})`, async () => {
    const draw = drawsOf(`kill ${SEED}`);
    const clean = await cleanBuild();
    let killed = 0;
    for (let round = 0; round < KILLED; round++) {
      const rig = workspace();
      const at = { line: draw(LINES), ms: draw(25) };
      const run = await cutShort(rig, 'SIGKILL', at, ['-j', String(1 + draw(8))]);
      if (run.signal === 'SIGKILL') killed++;
      expect(halfWritten(rig, seen(clean)), `round ${round}, ${JSON.stringify(at)}`).toEqual([]);
      const { failures, diagnostics } = await rig.build();
      expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
      expect(differences(seen(rig), seen(clean)), `round ${round}, ${JSON.stringify(at)}`).toEqual([]);
      expect((await rig.build()).ran).toEqual([]);
    }
    expect(killed).toBeGreaterThanOrEqual(KILLED / 2);
  });

  it(`in the middle of a rebuild, shows the old files or the new ones (seed ${SEED})`, async () => {
    const draw = drawsOf(`rebuild ${SEED}`);
    const rig = workspace();
    await rig.build();
    let before = seen(rig);
    for (let round = 0; round < KILLED_AGAIN; round++) {
      for (const [symbol, period] of [
        ['BTCUSDT', '2024-01'],
        ['ETHUSDT', '2024-02-02'],
      ] as const) {
        exchange.republish(fileKey(symbol, period), (rows) =>
          rows.map((row, at) => (at === round ? row.with(8, String(7_000 + round)) : row)),
        );
      }
      const clean = await cleanBuild();
      const at = { line: draw(60), ms: draw(25) };
      await cutShort(rig, 'SIGKILL', at, ['--refresh']);
      const visible = halfWritten(rig, before, seen(clean)).filter((path) => !path.includes('/revisions/'));
      expect(visible, `round ${round}, ${JSON.stringify(at)}`).toEqual([]);
      expect((await rig.build([], { refresh: true })).failures).toEqual({});
      expect(differences(published(rig.dir), published(clean.dir)), `round ${round}`).toEqual([]);
      before = seen(rig);
    }
    // One for each revision that was replaced.
    expect([...before.keys()].filter((path) => path.includes('/revisions/'))).toHaveLength(KILLED_AGAIN * 2);
  });
});

describe('a build that is interrupted', { timeout }, () => {
  it('in the middle of a download that hangs, ends with exit code 130 and keeps what was done', async () => {
    const fault = exchange.faults.add({ kind: 'stall', match: /ETHUSDT-1m-2024-01\.zip$/, after: 1_000 });
    const rig = workspace();
    let stalled = false;
    const run = await cli(rig.dir, ['build'], {
      onEvent: ({ type, target }, kill) => {
        if (type !== 'target-finished' || target !== 'bars/BTCUSDT/2024-02') return;
        stalled = true;
        kill('SIGINT');
      },
    });
    expect(stalled).toBe(true);
    expect({ code: run.code, signal: run.signal }).toEqual({ code: 130, signal: null });
    expect(run.events.at(-1)).toMatchObject({ type: 'build-finished', interrupted: true, failed: 0 });
    const done = ended(run, 'executed');
    expect(done).toEqual(expect.arrayContaining(['bars/BTCUSDT/2024-02']));

    fault.remove();
    const { ran, failures } = await rig.build();
    expect(failures).toEqual({});
    expect(ran.filter((target) => done.includes(target))).toEqual([]);
    expect(differences(seen(rig), seen(await cleanBuild()))).toEqual([]);
  });

  it(`at any moment, ends with exit code 130, and the next build ends equal to a clean one (seed ${SEED})`, async () => {
    const draw = drawsOf(`interrupt ${SEED}`);
    const clean = await cleanBuild();
    for (let round = 0; round < INTERRUPTED; round++) {
      const rig = workspace();
      const at = { line: draw(LINES - 20), ms: draw(10) };
      const run = await cutShort(rig, 'SIGINT', at);
      const whole = existsSync(rig.path('reports/latest'));
      expect({ code: run.code, signal: run.signal }, `round ${round}, ${JSON.stringify(at)}`).toEqual({
        code: whole ? expect.toBeOneOf([0, 130]) : 130,
        signal: null,
      });
      expect(halfWritten(rig, seen(clean))).toEqual([]);
      expect((await rig.build()).failures).toEqual({});
      expect(differences(seen(rig), seen(clean))).toEqual([]);
    }
  });
});
