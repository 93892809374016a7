/** Webhooks that are told of builds, and `pipeline notify`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/engine/json.ts';
import type { Rig } from '../rig.ts';
import { documentOf, gapOf, symbolOf } from '../tasks/monitoring/fixtures.ts';
import { serve } from '../tasks/server.ts';
import type { Ran } from './cli.ts';
import { cli } from './cli.ts';
import { configure, failBars, mendBars, monitored, report } from './monitored.ts';

const CRITICAL = documentOf({ verdict: { level: 'critical', sentence: 'Too much is missing.' } });
const OK = documentOf();
const ALL = ['critical', 'warning', 'change', 'new-gaps', 'failed'];
const GAP = gapOf('BTCUSDT', '2024-01-01T10:00:00', '2024-01-01T10:59:00');
const SECRET = '/services/T0/s3cr3t';

interface Hooks {
  readonly url: string;
  readonly host: string;
  /** What each request said, in the order in which they came. */
  readonly said: Body[];
}

interface Body {
  readonly on?: readonly string[];
  readonly level?: string;
  readonly was?: string;
  readonly new_gaps?: { readonly count: number };
  readonly failed?: { readonly first: readonly { readonly target: string }[] };
  readonly text?: string;
}

async function hooks(answer: (path: string) => number = () => 200): Promise<Hooks> {
  const said: Body[] = [];
  const { url } = await serve((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      said.push(JSON.parse(body));
      response
        .writeHead(answer(request.url ?? ''), { 'content-type': 'text/plain' })
        .end(`at ${request.url}`);
    });
  });
  return { url: `${url}${SECRET}`, host: new URL(url).host, said };
}

/** With `--json`, so that both streams are looked at; nobody ever says the secret part of an address. */
async function build(rig: Rig, { url }: Hooks, args: readonly string[] = [], world = {}): Promise<Ran> {
  const ran = await cli(['-C', rig.dir, '--json', 'build', ...args], { env: { HOOK: url }, ...world });
  expect(ran.out + ran.err + stateText(rig)).not.toContain('s3cr3t');
  return ran;
}

