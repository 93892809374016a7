import { describe, expect, it } from 'vitest';
import type { Reporter } from '../../src/ui/listener.ts';
import { combine } from '../../src/ui/listener.ts';
import { keyOf, ruleOf } from '../../src/ui/target-name.ts';
import { planned } from './fixtures.ts';

describe('several reporters as one', () => {
  it('hear every event in order, and close one after the other', async () => {
    const heard: string[] = [];
    const reporter = (name: string): Reporter => ({
      listener: (event) => void heard.push(`${name} ${event.type}`),
      close: async () => {
        await Promise.resolve();
        heard.push(`${name} closed`);
      },
    });
    const both = combine([reporter('a'), reporter('b')]);
    both.listener(planned('bars', 1));
    await both.close();
    expect(heard).toEqual(['a targets-planned', 'b targets-planned', 'a closed', 'b closed']);
  });
});

describe("a target's name", () => {
  it('is its rule and its key', () => {
    expect([ruleOf('bars/BTCUSDT/2024-01'), keyOf('bars/BTCUSDT/2024-01')]).toEqual([
      'bars',
      'BTCUSDT/2024-01',
    ]);
    expect([ruleOf('reports'), keyOf('reports')]).toEqual(['reports', '']);
  });
});
