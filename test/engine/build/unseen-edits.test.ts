/**
 * Edits that time stamps do not show, or hardly: of the same size in the tick of the last look, with the stamps put
 * back, under a clock that is wrong. Both `status` and `build` see them, of whatever a target depends on.
 */
import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type * as Files from '../../../src/engine/state/files.ts';
import { FINE_TICK_MS } from '../../../src/engine/state/memo.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';
import { workInMemory } from '../crash/extent.ts';

/** How far apart two time stamps are at least, milliseconds. */
const volume = vi.hoisted(() => ({ tick: 0 }));

/** Volumes differ in how finely they stamp; which one the machine has must not matter here. */
vi.mock('../../../src/engine/state/files.ts', async (original) => {
  const actual = await original<typeof Files>();
  const cut = (ms: number): number => Math.floor(ms / volume.tick) * volume.tick;
  return {
    ...actual,
    statOf: (path: string) => {
      const stat = actual.statOf(path);
      if (stat === undefined || volume.tick === 0) return stat;
      stat.mtimeMs = cut(stat.mtimeMs);
      stat.ctimeMs = cut(stat.ctimeMs);
      return stat;
    },
  };
});

const RULES: Readonly<Record<string, string>> = {
  path: '{ in: { text: in/path.txt }, out: { text: out/path.txt }, run: "cat ${in.text} > ${out.text}" }',
  glob: '{ in: { texts: "in/many/*.txt" }, out: { text: out/glob.txt }, run: "cat ${in.texts} > ${out.text}" }',
  folder:
    '{ in: { folder: in/folder }, out: { text: out/folder.txt }, run: "cat ${in.folder}/*/* > ${out.text}" }',
  value: '{ in: { value: "in/value.json#/a" }, out: { text: out/value.txt }, task: say }',
  module: '{ out: { text: out/module.txt }, task: ./module.mjs }',
  written: '{ out: { parts: out/parts/ }, run: "echo whole > ${out.parts}/one.txt" }',
};

const FILES = {
  'in/path.txt': 'text 0\n',
  'in/many/1.txt': 'text 0\n',
  'in/many/2.txt': 'other\n',
  'in/folder/below/1.txt': 'text 0\n',
  'in/value.json': '{ "a": "text 0" }\n',
  'module.mjs': `import { writeFileSync } from 'node:fs';
import { text } from './imported.mjs';
export default { version: 1, run: (ctx) => writeFileSync(ctx.outputs.text, text) };
`,
  'imported.mjs': "export const text = 'text 0';\n",
};

const builtins = fakeTasks({
  say: ({ values, outputs: { text = '' } }) => writeFileSync(text, String(values['value'])),
});

interface Place {
  readonly path: string;
  readonly target: string;
  /** The content of the file for each number. */
  readonly text: (n: number) => string;
  readonly output: string;
  /** What must stand in the output then. */
  readonly due: (n: number) => string;
}

const SIMPLE = (n: number): string => `text ${n}\n`;

const PLACES: readonly Place[] = [
  { path: 'in/path.txt', target: 'path', text: SIMPLE, output: 'out/path.txt', due: SIMPLE },
  {
    path: 'in/many/1.txt',
    target: 'glob',
    text: SIMPLE,
    output: 'out/glob.txt',
    due: (n) => `text ${n}\nother\n`,
  },
  { path: 'in/folder/below/1.txt', target: 'folder', text: SIMPLE, output: 'out/folder.txt', due: SIMPLE },
  {
    path: 'in/value.json',
    target: 'value',
    text: (n) => `{ "a": "text ${n}" }\n`,
    output: 'out/value.txt',
    due: (n) => `text ${n}`,
  },
  {
    path: 'imported.mjs',
    target: 'module',
    text: (n) => `export const text = 'text ${n}';\n`,
    output: 'out/module.txt',
    due: (n) => `text ${n}`,
  },
  {
    path: 'out/path.txt',
    target: 'path',
    text: (n) => `mine ${n}\n`,
    output: 'out/path.txt',
    due: () => 'text 0\n',
  },
  {
    path: 'out/parts/one.txt',
    target: 'written',
    text: (n) => `whol${n}\n`,
    output: 'out/parts/one.txt',
    due: () => 'whole\n',
  },
];

/** Of files that have lain still for long enough to be trusted, and that the memo knows. */
async function settled({ target }: Place): Promise<Rig> {
  const manifest = `version: 1\nrules:\n  ${target}: ${RULES[target]}\n`;
  const rig = new Rig({ 'pipeline.yaml': manifest, ...FILES }, { builtins });
  await rig.build();
  await sleep(FINE_TICK_MS * 2);
  await rig.build();
  expect((await rig.build()).ran).toEqual([]);
  return rig;
}

async function expectSeen(rig: Rig, { target, output, due }: Place, n: number): Promise<void> {
  expect(await rig.states()).toEqual({ [target]: 'stale' });
  const { outcomes, failures } = await rig.build();
  expect(failures).toEqual({});
  expect(outcomes[target]).toBeOneOf(['executed', 'restored']);
  expect(rig.read(output)).toBe(due(n));
}

beforeAll(workInMemory);

afterEach(() => {
  vi.restoreAllMocks();
  volume.tick = 0;
});

describe.each(PLACES)('an edit of $path, of the same size,', (place) => {
  it('right after the build that looked at it, is seen each time', async () => {
    const rig = await settled(place);
    for (let n = 1; n < 6; n++) {
      rig.write(place.path, place.text(n));
      await expectSeen(rig, place, n);
    }
  });

  it.each([40, 1_000])(
    'in the same tick of a volume that stamps every %s ms, is seen each time',
    async (tick) => {
      volume.tick = tick;
      const rig = await settled(place);
      for (let n = 1; n < 6; n++) {
        rig.write(place.path, place.text(n));
        await expectSeen(rig, place, n);
      }
    },
  );

  it('with its time stamps put back, is seen', async () => {
    const rig = await settled(place);
    rig.editUnseen(place.path, place.text(1));
    await expectSeen(rig, place, 1);
  });

  it('by another file with the same stamps renamed over it, is seen', async () => {
    const rig = await settled(place);
    const { atime, mtime } = statSync(rig.path(place.path));
    writeFileSync(rig.path('new'), place.text(1));
    utimesSync(rig.path('new'), atime, mtime);
    renameSync(rig.path('new'), rig.path(place.path));
    await expectSeen(rig, place, 1);
  });

  it.each([
    ['set back an hour before it', (real: number) => real - 3_600_000, (real: number) => real - 3_600_000],
    ['set back an hour after it', (real: number) => real, (real: number) => real - 3_600_000],
    [
      'an hour ahead before it, and right after it',
      (real: number) => real + 3_600_000,
      (real: number) => real,
    ],
  ])('with the clock %s, is seen, stamps put back or not', async (_, before, after) => {
    const rig = await settled(place);
    const real = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now');
    for (const [n, edit] of (['editUnseen', 'write'] as const).entries()) {
      clock.mockImplementation(() => before(real()));
      await rig.build();
      // The kernel's own clock cannot be set here: what it stamps must move on between two edits.
      await sleep(20);
      rig[edit](place.path, place.text(n + 1));
      clock.mockImplementation(() => after(real()));
      await expectSeen(rig, place, n + 1);
    }
  });
});
