/** The lag section of `pipeline status`, on a rule that is called and shaped like the market's. */
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { cli } from './cli.ts';

const MANIFEST = `version: 1
configs: [config.yaml]
dimensions:
  symbol: \${symbols}
  month: { every: month, from: "2024-01-01T00:00:00Z" }
as_of: "2024-03-31T23:59:00Z"
rules:
  bars:
    for: [symbol, month]
    out: { summary: "bars/symbol=\${symbol}/month=\${month}/summary.json" }
    run: "cp in/\${symbol}-\${month}.json \${out.summary}"
  pages: { for: [symbol], out: { page: "pages/\${symbol}.txt" }, run: "echo \${symbol} > \${out.page}" }
`;

const NOW = () => Date.UTC(2024, 3, 2);

function summary(last: string | null, interval = '1m'): string {
  return `${JSON.stringify({ version: 1, interval, last_ts: last })}\n`;
}

async function built(months: Readonly<Record<string, string>>, symbols: readonly string[]): Promise<Rig> {
  const inputs = Object.entries(months).map(([name, text]) => [`in/${name}.json`, text]);
  const rig = new Rig({
    'pipeline.yaml': MANIFEST,
    'config.yaml': `symbols: [${symbols.join(', ')}]\n`,
    ...Object.fromEntries(inputs),
  });
  await cli(['-C', rig.dir, '-q', 'build'], { now: NOW });
  return rig;
}

async function lagOf(rig: Rig, ...args: readonly string[]): Promise<unknown> {
  const { out } = await cli(['-C', rig.dir, 'status', '--json', ...args], { now: NOW });
  return JSON.parse(out).lag;
}

describe('status', () => {
  it('ends with the lag of each symbol', async () => {
    const rig = await built(
      {
        'FRESH-2024-03': summary('2024-03-31T23:59:00Z'),
        'OLD-2024-01': summary('2024-01-31T23:59:00Z'),
        'OLD-2024-02': summary('2024-02-29T23:56:00Z'),
      },
      ['OLD', 'NONE', 'FRESH'],
    );
    const { out, code } = await cli(['-C', rig.dir, 'status'], { now: NOW });
    expect(code).toBe(0);
    expect(out.split('\n').slice(-6)).toEqual([
      '',
      'symbol     newest bar (UTC)   lag',
      'OLD     2024-02-29 23:56:00  31 d',
      'NONE                      —     —',
      'FRESH   2024-03-31 23:59:00     0',
      '',
    ]);
    expect(await lagOf(rig)).toEqual([
      { symbol: 'OLD', newest: '2024-02-29T23:56:00Z', lagSeconds: 31 * 86_400 + 180 },
      { symbol: 'NONE', newest: null, lagSeconds: null },
      { symbol: 'FRESH', newest: '2024-03-31T23:59:00Z', lagSeconds: 0 },
    ]);
  });

  it('tells the lag of the selected symbols, wherever the selected months lie', async () => {
    const rig = await built({ 'A-2024-03': summary('2024-03-31T23:57:00Z') }, ['A', 'B']);
    expect(await lagOf(rig, 'bars/A/2024-01')).toEqual([
      { symbol: 'A', newest: '2024-03-31T23:57:00Z', lagSeconds: 120 },
    ]);
    expect(await lagOf(rig, 'pages')).toEqual([]);
    const { out } = await cli(['-C', rig.dir, 'status', 'pages'], { now: NOW });
    expect(out).toBe('pages  2 fresh\n2 targets: 2 fresh\n');
  });

  it('has no lag where no such rule is, nor for what a dry run would build', async () => {
    const rig = await built({}, ['A']);
    expect((await cli(['-C', rig.dir, 'build', '-n', '--json'], { now: NOW })).out).not.toContain('"lag"');
    rig.edit('pipeline.yaml', (text) => text.replace('  bars:', '  candles:'));
    expect(await lagOf(rig)).toBeUndefined();
    expect((await cli(['-C', rig.dir, 'status'], { now: NOW })).out).not.toContain('lag');
  });

  it('says so when a summary cannot be read, and looks at the month before', async () => {
    const rig = await built({ 'A-2024-03': '{"torn', 'A-2024-02': summary('2024-02-29T23:59:00Z') }, ['A']);
    const { out, err } = await cli(['-C', rig.dir, 'status', '--json'], { now: NOW });
    expect(err).toBe(
      'error: bars/symbol=A/month=2024-03/summary.json cannot be read as a summary of bars\n  = make it again with `pipeline build`\n',
    );
    expect(JSON.parse(out).lag).toEqual([
      { symbol: 'A', newest: '2024-02-29T23:59:00Z', lagSeconds: 31 * 86_400 },
    ]);
  });
});
