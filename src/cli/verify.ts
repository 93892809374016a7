/** `pipeline verify`: lockfile → scratch build → comparison → table and exit code. */
import { builtins, loadCompare } from '../compose.ts';
import { error } from '../engine/diagnostic.ts';
import type { Listener } from '../engine/events.ts';
import { formatInstant } from '../engine/manifest/instant.ts';
import type { Lock } from '../engine/state/lockfile.ts';
import { LOCKFILE, readLock } from '../engine/state/lockfile.ts';
import type { Span } from '../engine/task.ts';
import { verify as verifyWorkspace } from '../engine/verify/verify.ts';
import { formatGithubDiagnostics } from '../ui/github.ts';
import type { Reporter } from '../ui/listener.ts';
import type { ShownVerification } from '../ui/verify-table.ts';
import { formatVerification } from '../ui/verify-table.ts';
import { parseAsOf, UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT, worst } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, errTerminal, outTerminal, printJson, remark } from './io.ts';
import { notOfTheFuture } from './locked.ts';
import type { Common } from './workspace.ts';
import { enterWorkspace, openWorkspace, printDiagnostics } from './workspace.ts';

export interface VerifyOptions {
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  readonly jobs: number | undefined;
  /** As typed: how many targets. */
  readonly sample: string | undefined;
  readonly wait: boolean;
}

/** GitHub shows no more than ten of a step. */
const MOST_ANNOTATIONS = 10;

type Wrong = Pick<ShownVerification, 'findings' | 'failures'>;

export async function verify(common: Common, options: VerifyOptions, io: Io): Promise<ExitCode> {
  const sample = options.sample === undefined ? undefined : parseSample(options.sample);
  const workspace = enterWorkspace(common, io);
  const lock = lockIn(workspace, common, io.now());
  const opened = openWorkspace(common, io, workspace, lock.asOf);
  if (opened === undefined) return EXIT.usage;
  for (const each of lock.remarks) remark(io, each);
  const reporter = await reporterFor(common, io);
  try {
    const result = await verifyWorkspace({
      ...opened,
      ...options,
      lock,
      sample,
      jobs: options.jobs ?? Number.POSITIVE_INFINITY,
      builtins: builtins(),
      holder: `process ${process.pid}, verify ${options.selectors.join(' ')}`.trim(),
      signal: io.signal,
      emit: reporter.listener,
      now: io.now(),
      compare: async (inPlace, rebuilt) => {
        const { compareFiles } = await loadCompare();
        return compareFiles(inPlace, rebuilt, io.signal);
      },
    });
    await reporter.close();
    switch (result.kind) {
      case 'invalid':
        printDiagnostics(result.diagnostics, io);
        return EXIT.usage;
      case 'locked':
        complain(io, `a build holds this workspace: ${result.holder}`, 'leave out --no-wait to wait for it');
        return EXIT.failed;
      case 'verified': {
        if (result.interrupted) return EXIT.interrupted;
        const { findings, failures, unproven, counts } = result;
        const asOf = formatInstant(lock.asOf);
        annotate(result, io);
        const same = findings.length + failures.length + unproven.length === 0;
        const { color, width } = outTerminal(io);
        if (common.json) printJson(io, { asOf, counts, differing: findings, failures, unproven });
        else if (!same || !common.quiet)
          io.stdout.write(formatVerification(result, { color, width, verbose: common.verbose, asOf }));
        return worst([
          failures.length > 0 ? EXIT.failed : EXIT.done,
          findings.length + unproven.length > 0 ? EXIT.stale : EXIT.done,
        ]);
      }
    }
  } catch (thrown) {
    if (io.signal.aborted) return EXIT.interrupted;
    throw thrown;
  } finally {
    await reporter.close();
  }
}

/** In GitHub Actions: what is wrong stands beside the run, too. */
function annotate({ findings, failures }: Wrong, io: Io): void {
  if (!errTerminal(io).github) return;
  const diagnostics = [
    ...findings.map(({ path, target }) => error(`${path} of ${target} is not as ${LOCKFILE} says`)),
    ...failures.map(({ failure }) => error(failure.message, undefined, failure.hint)),
  ];
  io.stderr.write(formatGithubDiagnostics(diagnostics.slice(0, MOST_ANNOTATIONS)));
}

/** Throws where there is none, or where it is contradicted. */
function lockIn(workspace: string, { asOf }: Common, now: number): Lock {
  const lock = readLock(workspace);
  if (lock === undefined)
    throw new UsageError(
      `verify compares with ${LOCKFILE}, and there is none here`,
      'run `pipeline build` once, which writes it, and commit it',
    );
  if (asOf !== undefined && parseAsOf(asOf, now) !== lock.asOf)
    throw new UsageError(
      `--as-of ${asOf} contradicts ${LOCKFILE}, which says ${formatInstant(lock.asOf)}`,
      'leave out --as-of',
    );
  return notOfTheFuture(lock, now);
}

function parseSample(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= 1) return count;
  throw new UsageError(
    `--sample ${text} is no number of targets`,
    'give a whole number from 1, e.g. --sample 10',
  );
}

/** How far it is, for who waits; what it finds comes at the end. */
async function reporterFor({ quiet, verbose }: Common, io: Io): Promise<Reporter> {
  const { isTTY, color, width, ci } = errTerminal(io);
  if (isTTY && !ci && !quiet && !verbose) {
    const { createProgress } = await import('../ui/progress.ts');
    return once(createProgress(io.stderr, { color, width }));
  }
  const { createPlain } = await import('../ui/plain.ts');
  const plain = createPlain(io.stderr, { color, width, quiet, verbose });
  const wanted: Listener = (event) => {
    if (verbose || event.type === 'lock-waiting' || event.type === 'target-warning') plain.listener(event);
  };
  return once({ listener: wanted, close: () => plain.close() });
}

/** It must be closed before the result is printed, and however the command ends. */
function once({ listener, close }: Reporter): Reporter {
  let closed = false;
  return {
    listener,
    close: async () => {
      if (closed) return;
      closed = true;
      await close();
    },
  };
}
