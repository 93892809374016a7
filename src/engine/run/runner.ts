/** The port through which the loop has a target run, wherever that may be. Knows no loop and no runner. */
import type { Outcome } from '../events.ts';
import type { RunPlan } from './decide.ts';
import type { Settled } from './settled.ts';

export type RunResult =
  | { readonly kind: 'settled'; readonly settled: Settled; readonly outcome: Outcome }
  /** Inputs changed while it ran: decide anew. */
  | { readonly kind: 'again' };

export interface Runner {
  /** This plan waits for its turn: told of all that are known to come, before the first of them is started. */
  expect(plan: RunPlan): void;
  run(plan: RunPlan): Promise<RunResult>;
}
