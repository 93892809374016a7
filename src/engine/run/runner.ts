/** The port through which the loop has a target run, wherever that may be. Knows no loop and no runner. */
import type { Outcome } from '../events.ts';
import type { RunPlan } from './decide.ts';
import type { PastOutputs } from './past.ts';
import type { Settled } from './settled.ts';

export type RunResult =
  | { readonly kind: 'settled'; readonly settled: Settled; readonly outcome: Outcome }
  /** Inputs changed while it ran, or what was to be restored cannot be had: decide anew. */
  | { readonly kind: 'again' };

export interface Runner {
  /** This plan waits for its turn: told of all that are known to come, before the first of them is started. */
  expect(plan: RunPlan): void;
  /** `worked`: called when its task is over, and what is left is to put in place what it made. */
  run(plan: RunPlan, worked: () => void): Promise<RunResult>;
  /** Instead of a run: what the target had made before of just what it depends on now. */
  restore(plan: RunPlan, past: PastOutputs): Promise<RunResult>;
}
