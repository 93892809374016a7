/** Files of one backup as they come together, while the workspace goes on changing. */
import { expect, it } from 'vitest';
import { Collection } from '../../../src/engine/backup/collection.ts';
import type { Progress } from '../../../src/engine/backup/progress.ts';
import { Repository } from '../../../src/engine/backup/repository.ts';
import { StatMemo } from '../../../src/engine/state/memo.ts';
import { Rig } from '../../rig.ts';

it('takes a content from another file that has it where one has gone meanwhile, and names all where none is left', async () => {
  const rig = new Rig({ a: 'alone', 'b/1': 'twice', 'b/2': 'twice', 'c/1': 'gone', 'c/2': 'gone' });
  const signal = new AbortController().signal;
  const options = { holder: 'a test', onWaiting: () => undefined, signal };
  const repository = await Repository.open(new Rig().path('b'), { ...options, create: true });
  const told: Progress[] = [];
  const onProgress = (progress: Progress): void => {
    told.push(progress);
    if (told.length === 1) for (const path of ['b/1', 'c/1', 'c/2']) rig.remove(path);
  };
  const collection = new Collection(rig.dir, repository, { dryRun: false, signal, onProgress });
  const wanted = ['a', 'b/1', 'b/2', 'c/1', 'c/2'].map((path) => ({ path, kind: 'input' as const }));
  await collection.gather(wanted, new StatMemo(rig.path('memo'), rig.dir), new Map());
  await repository.close();
  expect(collection.files().map(({ path }) => path)).toEqual(['a', 'b/1', 'b/2']);
  expect(collection.copied.map(({ path }) => path)).toEqual(['a', 'b/2']);
  expect(collection.lacks.map(({ path }) => path)).toEqual(['c/1', 'c/2']);
  expect(told).toEqual([
    { files: 1, ofFiles: 3, bytes: 5, ofBytes: 14 },
    { files: 2, ofFiles: 3, bytes: 10, ofBytes: 14 },
    { files: 3, ofFiles: 3, bytes: 14, ofBytes: 14 },
  ]);
});
