/** What critical alerts are to the command line: an exit code of its own, as long as the outputs stand. */
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { cli, lines } from './cli.ts';
import { Watching } from './watching.ts';

/** A task that alarms at the levels that the config names, and a rule that fails if it is to. */
function workspace(levels: readonly string[], more: Readonly<Record<string, string>> = {}): Rig {
  return new Rig({
    'pipeline.yaml': `version: 1
configs: [config.yaml]
rules:
  judge: { out: { text: judged.txt }, task: ./judge.mjs, params: { levels: "\${levels}" } }
  other: { in: { text: other-in.txt }, out: { text: other.txt }, run: "cat \${in.text} > \${out.text}" }
`,
    'config.yaml': `levels: [${levels.join(', ')}]\n`,
    'other-in.txt': 'x\n',
    'judge.mjs': `import { writeFileSync } from 'node:fs';
export default { version: 1, run(ctx) {
  writeFileSync(ctx.outputs.text, 'x');
  return { alerts: ctx.params.levels.map((level) => ({ level, code: 'gap', message: 'more than 24h in 1 of 2 symbols: A' })) };
} };
`,
    ...more,
  });
}

const SAID = 'judge  gap: more than 24h in 1 of 2 symbols: A\n';

describe('build', () => {
  it('exits 4 on a critical alert, and as long as it stands', async () => {
    const rig = workspace(['critical']);
    const first = await cli(['-C', rig.dir, 'build']);
    expect(first.code).toBe(4);
    expect(first.err).toContain(`critical  ${SAID}`);
    expect(first.err).toMatch(/built 2 in .*; 1 critical alert\n$/);
    const again = await cli(['-C', rig.dir, 'build']);
    expect(again).toEqual({
      code: 4,
      out: '',
      err: `critical  ${SAID}nothing to do: 2 targets fresh; 1 critical alert\n`,
    });
  });

  it('exits 0 on one with --quality=warn, and says it all the same', async () => {
    const rig = workspace(['critical']);
    const first = await cli(['-C', rig.dir, 'build', '--quality=warn']);
    expect(first.code).toBe(0);
    expect(first.err).toContain(`critical  ${SAID}`);
    expect((await cli(['-C', rig.dir, 'build', '--quality=enforce'])).code).toBe(4);
  });

  it('exits 0 on warnings, which a build with nothing to do counts', async () => {
    const rig = workspace(['warning', 'warning']);
    const first = await cli(['-C', rig.dir, 'build']);
    expect(first.code).toBe(0);
    expect(first.err).toContain(`warning   ${SAID}`);
    const again = await cli(['-C', rig.dir, 'build']);
    expect(again).toEqual({ code: 0, out: '', err: 'nothing to do: 2 targets fresh; 2 warnings\n' });
    expect((await cli(['-C', rig.dir, '--verbose', 'build'])).err).toContain(`warning   ${SAID}`);
  });

  it('exits 0 again when the alert is gone', async () => {
    const rig = workspace(['critical']);
    expect((await cli(['-C', rig.dir, 'build'])).code).toBe(4);
    expect((await cli(['-C', rig.dir, '--set', 'levels=[]', 'build'])).code).toBe(0);
    expect((await cli(['-C', rig.dir, 'build'])).code).toBe(4);
  });

  it('exits 1 where a target failed as well', async () => {
    const rig = workspace(['critical']);
    rig.remove('other-in.txt');
    const { code, err } = await cli(['-C', rig.dir, 'build']);
    expect(code).toBe(1);
    expect(err).toContain(`critical  ${SAID}`);
  });

  it('exits 4 where the lockfile differs as well', async () => {
    const rig = workspace(['critical']);
    await cli(['-C', rig.dir, 'build']);
    rig.write('judge.mjs', rig.read('judge.mjs').replace("'x'", "'y'"));
    const { code, out } = await cli(['-C', rig.dir, 'build', '--locked']);
    expect(code).toBe(4);
    expect(out).toContain('judged.txt');
    expect((await cli(['-C', rig.dir, 'build', '--locked', '--quality=warn'])).code).toBe(3);
  });

  it('says it with --quiet, where warnings of what is fresh are not worth a line', async () => {
    const rig = workspace(['warning', 'critical']);
    await cli(['-C', rig.dir, 'build']);
    const { code, err } = await cli(['-C', rig.dir, '-q', 'build']);
    expect(code).toBe(4);
    expect(err).toBe(`critical  ${SAID}nothing to do: 2 targets fresh; 1 critical alert, 1 warning\n`);
  });

  it('gives alerts in JSON, where they stand and in sum', async () => {
    const rig = workspace(['warning', 'critical']);
    const { code, out } = await cli(['-C', rig.dir, 'build', '--json']);
    expect(code).toBe(4);
    const events = lines(out);
    const message = 'more than 24h in 1 of 2 symbols: A';
    expect(events.find(({ type, target }) => type === 'target-finished' && target === 'judge')).toMatchObject(
      {
        alerts: [
          { level: 'warning', code: 'gap', message },
          { level: 'critical', code: 'gap', message },
        ],
      },
    );
    expect(events.at(-1)).toMatchObject({ type: 'build-finished', alerts: { critical: 1, warning: 1 } });
    expect(lines((await cli(['-C', workspace([]).dir, 'build', '--json'])).out).at(-1)).toMatchObject({
      alerts: { critical: 0, warning: 0 },
    });
  });

  it('makes annotations of them in GitHub Actions', async () => {
    const rig = workspace(['warning', 'critical']);
    const { err } = await cli(['-C', rig.dir, 'build'], { env: { GITHUB_ACTIONS: 'true' } });
    const text = 'title=judge::gap: more than 24h in 1 of 2 symbols: A\n';
    expect(err).toContain(`::warning ${text}`);
    expect(err).toContain(`::error ${text}`);
  });

  it('refuses a --quality that is none', async () => {
    const rig = workspace([]);
    expect(await cli(['-C', rig.dir, 'build', '--quality=maybe'])).toEqual({
      code: 2,
      out: '',
      err: 'error: --quality=maybe: expected one of enforce, warn\n  = leave it out to enforce\n',
    });
  });

  it('leaves them in the log of builds', async () => {
    const rig = workspace(['critical']);
    await cli(['-C', rig.dir, 'build']);
    expect((await cli(['-C', rig.dir, 'log', 'last'])).out).toContain(`critical  ${SAID}`);
    expect((await cli(['-C', rig.dir, 'log'])).out).toContain('1 critical');
  });
});

