/** `pipeline doctor`: whether this machine and the hosts are fit for a build, and what to do where they are not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadDoctor, templateFile } from '../compose.ts';
import { formatInstant } from '../engine/manifest/instant.ts';
import type { DoctorCheck } from '../ui/doctor-table.ts';
import { countChecks, formatChecks } from '../ui/doctor-table.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { outTerminal, printJson } from './io.ts';
import type { Common, OpenWorkspace } from './workspace.ts';
import { enterWorkspace, openWorkspace } from './workspace.ts';

const MANIFEST = 'pipeline.yaml';

export async function doctor(
  common: Common,
  { offline }: { readonly offline: boolean },
  io: Io,
): Promise<ExitCode> {
  const workspace = enterWorkspace(common, io);
  const opened = existsSync(join(workspace, MANIFEST)) ? openWorkspace(common, io, workspace) : 'none';
  if (opened === undefined) return EXIT.usage;
  const { examineMachine, examineHosts } = await loadDoctor();
  const patient = {
    workspace,
    config: opened === 'none' ? undefined : opened.manifest.config,
    env: io.env,
    node: { version: process.versions.node, engines: enginesOf(templateFile('package.json')) },
    signal: io.signal,
    now: io.now,
  };
  const checks: DoctorCheck[] = [];
  /** As they come: hosts may take seconds. */
  const tell = (found: readonly DoctorCheck[]): void => {
    checks.push(...found);
    const shown = common.quiet ? found.filter(({ state }) => state !== 'ok') : found;
    if (!common.json) io.stdout.write(formatChecks(shown, outTerminal(io)));
  };
  tell([manifestCheck(opened), ...(await examineMachine(patient))]);
  if (opened !== 'none') tell(offline ? [ok('hosts', 'not asked: --offline')] : await examineHosts(patient));
  if (common.json) printJson(io, { checks });
  else if (!common.quiet) io.stdout.write(`${countChecks(checks)}\n`);
  return checks.some(({ state }) => state === 'fail') ? EXIT.failed : EXIT.done;
}

function ok(name: string, detail: string): DoctorCheck {
  return { name, state: 'ok', detail };
}

function manifestCheck(opened: OpenWorkspace | 'none'): DoctorCheck {
  const name = 'manifest';
  if (opened !== 'none') {
    const { file, rules, asOf } = opened.manifest;
    const count = rules.size === 1 ? '1 rule' : `${rules.size} rules`;
    return ok(name, `${file} has ${count}, as of ${formatInstant(asOf)}`);
  }
  return {
    name,
    state: 'warn',
    detail: `there is no ${MANIFEST} here: only the machine is looked at`,
    hint: 'make a workspace with `pipeline init DIR`, or name one with `pipeline -C DIR doctor`',
  };
}

function enginesOf(text: string): string {
  const { engines } = JSON.parse(text) as { readonly engines: { readonly node: string } };
  return engines.node;
}
