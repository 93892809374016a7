/** What is to happen to a process and its disk, and at which of its steps. Plain data, handed over in the environment. */
import { z } from 'zod';

const folder = z.string();
/** From 1. Beyond the last step: nothing happens. */
const at = z.number().int();

const faultSchema = z.discriminatedUnion('kind', [
  /** SIGKILL before the step. */
  z.object({ kind: z.literal('kill'), folder, at }),
  /** As `kill`, and all that was not flushed is lost; with a seed, a part of it. */
  z.object({ kind: z.literal('power'), folder, at, seed: z.string().optional() }),
  /** The step finds no room on the disk, nor, `forGood`, do those after it. */
  z.object({ kind: z.literal('full'), folder, at, forGood: z.boolean() }),
]);

export type Fault = z.output<typeof faultSchema>;

/** Without a text, the process is left alone. */
export function faultOf(text: string | undefined): Fault | undefined {
  return text === undefined ? undefined : faultSchema.parse(JSON.parse(text));
}
