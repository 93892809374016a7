/**
 * Runs a task on what it was given, wherever that may be: its params are parsed, and its answer is looked at. Knows
 * neither threads nor what becomes of the answer.
 */
import type { Task, TaskContext, TaskResult } from '../task.ts';
import { noAnswer } from './task-answer.ts';

/** The functions of a task's context, and the signal: bound to the try that they belong to. */
export type Around = Pick<TaskContext, 'signal' | 'isLastTry' | 'progress' | 'log' | 'warn'>;

/** All else that a task is given: plain data. */
export interface TaskOrder {
  readonly rule: string;
  readonly given: Omit<TaskContext, keyof Around | 'params'>;
  /** As the manifest has them. */
  readonly params: TaskContext['params'];
}

type Answer = ReturnType<Task['run']>;

/** `hold`: runs it, and may give it up. */
export async function runTask(
  task: Task,
  { rule, given, params: raw }: TaskOrder,
  around: Around,
  hold: (run: () => Answer) => Answer = (run) => run(),
): Promise<TaskResult> {
  const { target } = given;
  let params = raw;
  if (task.params !== undefined) {
    try {
      params = task.params.parse(raw);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      return {
        failed: {
          code: 'params-invalid',
          message: `${target}: the task does not take these params: ${why}`,
          hint: `correct \`params\` of rule "${rule}" in the manifest`,
        },
      };
    }
  }
  const context: TaskContext = { ...given, ...around, params };
  const result = await hold(() => task.run(context));
  const failed = noAnswer(target, result);
  return failed === undefined ? (result ?? undefined) : { failed };
}
