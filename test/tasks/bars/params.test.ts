import { describe, expect, it } from 'vitest';
import { mergeParamsSchema } from '../../../tasks/bars/params.ts';

describe('what is counted as odd', () => {
  const given = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' };
  const checks = (value?: unknown): unknown =>
    mergeParamsSchema.parse({ ...given, ...(value === undefined ? {} : { checks: value }) }).checks;

  it('has a default for all that the config leaves out', () => {
    const defaults = { jump_sigma: 20, flat_bars: 240 };
    expect(checks()).toEqual(defaults);
    expect(checks(null)).toEqual(defaults);
    expect(checks({})).toEqual(defaults);
    expect(checks({ jump_sigma: 8 })).toEqual({ jump_sigma: 8, flat_bars: 240 });
    expect(checks({ flat_bars: 60 })).toEqual({ jump_sigma: 20, flat_bars: 60 });
  });

  it('takes nothing that says something else', () => {
    for (const value of [{ jump_sigma: 0 }, { flat_bars: 1.5 }, { jumps: 20 }, 'none'])
      expect(() => checks(value)).toThrow();
  });
});
