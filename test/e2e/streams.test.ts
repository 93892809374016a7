/** What becomes of a build whose output nobody can take: the process itself, for only it owns the streams. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { PROJECT } from './cli.ts';

const FILES = {
  'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, run: "echo 1 > ${out.text}" }\n',
};

interface Streams {
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A path is what the stream is led to; without one it is read. */
function run(workspace: string, args: readonly string[], { stdout, stderr }: Streams) {
  const opened = [stdout, stderr].map((path) => (path === undefined ? undefined : openSync(path, 'w')));
  try {
    const ended = spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', '-C', workspace, ...args], {
      cwd: PROJECT,
      encoding: 'utf8',
      stdio: ['ignore', opened[0] ?? 'pipe', opened[1] ?? 'pipe'],
    });
    return { code: ended.status, err: ended.stderr };
  } finally {
    for (const fd of opened) if (fd !== undefined) closeSync(fd);
  }
}

describe.skipIf(!existsSync('/dev/full'))('a disk without room', () => {
  it('behind stdout loses results, which is said without a stack and exits 1', () => {
    const rig = new Rig(FILES);
    expect(run(rig.dir, ['status'], { stdout: '/dev/full' })).toEqual({
      code: 1,
      err: 'error: results cannot be written to stdout: ENOSPC: no space left on device, write\n',
    });
  });

  it('behind stderr loses progress, and the build is done all the same', () => {
    const rig = new Rig(FILES);
    expect(run(rig.dir, ['build'], { stderr: '/dev/full' }).code).toBe(0);
    expect(rig.read('x.txt')).toBe('1\n');
  });
});
