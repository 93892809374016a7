/**
 * Carries a target's task out, with retries and a time limit, and turns whatever happens into a value. Knows the
 * task contract; neither commits nor records.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, Listener } from '../events.ts';
import type { Action } from '../manifest/model.ts';
import { shellQuote } from '../manifest/shell-quote.ts';
import { removeTree } from '../state/files.ts';
import { TargetLog } from '../state/target-logs.ts';
import type { TaskDone, TaskFailure, TaskResult } from '../task.ts';
import type { RunPlan } from './decide.ts';
import { GivenUp, heedful } from './module-run.ts';
import { noRoom } from './output-trouble.ts';
import { paramsOf } from './parts.ts';
import type { OutputPlace } from './places.ts';
import { renderRecipe } from './recipe.ts';
import { LONGEST_TIMER_MS, Sequel } from './sequel.ts';
import type { Session } from './session.ts';
import { runShell } from './shell.ts';
import type { Try } from './task-context.ts';
import { aroundOf, taskOrder } from './task-context.ts';
import { runTask } from './task-run.ts';
import type { Threads } from './threads.ts';

export type Attempted =
  | { readonly kind: 'done'; readonly done: TaskDone; readonly incomplete: Failure | undefined }
  | { readonly kind: 'absent'; readonly reason: string; readonly recheckAfter: number | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface AttemptRequest {
  readonly session: Session;
  readonly plan: RunPlan;
  readonly places: readonly OutputPlace[];
  readonly emit: Listener;
  readonly signal: AbortSignal;
  /** Where its task is to run. Undefined: in this thread. */
  readonly threads: Threads | undefined;
}

const FIRST_WAIT_MS = 1_000;
const KEPT_LOG_LINES = 20;

export async function attempt(request: AttemptRequest): Promise<Attempted> {
  const log = new TargetLog(request.session.workspace, request.plan.target.id);
  try {
    return await tries(request, log);
  } finally {
    log.close();
  }
}

async function tries(request: AttemptRequest, whole: TargetLog): Promise<Attempted> {
  const { id, rule } = request.plan.target;
  const started = performance.now();
  const firstWaitMs = request.session.options.retryWaitMs ?? FIRST_WAIT_MS;
  const bounds = { retries: rule.retries, deadlineMs: rule.deadlineMs, firstWaitMs };
  for (let tried = 1; ; tried++) {
    const log: string[] = [];
    const note = (line: string): void => {
      log.push(line);
      if (log.length > KEPT_LOG_LINES) log.shift();
      whole.line(line);
      request.emit({ type: 'target-log', target: id, line });
    };
    const sequel = new Sequel(tried, bounds, () => performance.now() - started);
    const result = await once(request, { tried, log: note, sequel });
    if (result.kind === 'ended') return result.attempted;
    const { failure } = result;
    const next = sequel.after(failure, result.again && !request.signal.aborted);
    if (next.kind === 'end') {
      const logPath = whole.lines > log.length ? whole.path : undefined;
      const shown = withLog(next.why === undefined ? failure : withHint(failure, next.why), log, {
        ...result,
        logPath,
      });
      // An interrupted target leaves nothing behind, half of what it wanted included.
      if (result.done !== undefined && !request.signal.aborted)
        return { kind: 'done', done: result.done, incomplete: shown };
      return { kind: 'failed', failure: shown };
    }
    const { waitMs } = next;
    request.emit({ type: 'target-retry', target: id, attempt: tried, message: failure.message, waitMs });
    whole.remark(`[try ${tried} failed: ${failure.message}]`);
    // An abort ends the wait; the next attempt then ends at once with the abort as its failure.
    await sleep(waitMs, undefined, { signal: request.signal }).catch(() => undefined);
    clear(request.places);
  }
}

/** Of what one try has written nothing is left to the next. */
function clear(places: readonly OutputPlace[]): void {
  for (const { temporary, directory } of places) {
    removeTree(temporary);
    mkdirSync(directory ? temporary : dirname(temporary), { recursive: true });
  }
}

function withHint(failure: TaskFailure, why: string): TaskFailure {
  return { ...failure, hint: failure.hint === undefined ? why : `${failure.hint}; ${why}` };
}

function withLog(
  { code, message, hint }: TaskFailure,
  log: readonly string[],
  { stack, logPath }: { readonly stack?: string; readonly logPath: string | undefined },
): Failure {
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(log.length > 0 ? { log } : {}),
    ...(logPath === undefined ? {} : { logPath }),
    ...(stack === undefined ? {} : { stack }),
  };
}

