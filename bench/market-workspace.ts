/** A workspace with the manifest and the configs of the project and a config of the measurement's own. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../src/engine/json.ts';

export function layOutMarket(
  project: string,
  workspace: string,
  config: Readonly<Record<string, Json>>,
): void {
  mkdirSync(join(workspace, 'configs'), { recursive: true });
  cpSync(join(project, 'pipeline.yaml'), join(workspace, 'pipeline.yaml'));
  for (const name of readdirSync(join(project, 'configs')))
    if (name.endsWith('.yaml')) cpSync(join(project, 'configs', name), join(workspace, 'configs', name));
  writeFileSync(join(workspace, 'configs/data.history.yaml'), JSON.stringify(config));
}
