/**
 * The composition root: the only file that knows the engine and the tasks. It hands the one what it needs of
 * the other; it decides nothing itself.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../tasks/config.ts';
import { registry } from '../tasks/index.ts';
import { readMonitoring } from '../tasks/monitoring/settings.ts';
import type { ConfigSchema } from './engine/manifest/model.ts';
import type { Registry } from './engine/run/builtins.ts';
import { builtinsFrom } from './engine/run/builtins.ts';
import type { Builtins } from './engine/run/code.ts';
import { Threads } from './engine/run/threads.ts';

/** The project's folder in the source tree; `dist` when compiled. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Path below the compiled image of what `scripts/write-code.ts` leaves. */
export const SHIPPED_CODE = 'tasks/code.json';

/** Beside it: what tells this program from any other version of it. */
export const PROGRAM = 'program';

export const tasks: Registry = registry;

export const taskNames: readonly string[] = Object.keys(registry);

export const marketConfig: ConfigSchema = configSchema;

/** Who wants to know what of builds. */
export const monitoringOf = readMonitoring;
export type { Monitoring } from '../tasks/monitoring/settings.ts';
export { REPORTS } from '../tasks/monitoring/settings.ts';

export function builtins(): Builtins {
  // What Node runs in a thread must be compiled.
  const threads = root.endsWith('/dist') ? new Threads(new URL('./thread.js', import.meta.url)) : undefined;
  return builtinsFrom(registry, root, join(root, SHIPPED_CODE), threads);
}

/** Undefined when run from source, where nobody says what has changed of it. */
export function programDigest(): string | undefined {
  return root.endsWith('/dist') ? readFileSync(join(root, PROGRAM), 'utf8') : undefined;
}

/** What a thread runs that helps to look what has changed; undefined when run from source. */
export function looker(): URL | undefined {
  return root.endsWith('/dist') ? new URL('./looker.js', import.meta.url) : undefined;
}

/** The manifest and configs that `init` copies: they lie beside `package.json`. */
export function templateFile(relative: string): string {
  return readFileSync(join(projectFolder(), relative), 'utf8');
}

export function projectFolder(): string {
  return root.endsWith('/dist') ? dirname(root) : root;
}

/** Lazily: a query needs DuckDB, which takes longer to load than a no-op build takes in all. */
export async function loadQuery(): Promise<typeof import('../tasks/query.ts')> {
  return import('../tasks/query.ts');
}

/** Says how two files differ, for `verify`. */
export async function loadCompare(): Promise<typeof import('../tasks/compare.ts')> {
  return import('../tasks/compare.ts');
}

export async function loadReports(): Promise<typeof import('../tasks/reports/read.ts')> {
  return import('../tasks/reports/read.ts');
}

/** Finds halts that the calendar lacks, for `gaps --propose-halts`. */
export async function loadPropose(): Promise<typeof import('../tasks/quality/propose.ts')> {
  return import('../tasks/quality/propose.ts');
}

/** What summary.json of the reports is, for `schema`. */
export async function loadDocument(): Promise<typeof import('../tasks/reports/document.ts')> {
  return import('../tasks/reports/document.ts');
}

export type { LagResult } from '../tasks/lag.ts';

/** How old the newest bar of each symbol is, for `status`. */
export async function loadLag(): Promise<typeof import('../tasks/lag.ts')> {
  return import('../tasks/lag.ts');
}

/** Looks at the machine and at the hosts, for `doctor`. */
export async function loadDoctor(): Promise<typeof import('../tasks/doctor/examine.ts')> {
  return import('../tasks/doctor/examine.ts');
}

/** Sends events to whoever collects them, for `build --openlineage URL`. */
export async function loadPost(): Promise<typeof import('../tasks/lib/post.ts')> {
  return import('../tasks/lib/post.ts');
}

/** What the last reports say, for those who watch over builds. */
export async function loadReported(): Promise<
  Pick<typeof import('../tasks/reports/document.ts'), 'readSummaryDocument'> &
    Pick<typeof import('../tasks/reports/read.ts'), 'readGaps'>
> {
  return { ...(await import('../tasks/reports/document.ts')), ...(await import('../tasks/reports/read.ts')) };
}

/** Apart from the rest of the metrics: a build with nothing to do needs no more. */
export async function loadIdleMetrics(): Promise<typeof import('../tasks/monitoring/metrics-idle.ts')> {
  return import('../tasks/monitoring/metrics-idle.ts');
}

export async function loadMetrics(): Promise<
  typeof import('../tasks/monitoring/metrics.ts') & typeof import('../tasks/monitoring/machine.ts')
> {
  return {
    ...(await import('../tasks/monitoring/metrics.ts')),
    ...(await import('../tasks/monitoring/machine.ts')),
  };
}

export async function loadStepSummary(): Promise<typeof import('../tasks/monitoring/step-summary.ts')> {
  return import('../tasks/monitoring/step-summary.ts');
}

/** Who is told what, and how it gets there. */
export async function loadNotify(): Promise<
  typeof import('../tasks/monitoring/notify/tell.ts') &
    typeof import('../tasks/monitoring/notify/deliver.ts') &
    Pick<typeof import('../tasks/monitoring/notify/message.ts'), 'testBody'>
> {
  return {
    ...(await import('../tasks/monitoring/notify/tell.ts')),
    ...(await import('../tasks/monitoring/notify/deliver.ts')),
    ...(await import('../tasks/monitoring/notify/message.ts')),
  };
}

/** The local exchange that `demo` runs against. */
export async function loadEmulator(): Promise<
  typeof import('../tasks/binance/emulator/emulator.ts') &
    typeof import('../tasks/binance/emulator/demo-history.ts')
> {
  return {
    ...(await import('../tasks/binance/emulator/emulator.ts')),
    ...(await import('../tasks/binance/emulator/demo-history.ts')),
  };
}
