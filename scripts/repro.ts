/**
 * `npm run repro`: builds one market from one local exchange several times, each time in surroundings that must not
 * matter (folder, time zone, locale, umask, number of cores and jobs, version of Node), and compares every byte that
 * is published. Exit 3 with a table when any differs. Node versions come from npm's own packages; without a registry
 * that is said, and the rest is compared all the same.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEmulator, projectFolder } from '../src/compose.ts';
import { sha256File } from '../src/engine/hash.ts';
import { byCodeUnit } from '../src/engine/json.ts';

/** What npm calls the packages that hold one binary of Node each. */
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;
const MAIN = join(projectFolder(), 'dist/src/main.js');
const SYMBOLS = '["BTCUSDT", "ETHUSDT"]';

interface Surroundings {
  readonly name: string;
  readonly folder: string;
  readonly node: string;
  readonly env: Readonly<Record<string, string>>;
  readonly umask: string;
  readonly jobs: number;
  /** Bound to one core, where `taskset` is at hand. */
  readonly oneCore?: true;
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const scratch = mkdtempSync(join(tmpdir(), 'pipeline-repro-'));
try {
  process.exitCode = await compare();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function compare(): Promise<number> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build\` first`);
  const { startEmulator, demoHistory, DEMO_AS_OF, DEMO_DAMAGED_KEY } = await loadEmulator();
  const exchange = await startEmulator({ history: demoHistory(7) });
  exchange.mend(DEMO_DAMAGED_KEY);
  try {
    const settings = [
      `symbols=${SYMBOLS}`,
      'history.start_ts_utc=2024-12-01T00:00:00Z',
      `history.end_ts_utc=${DEMO_AS_OF}`,
      `binance.archive_url=${exchange.archiveUrl}`,
      `binance.listing_url=${exchange.listingUrl}`,
      `binance.rest_url=${exchange.restUrl}`,
      // They tell of the build itself, its durations among them.
      'monitoring.metrics=null',
    ].flatMap((each) => ['--set', each]);
    const built: { readonly name: string; readonly digests: ReadonlyMap<string, string> }[] = [];
    for (const each of surroundings()) {
      const started = performance.now();
      const digests = await build(each, settings);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      say(`${each.name}: ${digests.size} files, ${seconds} s`);
      built.push({ name: each.name, digests });
    }
    return report(built);
  } finally {
    await exchange.close();
  }
}

function surroundings(): readonly Surroundings[] {
  const plain = { node: process.execPath, umask: '022', jobs: 2 };
  const all: Surroundings[] = [
    { ...plain, name: `Node ${process.versions.node}`, folder: 'plain', env: { TZ: 'UTC', LC_ALL: 'C' } },
    {
      ...plain,
      name: 'another folder, time zone, locale and umask, 8 jobs',
      folder: 'a folder, elsewhere/with ünïcode',
      env: { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', HOME: '/nonexistent' },
      umask: '077',
      jobs: 8,
    },
    {
      ...plain,
      name: 'one core, one job, a far time zone',
      folder: 'one',
      env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'C' },
      jobs: 1,
      oneCore: true,
    },
  ];
  for (const range of ['20', 'latest']) {
    const node = nodeOf(range);
    if (node === undefined) say(`Node ${range}: not compared, npm cannot fetch ${NODE_PACKAGE}@${range}`);
    else if (node.version !== process.versions.node)
      all.push({ ...plain, name: `Node ${node.version}`, folder: `node ${range}`, node: node.path, env: {} });
  }
  return all;
}

/** A binary of Node out of npm's package of it; no script of any package is run. */
function nodeOf(range: string): { readonly path: string; readonly version: string } | undefined {
  const prefix = join(scratch, `npm-${range}`);
  mkdirSync(prefix);
  const args = ['install', '--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  const fetched = spawnSync('npm', [...args, `${NODE_PACKAGE}@${range}`], { stdio: 'ignore' });
  const path = join(prefix, 'node_modules', NODE_PACKAGE, 'bin/node');
  if (fetched.status !== 0 || !existsSync(path)) return undefined;
  const version = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim();
  return { path, version };
}

async function build(
  { name, folder, node, env, umask, jobs, oneCore }: Surroundings,
  settings: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const workspace = join(scratch, folder);
  mkdirSync(join(workspace, '..'), { recursive: true });
  const bound = oneCore && spawnSync('taskset', ['--version']).status === 0 ? ['taskset', '-c', '0'] : [];
  const run = async (...args: readonly string[]): Promise<void> => {
    // The shell sets the umask; each word stays a word.
    const words = ['-c', `umask ${umask}; exec "$@"`, 'sh', ...bound, node, MAIN, ...args];
    const child = spawn('/bin/sh', words, { env: { PATH: process.env['PATH'] ?? '', ...env } });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += String(chunk);
    });
    child.stdout.resume();
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${name}: \`pipeline ${args.join(' ')}\` ended with ${code}:\n${errors}`);
  };
  await run('init', workspace);
  await run('-C', workspace, ...settings, 'build', '-j', String(jobs));
  return digestsOf(workspace);
}

/** Everything that readers and version control see: data, reports and the lockfile. */
async function digestsOf(workspace: string): Promise<ReadonlyMap<string, string>> {
  const found: [string, string][] = [];
  const shown = ['data/processed', 'data/features', 'reports', 'pipeline.lock', 'pipeline.lock.d'];
  for (const top of shown.filter((each) => existsSync(join(workspace, each)))) {
    const names = lstatSync(join(workspace, top)).isFile()
      ? [top]
      : readdirSync(join(workspace, top), { recursive: true, encoding: 'utf8' }).map((name) =>
          join(top, name),
        );
    for (const name of names) {
      if (lstatSync(join(workspace, name)).isFile())
        found.push([name, await sha256File(join(workspace, name))]);
    }
  }
  return new Map(found.sort(([a], [b]) => byCodeUnit(a, b)));
}

function report(
  built: readonly { readonly name: string; readonly digests: ReadonlyMap<string, string> }[],
): number {
  const [first, ...others] = built;
  if (first === undefined) throw new Error('nothing was built');
  let differing = 0;
  for (const { name, digests } of others) {
    for (const path of new Set([...first.digests.keys(), ...digests.keys()])) {
      const [was, is] = [first.digests.get(path), digests.get(path)];
      if (was === is) continue;
      differing++;
      say(`differs  ${path}\n  ${first.name}: ${was ?? 'missing'}\n  ${name}: ${is ?? 'missing'}`);
    }
  }
  if (differing > 0) return 3;
  say(`the same ${first.digests.size} files, byte for byte, ${built.length} times`);
  return 0;
}
