/** Whatever part of the data is lost, a build brings it back byte for byte. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Rig } from '../rig.ts';
import { FROM, fewDays, SYMBOLS, TO } from './history.ts';
import { differences, marketRig, published, tree } from './market.ts';

let exchange: Emulator;

beforeEach(async () => {
  const hole = { first: '2024-01-30T06:00:00Z', last: '2024-01-30T07:59:00Z' };
  exchange = await startEmulator({ history: fewDays({ archiveGaps: [hole] }) });
});

afterEach(() => exchange.close());

/** What readers see, and the sources: of an answer of REST all but when it was asked for, which is that of this time. */
function seen(rig: Rig): ReadonlyMap<string, Buffer | string> {
  const raw = [...tree(rig.path('data/raw'))].map(([path, content]) => {
    const text = content.toString('latin1').replace(/^"asked_at": .*$/m, '');
    return [`data/raw/${path}`, path.startsWith('binance-rest/') ? text : content] as const;
  });
  return new Map([...published(rig.dir), ...raw, ['pipeline.lock', rig.read('pipeline.lock')]]);
}

const PARTS = ['data/raw', 'data/cache', 'data/processed', 'reports', '.pipeline', 'pipeline.lock'];
/** Single ones, some pairs that belong together, and all. */
const LOSSES = [
  ...PARTS.map((part) => [part]),
  ['data/raw', 'data/processed'],
  ['data/cache', 'data/processed'],
  ['data/raw', '.pipeline'],
  ['data/processed', 'reports', '.pipeline'],
  ['data', 'reports'],
  ['data', 'reports', '.pipeline', 'pipeline.lock'],
];

it('after each loss, files and reports are those of before, and the next build has nothing to do', {
  timeout: 60_000,
}, async () => {
  const rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO, features: true });
  expect((await rig.build()).failures).toEqual({});
  const before = seen(rig);
  for (const lost of LOSSES) {
    for (const part of lost) rig.remove(part);
    const { failures, diagnostics } = await rig.build();
    expect({ lost, failures, diagnostics }).toEqual({ lost, failures: {}, diagnostics: '' });
    expect({ lost, differing: differences(seen(rig), before) }).toEqual({ lost, differing: [] });
    const again = await rig.build();
    expect({ lost, ran: again.ran }).toEqual({ lost, ran: [] });
  }
});
