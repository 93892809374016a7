/** The reports that the last build with any has left, for metrics and messages: found in the records, read by the market. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { loadReported, REPORTS } from '../compose.ts';
import { lastOutputs } from './tables.ts';
import type { OpenWorkspace } from './workspace.ts';

type Loaded = Awaited<ReturnType<typeof loadReported>>;

export interface Reported {
  readonly document: ReturnType<Loaded['readSummaryDocument']>;
  readonly gaps: ReturnType<Loaded['readGaps']>;
  /** Relative to the workspace. */
  readonly folder: string;
  /** What these are told from others by. */
  readonly key: string | undefined;
}

/** Undefined where there are none. Throws an Error that names the file where one of them cannot be read. */
export async function readReported(opened: OpenWorkspace): Promise<Reported | undefined> {
  const outputs = lastOutputs(opened, REPORTS.rule);
  const [summary, gaps] = [outputs.get(REPORTS.summary), outputs.get(REPORTS.gaps)];
  if (summary === undefined || gaps === undefined) return undefined;
  const { readSummaryDocument, readGaps } = await loadReported();
  const { workspace } = opened;
  return {
    document: read(workspace, summary, readSummaryDocument),
    gaps: read(workspace, gaps, readGaps),
    folder: relative(workspace, dirname(summary)),
    key: reportsKey(workspace, summary),
  };
}

/** Of reports by the path of their summary: the number of the run stands in it. Undefined where they are gone. */
export function reportsKey(workspace: string, summary: string): string | undefined {
  const path = resolve(workspace, summary);
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${relative(workspace, path)} ${stat.size} ${stat.mtimeMs}`;
}

function read<T>(workspace: string, path: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${relative(workspace, path)}: ${why}`, { cause: thrown });
  }
}