type Once =
  | { readonly kind: 'ended'; readonly attempted: Attempted }
  | {
      readonly kind: 'failed';
      readonly failure: TaskFailure;
      readonly again: boolean;
      readonly stack?: string;
      /** The outputs that are whole all the same, should no other try bring more. */
      readonly done?: TaskDone;
    };

async function once(request: AttemptRequest, each: Omit<Try, 'signal'>): Promise<Once> {
  const { log: note } = each;
  const { plan, session, signal } = request;
  const { target } = plan;
  const { action, timeoutMs } = target.rule;
  const limit =
    timeoutMs === undefined || timeoutMs > LONGEST_TIMER_MS ? undefined : AbortSignal.timeout(timeoutMs);
  const either = limit === undefined ? signal : AbortSignal.any([signal, limit]);
  // Of itself the limit keeps no process awake for a task that waits for nothing.
  const awake = limit && setTimeout(() => undefined, timeoutMs);
  try {
    either.throwIfAborted();
    if (action.kind === 'run') {
      const params = paramsOf(target.rule, plan.partition);
      const recipe = (path: (place: OutputPlace) => string): string =>
        renderRecipe(
          action.template,
          plan.partition,
          params,
          plan.gathered.inputs,
          (name) => shellQuote(request.places.filter((place) => place.name === name).map(path)[0] ?? ''),
          (input) => session.memo.toRead(input),
        );
      const failure = await runShell(
        recipe(({ temporary }) => temporary),
        session.workspace,
        either,
        note,
      );
      if (failure === undefined) return ended(undefined);
      // People know their outputs by the names they will have.
      const message = `${failure.message}: ${recipe(({ path }) => path)}`;
      return { kind: 'failed', failure: { ...failure, message }, again: true };
    }
    const result = await answerOf(action, request, { ...each, signal: either });
    // It has ended well, and too late.
    limit?.throwIfAborted();
    return ended(result);
  } catch (thrown) {
    return caught(thrown, request, limit);
  } finally {
    clearTimeout(awake);
  }
}

function ended(result: TaskResult): Once {
  if (result !== undefined && 'failed' in result)
    return { kind: 'failed', failure: result.failed, again: result.failed.transient === true };
  if (result !== undefined && 'absent' in result) {
    const { absent: reason, recheckAfter } = result;
    return { kind: 'ended', attempted: { kind: 'absent', reason, recheckAfter } };
  }
  const done = result ?? {};
  const { incomplete } = done;
  if (incomplete === undefined)
    return { kind: 'ended', attempted: { kind: 'done', done, incomplete: undefined } };
  return { kind: 'failed', failure: incomplete, again: incomplete.transient === true, done };
}

async function answerOf(
  action: Exclude<Action, { kind: 'run' }>,
  request: AttemptRequest,
  each: Try,
): Promise<TaskResult> {
  const { session, threads } = request;
  const order = taskOrder(request, each.tried);
  const around = aroundOf(request, each);
  if (threads !== undefined && action.kind === 'builtin')
    return threads.run({ task: action.name, order, around, sequel: each.sequel });
  const task = await session.code.load(action);
  const guarded = action.kind === 'module';
  return runTask(task, order, around, (run) => heedful(run, each.signal, guarded));
}

function caught(thrown: unknown, request: AttemptRequest, limit: AbortSignal | undefined): Once {
  const { id, rule } = request.plan.target;
  if (request.signal.aborted) {
    return {
      kind: 'failed',
      failure: { code: 'interrupted', message: `${id} was interrupted` },
      again: false,
    };
  }
  if (limit?.aborted) {
    const message = `${id} took longer than its limit of ${spelt(rule.timeoutMs)}`;
    const givenUp = thrown instanceof GivenUp;
    const heed = givenUp ? ', or have its task heed `ctx.signal`: it is still running' : '';
    return {
      kind: 'failed',
      failure: { code: 'timeout', message, hint: `raise \`timeout\` of the rule${heed}` },
      // It may still write where another try would.
      again: !givenUp,
    };
  }
  const full = noRoom(id, thrown);
  if (full !== undefined) return { kind: 'failed', failure: full, again: true };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    kind: 'failed',
    failure: { code: 'task-threw', message: `${id}: ${message}` },
    again: true,
    ...(thrown instanceof Error && thrown.stack !== undefined ? { stack: withCauses(thrown) } : {}),
  };
}

function spelt(ms = 0): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

function withCauses(thrown: Error): string {
  const stack = thrown.stack ?? thrown.message;
  return thrown.cause instanceof Error ? `${stack}\ncaused by: ${withCauses(thrown.cause)}` : stack;
}
