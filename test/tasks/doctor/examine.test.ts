import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Patient } from '../../../tasks/doctor/examine.ts';
import { examineHosts, examineMachine } from '../../../tasks/doctor/examine.ts';
import { scratch } from '../context.ts';
import { serve } from '../server.ts';

function patient(more: Partial<Patient> = {}): Patient {
  return {
    workspace: scratch(),
    config: {},
    env: {},
    node: { version: '20.20.2', engines: '>=20.12' },
    signal: new AbortController().signal,
    now: () => Date.UTC(2025, 2, 1),
    ...more,
  };
}

const names = (checks: readonly { readonly name: string; readonly state: string }[]): readonly string[] =>
  checks.map(({ name, state }) => `${name} ${state}`);

describe('the machine', () => {
  it('is looked at without a manifest too, as far as it needs none', async () => {
    const found = await examineMachine(patient({ config: undefined }));
    expect(found.map(({ name }) => name)).toEqual(['node', 'workspace', 'file-system', 'disk', 'proxy']);
    expect(found.find(({ name }) => name === 'disk')?.detail).toMatch(/ free for \.$/);
  });

  it('has a line for each folder that a build writes to', async () => {
    const workspace = scratch();
    writeFileSync(join(workspace, 'taken'), '');
    const found = await examineMachine(
      patient({ workspace, config: { market: 'spot', paths: { reports: 'taken' } } }),
    );
    expect(found.map(({ name }) => name)).toEqual([
      'node',
      'workspace',
      'file-system',
      'raw',
      'cache',
      'processed',
      'reports',
      'quarantine',
      'disk',
      'volumes',
      'proxy',
    ]);
    expect(names(found)).toContain('reports fail');
    expect(found.find(({ name }) => name === 'volumes')?.detail).toBe(
      'data/raw and data/cache are on one volume',
    );
  });

  it('needs a workspace that can be written before a file system is tried out in it', async () => {
    const workspace = join(scratch(), 'taken');
    writeFileSync(workspace, '');
    const found = await examineMachine(patient({ workspace, config: undefined }));
    expect(names(found)).toEqual(['node ok', 'workspace fail', 'disk ok', 'proxy ok']);
    expect(found[1]?.hint).toBe('move what is there away, or work in a folder of your own');
  });

  it('has no folders of the market where the manifest is about something else', async () => {
    const found = await examineMachine(patient({ config: { symbols: ['a'] } }));
    expect(found.map(({ name }) => name)).toEqual(['node', 'workspace', 'file-system', 'disk', 'proxy']);
  });

  it.skipIf(process.platform !== 'linux')(
    'is told where raw and cache lie on two volumes, each of which needs room',
    async () => {
      const found = await examineMachine(
        patient({ config: { market: 'spot', paths: { cache: '/proc/self' } } }),
      );
      expect(found.find(({ name }) => name === 'volumes')?.detail).toBe(
        'data/raw and /proc/self are on two volumes: each needs room of its own',
      );
      expect(names(found)).toContain('cache-disk fail');
    },
  );
});

describe('the file of certificate authorities', () => {
  const pem = readFileSync(new URL('../lib/fixtures/loopback-cert.pem', import.meta.url), 'utf8');
  const HINT = 'network.ca_file names a PEM file, relative to the workspace';

  async function looked(file: string, text?: string) {
    const workspace = scratch();
    if (text !== undefined) writeFileSync(join(workspace, file), text);
    const found = await examineMachine(patient({ workspace, config: { network: { ca_file: file } } }));
    return found.find(({ name }) => name === 'ca-file');
  }

  it('is read when there is one', async () => {
    expect(await looked('ca.pem', pem)).toEqual({
      name: 'ca-file',
      state: 'ok',
      detail: 'ca.pem counts beside the well-known authorities',
    });
  });

  it.each([
    ['is not there', undefined, 'ca.pem cannot be read: ENOENT'],
    ['holds none', 'x', 'ca.pem holds no certificate: expected -----BEGIN CERTIFICATE-----'],
  ])('that %s is a failure', async (_, text, detail) => {
    expect(await looked('ca.pem', text)).toEqual({ name: 'ca-file', state: 'fail', detail, hint: HINT });
  });
});

describe('the hosts', () => {
  it('are those of the market: without it there are none', async () => {
    expect(await examineHosts(patient())).toEqual([
      { name: 'hosts', state: 'ok', detail: 'not asked: the config names none of the market' },
    ]);
  });

  it('are asked side by side', async () => {
    // Neither listing nor REST answers before both have been asked.
    const waiting: (() => void)[] = [];
    let met = false;
    const { url, asked } = await serve((request, response) => {
      waiting.push(() => {
        if (request.url?.startsWith('/rest')) response.end('{"serverTime":1}');
        else response.writeHead(404).end();
      });
      met ||= waiting.length === 2;
      if (met) for (const answer of waiting.splice(0)) answer();
    });
    const binance = { listing_url: `${url}/listing`, archive_url: `${url}/archive`, rest_url: `${url}/rest` };
    const found = await examineHosts(patient({ config: { market: 'spot', binance } }));
    expect(names(found)).toEqual([
      'listing fail',
      'archive warn',
      'rest ok',
      'clock fail',
      'rest-weight warn',
    ]);
    expect(asked).toHaveLength(4);
  });

  it('are left alone as soon as the user has had enough', async () => {
    const abort = new AbortController();
    const { url } = await serve(() => abort.abort(new Error('interrupted by SIGINT')));
    const config = { market: 'spot', binance: { listing_url: url, archive_url: url, rest_url: url } };
    await expect(examineHosts(patient({ config, signal: abort.signal }))).rejects.toThrow(
      'interrupted by SIGINT',
    );
  });
});
