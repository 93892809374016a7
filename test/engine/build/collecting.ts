/** `gc` in a rig: all that it may be asked, with nothing asked unless it is said. */
import type { GcRequest } from '../../../src/engine/gc/collect.ts';
import { gc } from '../../../src/engine/gc/collect.ts';
import type { Collected } from '../../../src/engine/gc/items.ts';
import type { Rig, RigOptions } from '../../rig.ts';

export type CollectAsk = Partial<Omit<GcRequest, 'now' | 'builtins'>> & RigOptions;

export async function collect(rig: Rig, ask: CollectAsk = {}): Promise<Collected> {
  const manifest = rig.load(ask);
  if (typeof manifest === 'string') throw new Error(manifest);
  const result = await gc({
    workspace: rig.dir,
    manifest,
    builtins: new Map(),
    keepRuns: 10,
    olderThanMs: undefined,
    maxBytes: undefined,
    dryRun: false,
    wait: true,
    holder: 'a test',
    onWaiting: () => undefined,
    signal: new AbortController().signal,
    ...ask,
    now: ask.now === undefined ? Date.now() : Date.parse(ask.now),
  });
  if (result.kind !== 'collected') throw new Error(`gc ended as ${result.kind}`);
  return result.collected;
}
