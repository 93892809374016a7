/** Digests of outputs, whatever way is taken for their size. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { digestOutputs } from '../../../src/engine/run/digest-outputs.ts';
import { digestOfDirectory } from '../../../src/engine/run/success.ts';
import { scratch } from '../state/scratch.ts';

describe('outputs', () => {
  it('are digested by their bytes: small ones, those that are flushed ahead, and those too large for one look', async () => {
    const texts = ['', 'x', 'y'.repeat(300_000), 'z'.repeat(5_000_000)];
    const folder = scratch({
      ...Object.fromEntries(texts.map((text, at) => [`${at}`, text])),
      'many/one': '1',
    });
    const names = [...texts.keys()].map(String);
    const place = (name: string) => ({
      name,
      path: `out/${name}`,
      temporary: `${folder}/${name}`,
      final: `${folder}/out/${name}`,
      directory: name === 'many',
    });
    expect(await digestOutputs([...names, 'many'].map(place))).toEqual([
      ...texts.map((text, at) => ({ name: `${at}`, path: `out/${at}`, digest: sha256(text) })),
      { name: 'many', path: 'out/many', digest: digestOfDirectory(`${folder}/many`) },
    ]);
  });

  it('are digested after what else is about to start, where that takes a while', async () => {
    const folder = scratch({ small: 'x', large: 'y'.repeat(300_000) });
    const digestsAfter = async (name: string, text: string): Promise<readonly string[]> => {
      const file = `${folder}/${name}`;
      const place = { name, path: name, temporary: file, final: `${file}.final`, directory: false };
      const digested = digestOutputs([place]);
      await Promise.resolve();
      writeFileSync(file, text);
      return (await digested).map(({ digest }) => digest);
    };
    expect(await digestsAfter('small', 'later')).toEqual([sha256('x')]);
    expect(await digestsAfter('large', 'later')).toEqual([sha256('later')]);
  });
});
