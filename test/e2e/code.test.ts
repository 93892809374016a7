import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { CliRun } from './cli.ts';
import { cli, ended, PROJECT } from './cli.ts';
import { FROM, fewDays, SYMBOLS, TO } from './history.ts';
import { differences, marketRig, tree } from './market.ts';

let exchange: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({ history: fewDays() });
});

afterAll(() => exchange.close());

/** A copy of the tool, whose code a test may edit. */
function copyOfTheTool(): {
  readonly dir: string;
  edit(file: string, change: (text: string) => string): void;
} {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-copy-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ['src', 'tasks', 'configs', 'pipeline.yaml', 'package.json', 'tsconfig.json']) {
    cpSync(join(PROJECT, name), join(dir, name), { recursive: true });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(dir, 'node_modules'));
  return {
    dir,
    edit: (file, change) => {
      const before = readFileSync(join(dir, file), 'utf8');
      const after = change(before);
      if (after === before) throw new Error(`the edit of ${file} changes nothing`);
      writeFileSync(join(dir, file), after);
    },
  };
}

const comment = (text: string): string => `${text}\n// One more remark.\n`;

/** Rule and how many of its targets ran. */
function executed(run: CliRun): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const target of ended(run, 'executed')) {
    const rule = target.split('/')[0] ?? '';
    counts[rule] = (counts[rule] ?? 0) + 1;
  }
  return counts;
}

describe('what an edit of the tool rebuilds', () => {
  it('a comment in the reports task: no bars; in the HTTP client: nothing; in the rules of bars: no download', async () => {
    const tool = copyOfTheTool();
    const rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO });
    const build = async (): Promise<CliRun> => {
      exchange.clearRequests();
      const run = await cli(rig.dir, ['build'], { project: tool.dir });
      expect(run.stderr).not.toContain('error');
      expect(run.code).toBe(0);
      return run;
    };
    const all = { listing: 2, sources: 2, archive: 8, staged: 4, fill: 4, bars: 4, reports: 1 };
    expect(executed(await build())).toEqual(all);
    const first = tree(rig.path('data/processed'));
    expect(executed(await build())).toEqual({});

    tool.edit('tasks/reports/coverage.ts', comment);
    expect(executed(await build())).toEqual({ reports: 1 });

    tool.edit('tasks/lib/http.ts', comment);
    tool.edit('tasks/lib/http-failure.ts', (text) => text.replace(/^export /m, 'export\n'));
    tool.edit('tasks/binance/archive.ts', comment);
    expect(executed(await build())).toEqual({});
    expect(exchange.requests).toEqual([]);

    // Made anew from the files in place; the same bytes come out, so that the reports do not follow.
    tool.edit('tasks/bars/rules.ts', comment);
    expect(executed(await build())).toEqual({ staged: 4, bars: 4 });
    expect(exchange.requests).toEqual([]);

    expect(differences(tree(rig.path('data/processed')), first)).toEqual([]);
  });

  it('a higher version of a source task asks the archive again, and adopts what is in place', async () => {
    const tool = copyOfTheTool();
    const rig = marketRig({ exchange, symbols: ['BTCUSDT'], from: FROM, to: TO });
    expect((await cli(rig.dir, ['build'], { project: tool.dir })).code).toBe(0);
    tool.edit('tasks/binance/archive.ts', (text) => text.replace('version: 1,', 'version: 2,'));
    exchange.clearRequests();
    const run = await cli(rig.dir, ['build'], { project: tool.dir });
    expect(executed(run)).toEqual({ archive: 4 });
    expect(exchange.requests.map(({ path }) => path.replace(/^.*\./, ''))).toEqual(Array(4).fill('CHECKSUM'));
  });
});
