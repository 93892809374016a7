/** A build as Markdown for GitHub. */
import { describe, expect, it } from 'vitest';
import { MOST_ROWS, stepSummary } from '../../../tasks/monitoring/step-summary.ts';
import { COUNTS, documentOf, failedOf, gateOf, runOf, symbolOf } from './fixtures.ts';

const NOTHING = { document: undefined, folder: undefined };

describe('the summary of a step', () => {
  it('says how the dataset is, what is broken, what failed, and where the reports are', () => {
    const document = documentOf({
      verdict: { level: 'critical', sentence: 'Coverage of 1 month is below 95 %.' },
      gates: [gateOf({ where: ['BTCUSDT/2024-01'], broken: 3 }), gateOf({ broken: 0, level: 'info' })],
      symbols: [
        symbolOf('BTCUSDT', {
          level: 'critical',
          coverage_raw: 0.949,
          coverage_adjusted: 0.999999,
          lag_minutes: 2,
        }),
        symbolOf('ETHUSDT', { coverage_raw: null, coverage_adjusted: null, lag_minutes: null }),
      ],
    });
    const run = runOf({
      ended: 'failed',
      counts: { ...COUNTS, executed: 4, fresh: 2, failed: 1 },
      failures: [failedOf('archive/BTCUSDT/2024-01')],
    });
    expect(stepSummary({ run, document, folder: 'reports/runs/x' })).toBe(
      `## ❌ pipeline: critical, the build has failures

spot 1m: Coverage of 1 month is below 95 %.

❌ The build has failures: 4 executed, 2 fresh, 1 failed in 12.5 s (as of 2024-01-31T23:59:00Z).

### Failures

| target | failure | message |
| --- | --- | --- |
| \`archive/BTCUSDT/2024-01\` | archive-corrupt | archive/BTCUSDT/2024-01: CRC-32 is 0a1b2c3d, expected 4e5f6071 |

### Broken gates

| level | check | scope | threshold | broken | where |
| --- | --- | --- | --- | ---: | --- |
| ❌ critical | coverage | month | 0.95 fraction | 3 | BTCUSDT/2024-01, … |

### Coverage

| symbol | level | present | missing | raw | adjusted | gaps | lag (minutes) |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
| BTCUSDT | ❌ critical | 990 | 10 | 94.9000 % | 99.9999 % | 1 | 2 |
| ETHUSDT | ✅ ok | 990 | 10 |  |  | 1 |  |

Reports: \`reports/runs/x\`

`,
    );
  });

  it('says of a build that failed before it came to reports that the last ones are older', () => {
    const run = runOf({
      ended: 'failed',
      asOf: '2024-02-29T23:59:00Z',
      failures: [failedOf('listing/BTCUSDT')],
    });
    const document = documentOf({ as_of: '2024-01-31T23:59:00Z' });
    expect(stepSummary({ run, document, folder: 'reports/runs/x' }).split('\n\n').slice(0, 2)).toEqual([
      '## ❌ pipeline: ok, the build has failures',
      `spot 1m: ${document.verdict.sentence} (the last reports, as of 2024-01-31T23:59:00Z)`,
    ]);
    const stopped = runOf({ ended: 'interrupted' });
    expect(stepSummary({ run: stopped, document, folder: undefined }).split('\n')[0]).toBe(
      '## ⚠️ pipeline: ok, the build was interrupted',
    );
  });

  it('says what a build was that has no reports', () => {
    const idle = runOf({ idle: true, counts: { ...COUNTS, fresh: 7 }, seconds: 0.3 });
    expect(stepSummary({ run: idle, ...NOTHING })).toBe(
      '## pipeline\n\nThe build is done: nothing to do, 7 fresh in 0.3 s (as of 2024-01-31T23:59:00Z).\n\n',
    );
    expect(stepSummary({ run: runOf({ ended: 'interrupted', counts: COUNTS }), ...NOTHING })).toContain(
      '⚠️ The build was interrupted: no targets in',
    );
  });

  it('has at most fifty rows of a table, and says how many more there are', () => {
    const symbols = Array.from({ length: MOST_ROWS + 7 }, (_, at) => symbolOf(`S${at}USDT`));
    const failures = Array.from({ length: MOST_ROWS + 3 }, (_, at) => failedOf(`bars/${at}`));
    const text = stepSummary({
      run: runOf({ failures }),
      document: documentOf({ symbols }),
      folder: undefined,
    });
    expect(text.match(/^\| S\d+USDT /gm)).toHaveLength(MOST_ROWS);
    expect(text.match(/^\| `bars\/\d+` /gm)).toHaveLength(MOST_ROWS);
    expect(text).toContain('\n\nand 7 more\n');
    expect(text).toContain('\n\nand 3 more\n');
  });

  it('lets nothing from outside be Markdown, HTML, a link or the end of a cell', () => {
    const nasty = 'a|b`c`\n<img src=x> [l](https://x) *b* _i_ @all #1 $m$ ~s~ \\';
    const failures = [failedOf(nasty, { code: 'x', message: nasty })];
    const text = stepSummary({ run: runOf({ failures }), document: undefined, folder: nasty });
    const escaped =
      'a\\|b\\`c\\` &lt;img src=x&gt; \\[l\\]\\(https:&\\#47;&\\#47;x\\) \\*b\\* \\_i\\_ \\@all \\#1 \\$m\\$ \\~s\\~ \\\\';
    const row = text.split('\n').find((line) => line.startsWith('| `'));
    expect(row).toBe(
      `| \`a\\|b'c' <img src=x> [l](https://x) *b* _i_ @all #1 $m$ ~s~ \\\` | x | ${escaped.replaceAll('&\\#47;', '&#47;')} |`,
    );
    expect(text).toContain("Reports: `a\\|b'c' <img src=x>");
  });

  it('makes no link of what GitHub takes for a host', () => {
    const failures = [failedOf('bars', { message: 'see www.example.org, WWW.example.org' })];
    expect(stepSummary({ run: runOf({ failures }), ...NOTHING })).not.toMatch(/www\./i);
  });

  it('cuts long messages', () => {
    const failures = [failedOf('a', { message: 'x'.repeat(10_000) })];
    expect(stepSummary({ run: runOf({ failures }), ...NOTHING }).length).toBeLessThan(1_000);
  });
});
