/** The address of a webhook is a secret: whatever is wrong with the config, no command says it. */
import { describe, expect, it } from 'vitest';
import { cli } from './cli.ts';
import { configure, monitored } from './monitored.ts';

const URL = 'https://hooks.example.org/services/T0/s3cr3t';

const CONFIGS: readonly (readonly [what: string, config: string])[] = [
  ['a list that does not end', `market: spot\nnotify: [{ url: ${URL}, on: [critical]\n`],
  ['a wrong indent', `market: spot\nnotify:\n  - url: ${URL}\n   on: [critical]\n`],
  ['a tab', `market: spot\nnotify:\n  - url: ${URL}\n\t on: [critical]\n`],
  ['a colon in plain text', `market: spot\nnotify:\n  - url: hook: ${URL}\n    on: [critical]\n`],
  ['a quote that does not end', `market: spot\nnotify:\n  - url: "${URL}\n    on: [critical]\n`],
  ['a name said twice', `market: spot\nnotify:\n  - url: ${URL}\n    url: ${URL}\n    on: [critical]\n`],
  ['a name that is none', `market: spot\nnotify:\n  - urll: ${URL}\n    on: [critical]\n`],
  ['a name of another case', `market: spot\nnotify:\n  - URL: ${URL}\n    on: [critical]\n`],
  ['the address in place of the list', `market: spot\nnotify: ${URL}\n`],
  ['the address as an item', `market: spot\nnotify:\n  - ${URL}\n`],
  ['a list as address', `market: spot\nnotify:\n  - url: [${URL}]\n    on: [critical]\n`],
  ['the address as variable', `market: spot\nnotify:\n  - url_env: ${URL}\n    on: [critical]\n`],
  [
    'a reference that leads nowhere',
    `market: spot\nnotify:\n  - url: ${URL}/\${nobody.there}\n    on: [critical]\n`,
  ],
  ['a section that is none', `market: spot\nnotifyy:\n  - url: ${URL}\n    on: [critical]\n`],
  ['flow on one line', `{ market: spot, notify: [{ url: "${URL}", on: [criticl] }] }\n`],
  ['a section that is none, on one line', `market: spot\nnotifyy: [{ url: "${URL}", on: [critical] }]\n`],
  ['a tag', `market: spot\nnotify:\n  - url: !secret ${URL}\n    on: [critical]\n`],
  ['user and password', `market: spot\nnotify:\n  - url: https://me:s3cr3t@x/\n    on: [critical]\n`],
];

describe('the address of a webhook', () => {
  it.each(CONFIGS)('is not said where the config has %s', async (_, config) => {
    const rig = monitored();
    rig.write('config.yaml', config);
    for (const args of [
      ['build', '-n'],
      ['status'],
      ['--json', 'status'],
      ['--json', 'build'],
      ['notify', '--dry-run'],
    ]) {
      const { out, err } = await cli(['-C', rig.dir, ...args]);
      expect(out + err).not.toContain('s3cr3t');
      const github = await cli(['-C', rig.dir, ...args], { env: { GITHUB_ACTIONS: 'true' } });
      expect(github.out + github.err).not.toContain('s3cr3t');
    }
  });

  it.each([
    [`notify=[{url: ${URL}, on: [critical]`],
    [`notify=[{url: "${URL}", on: [criticl]}]`],
    [`notify=[{urll: "${URL}", on: [critical]}]`],
    [`notify=${URL}`],
    [`notify.0.url=${URL} x`],
    [`notfy=[{url: "${URL}", on: [critical]}]`],
    [`notify=[{url: "${URL}", on: [critical]}]`],
  ])('is not said where --set has %s', async (set) => {
    const rig = monitored({ notify: [] });
    for (const args of [['build', '-n'], ['status'], ['--json', 'status']]) {
      const { out, err } = await cli(['-C', rig.dir, '--set', set, ...args]);
      expect(out + err).not.toContain('s3cr3t');
    }
  });

  it('is not said by a command that tells all it knows', async () => {
    const rig = monitored();
    configure(rig, { notify: [{ url: 'http://127.0.0.1:9/s3cr3t', on: ['critical', 'failed', 'change'] }] });
    const commands = [
      ...[['build'], ['--verbose', 'build', '--force'], ['log'], ['log', 'last'], ['why', 'reports']],
      ...[['graph', '--format', 'json'], ['lineage', 'reports', '--format', 'json'], ['doctor']],
      ...[
        ['notify', '--test'],
        ['notify', '--dry-run'],
      ],
    ];
    for (const args of commands) {
      const { out, err } = await cli(['-C', rig.dir, ...args]);
      expect(out + err, args.join(' ')).not.toContain('s3cr3t');
    }
  });
});
