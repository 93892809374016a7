/** A lockfile in shards, of which builds rewrite what they touch: it says the same as one that is written whole. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { readLockEntries } from '../../../src/engine/state/lockfile.ts';
import { formatLine } from '../../../src/engine/state/lockfile-lines.ts';
import type { Rig } from '../../rig.ts';
import { clone, fill, MANIFEST, World, workspace } from './lock-rig.ts';

/** Never built here, so that there are enough lines. */
const MANY =
  '  many: { for: [symbol, number], out: { text: "many/${symbol}/${number}" }, run: "touch ${out.text}", default: false }\n';
const NUMBERS = Array.from({ length: 5_001 }, (_, at) => `n${at}`);
/** What nobody reads any more once the file is withdrawn. */
const NOTE = 'note: { rule: sources, pointer: "/notes/${file}" }';
const WITH_MANY = MANIFEST.replace('  file: {', '  number: "${numbers}"\n  file: {')
  .replace('"/files/${file}" } }', `"/files/\${file}" }, ${NOTE} }`)
  .concat(MANY);

/** Time passes: months come, and are closed. */
const IN_TIME = WITH_MANY.replace('"2024-02-29T23:59:00Z"', '"${until}"')
  .replace('"2024-02-29T23:59:00Z"', '"${as_of}"')
  .replace(
    '  report:\n',
    '  final: { for: [symbol, month], partitions: closed, in: { bars: { rule: bars } }, out: { bars: "final/${symbol}/${month}" }, run: "cp ${in.bars} ${out.bars}" }\n  report:\n',
  );

const CONFIG = `symbols: [b, a]
numbers: ${JSON.stringify(NUMBERS)}
until: "2024-02-29T23:59:00Z"
`;

/** As of so many days later, or earlier. */
function pass(rig: Rig, days: number): void {
  const text = rig.read('config.yaml');
  const asOf = Date.parse(/^until: "(.*)"$/m.exec(text)?.[1] ?? '') + days * 86_400_000;
  // Before the first month there is nothing to build.
  const later = new Date(Math.max(asOf, Date.UTC(2024, 0, 9, 23, 59))).toISOString().replace('.000', '');
  rig.write('config.yaml', text.replace(/^until: .*$/m, `until: "${later}"`));
}

/** All that is said, but for what is never built. */
function said(rig: Rig): readonly string[] {
  const { asOf, lines = [] } = readLockEntries(rig.dir) ?? {};
  const texts = lines.filter(({ target }) => !target.startsWith('many/')).map(formatLine);
  return [`as-of ${asOf}`, ...texts.sort()];
}

function symbols(rig: Rig, names: readonly string[]): void {
  rig.write(
    'config.yaml',
    rig.read('config.yaml').replace(/^symbols: .*$/m, `symbols: ${JSON.stringify(names)}`),
  );
}

type Step = (world: World, rig: Rig) => void;
const IN_TIME_STEPS: Readonly<Record<string, Step>> = {
  'a day later': (_, rig) => pass(rig, 1),
  'a month later': (_, rig) => pass(rig, 31),
  'a month earlier': (_, rig) => pass(rig, -31),
  'a new month, and a day later': (world, rig) => {
    world.publish('a', '2024-03', 'march of a');
    pass(rig, 1);
  },
};
const STEPS: Readonly<Record<string, Step>> = {
  'a new day': (world) => world.publish('a', '2024-02-03', 'third of february'),
  // Longer each time: a revision that no earlier one had.
  'a republished file': (world) =>
    world.publish(
      'b',
      '2024-01',
      `january of b${'!'.repeat(JSON.stringify(world.listed('b') ?? {}).length)}`,
    ),
  'a file with the same bytes': (world) =>
    world.list('b', { ...world.listed('b'), '2024-01': { revision: 99, text: 'jan' } }),
  'a withdrawn file': (world) => {
    const { '2024-02-01': _, ...rest } = world.listed('a') ?? {};
    world.list('a', rest);
  },
  'a listing that is gone': (world) => world.withdraw('b', 'listing'),
  'a listing that is there again': (world) => world.publish('b', '2024-01', 'january of b'),
  'another symbol': (world, rig) => {
    world.publish('c', '2024-02', 'february of c');
    symbols(rig, ['b', 'c', 'a']);
  },
  'one symbol only': (_, rig) => symbols(rig, ['a']),
  'a symbol that nobody lists': (_, rig) => symbols(rig, ['a', 'x']),
};

const ALL_STEPS = { ...STEPS, ...IN_TIME_STEPS };