/** All that the state folder holds. */
function stateText(rig: Rig): string {
  const folder = rig.path('.pipeline');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

const told = ({ said }: Hooks): readonly string[] => said.map(({ on = [] }) => on.join());
const telling = (more: Readonly<Record<string, Json>> = {}) => ({
  notify: [{ url_env: 'HOOK', on: ALL, ...more }],
});

describe('a webhook', () => {
  it('is told of a level once, and when it changes', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    for (const document of [CRITICAL, CRITICAL, OK, OK, CRITICAL]) {
      report(rig, document);
      rig.write('in.txt', `${rig.read('in.txt')}more\n`);
      expect((await build(rig, hook)).code).toBe(0);
    }
    expect(told(hook)).toEqual(['critical', 'change', 'critical,change']);
    expect(hook.said[1]).toMatchObject({ level: 'ok', was: 'critical' });
  });

  it('is not told the same by a build with nothing to do, unless it is to be repeated', async () => {
    const hook = await hooks();
    const rig = monitored(telling({ repeat: '24h' }));
    report(rig, CRITICAL);
    const start = Date.parse('2024-03-01T00:00:00Z');
    for (const hours of [0, 1, 12, 24, 25, 48])
      await build(rig, hook, [], { now: () => start + hours * 3_600_000 });
    expect(told(hook)).toEqual(['critical', 'critical', 'critical']);
  });

  it('is told of gaps that are new since the last build', async () => {
    const hook = await hooks();
    const rig = monitored(telling({ on: ['new-gaps'] }));
    const other = { ...GAP, symbol: 'ETHUSDT' };
    const halt = gapOf('ETHUSDT', '2024-01-02T10:00:00', '2024-01-02T10:59:00', { cause: 'halt' });
    for (const gaps of [[GAP], [GAP, halt], [GAP, other, halt], [GAP, other]]) {
      report(rig, OK, gaps);
      await build(rig, hook);
    }
    expect(hook.said.map(({ on, new_gaps }) => [on, new_gaps?.count])).toEqual([[['new-gaps'], 1]]);
  });

  it('is told of what failed, once as long as it is the same', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    failBars(rig);
    expect((await build(rig, hook)).code).toBe(1);
    expect((await build(rig, hook)).code).toBe(1);
    mendBars(rig);
    expect((await build(rig, hook)).code).toBe(0);
    expect(told(hook)).toEqual(['failed']);
    expect(hook.said[0]?.failed?.first).toEqual([{ target: 'bars', code: 'recipe-failed' }]);
  });

  it('is told only of the symbols that it names', async () => {
    const hook = await hooks();
    const symbols = [symbolOf('BTCUSDT', { level: 'critical' }), symbolOf('ETHUSDT', { level: 'warning' })];
    const rig = monitored(telling({ symbols: ['ETHUSDT'] }));
    report(rig, documentOf({ ...CRITICAL, symbols }), [GAP]);
    await build(rig, hook);
    expect(hook.said.map(({ on, level }) => [on, level])).toEqual([[['warning'], 'warning']]);
  });

  it('takes what Slack takes where that is asked for', async () => {
    const hook = await hooks();
    const rig = monitored(telling({ format: 'slack' }));
    report(rig, CRITICAL);
    await build(rig, hook);
    expect(hook.said[0]?.text?.split('\n')[0]).toBe('*pipeline: critical*');
  });

  it('that does not take it is a warning that names its host alone, and is told by the next build', async () => {
    let status = 403;
    const hook = await hooks(() => status);
    const rig = monitored(telling());
    report(rig, CRITICAL);
    const { code, err } = await build(rig, hook);
    expect(code).toBe(0);
    expect(err).toContain(`warning: notify: nobody was told: ${hook.host}: it answered 403\n`);
    status = 200;
    await build(rig, hook);
    await build(rig, hook);
    expect(told(hook)).toEqual(['critical', 'critical']);
  });

  it('does not keep others from being told', async () => {
    const hook = await hooks((path) => (path.endsWith('/gone') ? 404 : 200));
    const rig = monitored({
      notify: [
        { url: `${hook.url}/gone`, on: ALL },
        { url: `${hook.url}/there`, on: ALL },
        { url_env: 'UNSET', on: ALL },
      ],
    });
    report(rig, CRITICAL);
    const { code, err } = await build(rig, hook);
    expect(code).toBe(0);
    const warnings = err.split('\n').filter((line) => line.startsWith('warning'));
    expect(warnings.sort()).toEqual([
      `warning: notify: nobody was told: ${hook.host}: it answered 404`,
      'warning: notify: nobody was told: the environment variable UNSET is not set',
    ]);
    report(rig, OK);
    await build(rig, hook);
    expect(told(hook).filter((on) => on === 'change')).toHaveLength(1);
  });

  it('is found in the .env of the workspace', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    rig.write('.env', `HOOK=${hook.url}\n`);
    report(rig, CRITICAL);
    await cli(['-C', rig.dir, '-q', 'build'], { env: {} });
    expect(told(hook)).toEqual(['critical']);
  });

  it('is told nothing offline, in a dry run, and where nobody is named', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    report(rig, CRITICAL);
    await build(rig, hook, ['--offline']);
    await build(rig, hook, ['--dry-run']);
    configure(rig, { notify: [] });
    await build(rig, hook);
    expect(hook.said).toEqual([]);
    expect(rig.has('.pipeline/notes')).toBe(false);
  });

  it('is told anew where what was told is damaged', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    report(rig, CRITICAL);
    await build(rig, hook);
    rig.write('.pipeline/notes/notify.json', '{"version":1,"hooks":');
    await build(rig, hook);
    expect(told(hook)).toEqual(['critical', 'critical']);
  });
});

