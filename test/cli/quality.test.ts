/** `pipeline quality`: what the gates of the last reports say. */
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { cli } from './cli.ts';

const HEADER = 'check,level,scope,threshold,symbol,month,value,unit,result';

function workspace(...rows: readonly string[]): Rig {
  return new Rig({
    'pipeline.yaml': `version: 1
rules:
  reports: { in: { text: in.csv }, out: { quality: quality_report.csv }, run: "cat \${in.text} > \${out.quality}" }
`,
    'in.csv': `${[HEADER, ...rows].join('\n')}\n`,
  });
}

const GATE = 'coverage,critical,month,0.95,all,all,0.5,fraction,broken';
const UNIT = 'coverage,critical,month,0.95,BTCUSDT,2024-01,0.5,fraction,broken';
const HELD = 'gap,warning,symbol,24h,all,all,80,minutes,pass';

describe('quality', () => {
  it('prints a line a gate, or the rows of the report as JSON', async () => {
    const rig = workspace(GATE, UNIT, HELD);
    await cli(['-C', rig.dir, 'build']);
    expect(await cli(['-C', rig.dir, 'quality'])).toEqual({
      code: 0,
      out: [
        'check     level     scope   limit  worst  unit     broken',
        'coverage  critical  month    0.95    0.5           BTCUSDT/2024-01',
        'gap       warning   symbol    24h     80  minutes',
        '',
      ].join('\n'),
      err: '',
    });
    expect(JSON.parse((await cli(['-C', rig.dir, 'quality', '--json'])).out)[1]).toEqual({
      check: 'coverage',
      level: 'critical',
      scope: 'month',
      threshold: '0.95',
      symbol: 'BTCUSDT',
      month: '2024-01',
      value: 0.5,
      unit: 'fraction',
      result: 'broken',
    });
  });

  it('prints what is broken alone where that is asked for', async () => {
    const rig = workspace(GATE, UNIT, HELD);
    await cli(['-C', rig.dir, 'build']);
    expect((await cli(['-C', rig.dir, 'quality', '--broken'])).out).toBe(
      'check     level     limit  value  unit  where\ncoverage  critical   0.95    0.5        BTCUSDT/2024-01\n',
    );
    const good = workspace(HELD);
    await cli(['-C', good.dir, 'build']);
    expect((await cli(['-C', good.dir, 'quality', '--broken'])).out).toBe('no gate is broken\n');
    const none = workspace();
    await cli(['-C', none.dir, 'build']);
    expect((await cli(['-C', none.dir, 'quality'])).out).toBe('no gates\n');
  });

  it('says so where the report was edited, or another version has written it', async () => {
    const rig = workspace(GATE);
    await cli(['-C', rig.dir, 'build']);
    const said = (why: string) => ({
      code: 1,
      out: '',
      err: `error: quality_report.csv cannot be read as a quality report: ${why}\n  = make it again with \`pipeline build reports\`\n`,
    });
    rig.write('quality_report.csv', `${HEADER}\n${GATE.replace('broken', 'maybe')}\n`);
    expect(await cli(['-C', rig.dir, 'quality'])).toEqual(
      said('line 2: result is "maybe", expected one of pass, broken, excepted'),
    );
    rig.write('quality_report.csv', 'check,level\n');
    expect(await cli(['-C', rig.dir, 'quality', '--json'])).toEqual(
      said(
        `line 1: the columns are "check,level", expected "${HEADER}": written by another version? run pipeline build reports`,
      ),
    );
    rig.write('quality_report.csv', `${HEADER}\n"${GATE}\n`);
    expect((await cli(['-C', rig.dir, 'quality'])).err).toMatch(
      /^error: quality_report\.csv cannot be read as a quality report: /,
    );
  });

  it('says so where there is no report yet', async () => {
    expect(await cli(['-C', workspace().dir, 'quality'])).toEqual({
      code: 1,
      out: '',
      err: 'error: there is no quality report yet\n  = make it with `pipeline build reports`\n',
    });
  });
});
