/**
 * The runbook, executed: its commands in order, in an empty folder, against a local exchange, each held against the output
 * that the page shows. The calendar is set by the page's own notes. Seven years ahead, so that no file is newer than now.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { templateFile } from '../../src/compose.ts';
import type { Digest } from '../../src/engine/hash.ts';
import { BuildState } from '../../src/engine/state/workspace-state.ts';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { cli } from '../cli/cli.ts';
import type { SmallDisk } from '../small-disk.ts';
import { smallDisk } from '../small-disk.ts';
import type { Step } from './console-blocks.ts';
import { difference, stepsIn } from './console-blocks.ts';
import { fileKey } from './history.ts';

const PAGE = 'docs/RUNBOOK.md';
const BEGINNING = '2031-02-04T06:30:00Z';

let exchange: Emulator;
let folder: string;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(BEGINNING) });
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-runbook-')));
  exchange = await startEmulator({
    history: {
      seed: 11,
      market: 'spot',
      now: BEGINNING,
      symbols: [
        { name: 'BTCUSDT', listed: '2031-01-30T00:00:00Z', ticks: 4_300_000 },
        {
          name: 'ETHUSDT',
          listed: '2031-01-30T00:00:00Z',
          delisted: '2031-02-06T23:59:00Z',
          ticks: 230_000,
          stepDecimals: 4,
        },
      ],
      halts: [{ first: '2031-02-02T03:00:00Z', last: '2031-02-02T03:29:00Z' }],
      archiveGaps: [
        { first: '2031-01-30T06:00:00Z', last: '2031-01-30T06:29:00Z' },
        { first: '2031-02-06T01:00:00Z', last: '2031-02-06T01:59:00Z', symbols: ['BTCUSDT'] },
      ],
    },
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await exchange.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Where the local exchange is; all else is as a user types it. */
function addresses(): readonly string[] {
  const { archiveUrl, listingUrl, restUrl } = exchange;
  return [`archive_url=${archiveUrl}`, `listing_url=${listingUrl}`, `rest_url=${restUrl}`].flatMap((each) => [
    '--set',
    `binance.${each}`,
  ]);
}

let code = 0;
/** Where the machine allows no disk of that size. */
let skipping = false;
const disks = new Map<string, SmallDisk>();

function mount(name: string, kilobytes: number): void {
  const known = disks.get(name);
  const disk = known ?? smallDisk(kilobytes);
  if (disk === undefined) {
    skipping = true;
    return;
  }
  known?.resize(kilobytes);
  if (known === undefined) symlinkSync(disk.path, join(folder, name));
  disks.set(name, disk);
}

async function run(command: string): Promise<string> {
  const line = command.replaceAll('$?', String(code));
  if (!line.startsWith('pipeline '))
    return execFileSync('bash', ['-c', `exec 2>&1\n${line}`], { cwd: folder, encoding: 'utf8' });
  const words = execFileSync('bash', ['-c', `printf '%s\\0' ${line.slice('pipeline '.length)}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  let printed = '';
  const stream = { isTTY: false, write: (text: string) => (printed += text) };
  const args = [...words.split('\0').slice(0, -1), ...addresses()];
  ({ code } = await cli(args, { stdout: stream, stderr: stream, cwd: folder, env: { COLUMNS: '100' } }));
  return printed.replaceAll(`${folder}/`, '/srv/');
}

/** What the world does between two commands. */
async function happens([what = '', ...words]: readonly string[]): Promise<void> {
  const [first = '', second = ''] = words;
  switch (what) {
    case 'at':
      vi.setSystemTime(Date.parse(first));
      exchange.clock.set(Date.parse(first));
      return;
    case 'damaged':
      return exchange.damage(fileKey(first, second), 'truncated');
    case 'mended':
      return exchange.mend(fileKey(first, second));
    case 'banned':
      return exchange.ban('spot', Number(first));
    case 'disk':
      return mount(first, Number(second));
    case 'disk-end':
      skipping = false;
      return;
    case 'older-code':
      return pretendOlderCode(join(folder, 'market'), first);
    default:
      throw new Error(`the runbook's test knows no "${what}"`);
  }
}

/** As if an earlier version of the program had made them: what the records say of the code is another thing. */
async function pretendOlderCode(workspace: string, rule: string): Promise<void> {
  const state = await BuildState.open(workspace, {
    holder: 'a test',
    wait: false,
    onWaiting: () => undefined,
    signal: new AbortController().signal,
  });
  if (state === undefined) throw new Error('somebody holds the workspace');
  for (const [id, record] of [...state.journal.loaded.successes]) {
    if (!id.startsWith(`${rule}/`)) continue;
    const older = '0'.repeat(64) as Digest;
    const parts = record.parts.map((part) =>
      part[0] === 'code' ? ([part[0], part[1], older] as const) : part,
    );
    state.journal.append({ ...record, parts, fingerprint: older }, false);
  }
  await state.close();
}

it('prints what the page shows, command by command', { timeout: 300_000 }, async () => {
  const steps = stepsIn(templateFile(PAGE));
  expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThan(20);
  for (const [at, step] of steps.entries()) {
    if (step.kind === 'note') {
      await happens(step.words);
      continue;
    }
    if (skipping) continue;
    const printed = await run(step.command).catch((cause: unknown) => {
      throw new Error(`${PAGE}:${step.line}: $ ${step.command}`, { cause });
    });
    // Softly: one that prints something else says little of those after it.
    expect
      .soft(difference(printed, step.expected), `${PAGE}:${step.line}: $ ${step.command}`)
      .toBeUndefined();
    if (!step.command.startsWith('pipeline ') || isAskedFor(steps[at + 1])) continue;
    const fails = step.expected.some((line) => /^(?:failed|error)\b/.test(line));
    expect.soft(code === 0, `${PAGE}:${step.line}: exit code ${code} of ${step.command}`).toBe(!fails);
  }
});

/** The page itself shows the exit code. */
function isAskedFor(next: Step | undefined): boolean {
  return next?.kind === 'command' && next.command === 'echo $?';
}