/** A workspace with more lines than one file holds. */
function sharded(world: World, manifest = IN_TIME): Rig {
  const rig = workspace(world, manifest, CONFIG);
  const many = NUMBERS.map((name) => `output many/a/${name} many/a/${name} ${sha256('')}`);
  rig.write('pipeline.lock', ['pipeline.lock 1', 'as-of 2024-02-29T23:59:00Z', ...many, ''].join('\n'));
  return rig;
}

describe('a lockfile in shards', () => {
  it('says after any changes what a clean build would write, and brings that about elsewhere', async () => {
    const step = fc.constantFrom(...Object.keys(ALL_STEPS));
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (names, partly) => {
          const world = new World();
          fill(world);
          const rig = sharded(world);
          await rig.build();
          for (const name of names) {
            ALL_STEPS[name]?.(world, rig);
            if (partly) await rig.build('bars/a/2024-01', { refresh: true });
            await rig.build([], { refresh: true });
          }
          expect(readLockEntries(rig.dir)?.sharded).toBe(true);
          const clean = workspace(world, IN_TIME, rig.read('config.yaml'));
          await clean.build();
          expect(readLockEntries(clean.dir)?.sharded).toBe(false);
          expect(said(rig)).toEqual(said(clean));
          const { failures, differing } = await clone({ rig, world }).build([], { locked: true });
          expect([failures, differing]).toEqual([{}, []]);
        },
      ),
      {
        numRuns: 3,
        examples: [
          [['a withdrawn file', 'one symbol only'], true],
          [['one symbol only', 'another symbol'], true],
          [['a withdrawn file', 'a new day'], true],
          [['a withdrawn file'], false],
          [['a listing that is gone'], false],
          [['a listing that is gone', 'a listing that is there again'], true],
          [['a listing that is gone', 'a day later'], true],
          [['a month later', 'a month earlier', 'a day later'], false],
        ],
      },
    );
  });

  it('says it as time passes, too, byte for byte as if it were written whole', async () => {
    const names = Object.keys({ ...IN_TIME_STEPS, ...STEPS });
    // Written whole, what the journal knows of the symbol comes back as soon as one builds the others alone.
    const step = fc.constantFrom(...names.filter((name) => name !== 'a listing that is gone'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, fc.constantFrom([], ['bars/a/2024-01'], ['bars/a'])), {
          minLength: 1,
          maxLength: 4,
        }),
        async (changes) => {
          const rigs = [0, 1].map(() => {
            const world = new World();
            fill(world);
            return { world, rig: sharded(world) };
          });
          for (const { rig } of rigs) await rig.build();
          for (const [name, selectors] of changes) {
            for (const [at, { world, rig }] of rigs.entries()) {
              ALL_STEPS[name]?.(world, rig);
              // An empty line says nothing, but the file is not what was written any more.
              if (at === 1) rig.write('pipeline.lock', `${rig.read('pipeline.lock')}\n`);
              expect((await rig.build(selectors, { refresh: true })).diagnostics).toBe('');
            }
            const [touched, whole] = rigs.map(({ rig }) => textsIn(rig));
            expect(touched).toEqual(whole);
          }
        },
      ),
      {
        numRuns: 6,
        examples: [
          [
            [
              ['a day later', []],
              ['a month later', []],
            ],
          ],
          [
            [
              ['a month later', ['bars/a']],
              ['a day later', []],
            ],
          ],
          [
            [
              ['a month later', []],
              ['a month earlier', []],
              ['a month later', ['bars/a/2024-01']],
            ],
          ],
          [
            [
              ['a new month, and a day later', []],
              ['a month earlier', []],
              ['a month later', []],
            ],
          ],
        ],
      },
    );
  });

  it('says nothing of what was of an open partition, once time has closed it', async () => {
    const world = new World();
    fill(world);
    const rig = sharded(world, IN_TIME.replace('  final:', '  open:').replace('closed', 'open'));
    pass(rig, -1);
    await rig.build();
    const lines = (): readonly string[] => said(rig).filter((line) => line.includes(' open/'));
    expect(lines()).toEqual([
      expect.stringMatching(/open\/a\/2024-02/),
      expect.stringMatching(/open\/b\/2024-02/),
    ]);
    pass(rig, 1);
    await rig.build();
    expect(lines()).toEqual([]);
  });
});

/** Of the lockfile and its shards, by path. */
function textsIn(rig: Rig): Readonly<Record<string, string>> {
  const paths = ['pipeline.lock', ...rig.files('pipeline.lock.d')];
  return Object.fromEntries(paths.map((path) => [path, rig.read(path)]));
}
