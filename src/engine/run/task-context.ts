/** What a task is given: paths, values and partitions of what was gathered, and its way to be heard. Runs nothing. */
import { inCanonicalOrder } from '../json.ts';
import type { Json } from '../task.ts';
import type { AttemptRequest } from './attempt.ts';
import type { GatheredItem } from './gather.ts';
import { paramsOf } from './parts.ts';
import type { Sequel } from './sequel.ts';
import type { Around, TaskOrder } from './task-run.ts';

/** What differs from try to try. */
export interface Try {
  readonly tried: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly sequel: Sequel;
}

/** `tried`: which try this is, from 1. */
export function taskOrder({ session, plan, places }: AttemptRequest, tried: number): TaskOrder {
  const { target, gathered, partition } = plan;
  const absolute = (path: string): string => session.memo.absolute(path);
  const { inputs } = gathered;
  const lists = inputs.filter(({ list }) => list);
  const entries = <T>(of: typeof inputs, value: (input: (typeof inputs)[number]) => T): Record<string, T> =>
    Object.fromEntries(of.map((input) => [input.name, value(input)]));
  const given: TaskOrder['given'] = {
    target: target.id,
    workspace: session.workspace,
    inputs: entries(inputs, ({ list, items }) =>
      list ? items.map(({ path }) => absolute(path)) : items[0] && absolute(items[0].path),
    ),
    values: entries(
      inputs.filter(({ keyed }) => keyed),
      ({ list, items }) => (list ? items.map(shown) : shown(items[0])),
    ),
    members: entries(lists, ({ items }) =>
      items.map(({ path, partition: of }) => ({ path: absolute(path), partition: of })),
    ),
    absent: entries(inputs, ({ absent }) => absent),
    failed: entries(inputs, ({ failed }) => failed),
    outputs: Object.fromEntries(places.map(({ name, temporary }) => [name, temporary])),
    finalOutputs: Object.fromEntries(places.map(({ name, path }) => [name, path])),
    expected: session.locked?.expected(target, partition) ?? {},
    settings: target.rule.settings,
    partition,
    attempt: tried,
    offline: session.options.offline,
    sweep: plan.sweep,
  };
  return { rule: target.rule.name, given, params: paramsOf(target.rule, partition) };
}

export function aroundOf(
  { plan: { target }, emit }: Pick<AttemptRequest, 'plan' | 'emit'>,
  { signal, log, sequel }: Omit<Try, 'tried'>,
): Around {
  return {
    signal,
    isLastTry: (failure) => sequel.isLast(failure),
    progress: (done, total, unit) => {
      if (!isAmount(done)) return;
      emit({
        type: 'target-progress',
        target: target.id,
        rule: target.rule.name,
        done,
        ...(isAmount(total) ? { total } : {}),
        unit: String(unit),
      });
    },
    log: (line) => log(String(line)),
    warn: (message) => emit({ type: 'target-warning', target: target.id, message: String(message) }),
  };
}

/** Members in the order in which they are hashed: whether they come from a file or from the lockfile is not seen. */
function shown(item: GatheredItem | undefined): Json {
  return inCanonicalOrder(item?.value ?? null);
}

/** Modules of users need not be typed, and may divide by nothing. */
function isAmount(value: number | undefined): value is number {
  return Number.isFinite(value) && Number(value) >= 0;
}
