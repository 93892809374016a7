/** What a build leaves of the machine. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lookAtMachine } from '../../../tasks/monitoring/machine.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pipeline-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it('is the room on the disk, the memory, and the size of the files below each folder, links not followed', async () => {
  const workspace = folder();
  mkdirSync(join(workspace, 'data/raw/deep/er'), { recursive: true });
  writeFileSync(join(workspace, 'data/raw/one'), 'x'.repeat(100));
  writeFileSync(join(workspace, 'data/raw/deep/er/two'), 'x'.repeat(23));
  symlinkSync('..', join(workspace, 'data/raw/up'));
  const elsewhere = folder();
  writeFileSync(join(elsewhere, 'three'), 'xyz');
  const { disk, data, maxResidentBytes } = await lookAtMachine(workspace, [
    { name: 'raw', path: 'data/raw' },
    { name: 'other', path: elsewhere },
    { name: 'file', path: 'data/raw/one' },
    { name: 'none', path: 'data/none' },
  ]);
  expect(data).toEqual([
    { name: 'raw', bytes: 123 },
    { name: 'other', bytes: 3 },
  ]);
  expect(disk?.free).toBeGreaterThan(0);
  expect(disk?.size).toBeGreaterThanOrEqual(disk?.free ?? Number.NaN);
  expect(maxResidentBytes).toBeGreaterThan(10_000_000);
});

it('is without a disk where the workspace is gone', async () => {
  expect((await lookAtMachine('/no/such/folder', [])).disk).toBeUndefined();
});
