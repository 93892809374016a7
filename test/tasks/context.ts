/**
 * A task context without an engine: a scratch workspace, temporary output paths, and what the task said.
 * It runs no task and knows no rule. The scratch folder goes when the test ends.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Json, Partition, TaskContext } from '../../src/engine/task.ts';

export interface FakeContextOptions<P>
  extends Partial<Omit<TaskContext<P>, 'outputs' | 'finalOutputs' | 'params'>> {
  readonly params: P;
  /** How many tries there are. Default: one. */
  readonly attempts?: number;
  /** Final path of each output, relative to the workspace; a name that ends in `/` is a directory. */
  readonly out?: Readonly<Record<string, string>>;
}

export interface FakeContext<P> extends TaskContext<P> {
  /** What the task logged. */
  readonly lines: readonly string[];
  /** What the task warned of. */
  readonly warnings: readonly string[];
  /** What the task reported as progress. */
  readonly progressed: readonly {
    readonly done: number;
    readonly total: number | undefined;
    readonly unit: string;
  }[];
}

/** A scratch folder that is removed when the test ends. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-task-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function fakeContext<P = Json>(options: FakeContextOptions<P>): FakeContext<P> {
  const { out = {}, attempts = 1, ...given } = options;
  const workspace = given.workspace ?? scratch();
  const outputs: Record<string, string> = {};
  for (const [name, path] of Object.entries(out)) {
    // The folder is part of the temporary path, so that two outputs with one file name do not meet.
    outputs[name] = join(workspace, '.tmp', name, path);
    mkdirSync(path.endsWith('/') ? outputs[name] : dirname(outputs[name]), { recursive: true });
  }
  const lines: string[] = [];
  const warnings: string[] = [];
  const progressed: { done: number; total: number | undefined; unit: string }[] = [];
  const nowhere: Partition = { keys: {}, spans: {} };
  return {
    target: 'task/under/test',
    inputs: {},
    values: {},
    expected: {},
    members: {},
    absent: {},
    failed: {},
    settings: {},
    partition: nowhere,
    signal: new AbortController().signal,
    attempt: 1,
    isLastTry: ({ transient }) => transient !== true || (given.attempt ?? 1) >= attempts,
    offline: false,
    sweep: true,
    progress: (done, total, unit) => progressed.push({ done, total, unit }),
    log: (line) => lines.push(line),
    warn: (line) => warnings.push(line),
    ...given,
    workspace,
    outputs,
    finalOutputs: out,
    lines,
    warnings,
    progressed,
  };
}
