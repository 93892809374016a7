/**
 * What crosses the border between the loop and a thread that runs a task: plain data, since a thread shares nothing.
 * What was thrown crosses as facts, because a copied error has lost its code. Knows neither threads nor tasks.
 */
import { errorCode } from '../state/files.ts';
import type { TaskResult } from '../task.ts';
import type { SequelFacts } from './sequel.ts';
import type { TaskOrder } from './task-run.ts';

/** `job` counts the orders of a thread: what a task says after its end belongs to none. */
export type ToThread =
  | {
      readonly kind: 'run';
      readonly job: number;
      /** As the registry names it. */
      readonly task: string;
      readonly order: TaskOrder;
      readonly sequel: SequelFacts;
    }
  | { readonly kind: 'abort'; readonly job: number; readonly reason: Thrown };

/** What a task says while it runs. */
export type Said =
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly total: number | undefined;
      readonly unit: string;
    }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'warn'; readonly line: string }
  /** It has asked whether this try is its last, and was told. */
  | { readonly kind: 'told'; readonly last: boolean };

export type Ended =
  | { readonly kind: 'answered'; readonly result: TaskResult }
  | { readonly kind: 'threw'; readonly thrown: Thrown };

export interface FromThread {
  readonly job: number;
  readonly said: Said | Ended;
}

export interface Thrown {
  /** `dom`: of the platform, as an abort or a time-out is. `text`: no error at all. */
  readonly kind: 'error' | 'dom' | 'text';
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** As of errors of the file system: `ENOSPC`. */
  readonly code?: string | undefined;
  readonly cause?: Thrown;
}

/** An error may be the cause of itself. */
const MOST_CAUSES = 8;

export function thrownFacts(thrown: unknown, causes = MOST_CAUSES): Thrown {
  if (!(thrown instanceof Error)) return { kind: 'text', name: '', message: String(thrown) };
  const { name, message, stack, cause } = thrown;
  return {
    kind: thrown instanceof DOMException ? 'dom' : 'error',
    name,
    message,
    stack,
    code: errorCode(thrown),
    ...(cause === undefined || causes === 0 ? {} : { cause: thrownFacts(cause, causes - 1) }),
  };
}

export function thrownFrom({ kind, name, message, stack, code, cause }: Thrown): unknown {
  if (kind === 'text') return message;
  if (kind === 'dom') return new DOMException(message, name);
  const error = new Error(message, cause === undefined ? undefined : { cause: thrownFrom(cause) });
  // Where it was thrown, which is in the other thread.
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return Object.assign(error, { name }, code === undefined ? undefined : { code });
}
