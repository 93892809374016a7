/** What is said of an input that no target can run with: it is not there, or is not what it is read as. */
import type { Failure, Reason } from '../events.ts';
import type { Target } from '../graph/graph.ts';
import { LOCKFILE } from '../state/lockfile.ts';
import type { Unusable } from './gather.ts';
import { notLocked as notLockedFailure } from './pinned.ts';

export function describeUnusable(target: Target, unusable: Unusable): Failure {
  const { input, path, notJson, notLocked, leftBy } = unusable;
  if (notLocked !== undefined)
    return notLockedFailure(
      `${target.id}: input "${input}": ${LOCKFILE} does not say what ${path} has at ${notLocked}`,
    );
  if (notJson !== undefined) {
    return {
      code: 'input-malformed',
      message: `${target.id}: input "${input}" is read by key, and ${path} is not JSON: ${notJson}`,
      hint: 'mend the file',
    };
  }
  if (leftBy !== undefined) {
    return {
      code: 'input-missing',
      message: `${target.id}: input "${input}" is ${path}, which ${leftBy} left behind and no rule makes any more`,
      hint: 'name the path that is made now, or copy the file to one that no rule ever made',
    };
  }
  return {
    code: 'input-missing',
    message: `${target.id}: input "${input}" is not there: ${path}, and no rule makes it`,
    hint: path.includes('\ufffd')
      ? 'rename it: its name is not UTF-8'
      : 'put the file in place, or mark the input `optional: true`',
  };
}

export function reasonsOfUnusable({ input, path, notJson, notLocked }: Unusable): readonly Reason[] {
  const is = notLocked !== undefined ? 'not locked' : notJson === undefined ? 'missing' : 'not JSON';
  return [{ kind: 'input', name: `${input} ${path}`, is }];
}
