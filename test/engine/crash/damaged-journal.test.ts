/**
 * A journal cut short at any byte, and with any one bit flipped, before a whole build: what it still says is true, and
 * what it lost is made or checked anew. `npm run test:deep` tries every byte and every bit.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { STATE_FOLDER } from '../../../src/engine/state/workspace-state.ts';
import { fakeTasks } from '../../fake-task.ts';
import type { Built } from '../../rig.ts';
import { Rig } from '../../rig.ts';
import { SEED, sampled, workInMemory } from './extent.ts';
import type { Picture } from './trial.ts';
import { pictureOf } from './trial.ts';

const FILES = {
  'pipeline.yaml': `version: 1
as_of: "2024-05-06T23:59:00Z"
dimensions: { part: [a, b] }
rules:
  copy: { for: [part], in: { text: "in/\${part}.txt" }, out: { text: "out/\${part}.txt" }, task: copy }
  all: { in: { text: { rule: copy } }, out: { text: all.txt }, task: copy }
`,
};

const builtins = fakeTasks({
  copy: ({ inputs: { text = [] }, outputs }) => {
    const texts = (typeof text === 'string' ? [text] : text).map((path) => readFileSync(path, 'utf8'));
    for (const output of Object.values(outputs)) writeFileSync(output, texts.join(''));
  },
});

/** Of its last build but the edit after it. */
interface World {
  readonly rig: Rig;
  readonly journal: Buffer;
  readonly before: Picture;
  readonly clean: Picture;
}

let world: World;

/** Each target was built twice, and one is stale: what the journal says of the others is all that keeps them. */
async function made(): Promise<World> {
  const rig = new Rig({ ...FILES, 'in/a.txt': 'a 1\n', 'in/b.txt': 'b 1\n' }, { builtins });
  await rig.build();
  for (const part of ['a', 'b']) rig.write(`in/${part}.txt`, `${part} 2\n`);
  await rig.build();
  rig.write('in/a.txt', 'a 1\n');
  const journal = readFileSync(rig.path(`${STATE_FOLDER}/journal`));
  const clean = new Rig({ ...FILES, 'in/a.txt': 'a 1\n', 'in/b.txt': 'b 2\n' }, { builtins });
  await clean.build();
  return { rig, journal, before: pictureOf(rig.dir), clean: pictureOf(clean.dir) };
}

/** As it was, but for the journal; then built. What is thrown is said by its message. */
async function builtOn(journal: Uint8Array): Promise<Built | string> {
  const { rig, before } = world;
  for (const [path, content] of before) rig.write(path, Buffer.from(content, 'latin1'));
  writeFileSync(rig.path(`${STATE_FOLDER}/journal`), journal);
  try {
    return await rig.build();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

beforeEach(async () => {
  workInMemory();
  world = await made();
});

describe('a build on a journal', { timeout: 1_800_000 }, () => {
  it('that is whole runs what is stale and no more', async () => {
    const built = await builtOn(world.journal);
    expect(built).toMatchObject({ outcomes: { 'copy/b': 'fresh' }, failures: {} });
    expect([...pictureOf(world.rig.dir)]).toEqual([...world.clean]);
  });

  it(`that was cut short at any byte ends as a clean one (seed ${SEED})`, async () => {
    const { rig, journal, clean } = world;
    for (const length of sampled(journal.length + 1, 10, 'cut')) {
      const built = await builtOn(journal.subarray(0, length - 1));
      expect(built, `cut to ${length - 1} bytes`).toMatchObject({ result: 'built', failures: {} });
      expect([...pictureOf(rig.dir)], `cut to ${length - 1} bytes`).toEqual([...clean]);
    }
  });

  it(`with one bit flipped ends as a clean one, or says that it is no journal (seed ${SEED})`, async () => {
    const { rig, journal, before, clean } = world;
    const header = journal.indexOf(10);
    for (const bit of sampled(journal.length * 8, 100, 'flipped')) {
      const [at, within] = [(bit - 1) >> 3, (bit - 1) & 7];
      const flipped = Buffer.from(journal);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << within);
      const built = await builtOn(flipped);
      const what = `bit ${within} of byte ${at}`;
      if (typeof built === 'string') {
        expect(at, `${what}: ${built}`).toBeLessThanOrEqual(header);
        expect(built).toContain(rig.path(`${STATE_FOLDER}/journal`));
        expect(built).toContain('move the file away');
        expect([...pictureOf(rig.dir)], what).toEqual([...before]);
      } else {
        expect(built, what).toMatchObject({ result: 'built', failures: {} });
        expect([...pictureOf(rig.dir)], what).toEqual([...clean]);
      }
    }
  });
});
