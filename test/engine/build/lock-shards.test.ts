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

function config(symbols: readonly string[]): string {
  return `symbols: ${JSON.stringify(symbols)}\nnumbers: ${JSON.stringify(NUMBERS)}\n`;
}

/** All that is said, but for what is never built. */
function said(rig: Rig): readonly string[] {
  const { asOf, lines = [] } = readLockEntries(rig.dir) ?? {};
  const texts = lines.filter(({ target }) => !target.startsWith('many/')).map(formatLine);
  return [`as-of ${asOf}`, ...texts.sort()];
}

type Step = (world: World, rig: Rig) => void;
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
    rig.write('config.yaml', config(['b', 'c', 'a']));
  },
  'one symbol only': (_, rig) => rig.write('config.yaml', config(['a'])),
  'a symbol that nobody lists': (_, rig) => rig.write('config.yaml', config(['a', 'x'])),
};

describe('a lockfile in shards', () => {
  it('says after any changes what a clean build would write, and brings that about elsewhere', async () => {
    const step = fc.constantFrom(...Object.keys(STEPS));
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (names, partly) => {
          const world = new World();
          fill(world);
          const rig = workspace(world, WITH_MANY, config(['b', 'a']));
          const many = NUMBERS.map((name) => `output many/a/${name} many/a/${name} ${sha256('')}`);
          rig.write(
            'pipeline.lock',
            ['pipeline.lock 1', 'as-of 2024-02-29T23:59:00Z', ...many, ''].join('\n'),
          );
          await rig.build();
          for (const name of names) {
            STEPS[name]?.(world, rig);
            if (partly) await rig.build('bars/a/2024-01', { refresh: true });
            await rig.build([], { refresh: true });
          }
          expect(readLockEntries(rig.dir)?.sharded).toBe(true);
          const clean = workspace(world, WITH_MANY, rig.read('config.yaml'));
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
        ],
      },
    );
  });
});
