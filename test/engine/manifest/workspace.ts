/** A workspace in a scratch folder, loaded, with its diagnostics as they are printed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { Checked } from '../../../src/engine/diagnostic.ts';
import type { Json } from '../../../src/engine/json.ts';
import { loadManifest } from '../../../src/engine/manifest/load.ts';
import type { ConfigIssue, ConfigSchema, LoadOptions, Manifest } from '../../../src/engine/manifest/model.ts';
import { formatDiagnostics } from '../../../src/ui/diagnostic-printer.ts';

const scratch: string[] = [];

afterEach(() => {
  for (const folder of scratch.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export type Files = Readonly<Record<string, string | Uint8Array>>;

export function workspace(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'manifest-'));
  scratch.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Takes every config as it is. */
export const anyConfig: ConfigSchema = { check: () => [], complete: (config) => config, known: [] };

/** Knows these names and finds these issues. */
export function configSchema(
  known: readonly string[],
  check: (config: Json) => readonly ConfigIssue[] = () => [],
): ConfigSchema {
  return { check, complete: (config) => config, known };
}

export const NOW = Date.UTC(2024, 5, 15, 12, 0, 30);
export const YESTERDAY = Date.UTC(2024, 5, 14, 23, 59);

export function optionsFor(folder: string): LoadOptions {
  return {
    workspace: folder,
    set: [],
    asOf: undefined,
    defaultAsOf: YESTERDAY,
    now: NOW,
    builtinTasks: ['bars/normalize', 'bars/merge', 'reports/coverage'],
    configSchema: anyConfig,
  };
}

export function load(files: Files, options: Partial<LoadOptions> = {}): Checked<Manifest> {
  return loadManifest({ ...optionsFor(workspace(files)), ...options });
}

/** The manifest of a workspace in which nothing is wrong. */
export function loaded(files: Files | string, options: Partial<LoadOptions> = {}): Manifest {
  const result = load(typeof files === 'string' ? { 'pipeline.yaml': files } : files, options);
  if (!result.ok) throw new Error(print(result.diagnostics));
  return result.value;
}

/** What is printed: a line end before and after, so that snapshots stand by themselves. */
export function mistakes(files: Files | string, options: Partial<LoadOptions> = {}): string {
  const result = load(typeof files === 'string' ? { 'pipeline.yaml': files } : files, options);
  return print(result.ok ? result.warnings : result.diagnostics);
}

function print(diagnostics: Parameters<typeof formatDiagnostics>[0]): string {
  return `\n${formatDiagnostics(diagnostics, { color: false, width: 120 })}\n`;
}

/** A manifest with one rule that is in order, for mistakes elsewhere. */
export const RULE = `rules:
  hello:
    out: { text: out/hello.txt }
    run: "echo hello > \${out.text}"
`;
