/** The market's own tasks in threads of their own: the same bytes as in one. */
import { describe, expect, it } from 'vitest';
import { tasks } from '../../src/compose.ts';
import type { Builtins } from '../../src/engine/run/code.ts';
import type { ThreadJob } from '../../src/engine/run/thread.ts';
import { Threads } from '../../src/engine/run/threads.ts';
import type { TaskResult } from '../../src/engine/task.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { FROM, fewDays, SYMBOLS, TO } from './history.ts';
import { differences, marketRig, published, shippedTasks } from './market.ts';

/** Takes every task that may run apart, however little there is to do. */
class Eager extends Threads {
  readonly ran = new Set<string>();

  override get started(): boolean {
    return true;
  }

  override run(job: ThreadJob): Promise<TaskResult> {
    this.ran.add(job.task);
    return super.run(job);
  }
}

describe('a build with threads', () => {
  it('publishes what one without publishes, byte for byte', async () => {
    const exchange = await startEmulator({ history: fewDays() });
    try {
      const spec = { exchange, symbols: SYMBOLS, from: FROM, to: TO, features: true } as const;
      const threads = new Eager(new URL('./threads-entry.mjs', import.meta.url));
      const apart: Builtins = new Map(
        [...shippedTasks].map(([name, task]) => [name, { ...task, threads: tasks[name]?.apart && threads }]),
      );
      const here = marketRig(spec);
      const there = marketRig(spec);
      const builds = [await here.build(), await there.build([], { builtins: apart, set: ['pools.cpu=2'] })];
      expect(builds.map(({ failures }) => failures)).toEqual([{}, {}]);
      expect(differences(published(there.dir), published(here.dir))).toEqual([]);
      expect([...threads.ran].sort()).toEqual([
        'bars/merge',
        'bars/normalize',
        'features/resample',
        'features/tail',
        'reports/coverage',
      ]);
    } finally {
      await exchange.close();
    }
  });
});
