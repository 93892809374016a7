/**
 * The last steps of the commit protocol, for whatever made the outputs: are the inputs still what they were, put the
 * outputs in place, keep what they replace, record. It makes no outputs itself.
 */
import { join } from 'node:path';
import { displace } from '../state/displaced.ts';
import { filesBelow } from '../state/files.ts';
import type { OutputFact, SuccessRecord } from '../state/record.ts';
import type { BuildState } from '../state/workspace-state.ts';
import { namesWritten, noteNames } from '../state/written-names.ts';
import type { Ownership, Staged } from './commit.ts';
import { stage } from './commit.ts';
import type { RunPlan } from './decide.ts';
import { makeWay } from './make-way.ts';
import type { OutputPlace } from './places.ts';
import { Replaced } from './replaced.ts';
import type { Session } from './session.ts';

/** What was digested before is still what stands there, or, of intermediates that a copy does not need, is not there. */
export function inputsHold({ memo, keyed }: Session, { gathered: { inputs, elided } }: RunPlan): boolean {
  return inputs.every(({ items }) =>
    items.every(({ path, digest }) => {
      if (keyed.isPinned(path)) return true;
      const is = memo.digest(path);
      return is === digest || (is === undefined && elided.length > 0);
    }),
  );
}

/** Files that would be replaced by their own content stay: readers and the memo are spared. */
export function changedPlaces(
  { memo }: Session,
  places: readonly OutputPlace[],
  outputs: readonly OutputFact[],
): readonly OutputPlace[] {
  return places.filter(({ path }, at) => memo.digest(path) !== outputs[at]?.digest);
}

/** What people must know of an output of the target. */
export type Warn = (message: string) => void;

/** What is replaced is held until `settle`; whoever gives up before that is to `discard` it. */
export function stageOutputs(
  session: Session,
  plan: RunPlan,
  changed: readonly OutputPlace[],
  warn: Warn,
): Staged & { discard(): void } {
  const replaced = new Replaced(session, plan);
  try {
    for (const { path } of changed) replaced.hold(path);
    for (const place of changed) makeWay(session, place, (path) => replaced.hold(path));
    const { files, folders, place, settle } = stage(changed, ownershipIn(session, plan, warn));
    return {
      files,
      folders,
      place,
      settle: () => {
        settle();
        replaced.keep();
      },
      discard: () => replaced.discard(),
    };
  } catch (thrown) {
    replaced.discard();
    throw thrown;
  }
}

/**
 * What lies in a directory is ours as far as builds have noted its names; or, should there be no such list, if it is
 * kept what the record's digest was taken of, or if just that still lies there.
 */
export function ownershipIn(session: Session, plan: RunPlan, warn: Warn): Ownership<OutputPlace> {
  const { workspace, memo, past, leftBehind } = session;
  return {
    note: ({ path }, names) => noteNames(workspace, path, names),
    displace: ({ path, final }, name) => {
      const place = displace(workspace, path, join(final, name), name);
      warn(
        `${path}/${name} was put there by no build, and now lies in ${place}: what a directory holds is what its task writes`,
      );
    },
    written: ({ path, final }) => {
      const noted = namesWritten(workspace, path);
      const recorded = plan.previous?.outputs.find((output) => output.path === path)?.digest;
      const listed = (recorded && past?.store.listing(recorded)) ?? [];
      const is = memo.digest(path);
      const isRecorded = is !== undefined && (is === recorded || leftBehind.wrote(path, is));
      return new Set([...noted, ...listed.map(([name]) => name), ...(isRecorded ? filesBelow(final) : [])]);
    },
  };
}

/** On the disk only once the journal is flushed. */
export function appendSuccess(
  session: Session,
  { journal }: BuildState,
  plan: RunPlan,
  facts: Omit<SuccessRecord, 'kind' | 'target' | 'fingerprint' | 'parts' | 'finishedAt'>,
): SuccessRecord {
  const { target, fingerprint, parts, code, previous } = plan;
  if (code !== undefined && !journal.loaded.codes.has(code.digest)) {
    journal.append({ kind: 'code', digest: code.digest, files: code.files }, false);
  }
  const record: SuccessRecord = {
    kind: 'success',
    target: target.id,
    fingerprint,
    parts,
    ...facts,
    finishedAt: new Date().toISOString(),
  };
  if (previous !== undefined) session.past?.noteReplaced(plan, previous, record);
  journal.append(record, false);
  return journal.loaded.successes.get(target.id) ?? record;
}
