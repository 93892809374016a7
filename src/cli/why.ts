/** `pipeline why TARGET`: everything that one target depends on, then and now. */
import { logOf } from '../engine/state/target-logs.ts';
import { compareParts } from '../engine/status.ts';
import { formatWhy } from '../ui/why.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson } from './io.ts';
import { survey } from './survey.ts';
import type { Common } from './workspace.ts';

export async function why(common: Common, target: string, io: Io): Promise<ExitCode> {
  const found = await survey(common, [target], io);
  if (found === undefined) return EXIT.usage;
  const [only, ...others] = found.targets;
  if (only === undefined || others.length > 0) {
    const count = only === undefined ? 'no target' : `${found.targets.length} targets`;
    complain(
      io,
      `why takes one target, and "${target}" is ${count}`,
      'give all its keys, e.g. bars/BTCUSDT/2024-01',
    );
    return EXIT.usage;
  }
  const log = logOf(found.session.workspace, only.target);
  const parts = compareParts(found.session, only.target);
  const explained = { ...only, ...(log === undefined ? {} : { log }), parts };
  if (common.json) printJson(io, explained);
  else {
    const { color, width } = outTerminal(io);
    io.stdout.write(formatWhy(explained, { color, width }));
  }
  return EXIT.done;
}
