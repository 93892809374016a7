/**
 * Everything that `doctor` looks at, in the order in which it is shown: the machine first, which takes no time, then
 * the hosts, side by side. It changes nothing but for probe files, which it removes; it prints nothing.
 */
import { resolve } from 'node:path';
import type { Json } from '../../src/engine/task.ts';
import { dispatcherFor } from '../lib/http-agent.ts';
import type { NetworkSettings } from '../lib/settings.ts';
import type { Check } from './check.ts';
import { failed, ok } from './check.ts';
import { fileSystemCheck, folderCheck, freeBytes, sameVolume } from './folders.ts';
import { archiveChecks } from './hosts.ts';
import { diskCheck, nodeCheck } from './machine.ts';
import { foldersOf, marketOf, networkOf } from './market.ts';
import { proxyCheck } from './proxy.ts';
import { restChecks } from './rest.ts';

export type { Check } from './check.ts';

export interface Patient {
  /** Absolute. */
  readonly workspace: string;
  /** The merged config; undefined where there is no manifest. */
  readonly config: Json | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `process.versions.node`, and what package.json asks for. */
  readonly node: { readonly version: string; readonly engines: string };
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Default: 5 s. */
  readonly waitMs?: number;
}

const WAIT_MS = 5_000;

export async function examineMachine({ workspace, config, env, node }: Patient): Promise<readonly Check[]> {
  const network = networkOf(config ?? {});
  return [
    nodeCheck(node.version, node.engines),
    ...workspaceChecks(workspace),
    ...(config === undefined || marketOf(config) === undefined
      ? spaceChecks('disk', '.', workspace)
      : folderChecks(workspace, config)),
    proxyCheck(env),
    ...(network.ca_file ? [await authorityCheck(workspace, network, network.ca_file)] : []),
  ];
}

/** What a folder cannot do that nobody may write to needs no second line. */
function workspaceChecks(workspace: string): readonly Check[] {
  const instead = 'work in a folder of your own';
  const written = folderCheck({ name: 'workspace', shown: '.', path: workspace, instead });
  return written.state === 'ok' ? [written, fileSystemCheck(workspace)] : [written];
}

/** Rejects with the signal's reason when it is aborted. */
export async function examineHosts(patient: Patient): Promise<readonly Check[]> {
  const { workspace, config = {}, signal, now, waitMs = WAIT_MS } = patient;
  const market = marketOf(config);
  if (market === undefined) return [ok('hosts', 'not asked: the config names none of the market')];
  const asking = { workspace, network: networkOf(config), signal, waitMs };
  const found = await Promise.all([archiveChecks(market, asking, now), restChecks(market, asking, now)]);
  return found.flat();
}

function folderChecks(workspace: string, config: Json): readonly Check[] {
  const folders = foldersOf(config).map(([name, shown]) => ({
    name,
    shown,
    path: resolve(workspace, shown),
    instead: `name another folder in paths.${name}`,
  }));
  const checks = folders.map(folderCheck);
  const [raw, cache] = folders;
  if (raw === undefined || cache === undefined) return checks;
  checks.push(...spaceChecks('disk', raw.shown, raw.path));
  const both = `${raw.shown} and ${cache.shown} are on`;
  switch (sameVolume(raw.path, cache.path)) {
    case true:
      return [...checks, ok('volumes', `${both} one volume`)];
    case false: {
      const two = ok('volumes', `${both} two volumes: each needs room of its own`);
      return [...checks, two, ...spaceChecks('cache-disk', cache.shown, cache.path)];
    }
    case undefined:
      return checks;
  }
}

/** Where nobody may look, the check of the folder has said so. */
function spaceChecks(name: string, shown: string, path: string): readonly Check[] {
  const free = freeBytes(path);
  return typeof free === 'string' ? [] : [diskCheck(name, shown, free)];
}

async function authorityCheck(workspace: string, network: NetworkSettings, file: string): Promise<Check> {
  const name = 'ca-file';
  const made = await dispatcherFor(workspace, network);
  // Of the proxies another check has spoken.
  if (!made.ok && made.failure.code === 'ca-file') return failed(name, made.failure);
  return ok(name, `${file} counts beside the well-known authorities`);
}
