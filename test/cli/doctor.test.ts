/** `pipeline doctor` as a contract: what it looks at in which workspace, what is printed, and its exit codes. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { PROJECT } from '../e2e/cli.ts';
import { marketFiles } from '../e2e/market.ts';
import { Rig } from '../rig.ts';
import { listingHandler, withSidecars } from '../tasks/binance/s3.ts';
import type { Handler } from '../tasks/server.ts';
import { listening, serve } from '../tasks/server.ts';
import { cli } from './cli.ts';

const KEY = 'data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2025-01.zip';
const EXCHANGE_TIME = Date.UTC(2025, 1, 20);

/** Listing, archive and REST in one. */
const exchange: Handler = (request, response) => {
  const url = request.url ?? '';
  if (url.startsWith('/listing')) listingHandler(withSidecars([KEY]))(request, response);
  else if (url === '/api/v3/time')
    response.setHeader('x-mbx-used-weight-1m', '2').end(JSON.stringify({ serverTime: EXCHANGE_TIME }));
  else if (url === `/${KEY}`)
    response.end(request.method === 'HEAD' ? undefined : Buffer.alloc(50_000, 'PK\x03\x04', 'latin1'));
  else response.writeHead(404).end();
};

function market(url: string): Rig {
  return new Rig(
    marketFiles({
      exchange: { archiveUrl: url, listingUrl: `${url}/listing`, restUrl: url },
      symbols: ['BTCUSDT'],
      from: '2024-12-01T00:00:00Z',
      to: '2025-01-31T23:59:00Z',
    }),
  );
}

interface Shown {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly hint?: string;
}

function checksIn(out: string): readonly Shown[] {
  const { checks } = JSON.parse(out) as { readonly checks: readonly Shown[] };
  return checks;
}

const MACHINE = [
  'manifest ok',
  'node ok',
  'workspace ok',
  'file-system ok',
  'raw ok',
  'cache ok',
  'processed ok',
  'reports ok',
  'quarantine ok',
  'disk ok',
  'volumes ok',
  'proxy ok',
];

const brief = (out: string): readonly string[] => checksIn(out).map(({ name, state }) => `${name} ${state}`);

