import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createProgress } from '../../src/ui/progress.ts';
import { fakeTerminal } from './fake-streams.ts';
import { buildFinished, finished, planned, started } from './fixtures.ts';

const loads = vi.hoisted(() => ({ count: 0 }));

vi.mock('listr2', async (importOriginal) => {
  loads.count += 1;
  return importOriginal();
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('listr2 is not loaded for a build in which nothing runs or that is over at once, only for one that is drawn', async () => {
  const idle = createProgress(fakeTerminal(), { color: false, width: 80 });
  idle.listener(planned('bars', 1));
  idle.listener(finished('bars', 'fresh'));
  await vi.advanceTimersByTimeAsync(1000);
  await idle.close();

  const brief = createProgress(fakeTerminal(), { color: false, width: 80 });
  brief.listener(started('bars'));
  brief.listener(finished('bars', 'executed'));
  brief.listener(buildFinished({ executed: 1 }));
  await brief.close();
  await vi.advanceTimersByTimeAsync(1000);
  await vi.dynamicImportSettled();
  expect(loads.count).toBe(0);

  const long = createProgress(fakeTerminal(), { color: false, width: 80 });
  long.listener(started('bars'));
  await vi.advanceTimersByTimeAsync(150);
  await vi.dynamicImportSettled();
  expect(loads.count).toBe(1);
  await long.close();
});
