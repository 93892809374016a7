/**
 * A small market for tests of the lockfile: a universe that gives symbols, a listing that is asked again and again, the
 * files that it names, and what is made of them. Its outside world is a folder beside the workspace.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Json } from '../../../src/engine/json.ts';
import type { Task } from '../../../src/engine/task.ts';
import { inputPath, outputPath } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

export const MANIFEST = `version: 1
configs: [config.yaml]
as_of: "2024-02-29T23:59:00Z"
dimensions:
  symbol: \${symbols}
  month: { every: month, from: "2024-01-01T00:00:00Z", to: "2024-02-29T23:59:00Z" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  listing:
    for: [symbol]
    out: { listing: "raw/\${symbol}/listing.json" }
    task: listing
    source: true
    refresh: { after: 1h }
  sources:
    for: [symbol]
    in: { listing: { rule: listing } }
    out: { sources: "raw/\${symbol}/sources.json" }
    task: sources
  archive:
    for: [symbol, file]
    in: { entry: { rule: sources, pointer: "/files/\${file}" } }
    out: { zip: "raw/\${symbol}/\${file}.zip" }
    task: archive
    source: true
  staged:
    for: [symbol, month]
    in: { zips: { rule: archive }, plan: { rule: sources, pointer: "/months/\${month}" } }
    out: { rows: "cache/\${symbol}/\${month}.txt" }
    task: staged
    intermediate: true
  bars: { for: [symbol, month], in: { staged: { rule: staged } }, out: { bars: "bars/\${symbol}/\${month}.txt" }, task: copy }
  report:
    in: { bars: { rule: bars, failed: omit }, first: { rule: sources, pointer: /first, failed: omit } }
    out: { text: "reports/\${run_id}/report.txt" }
    task: report
`;

/** What the world has: per symbol its files, each with a revision and a text. */
export class World {
  readonly #folder: string;
  /** Targets whose tasks have asked the world for something, in order. */
  readonly asked: string[] = [];

  constructor() {
    this.#folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-world-')));
    onTestFinished(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  publish(symbol: string, file: string, text: string): void {
    const path = join(this.#folder, symbol, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    this.list(symbol, { ...this.listed(symbol), [file]: { revision: text.length, text: text.slice(0, 3) } });
  }

  withdraw(symbol: string, file: string): void {
    rmSync(join(this.#folder, symbol, file), { force: true });
  }

  list(symbol: string, files: Readonly<Record<string, Json>>): void {
    mkdirSync(join(this.#folder, symbol), { recursive: true });
    writeFileSync(join(this.#folder, symbol, 'listing'), JSON.stringify(files));
  }

  listed(symbol: string): Readonly<Record<string, Json>> | undefined {
    const path = join(this.#folder, symbol, 'listing');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Json>) : undefined;
  }

  get(target: string, symbol: string, file: string): string | undefined {
    this.asked.push(target);
    const path = join(this.#folder, symbol, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
}

export function tasksOf(world: World): ReturnType<typeof fakeTasks> {
  const listing: Task['run'] = (ctx) => {
    world.asked.push(ctx.target);
    const files = world.listed(ctx.partition.keys['symbol'] ?? '');
    if (files === undefined) return { absent: 'nothing is listed' };
    writeFileSync(outputPath(ctx, 'listing'), JSON.stringify(files));
    return undefined;
  };
  const sources: Task['run'] = (ctx) => {
    const files = JSON.parse(readFileSync(inputPath(ctx, 'listing'), 'utf8')) as Record<string, Json>;
    const months: Record<string, string[]> = {};
    for (const file of Object.keys(files)) {
      const month = file.slice(0, 7);
      months[month] = [...(months[month] ?? []), file];
    }
    const first = Object.keys(files).sort()[0] ?? null;
    writeFileSync(outputPath(ctx, 'sources'), JSON.stringify({ files, months, first }));
  };
  const archive: Task['run'] = (ctx) => {
    const { symbol = '', part = '', file = part } = ctx.partition.keys;
    const text = world.get(ctx.target, symbol, file);
    if (text === undefined)
      return { failed: { code: 'gone', message: `${ctx.target}: there is no such file` } };
    writeFileSync(outputPath(ctx, 'zip'), text);
    return undefined;
  };
  const staged: Task['run'] = (ctx) => {
    const texts = (ctx.members['zips'] ?? []).map(({ path }) => readFileSync(path, 'utf8'));
    writeFileSync(outputPath(ctx, 'rows'), `${texts.join('+')} of ${JSON.stringify(ctx.values['plan'])}`);
  };
  const copy: Task['run'] = (ctx) =>
    writeFileSync(outputPath(ctx, 'bars'), readFileSync(inputPath(ctx, 'staged'), 'utf8'));
  const report: Task['run'] = (ctx) => {
    const bars = (ctx.members['bars'] ?? []).map(({ path }) => readFileSync(path, 'utf8'));
    const absent = Object.values(ctx.absent).flatMap((list) =>
      list.map(({ target, reason }) => `${target}: ${reason}`),
    );
    const first = JSON.stringify(ctx.values['first']);
    writeFileSync(outputPath(ctx, 'text'), [first, ...bars, ...absent].join('\n'));
  };
  return fakeTasks({ listing, sources, archive, staged, copy, report });
}

export const CONFIG = 'symbols: [b, a]\n';
/** Two months of `a`, one of them in two files; one of `b`. */
export function fill(world: World): void {
  world.publish('a', '2024-01', 'january of a');
  world.publish('a', '2024-02-01', 'first of february');
  world.publish('a', '2024-02-02', 'second of february');
  world.publish('b', '2024-01', 'january of b');
}

export interface Market {
  readonly world: World;
  readonly rig: Rig;
}

export function market(manifest = MANIFEST): Market {
  const world = new World();
  fill(world);
  return { world, rig: workspace(world, manifest) };
}

export function workspace(world: World, manifest = MANIFEST, config = CONFIG): Rig {
  return new Rig({ 'pipeline.yaml': manifest, 'config.yaml': config }, { builtins: tasksOf(world) });
}

/** Another checkout: what is committed, and nothing that was built. */
export function clone({ rig, world }: Market): Rig {
  const copy = workspace(world, rig.read('pipeline.yaml'), rig.read('config.yaml'));
  for (const path of ['pipeline.lock', ...rig.files('pipeline.lock.d')]) copy.write(path, rig.read(path));
  return copy;
}

/** Everything that was built to be kept, by path. */
export function built(rig: Rig): Readonly<Record<string, string>> {
  const paths = ['bars', 'reports'].flatMap((folder) => rig.files(folder));
  return Object.fromEntries(paths.map((path) => [path, rig.read(path)]));
}
