/** Digests of outputs, whatever way is taken for their size. */
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
});
