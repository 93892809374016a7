import { describe, expect, it } from 'vitest';
import { diskCheck, nodeCheck } from '../../../tasks/doctor/machine.ts';

describe('the version of Node', () => {
  it.each([
    ['20.12.0', '>=20.12'],
    ['20.20.2', '>=20.12'],
    ['22.0.0', '>=20.12'],
    ['100.1.0', '>= 20'],
    ['24.0.0-nightly20250101', '>=20.12.3'],
  ])('%s is new enough for %s', (version, engines) => {
    expect(nodeCheck(version, engines)).toMatchObject({ name: 'node', state: 'ok' });
  });

  it.each(['20.11.1', '18.19.0', '9.99.99'])('%s is not', (version) => {
    expect(nodeCheck(version, '>=20.12')).toEqual({
      name: 'node',
      state: 'fail',
      detail: `${version}, but 20.12 or newer is needed`,
      hint: 'install Node 20.12 or newer, from nodejs.org or with nvm',
    });
  });

  it('cannot be judged by what is no lower bound: a bug of ours', () => {
    expect(() => nodeCheck('20.12.0', '^20 || ^22')).toThrow(
      'engines.node is "^20 || ^22": expected ">=" and a version',
    );
  });
});

describe('the room on the disk', () => {
  const hint =
    'free some space, or name another folder in `paths`; a symbol takes about 26 MB a year of 1m bars';

  it('is enough from 1 GB on', () => {
    expect(diskCheck('disk', 'data/raw', 84_120_000_000)).toEqual({
      name: 'disk',
      state: 'ok',
      detail: '84.1 GB free for data/raw',
    });
    expect(diskCheck('disk', 'data/raw', 1_000_000_000).state).toBe('ok');
  });

  it('is little below, and none below 64 MB', () => {
    const detail = (amount: string): string => `${amount} free for data/raw`;
    expect(diskCheck('disk', 'data/raw', 412_000_000)).toEqual({
      name: 'disk',
      state: 'warn',
      detail: detail('412 MB'),
      hint,
    });
    expect(diskCheck('disk', 'data/raw', 64_000_000).state).toBe('warn');
    expect(diskCheck('disk', 'data/raw', 12_400_000)).toEqual({
      name: 'disk',
      state: 'fail',
      detail: detail('12 MB'),
      hint,
    });
  });
});