describe('status', () => {
  it('tells what is critical of what is fresh, as a build would, and all of it with --verbose and in JSON', async () => {
    const rig = workspace(['warning', 'critical']);
    await cli(['-C', rig.dir, 'build']);
    const fresh = 'judge  1 fresh\nother  1 fresh\n2 targets: 2 fresh\n';
    const status = (...args: readonly string[]) => cli(['-C', rig.dir, ...args]);
    expect(await status('status')).toEqual({ code: 0, out: `${fresh}critical  ${SAID}`, err: '' });
    expect((await status('-v', 'status')).out).toBe(`${fresh}warning   ${SAID}critical  ${SAID}`);
    const message = 'more than 24h in 1 of 2 symbols: A';
    expect(JSON.parse((await status('--json', 'status')).out).targets).toEqual([
      {
        target: 'judge',
        state: 'fresh',
        reasons: [],
        alerts: [
          { level: 'warning', code: 'gap', message },
          { level: 'critical', code: 'gap', message },
        ],
      },
      { target: 'other', state: 'fresh', reasons: [] },
    ]);
    // Of what is to be made anew nothing is known.
    expect((await status('--set', 'levels=[warning]', 'status')).out).not.toContain(SAID);
  });
});

describe('watch', () => {
  it('says it after each of its builds, and goes on', async () => {
    const rig = workspace(['critical']);
    const watching = new Watching(rig);
    await watching.round();
    expect(watching.stderr).toContain('; 1 critical alert\n');
    watching.stderr = '';
    rig.write('other-in.txt', 'y\n');
    const { lines: told } = await watching.round();
    expect(told.find(({ type }) => type === 'build-finished')).toMatchObject({
      executed: 1,
      alerts: { critical: 1, warning: 0 },
    });
    expect(watching.stderr).toContain(`critical  ${SAID}`);
    expect(await watching.stop()).toBe(130);
  });
});
