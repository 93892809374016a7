/** The config sections `monitoring` and `notify`. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/engine/task.ts';
import { configSchema } from '../../../tasks/config.ts';
import { readMonitoring } from '../../../tasks/monitoring/settings.ts';

const said = (more: Readonly<Record<string, Json>>): readonly string[] =>
  configSchema.check({ market: 'spot', ...more }).map(({ path, message }) => `${path.join('.')}: ${message}`);

const HOOK = { url: 'https://hooks.example.org/services/x?sig=1', on: ['critical'] };
const SECRET = 'what stands there is not shown, it may be a secret';
const ENTRY = `expected an entry such as { url_env: SLACK_WEBHOOK_URL, format: slack, on: [critical, change] }; ${SECRET}`;

describe('what the config may say of monitoring', () => {
  it.each<[string, Readonly<Record<string, Json>>]>([
    ['nothing', {}],
    ['no metrics', { monitoring: { metrics: null } }],
    ['a path', { monitoring: { metrics: 'reports/metrics.prom' } }],
    ['an empty section', { monitoring: null, notify: null }],
    ['nobody', { notify: [] }],
    ['an address', { notify: [HOOK] }],
    [
      'a variable',
      {
        notify: [
          {
            url_env: 'SLACK_WEBHOOK_URL',
            format: 'slack',
            on: ['critical', 'warning', 'change', 'new-gaps', 'failed'],
            symbols: ['BTCUSDT'],
            repeat: '24h',
          },
        ],
      },
    ],
    ['nulls', { notify: [{ ...HOOK, symbols: null, repeat: null }] }],
  ])('%s', (_, config) => {
    expect(said(config)).toEqual([]);
  });

  it.each<[Readonly<Record<string, Json>>, readonly string[]]>([
    [
      { monitoring: { metric: 1 } },
      ['monitoring.metric: "metric": no such name in monitoring: expected one of metrics'],
    ],
    [
      { monitoring: { metrics: 'pipeline.yaml' } },
      ['monitoring.metrics: "pipeline.yaml": expected a path that ends in .prom, or null'],
    ],
    [
      { monitoring: { metrics: '.prom' } },
      ['monitoring.metrics: ".prom": expected a path that ends in .prom, or null'],
    ],
    [
      { notify: 'https://x/s3cr3t' },
      [
        `notify: expected a list, each item an entry such as { url_env: SLACK_WEBHOOK_URL, format: slack, on: [critical, change] }; ${SECRET}`,
      ],
    ],
    [{ notify: ['https://x/s3cr3t'] }, [`notify.0: ${ENTRY}`]],
    [
      { notify: [{ ...HOOK, fromat: 's3cr3t' }] },
      [
        'notify.0.fromat: "fromat": no such name in notify: expected one of format, on, repeat, symbols, url, url_env',
      ],
    ],
    [
      { notify: [{ ...HOOK, url: 'htps://x/s3cr3t' }] },
      [
        `notify.0.url: expected http:// or https://, a host and perhaps a path and a query, without user, password and fragment; ${SECRET}`,
      ],
    ],
    [
      { notify: [{ ...HOOK, url: 'https://me:s3cr3t@x/' }] },
      [
        `notify.0.url: expected http:// or https://, a host and perhaps a path and a query, without user, password and fragment; ${SECRET}`,
      ],
    ],
    [
      { notify: [{ url_env: 'https://x/s3cr3t', on: ['critical'] }] },
      [`notify.0.url_env: expected the name of an environment variable such as SLACK_WEBHOOK_URL; ${SECRET}`],
    ],
    [{ notify: [{ on: ['critical'] }] }, ['notify.0: expected either url or url_env']],
    [{ notify: [{ ...HOOK, url_env: 'X' }] }, ['notify.0: expected either url or url_env']],
    [
      { notify: [{ ...HOOK, on: ['criticl'] }] },
      ['notify.0.on.0: "criticl": expected one of critical, warning, change, new-gaps, failed'],
    ],
    [
      { notify: [{ ...HOOK, on: [] }] },
      ['notify.0.on: []: expected a list of critical, warning, change, new-gaps, failed'],
    ],
    [
      { notify: [{ url: HOOK.url }] },
      ['notify.0.on: nothing: expected a list of critical, warning, change, new-gaps, failed'],
    ],
    [{ notify: [{ ...HOOK, format: 'teams' }] }, ['notify.0.format: "teams": expected one of json, slack']],
    [
      { notify: [{ ...HOOK, symbols: ['btcusdt'] }] },
      ['notify.0.symbols.0: "btcusdt": expected a symbol of A-Z, 0-9 and _ such as BTCUSDT'],
    ],
    [
      { notify: [{ ...HOOK, repeat: 'daily' }] },
      ['notify.0.repeat: "daily": expected a whole number and a unit of ms, s, m, h or d, such as 10s'],
    ],
  ])('%j is refused without a word of what may be a secret', (config, messages) => {
    expect(said(config)).toEqual(messages);
    expect(said(config).join()).not.toContain('s3cr3t');
  });

  it('is none of ours without market and binance', () => {
    expect(configSchema.check({ notify: 3, monitoring: 'x' })).toEqual([]);
    expect(readMonitoring({ notify: 3, monitoring: 'x' })).toEqual({
      metrics: undefined,
      hooks: [],
      folders: [],
      caFile: undefined,
    });
  });
});

describe('what the config says of monitoring', () => {
  it('is read with its defaults', () => {
    expect(readMonitoring({ market: 'spot', notify: [HOOK] })).toEqual({
      metrics: undefined,
      hooks: [
        { to: { url: HOOK.url }, format: 'json', on: ['critical'], symbols: undefined, repeatMs: undefined },
      ],
      folders: [],
      caFile: undefined,
    });
  });

  it('is read whole', () => {
    const hook = { url_env: 'HOOK', format: 'slack', on: ['failed'], symbols: ['BTCUSDT'], repeat: '24h' };
    expect(
      readMonitoring({
        market: 'um',
        monitoring: { metrics: 'm.prom' },
        notify: [hook],
        paths: { raw: 'data/raw' },
        network: { ca_file: 'ca.pem' },
      }),
    ).toEqual({
      metrics: 'm.prom',
      hooks: [
        { to: { env: 'HOOK' }, format: 'slack', on: ['failed'], symbols: ['BTCUSDT'], repeatMs: 86_400_000 },
      ],
      folders: [{ name: 'raw', path: 'data/raw' }],
      caFile: 'ca.pem',
    });
  });
});
