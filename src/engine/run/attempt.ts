/**
 * Carries a target's task out, with retries and a time limit, and turns whatever happens into a value. Knows the
 * task contract; neither commits nor records.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, Listener } from '../events.ts';
import { shellQuote } from '../manifest/shell-quote.ts';
import type { Task, TaskContext, TaskFailure, TaskResult } from '../task.ts';
import type { RunPlan } from './decide.ts';
import { paramsOf } from './parts.ts';
import { renderRecipe } from './recipe.ts';
import type { OutputPlace } from './run-target.ts';
import type { Session } from './session.ts';
import { runShell } from './shell.ts';

export type Attempted =
  | { readonly kind: 'done'; readonly discovered: readonly string[] }
  | { readonly kind: 'absent'; readonly reason: string; readonly recheckAfter: number | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface AttemptRequest {
  readonly session: Session;
  readonly plan: RunPlan;
  readonly places: readonly OutputPlace[];
  readonly emit: Listener;
  readonly signal: AbortSignal;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const KEPT_LOG_LINES = 20;

export async function attempt(request: AttemptRequest): Promise<Attempted> {
  const { retries } = request.plan.target.rule;
  for (let tried = 1; ; tried++) {
    const log: string[] = [];
    const result = await once(request, log);
    if (result.kind !== 'failed') return result.attempted;
    const { failure } = result;
    if (tried > retries || !result.again || request.signal.aborted) {
      const { code, message, hint } = failure;
      return {
        kind: 'failed',
        failure: {
          code,
          message,
          ...(hint === undefined ? {} : { hint }),
          ...(log.length > 0 ? { log } : {}),
          ...(result.stack === undefined ? {} : { stack: result.stack }),
        },
      };
    }
    // Full jitter, so that targets that failed together do not come back together.
    const waitMs = Math.round(
      Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tried - 1)) * (0.5 + Math.random() / 2),
    );
    request.emit({
      type: 'target-retry',
      target: request.plan.target.id,
      attempt: tried,
      message: failure.message,
      waitMs,
    });
    // An abort ends the wait; the next attempt then ends at once with the abort as its failure.
    await sleep(waitMs, undefined, { signal: request.signal }).catch(() => undefined);
  }
}

type Once =
  | { readonly kind: 'ended'; readonly attempted: Attempted }
  | {
      readonly kind: 'failed';
      readonly failure: TaskFailure;
      readonly again: boolean;
      readonly stack?: string;
    };

async function once(request: AttemptRequest, log: string[]): Promise<Once> {
  const { plan, session, signal } = request;
  const { target } = plan;
  const { action, timeoutMs } = target.rule;
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const either = limit === undefined ? signal : AbortSignal.any([signal, limit]);
  const note = (line: string): void => {
    log.push(line);
    if (log.length > KEPT_LOG_LINES) log.shift();
    request.emit({ type: 'target-log', target: target.id, line });
  };
  try {
    either.throwIfAborted();
    if (action.kind === 'run') {
      const params = paramsOf(target.rule, plan.partition);
      const recipe = (path: (place: OutputPlace) => string): string =>
        renderRecipe(action.template, plan.partition, params, plan.gathered.inputs, (name) =>
          shellQuote(request.places.filter((place) => place.name === name).map(path)[0] ?? ''),
        );
      const failure = await runShell(
        recipe(({ temporary }) => temporary),
        session.workspace,
        either,
        note,
      );
      if (failure === undefined) return { kind: 'ended', attempted: { kind: 'done', discovered: [] } };
      // People know their outputs by the names they will have.
      const message = `${failure.message}: ${recipe(({ path }) => path)}`;
      return { kind: 'failed', failure: { ...failure, message }, again: true };
    }
    const task = await session.code.load(action);
    return ended(await runTask(task, request, either, note));
  } catch (thrown) {
    return caught(thrown, request, limit);
  }
}

function ended(result: TaskResult): Once {
  if (result === undefined) return { kind: 'ended', attempted: { kind: 'done', discovered: [] } };
  if ('failed' in result)
    return { kind: 'failed', failure: result.failed, again: result.failed.transient === true };
  if ('absent' in result) {
    const { absent: reason, recheckAfter } = result;
    return { kind: 'ended', attempted: { kind: 'absent', reason, recheckAfter } };
  }
  return { kind: 'ended', attempted: { kind: 'done', discovered: result.discovered } };
}

async function runTask(
  task: Task,
  request: AttemptRequest,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<TaskResult> {
  const { plan } = request;
  const raw = paramsOf(plan.target.rule, plan.partition);
  let params: TaskContext['params'] = raw;
  if (task.params !== undefined) {
    try {
      params = task.params.parse(raw);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      return {
        failed: {
          code: 'params-invalid',
          message: `${plan.target.id}: the task does not take these params: ${why}`,
          hint: `correct \`params\` of rule "${plan.target.rule.name}" in the manifest`,
        },
      };
    }
  }
  const result = await task.run(context(request, params, signal, log));
  return result ?? undefined;
}

function context(
  { session, plan, places, emit }: AttemptRequest,
  params: TaskContext['params'],
  signal: AbortSignal,
  log: (line: string) => void,
): TaskContext {
  const { target, gathered, partition } = plan;
  const absolute = (path: string): string => session.memo.absolute(path);
  const { inputs } = gathered;
  const lists = inputs.filter(({ list }) => list);
  const entries = <T>(of: typeof inputs, value: (input: (typeof inputs)[number]) => T): Record<string, T> =>
    Object.fromEntries(of.map((input) => [input.name, value(input)]));
  return {
    target: target.id,
    workspace: session.workspace,
    inputs: entries(inputs, ({ list, items }) =>
      list ? items.map(({ path }) => absolute(path)) : items[0] && absolute(items[0].path),
    ),
    values: entries(
      inputs.filter(({ keyed }) => keyed),
      ({ list, items }) => (list ? items.map(({ value }) => value ?? null) : (items[0]?.value ?? null)),
    ),
    members: entries(lists, ({ items }) =>
      items.map(({ path, partition: of }) => ({ path: absolute(path), partition: of })),
    ),
    absent: entries(inputs, ({ absent }) => absent),
    failed: entries(inputs, ({ failed }) => failed),
    outputs: Object.fromEntries(places.map(({ name, temporary }) => [name, temporary])),
    finalOutputs: Object.fromEntries(places.map(({ name, path }) => [name, path])),
    params,
    settings: target.rule.settings,
    partition,
    signal,
    progress: (done, total, unit) =>
      emit({
        type: 'target-progress',
        target: target.id,
        rule: target.rule.name,
        done,
        ...(total === undefined ? {} : { total }),
        unit,
      }),
    log,
  };
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
    const message = `${id} took longer than its limit of ${rule.timeoutMs} ms`;
    return {
      kind: 'failed',
      failure: { code: 'timeout', message, hint: 'raise `timeout` of the rule' },
      again: true,
    };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    kind: 'failed',
    failure: { code: 'task-threw', message: `${id}: ${message}` },
    again: true,
    ...(thrown instanceof Error && thrown.stack !== undefined ? { stack: withCauses(thrown) } : {}),
  };
}

function withCauses(thrown: Error): string {
  const stack = thrown.stack ?? thrown.message;
  return thrown.cause instanceof Error ? `${stack}\ncaused by: ${withCauses(thrown.cause)}` : stack;
}
