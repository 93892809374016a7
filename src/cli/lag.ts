/** The lag section of `pipeline status`: which summaries the builds have left, handed to the market that reads them. */
import { relative, resolve } from 'node:path';
import { z } from 'zod';
import type { LagResult } from '../compose.ts';
import { loadLag } from '../compose.ts';
import type { TargetStatus } from '../engine/events.ts';
import type { Json } from '../engine/json.ts';
import type { Manifest } from '../engine/manifest/model.ts';
import type { Session } from '../engine/run/session.ts';
import type { Survey } from '../engine/status.ts';
import type { SymbolLag } from '../ui/lag-table.ts';
import { ruleOf } from '../ui/target-name.ts';
import type { Io } from './io.ts';
import { complain } from './io.ts';
import type { OpenWorkspace } from './workspace.ts';

type Surveyed = Extract<Survey, { kind: 'surveyed' }>;

/**
 * Of the symbols that the surveyed targets are about. Undefined where the manifest has no such rule. Months without
 * a record are passed over in memory, so that one file a symbol is opened.
 */
export async function lagOf(
  { workspace, manifest }: OpenWorkspace,
  { session, targets }: Surveyed,
  io: Io,
): Promise<readonly SymbolLag[] | undefined> {
  const found = await readLagOf(workspace, manifest, session, targets);
  for (const path of found?.unreadable ?? [])
    complain(
      io,
      `${relative(workspace, path)} cannot be read as a summary of bars`,
      'make it again with `pipeline build`',
    );
  return found?.lag;
}

/** What a build that has found nothing to do keeps for `status`; undefined where that has more to say. */
export async function lagToRemember(
  { workspace, manifest }: OpenWorkspace,
  session: Session,
): Promise<Json | undefined> {
  const { targets } = session.graph;
  const settled = targets.filter(({ index }) => session.settled(index) !== undefined);
  const named = settled.map(({ id }) => ({ target: id }));
  const found = await readLagOf(workspace, manifest, session, named);
  if (found === undefined) return null;
  return found.unreadable.length > 0 ? undefined : found.lag.map((each) => ({ ...each }));
}

const remembered = z
  .array(z.object({ symbol: z.string(), newest: z.string().nullable(), lagSeconds: z.number().nullable() }))
  .nullable();

export function rememberedLag(also: Json): readonly SymbolLag[] | undefined {
  return remembered.parse(also) ?? undefined;
}

async function readLagOf(
  workspace: string,
  manifest: Manifest,
  { graph, loaded }: Session,
  targets: readonly Pick<TargetStatus, 'target'>[],
): Promise<LagResult | undefined> {
  const { LAG_SOURCE, readLag } = await loadLag();
  const rule = manifest.rules.get(LAG_SOURCE.rule);
  const position = rule?.for.indexOf(LAG_SOURCE.dimension) ?? -1;
  if (rule === undefined || position < 0 || !rule.outputs.some(({ name }) => name === LAG_SOURCE.output))
    return undefined;
  const paths = new Map<string, string[]>();
  for (const { target } of targets) {
    const symbol = ruleOf(target) === rule.name ? graph.find(target)?.keys[position] : undefined;
    if (symbol !== undefined) paths.set(symbol, []);
  }
  const named = graph.enumerate(rule, (name, key) => name !== LAG_SOURCE.dimension || paths.has(key));
  for (const index of named.targets) {
    const { id, keys } = graph.target(index);
    const left = loaded.successes.get(id)?.outputs.find(({ name }) => name === LAG_SOURCE.output);
    if (left !== undefined) paths.get(keys[position] ?? '')?.push(resolve(workspace, left.path));
  }
  const symbols = [...paths].map(([symbol, summaries]) => ({ symbol, summaries: summaries.reverse() }));
  return readLag(symbols, manifest.asOf);
}
