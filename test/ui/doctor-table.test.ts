import { describe, expect, it } from 'vitest';
import type { DoctorCheck } from '../../src/ui/doctor-table.ts';
import { countChecks, formatChecks } from '../../src/ui/doctor-table.ts';

const PLAIN = { color: false, width: 80 };
const NODE: DoctorCheck = { name: 'node', state: 'ok', detail: '20.20.2, and 20.12 or newer is needed' };
const CLOCK: DoctorCheck = {
  name: 'clock',
  state: 'warn',
  detail: "this machine's clock is 2.31 s behind the exchange's",
  hint: 'set the clock by the network',
};
const REST: DoctorCheck = {
  name: 'rest',
  state: 'fail',
  detail: 'GET https://data-api.binance.vision/api/v3/time answered 403 Forbidden with an HTML page, "ERROR"',
  hint: "a firewall or a proxy answered in the server's place, which often passes; if it does not, check the proxy",
};

describe('the list of checks', () => {
  it('is a line for each, with what to do below what is not as it should be', () => {
    expect(formatChecks([NODE, CLOCK, REST], PLAIN)).toBe(
      [
        'ok    node         20.20.2, and 20.12 or newer is needed',
        "warn  clock        this machine's clock is 2.31 s behind the exchange's",
        '      → set the clock by the network',
        'fail  rest         GET https://data-api.binance.vision/api/v3/time answered 403',
        '                   Forbidden with an HTML page, "ERROR"',
        "      → a firewall or a proxy answered in the server's place, which often",
        '        passes; if it does not, check the proxy',
        '',
      ].join('\n'),
    );
  });

  it('colours the state alone', () => {
    expect(formatChecks([CLOCK], { ...PLAIN, color: true })).toMatch(/^\x1b\[33mwarn\x1b\[39m {2}clock /);
  });

  it('lets nothing from outside command the terminal', () => {
    const evil: DoctorCheck = { name: 'a\x1b', state: 'fail', detail: 'b\x1b[2J', hint: 'c\nd' };
    expect(formatChecks([evil], PLAIN)).toBe('fail  a\\x1b        b\\x1b[2J\n      → c\\nd\n');
  });

  it('ends with a count', () => {
    expect(countChecks([NODE])).toBe('1 check: 1 ok');
    expect(countChecks([NODE, NODE, CLOCK, REST])).toBe('4 checks: 2 ok, 1 warning, 1 failed');
  });
});
