/**
 * The journal at scale: opening one of 100,000 records as the market's rules leave them, and reading them; then whole
 * builds and `status` with nothing to do. The set-up really builds, so it is laid out in memory where there is room.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, loadJournal } from '../src/engine/state/journal.ts';
import { marketRecords } from './market-records.ts';
import { median } from './median.ts';

export type JournalResult =
  | {
      readonly part: 'journal';
      readonly records: number;
      readonly megabytes: number;
      /** Each from the start: opened, with the facts of each record, with its parts too. */
      readonly seconds: { readonly load: number; readonly facts: number; readonly parts: number };
    }
  | {
      readonly part: 'no-op';
      readonly targets: number;
      readonly seconds: { readonly build: number; readonly status: number };
    };

const RECORDS = [20_000, 100_000];
/** Of one symbol: a target for each day, one for each month. */
const DAYS = 1_000;
const SYMBOLS = [20, 97];

export async function benchJournal(project: string, repeats: number): Promise<readonly JournalResult[]> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pipeline-bench-'));
  try {
    const loads = RECORDS.map((records) => measureLoad(folder, records, repeats));
    return [...loads, ...SYMBOLS.map((symbols) => measureNoOp(project, folder, symbols, repeats))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureLoad(folder: string, records: number, repeats: number): JournalResult {
  const path = join(folder, `journal-${records}`);
  const journal = new Journal(path, `${path}.new`);
  for (const record of marketRecords(records)) journal.append(record, false);
  journal.close();
  const turns = Array.from({ length: repeats }, () => {
    const started = performance.now();
    const elapsed = (): number => (performance.now() - started) / 1_000;
    const { successes } = loadJournal(path);
    const load = elapsed();
    let seen = 0;
    for (const { outputs } of successes.values()) seen += outputs.length;
    const facts = elapsed();
    for (const { parts } of successes.values()) seen += parts.length;
    if (successes.size !== records || seen < records)
      throw new Error(`of ${records} records some are missing`);
    return { load, facts, parts: elapsed() };
  });
  return {
    part: 'journal',
    records,
    megabytes: Math.round(statSync(path).size / 1e6),
    seconds: {
      load: median(turns.map(({ load }) => load)),
      facts: median(turns.map(({ facts }) => facts)),
      parts: median(turns.map(({ parts }) => parts)),
    },
  };
}

function measureNoOp(project: string, folder: string, symbols: number, repeats: number): JournalResult {
  const workspace = join(folder, `ws-${symbols}`);
  layOut(workspace, symbols);
  const run = (...args: readonly string[]): { readonly seconds: number; readonly out: string } => {
    const started = performance.now();
    const program = join(project, 'dist/src/main.js');
    const ended = spawnSync(process.execPath, [program, ...args], { cwd: workspace, encoding: 'utf8' });
    if (ended.status !== 0) throw new Error(`${args.join(' ')} failed: ${ended.stderr}`);
    return { seconds: (performance.now() - started) / 1_000, out: ended.stdout };
  };
  run('build', '--quiet');
  const turns = Array.from({ length: repeats }, () => ({
    build: run('build', '--quiet').seconds,
    status: run('status', '--check'),
  }));
  const targets = Number(turns[0]?.status.out.match(/(\d+) targets: \1 fresh/)?.[1]);
  if (!(targets > symbols * DAYS)) throw new Error(`not all is fresh: ${turns[0]?.status.out}`);
  return {
    part: 'no-op',
    targets,
    seconds: {
      build: median(turns.map(({ build }) => build)),
      status: median(turns.map(({ status }) => status.seconds)),
    },
  };
}

function layOut(workspace: string, count: number): void {
  mkdirSync(join(workspace, 'in'), { recursive: true });
  const symbols = Array.from({ length: count }, (_, at) => `S${at}USDT`);
  for (const symbol of symbols) writeFileSync(join(workspace, 'in', `${symbol}.txt`), symbol);
  const first = Date.UTC(2020, 0, 1);
  const asOf = new Date(first + DAYS * 86_400_000 - 60_000).toISOString().replace('.000', '');
  writeFileSync(join(workspace, 'copy.js'), COPY);
  writeFileSync(join(workspace, 'pipeline.yaml'), MANIFEST);
  writeFileSync(
    join(workspace, 'config.yaml'),
    `until: "${asOf}"\nsymbols: ${JSON.stringify(symbols)}\ninterval: 1m\nmarket: spot\n`,
  );
}

const COPY = `import { writeFileSync } from 'node:fs';
export default { version: 1, run: (ctx) => writeFileSync(ctx.outputs.text, ctx.target) };
`;

const MANIFEST = `version: 1
configs: [config.yaml]
as_of: "\${until}"
dimensions:
  symbol: \${symbols}
  day: { every: day, from: "2020-01-01T00:00:00Z", to: "\${as_of}" }
  month: { every: month, from: "2020-01-01T00:00:00Z", to: "\${as_of}" }
rules:
  days:
    for: [symbol, day]
    in: { text: "in/\${symbol}.txt" }
    out: { text: "out/\${symbol}/\${day}.txt" }
    task: ./copy.js
    params: { symbol: "\${symbol}", interval: "\${interval}", market: "\${market}" }
  months:
    for: [symbol, month]
    in: { days: { rule: days } }
    out: { text: "months/\${symbol}/\${month}.txt" }
    task: ./copy.js
  total:
    in: { months: { rule: months } }
    out: { text: total.txt }
    task: ./copy.js
`;
