import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeOutput } from '../../../tasks/lib/write-output.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { scratch } from '../context.ts';

const ctx = (path: string) => ({
  target: 'rule/KEY',
  outputs: { text: path },
  finalOutputs: { text: 'data/text.json' },
});

describe('an output of text', () => {
  it('is written', async () => {
    const path = join(scratch(), 'text');
    expect(await writeOutput(ctx(path), 'text', 'só\n')).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('só\n');
  });

  it('that finds no room fails with what it needs and what there is', async ({ skip }) => {
    const disk = smallDisk(8);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    expect(await writeOutput(ctx(join(disk.path, 'text')), 'text', 'é'.repeat(50_000))).toEqual({
      code: 'disk-full',
      message:
        'data/text.json cannot be written: the disk is full (ENOSPC): 100000 more bytes are needed, 0 are free',
      hint: 'free some space and build again: what has come so far is kept',
    });
  });

  it('that the rule does not declare is a bug', async () => {
    await expect(writeOutput(ctx('/x'), 'other', '')).rejects.toThrow(
      'rule/KEY: the rule declares no output "other"',
    );
  });

  it('whose folder was removed meanwhile is a failure that another try may mend', async () => {
    expect(await writeOutput(ctx(join(scratch(), 'a', 'b')), 'text', '')).toEqual({
      code: 'cannot-write',
      message: 'data/text.json cannot be written: it, or its folder, was removed meanwhile (ENOENT)',
      hint: 'let no other program remove files there, and build again',
      transient: true,
    });
  });
});