describe('an address in the config that is none', () => {
  it.each([
    ['url', 'htps://hooks.example.org/services/s3cr3t'],
    ['url', 'https://me:s3cr3t@hooks.example.org/'],
    ['url_env', 'https://hooks.example.org/services/s3cr3t'],
  ])('is an error that shows neither %s nor the line as it is: %s', async (name, value) => {
    const rig = monitored();
    rig.write(
      'config.yaml',
      `market: spot\nnotify:\n  - { ${name}: "${value}", on: [critical], format: slakc }\n`,
    );
    const { code, err } = await cli(['-C', rig.dir, 'build']);
    expect(code).toBe(2);
    expect(err).toContain(`the config value "notify.0.${name}": expected `);
    expect(err).toContain('config.yaml:3:');
    expect(err).toContain('"slakc": expected one of json, slack');
    expect(err).not.toContain('s3cr3t');
  });
});

describe('pipeline notify', () => {
  const notify = (rig: Rig, { url }: Hooks, args: readonly string[]): Promise<Ran> =>
    cli(
      [
        '-C',
        rig.dir,
        ...args.filter((arg) => arg === '--json'),
        'notify',
        ...args.filter((arg) => arg !== '--json'),
      ],
      {
        env: { HOOK: url },
      },
    );

  it('--dry-run prints what would be told of the present state, and sends nothing', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    report(rig, CRITICAL);
    failBars(rig);
    await build(rig, hook, ['--offline']);
    const { code, out, err } = await notify(rig, hook, ['--dry-run']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [head, ...body] = out.split('\n');
    expect(head).toBe(`POST ${hook.host} (HOOK): critical, failed`);
    expect(JSON.parse(body.join('\n'))).toMatchObject({ level: 'critical', failed: { count: 1 } });
    const json = await notify(rig, hook, ['--dry-run', '--json']);
    expect(JSON.parse(json.out)).toMatchObject([
      { method: 'POST', host: hook.host, on: ['critical', 'failed'], body: { level: 'critical' } },
    ]);
    expect(out + json.out).not.toContain('s3cr3t');
    expect(hook.said).toEqual([]);
    expect(rig.has('.pipeline/notes')).toBe(false);
  });

  it('--dry-run says so where there is nothing new, and where an address is missing', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    report(rig, CRITICAL);
    await build(rig, hook);
    expect((await notify(rig, hook, ['--dry-run'])).out).toBe(`${hook.host} (HOOK): nothing new to tell\n`);
    configure(rig, telling({ url_env: 'UNSET' }));
    const { out } = await notify(rig, hook, ['-n']);
    expect(out).toContain(
      'POST nowhere (UNSET): critical\n  = the environment variable UNSET is not set\n{\n',
    );
  });

  it('--test sends a test message to all, and fails where one does not take it', async () => {
    const hook = await hooks((path) => (path.endsWith('/gone') ? 404 : 200));
    const rig = monitored({
      notify: [
        { url_env: 'HOOK', on: ['critical'] },
        { url: `${hook.url}/gone`, format: 'slack', on: ['critical'] },
      ],
    });
    const { code, out, err } = await notify(rig, hook, ['--test']);
    expect({ code, out, err }).toEqual({
      code: 1,
      out: `told ${hook.host} (HOOK)\n`,
      err: `error: a test message was not taken: ${hook.host}: it answered 404\n`,
    });
    expect(hook.said).toHaveLength(2);
    expect(hook.said).toContainEqual(expect.objectContaining({ on: ['test'] }));
    configure(rig, telling());
    expect(await notify(rig, hook, ['--test', '--json'])).toEqual({
      code: 0,
      out: `${JSON.stringify([{ host: hook.host, trouble: null }])}\n`,
      err: '',
    });
  });

  it('is a mistake without either, with both, and where nobody is named', async () => {
    const hook = await hooks();
    const rig = monitored(telling());
    expect(await notify(rig, hook, [])).toEqual({
      code: 2,
      out: '',
      err: 'error: notify tells nobody by itself: `pipeline build` does\n  = say --dry-run to see what would be told now, or --test to send a test message\n',
    });
    expect((await notify(rig, hook, ['--test', '--dry-run'])).code).toBe(2);
    configure(rig, { notify: [] });
    expect(await notify(rig, hook, ['--test'])).toEqual({
      code: 1,
      out: '',
      err: 'error: nobody is to be told of anything\n  = name webhooks in the section `notify` of the config\n',
    });
    expect(hook.said).toEqual([]);
  });
});
