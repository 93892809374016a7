/** `pipeline watch` as a process: signals. What it builds is tested by scripted sessions in `test/cli/watch.test.ts`. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { Rig } from '../rig.ts';
import type { CliEvent } from './cli.ts';
import { cli, ended, PROJECT } from './cli.ts';
import { faultRig, HISTORY } from './faults.ts';

const FILES = {
  'pipeline.yaml': `version: 1
rules:
  copy: { in: { text: in.txt }, out: { text: out.txt }, run: "cat \${in.text} > \${out.text}" }
`,
  'in.txt': '1\n',
};

describe('pipeline watch', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 130 by %s, having built what was edited',
    async (signal) => {
      const rig = new Rig(FILES);
      let waits = 0;
      const { code, events } = await cli(rig.dir, ['watch'], {
        onEvent: ({ type }, kill) => {
          if (type !== 'watch-waiting') return;
          waits++;
          if (waits === 1) rig.write('in.txt', '2\n');
          else kill(signal);
        },
      });
      expect(code).toBe(130);
      expect(rig.read('out.txt')).toBe('2\n');
      expect(events.filter(({ type }) => type === 'build-finished')).toHaveLength(2);
    },
  );

  it('ends with 130 by a signal in the middle of a build', async () => {
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules: { slow: { out: { text: out.txt }, run: "sleep 60; echo > ${out.text}" } }\n',
    });
    const { code, events } = await cli(rig.dir, ['watch'], {
      onEvent: ({ type }, kill) => {
        if (type === 'target-started') kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(events.at(-1)).toMatchObject({ type: 'build-finished', interrupted: true });
    expect(rig.has('out.txt')).toBe(false);
  });
});

describe('pipeline watch --json', () => {
  it('ends with 0 once nobody reads what it prints', () => {
    const rig = new Rig(FILES);
    const command = ['--import', 'tsx', 'src/main.ts', '-C', rig.dir, '--json', 'watch'];
    const script = '{ "$@"; echo "ended with $?" >&2; } | head -n 1';
    const { stderr, stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', process.execPath, ...command], {
      cwd: PROJECT,
      encoding: 'utf8',
      timeout: 50_000,
    });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toContain('ended with 0\n');
  });
});

describe('a watch of the market', () => {
  it('is woken neither by what it fetches and keeps nor by what it builds, and builds what a config changes', async () => {
    const exchange = await startEmulator({ history: HISTORY, running: true });
    const rig = faultRig(exchange);
    const rounds: CliEvent[][] = [[]];
    const { code } = await cli(rig.dir, ['watch'], {
      onEvent: (event, kill) => {
        rounds.at(-1)?.push(event);
        if (event.type !== 'watch-waiting') return;
        rounds.push([]);
        if (rounds.length === 2)
          rig.edit('configs/quality.yaml', (text) => text.replace('min: 0.99 }', 'min: 0.9901 }'));
        else kill('SIGINT');
      },
    });
    await exchange.close();
    expect(code).toBe(130);
    const [first = [], second = []] = rounds;
    expect(first.some(({ type }) => type === 'watch-changed')).toBe(false);
    expect(second.filter(({ type }) => type === 'watch-changed')).toEqual([
      { type: 'watch-changed', changed: ['configs/quality.yaml'], more: 0 },
    ]);
    expect(ended({ code, signal: null, events: second, stderr: '' }, 'executed')).toEqual(['reports']);
  });
});

/** In a name space of its own, where a user may watch no more than three folders. */
function withThreeWatches(command: readonly string[]) {
  const limit = 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$@"';
  return spawnSync('unshare', ['-Ur', 'sh', '-c', limit, 'sh', ...command], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
}

describe.skipIf(withThreeWatches(['true']).status !== 0)('a limit on watched folders that is too low', () => {
  it('ends the watch and is said, with what to do', () => {
    const rig = new Rig({
      ...FILES,
      'pipeline.yaml': FILES['pipeline.yaml'].replace('in.txt', '"in/**/*.txt"'),
    });
    for (const name of ['a', 'b', 'c', 'd']) rig.write(`in/${name}/x.txt`, '1\n');
    const { status, stderr } = withThreeWatches([
      process.execPath,
      ...['--import', 'tsx', 'src/main.ts', '-C', rig.dir, 'watch'],
    ]);
    expect(stderr).toBe(`error: the system watches no more folders for this user (fs.inotify.max_user_watches)
  = raise that limit with \`sudo sysctl fs.inotify.max_user_watches=524288\`, or end other programs that watch files; \`pipeline build\` needs none of this
`);
    expect(status).toBe(1);
  });
});
