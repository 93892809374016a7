/**
 * The registry: every built-in task by the name that manifests use. Modules are imported only when a target
 * runs. Knows no manifest and no engine but the contract.
 */
import type { Task } from '../src/engine/task.ts';

export interface Registered {
  /** Of the entry module, relative to the project's folder, as it stands in the source tree. */
  readonly module: string;
  // biome-ignore lint/suspicious/noExplicitAny: each task has its own type of params, checked by its own parser
  load(): Promise<{ readonly default: Task<any> }>;
  /** It computes, and is worth a thread: it asks no server and keeps nothing that other targets use. */
  readonly apart?: true;
}

export const registry: Readonly<Record<string, Registered>> = {
  'binance/universe': { module: 'tasks/binance/universe.ts', load: () => import('./binance/universe.ts') },
  'binance/listing': { module: 'tasks/binance/listing.ts', load: () => import('./binance/listing.ts') },
  'binance/sources': { module: 'tasks/binance/sources.ts', load: () => import('./binance/sources.ts') },
  'binance/archive': { module: 'tasks/binance/archive.ts', load: () => import('./binance/archive.ts') },
  'binance/fill': { module: 'tasks/binance/fill.ts', load: () => import('./binance/fill.ts') },
  'binance/whole-month': {
    module: 'tasks/binance/whole-month.ts',
    load: () => import('./binance/whole-month.ts'),
  },
  'bars/normalize': {
    module: 'tasks/bars/normalize.ts',
    load: () => import('./bars/normalize.ts'),
    apart: true,
  },
  'bars/merge': {
    module: 'tasks/bars/merge.ts',
    load: () => import('./bars/merge.ts'),
    apart: true,
  },
  'features/tail': {
    module: 'tasks/features/tail.ts',
    load: () => import('./features/tail.ts'),
    apart: true,
  },
  'features/resample': {
    module: 'tasks/features/resample.ts',
    load: () => import('./features/resample.ts'),
    apart: true,
  },
  'reconcile/months': {
    module: 'tasks/reconcile/months.ts',
    load: () => import('./reconcile/months.ts'),
    apart: true,
  },
  'reconcile/crosscheck': {
    module: 'tasks/reconcile/crosscheck.ts',
    load: () => import('./reconcile/crosscheck.ts'),
    apart: true,
  },
  'reports/coverage': {
    module: 'tasks/reports/coverage.ts',
    load: () => import('./reports/coverage.ts'),
    apart: true,
  },
};
