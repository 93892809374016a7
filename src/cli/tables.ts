/** What the last builds left, by name: the files behind `coverage`, `gaps` and `query`. Knows no contents. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Graph } from '../engine/graph/graph.ts';
import { literalPrefix } from '../engine/graph/template.ts';
import type { Manifest } from '../engine/manifest/model.ts';
import type { Loaded } from '../engine/state/journal.ts';
import { openForReading } from '../engine/state/workspace-state.ts';
import type { OpenWorkspace } from './workspace.ts';

export interface BuiltTable {
  readonly name: string;
  readonly kind: 'parquet' | 'csv';
  /** Absolute, in partition order; only those that exist. */
  readonly files: readonly string[];
  /** Folder below which `key=value` folders are columns. */
  readonly hiveRoot: string;
}

/**
 * A table for each output that is Parquet or CSV. Parquet tables are called like their rule (`bars`), CSV tables
 * like their output (`coverage`); a name that is taken already gets the other one before it: `reports_coverage`.
 */
export function builtTables({ workspace, manifest }: OpenWorkspace): readonly BuiltTable[] {
  const { loaded } = openForReading(workspace);
  const graph = new Graph(manifest);
  const tables = new Map<string, BuiltTable>();
  for (const { rule, output, kind, root } of declaredTables(manifest)) {
    const files: string[] = [];
    for (const target of targetsOf(graph, rule, loaded)) {
      const path = loaded.successes.get(target)?.outputs.find(({ name }) => name === output)?.path;
      if (path === undefined) continue;
      const file = resolve(workspace, path);
      if (existsSync(file)) files.push(file);
    }
    const short = kind === 'parquet' ? rule : output;
    const name = tables.has(short) ? `${rule}_${output}` : short;
    tables.set(name, { name, kind, files, hiveRoot: resolve(workspace, root) });
  }
  return [...tables.values()];
}

/** Where the last build of a rule without dimensions has left its outputs: absolute, by name, only those that exist. */
export function lastOutputs({ workspace }: OpenWorkspace, rule: string): ReadonlyMap<string, string> {
  const { loaded } = openForReading(workspace);
  const outputs = loaded.successes.get(rule)?.outputs ?? [];
  return new Map(
    outputs.flatMap(({ name, path }) => {
      const file = resolve(workspace, path);
      return existsSync(file) ? [[name, file]] : [];
    }),
  );
}

/** Not those of symbols that the config has dropped. Where keys are known only to a build: whatever was built. */
function targetsOf(graph: Graph, rule: string, { successes }: Loaded): readonly string[] {
  const { targets, awaits } = graph.enumerate(graph.rule(rule));
  if (awaits.length > 0)
    return [...successes.keys()].filter((target) => target === rule || target.startsWith(`${rule}/`));
  return targets.map((index) => graph.target(index).id);
}

interface DeclaredTable {
  readonly rule: string;
  readonly output: string;
  readonly kind: 'parquet' | 'csv';
  /** The folder that all its files lie below. */
  readonly root: string;
}

/** Final outputs before intermediates, so that `bars` is the rule of that name. */
function declaredTables(manifest: Manifest): readonly DeclaredTable[] {
  const rules = [...manifest.rules.values()];
  return [
    ...rules.filter((rule) => !rule.intermediate),
    ...rules.filter((rule) => rule.intermediate),
  ].flatMap((rule) =>
    rule.outputs.flatMap(({ name, template, directory }): DeclaredTable[] => {
      const last = template.parts.at(-1);
      const kind = (['parquet', 'csv'] as const).find(
        (each) => typeof last === 'string' && last.endsWith(`.${each}`),
      );
      return kind === undefined || directory
        ? []
        : [{ rule: rule.name, output: name, kind, root: dirname(literalPrefix(template)) }];
    }),
  );
}
