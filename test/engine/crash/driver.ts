/**
 * One build of a workspace in a process of its own, on a disk that may fail: `shim.ts` sees to that. Prints what
 * became of it as one line of JSON.
 */
import { build } from '../../../src/engine/build.ts';
import { loadManifest } from '../../../src/engine/manifest/load.ts';
import { stepsTaken } from './shim.ts';

const [workspace = '', jobs = '1', wait = 'wait'] = process.argv.slice(2);

const loaded = loadManifest({
  workspace,
  set: [],
  asOf: undefined,
  defaultAsOf: 0,
  now: Date.now(),
  builtinTasks: [],
  configSchema: { check: () => [], complete: (config) => config, known: [] },
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));

const outcomes: Record<string, string> = {};
const failures: Record<string, string> = {};
const warnings: string[] = [];
let thrown: string | undefined;
let result: string | undefined;
try {
  const { kind } = await build({
    workspace,
    manifest: loaded.value,
    builtins: new Map(),
    selectors: [],
    between: undefined,
    jobs: Number(jobs),
    force: false,
    refresh: false,
    sweep: false,
    offline: false,
    failFast: false,
    wait: wait === 'wait',
    holder: `process ${process.pid}`,
    signal: new AbortController().signal,
    emit: (event) => {
      if (event.type === 'target-finished') outcomes[event.target] = event.outcome;
      if (event.type === 'target-finished' && event.failure) failures[event.target] = event.failure.message;
      if (event.type === 'warning') warnings.push(event.diagnostic.message);
    },
    now: Date.now(),
    retryWaitMs: 10,
  });
  result = kind;
} catch (error) {
  thrown = error instanceof Error ? error.message : String(error);
}
process.stdout.write(
  `${JSON.stringify({ result, thrown, outcomes, failures, warnings, steps: stepsTaken() })}\n`,
);
