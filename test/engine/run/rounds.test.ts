/** Several commits at once: what one of them runs into is its own affair, and what the disk is told comes in the right order. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Commit } from '../../../src/engine/run/rounds.ts';
import { Rounds } from '../../../src/engine/run/rounds.ts';
import { Journal, loadJournal } from '../../../src/engine/state/journal.ts';
import type { SuccessRecord } from '../../../src/engine/state/record.ts';
import { scratch } from '../state/scratch.ts';

type Step = 'stage' | 'place' | 'settle' | 'discard' | 'record';

interface Place {
  readonly folder: string;
  readonly journal: Journal;
  readonly rounds: Rounds;
  readonly steps: string[];
}

function place(): Place {
  const folder = scratch();
  const journal = new Journal(join(folder, 'journal'), join(folder, 'journal.new'));
  return { folder, journal, rounds: new Rounds(journal), steps: [] };
}

function record(target: string): SuccessRecord {
  return {
    kind: 'success',
    target,
    fingerprint: '0'.repeat(64) as SuccessRecord['fingerprint'],
    parts: [],
    outputs: [],
    discovered: [],
    seconds: 0,
    finishedAt: '2024-01-01T00:00:00.000Z',
  };
}

/** Each step is noted, and fails where it is told to. */
function commit(
  { journal, steps }: Place,
  name: string,
  { folders = [], files = [], fails }: { folders?: string[]; files?: string[]; fails?: Step } = {},
): Commit {
  const step = (each: Step): void => {
    steps.push(`${each} ${name}`);
    if (each === fails) throw new Error(`${each} of ${name}`);
  };
  return {
    stage: () => {
      step('stage');
      return {
        files,
        folders: new Set(folders),
        place: () => step('place'),
        settle: () => step('settle'),
        discard: () => step('discard'),
      };
    },
    record: () => {
      step('record');
      const made = record(name);
      journal.append(made, false);
      return made;
    },
  };
}

async function endOf(committed: Promise<SuccessRecord>): Promise<string> {
  return committed.then(
    ({ target }) => `${target} recorded`,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
}

function recordedIn({ folder }: Place): readonly string[] {
  return [...loadJournal(join(folder, 'journal')).successes.keys()];
}

describe('a round of commits', () => {
  it('takes all that join before it begins, step by step together', async () => {
    const at = place();
    const ends = ['a', 'b'].map((name) =>
      endOf(at.rounds.commit(commit(at, name, { folders: [at.folder] }))),
    );
    expect(at.steps).toEqual([]);
    expect(await Promise.all(ends)).toEqual(['a recorded', 'b recorded']);
    expect(at.steps).toEqual(
      ['stage', 'place', 'settle', 'record', 'discard'].flatMap((step) => [`${step} a`, `${step} b`]),
    );
    expect(await endOf(at.rounds.commit(commit(at, 'c')))).toBe('c recorded');
    expect(recordedIn(at)).toEqual(['a', 'b', 'c']);
  });

  it.each(['stage', 'place', 'settle', 'record'] as const)(
    'goes on without the one whose %s fails, which goes no further',
    async (fails) => {
      const at = place();
      const ends = [
        at.rounds.commit(commit(at, 'a')),
        at.rounds.commit(commit(at, 'b', { fails })),
        at.rounds.commit(commit(at, 'c')),
      ].map(endOf);
      expect(await Promise.all(ends)).toEqual(['a recorded', `${fails} of b`, 'c recorded']);
      expect(recordedIn(at)).toEqual(['a', 'c']);
      const order: readonly Step[] = ['stage', 'place', 'settle', 'record'];
      const until = order.slice(0, order.indexOf(fails) + 1).map((step) => `${step} b`);
      expect(at.steps.filter((step) => step.endsWith(' b'))).toEqual([
        ...until,
        // What could not be staged holds nothing.
        ...(fails === 'stage' ? [] : ['discard b']),
      ]);
    },
  );

  it('records nothing of those whose folder cannot be flushed', async () => {
    const at = place();
    const gone = join(at.folder, 'gone');
    const there = join(at.folder, 'there');
    mkdirSync(there);
    const ends = [
      at.rounds.commit(commit(at, 'a', { folders: [gone] })),
      at.rounds.commit(commit(at, 'b', { folders: [there] })),
      at.rounds.commit(commit(at, 'c', { folders: [there, gone] })),
    ].map(endOf);
    const lost = `ENOENT: no such file or directory, open '${gone}'`;
    expect(await Promise.all(ends)).toEqual([lost, 'b recorded', lost]);
    expect(recordedIn(at)).toEqual(['b']);
  });

  it('puts nothing in place of those of whose files one cannot be flushed', async () => {
    const at = place();
    const [gone, there] = [join(at.folder, 'gone'), join(at.folder, 'there')];
    writeFileSync(there, '');
    const ends = [
      at.rounds.commit(commit(at, 'a', { files: [there] })),
      at.rounds.commit(commit(at, 'b', { files: [there, gone] })),
    ].map(endOf);
    expect(await Promise.all(ends)).toEqual([
      'a recorded',
      `ENOENT: no such file or directory, open '${gone}'`,
    ]);
    expect(recordedIn(at)).toEqual(['a']);
    expect(at.steps.filter((step) => step.endsWith(' b'))).toEqual(['stage b', 'discard b']);
  });

  it('leaves who joins while it flushes to the next', async () => {
    const at = place();
    const file = join(at.folder, 'file');
    writeFileSync(file, '');
    const late: Promise<string>[] = [];
    const first = commit(at, 'a', { files: [file] });
    const ends = [
      at.rounds.commit({
        ...first,
        stage: () => {
          late.push(endOf(at.rounds.commit(commit(at, 'b'))));
          return first.stage();
        },
      }),
    ].map(endOf);
    expect(await Promise.all(ends)).toEqual(['a recorded']);
    expect(await Promise.all(late)).toEqual(['b recorded']);
    expect(at.steps).toEqual(
      ['a', 'b'].flatMap((name) =>
        ['stage', 'place', 'settle', 'record', 'discard'].map((step) => `${step} ${name}`),
      ),
    );
  });

  it('has nothing recorded when the journal cannot be flushed', async () => {
    const at = place();
    const ends = ['a', 'b'].map((name) => endOf(at.rounds.commit(commit(at, name))));
    at.journal.flush = () => {
      throw new Error('no room');
    };
    expect(await Promise.all(ends)).toEqual(['no room', 'no room']);
  });
});