describe('doctor', () => {
  it('looks at machine and hosts, and exits 0 when nothing failed', async () => {
    const { url } = await serve(exchange);
    const rig = market(url);
    const args = ['-C', rig.dir, 'doctor'];
    const { code, out, err } = await cli([...args, '--json'], { now: () => EXCHANGE_TIME });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const hosts = ['listing ok', 'archive ok', 'download ok', 'rest ok', 'clock ok', 'rest-weight ok'];
    expect(brief(out)).toEqual([...MACHINE, ...hosts]);
    const text = await cli(args, { now: () => EXCHANGE_TIME });
    expect(text.out).toMatch(/^ok {4}manifest {5}pipeline\.yaml has \d+ rules, as of 2025-01-31T23:59:00Z\n/);
    expect(text.out).toMatch(/\n18 checks: 18 ok\n$/);
    expect(Math.max(...text.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(rig.has('data')).toBe(false);
  });

  it('takes a warning for no failure, and a failure for exit 1', async () => {
    const { url } = await serve(exchange);
    const rig = market(url);
    const late = await cli(['-C', rig.dir, 'doctor', '-q'], { now: () => EXCHANGE_TIME - 5_000 });
    expect(late).toEqual({
      code: 0,
      out: [
        "warn  clock        this machine's clock is 5.00 s behind the exchange's",
        '      → set the clock by the network: timedatectl set-ntp true, or systemsetup',
        '        -setusingnetworktime on',
        '',
      ].join('\n'),
      err: '',
    });
    // A ban is kept for all processes of this user, who shall not notice the test.
    vi.stubEnv('XDG_STATE_HOME', rig.path('state'));
    const refused = await serve((request, response) => {
      if (request.url === '/api/v3/time') response.writeHead(418, { 'retry-after': '120' }).end();
      else exchange(request, response);
    });
    const { code, out } = await cli(['-C', market(refused.url).dir, 'doctor', '--json']);
    vi.unstubAllEnvs();
    expect(code).toBe(1);
    expect(checksIn(out).find(({ name }) => name === 'rest')).toMatchObject({
      state: 'fail',
      detail: expect.stringMatching(/ has banned this address until .*: it answered 418$/),
    });
  });

  it('asks nothing with --offline, and says so', async () => {
    const { url, asked } = await serve(exchange);
    const { code, out } = await cli(['-C', market(url).dir, 'doctor', '--offline', '--json']);
    expect(code).toBe(0);
    expect(brief(out)).toEqual([...MACHINE, 'hosts ok']);
    expect(checksIn(out).at(-1)?.detail).toBe('not asked: --offline');
    expect(asked).toEqual([]);
  });

  it('looks at the machine alone where there is no manifest', async () => {
    const rig = new Rig({});
    const { code, out } = await cli(['doctor', '-q'], { cwd: rig.dir });
    expect({ code, out }).toEqual({
      code: 0,
      out: [
        'warn  manifest     there is no pipeline.yaml here: only the machine is looked at',
        '      → make a workspace with `pipeline init DIR`, or name one with `pipeline -C',
        '        DIR doctor`',
        '',
      ].join('\n'),
    });
    const all = await cli(['doctor'], { cwd: rig.dir });
    expect(all.out).toMatch(/\n6 checks: 5 ok, 1 warning\n$/);
  });

  it('asks no host in a workspace that is about something else', async () => {
    const rig = new Rig({
      'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, run: "echo 1 > ${out.text}" }\n',
    });
    const { code, out } = await cli(['-C', rig.dir, 'doctor', '--json']);
    expect(code).toBe(0);
    expect(checksIn(out).at(-1)).toEqual({
      name: 'hosts',
      state: 'ok',
      detail: 'not asked: the config names none of the market',
    });
  });

  it('exits 2 for a manifest that is broken, and for a folder that is not there', async () => {
    const rig = new Rig({ 'pipeline.yaml': 'version: 1\nrulez: {}\n' });
    const broken = await cli(['-C', rig.dir, 'doctor']);
    expect({ code: broken.code, out: broken.out }).toEqual({ code: 2, out: '' });
    expect(broken.err).toContain('pipeline.yaml:2:1');
    expect((await cli(['-C', 'nowhere', 'doctor'], { cwd: rig.dir })).code).toBe(2);
  });

  it('ends with 130 when it is interrupted', async () => {
    const abort = new AbortController();
    const { url } = await serve(() => abort.abort(new Error('interrupted by SIGINT')));
    const { code } = await cli(['-C', market(url).dir, 'doctor'], { signal: abort.signal });
    expect(code).toBe(130);
  });
});

describe('a proxy in .env', () => {
  const SECRETS = ['geheim', Buffer.from('nutzer:geheim').toString('base64')];

  /** The command itself: only a process has an environment that reaches sockets. */
  async function run(workspace: string, args: readonly string[]) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', '-C', workspace, ...args], {
      cwd: PROJECT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part) => (text += part));
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, text };
  }

  it('is asked with its password, which is printed nowhere', async () => {
    const tunnels: string[] = [];
    const server = createServer((_, response) => response.end()).on('connect', (request, socket) => {
      tunnels.push(`${request.url} ${request.headers['proxy-authorization']}`);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    const { url } = await listening(server, 'http');
    const rig = market('https://exchange.invalid');
    rig.write('.env', `HTTPS_PROXY="${url.replace('//', '//nutzer:geheim@')}"\nTOKEN=geheim-too\n`);

    const [doctor, build] = await Promise.all([
      run(rig.dir, ['--verbose', 'doctor']),
      run(rig.dir, ['--verbose', '--json', 'build', 'listing']),
    ]);
    expect([doctor.code, build.code]).toEqual([1, 1]);
    expect(doctor.text).toContain(`proxy        HTTPS_PROXY is ${url.replace('http://', '')}\n`);
    expect(doctor.text).toMatch(/answered 407\n/);
    expect(build.text).toContain('answered 407');
    expect([...new Set(tunnels)]).toEqual([`exchange.invalid:443 Basic ${SECRETS[1]}`]);
    for (const secret of SECRETS) expect(doctor.text + build.text).not.toContain(secret);
  });
});
