/**
 * What a thread does: it runs the task that it is told to, one at a time, and says what comes of it. Loads a task when
 * it is asked for. Knows neither targets nor outputs.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Task } from '../task.ts';
import { Sequel } from './sequel.ts';
import { runTask } from './task-run.ts';
import type { Ended, FromThread, Said, ToThread } from './thread-messages.ts';
import { thrownFacts, thrownFrom } from './thread-messages.ts';

type Run = Extract<ToThread, { kind: 'run' }>;

export function serve(port: MessagePort, load: (name: string) => Promise<Task>): void {
  let running: { readonly job: number; readonly abort: AbortController } | undefined;
  const run = async (asked: Run): Promise<void> => {
    const { job } = asked;
    const abort = new AbortController();
    const own = { job, abort };
    running = own;
    const say = (said: Said | Ended): void => {
      if (running !== own) return;
      port.postMessage({ job, said } satisfies FromThread);
    };
    // A task that waits for what never comes ends the thread, as it would end a process, and is told of; the port alone
    // would keep it waiting for ever.
    port.unref();
    try {
      const ended = await carryOut(asked, abort.signal, load, say);
      try {
        say(ended);
      } catch (thrown) {
        say({ kind: 'threw', thrown: thrownFacts(uncopied(asked, thrown)) });
      }
    } finally {
      running = undefined;
      port.ref();
    }
  };
  port.on('message', (asked: ToThread) => {
    if (asked.kind === 'run') void run(asked);
    else if (asked.job === running?.job) running.abort.abort(thrownFrom(asked.reason));
  });
}

async function carryOut(
  { task, order, sequel: facts }: Run,
  signal: AbortSignal,
  load: (name: string) => Promise<Task>,
  say: (said: Said) => void,
): Promise<Ended> {
  const sequel = Sequel.of(facts, () => performance.now());
  try {
    const result = await runTask(await load(task), order, {
      signal,
      isLastTry: (failure) => {
        const last = sequel.isLast(failure);
        say({ kind: 'told', last });
        return last;
      },
      progress: (done, total, unit) => say({ kind: 'progress', done, total, unit }),
      log: (line) => say({ kind: 'log', line: String(line) }),
      warn: (line) => say({ kind: 'warn', line: String(line) }),
    });
    return { kind: 'answered', result };
  } catch (thrown) {
    return { kind: 'threw', thrown: thrownFacts(thrown) };
  }
}

function uncopied({ task }: Run, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(`task "${task}" must answer with plain data: ${why}`, { cause });
}
