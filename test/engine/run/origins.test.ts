import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { originsOf, publicUrl } from '../../../src/engine/run/origins.ts';
import { loadJournal } from '../../../src/engine/state/journal.ts';
import type { SuccessRecord } from '../../../src/engine/state/record.ts';
import type { Origin, TaskResult } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

describe('an address that is recorded', () => {
  it('has no user, password or fragment', () => {
    expect(publicUrl('https://me:pass@example.org:8443/a%20b/c.zip?x=1#part')).toBe(
      'https://example.org:8443/a%20b/c.zip?x=1',
    );
  });

  it('keeps what is asked for, and hides values of parameters that are named like secrets', () => {
    const url =
      'https://example.org/k?symbol=BTCUSDT&startTime=1&api_key=0123&X-Amz-Signature=abc&Token=t&sig=s&limit=5&password=p&sessionId=7&code=c&pass=q&hmac=h&bypass=no';
    expect(publicUrl(url)).toBe(
      'https://example.org/k?symbol=BTCUSDT&startTime=1&api_key=***&X-Amz-Signature=***&Token=***&sig=***&limit=5&password=***&sessionId=***&code=***&pass=***&hmac=***&bypass=no',
    );
  });

  it('hides a secret that is given twice', () => {
    expect(publicUrl('https://example.org/?key=one&a=b&key=two')).toBe('https://example.org/?key=***&a=b');
  });

  it('never holds what stood before the host or in a secret parameter, whatever that was', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{12,20}$/);
    const name = fc.constantFrom('token', 'apiKey', 'access_key', 'SIGNATURE', 'auth', 'x-goog-credential');
    fc.assert(
      fc.property(secret, secret, secret, name, (user, password, value, parameter) => {
        const shown = publicUrl(`https://${user}:${password}@h.example/p?a=1&${parameter}=${value}`);
        for (const each of [user, password, value]) expect(shown).not.toContain(each);
      }),
    );
  });
});

const BEFORE: Origin = { url: 'https://a.example/f', checksum: 'c1', fetchedAt: '2024-01-01T00:00:00.000Z' };
const outputs = [{ name: 'zip', path: 'f.zip', digest: sha256('bytes') }];
const written = { outputs, workspace: '/w' };

const recordWith = (origins: SuccessRecord['origins'], content = 'bytes'): SuccessRecord => ({
  kind: 'success',
  target: 't',
  fingerprint: sha256(''),
  parts: [],
  outputs: [{ name: 'zip', path: 'f.zip', digest: sha256(content) }],
  discovered: [],
  finishedAt: '2024-01-01T00:00:00.000Z',
  seconds: 0,
  ...(origins === undefined ? {} : { origins }),
});

describe('origins', () => {
  it('are nothing where the task says nothing', () => {
    expect(originsOf({}, written, undefined)).toEqual({});
    expect(originsOf({ origins: { zip: [] } }, written, undefined)).toEqual({});
  });

  it('of an output that the rule does not have are left out, and so is what the contract does not name', () => {
    const odd = { ...BEFORE, password: 'p' };
    expect(originsOf({ origins: { zip: [odd], other: [BEFORE] } }, written, undefined)).toEqual({
      origins: { zip: [BEFORE] },
    });
  });

  it('of bytes that were in place are those they came from, although another address publishes them as well', () => {
    const found: Origin = { url: 'https://b.example/f', checksum: 'c1', revision: 'v2' };
    expect(originsOf({ origins: { zip: [found] } }, written, recordWith({ zip: [BEFORE] }))).toEqual({
      origins: { zip: [{ ...found, url: BEFORE.url, fetchedAt: BEFORE.fetchedAt }] },
    });
  });

  it('have no time where nothing is known of the bytes that were in place', () => {
    const found: Origin = { url: 'https://b.example/f', checksum: 'c1' };
    const was: readonly (SuccessRecord | undefined)[] = [
      undefined,
      recordWith(undefined),
      recordWith({ zip: [BEFORE] }, 'other bytes'),
      recordWith({ zip: [{ ...BEFORE, checksum: 'c0' }] }),
    ];
    for (const previous of was)
      expect(originsOf({ origins: { zip: [found] } }, written, previous)).toEqual({
        origins: { zip: [found] },
      });
  });

  it('are those of this time when the same bytes were fetched again', () => {
    const again: Origin = {
      url: 'https://b.example/f',
      checksum: 'c1',
      fetchedAt: '2024-02-01T00:00:00.000Z',
    };
    expect(originsOf({ origins: { zip: [again] } }, written, recordWith({ zip: [BEFORE] }))).toEqual({
      origins: { zip: [again] },
    });
  });

  it('stay where a task that says nothing has left the same bytes, and go with the bytes', () => {
    expect(originsOf({}, written, recordWith({ zip: [BEFORE] }))).toEqual({ origins: { zip: [BEFORE] } });
    expect(originsOf({}, written, recordWith({ zip: [BEFORE] }, 'other bytes'))).toEqual({});
  });

  it('name kept files as records do', () => {
    const of = (file: string): unknown =>
      originsOf({ origins: { zip: [{ url: 'https://a.example/', file }] } }, written, undefined).origins?.[
        'zip'
      ]?.[0]?.file;
    expect([of('/w/raw/a.json'), of('raw/./a.json'), of('/elsewhere/a.json')]).toEqual([
      'raw/a.json',
      'raw/a.json',
      '/elsewhere/a.json',
    ]);
  });
});

const MANIFEST = `version: 1
rules:
  raw: { source: true, task: raw, out: { raw: raw.txt } }
`;

async function built(answer: unknown, rig = new Rig({ 'pipeline.yaml': MANIFEST })) {
  const builtins = fakeTasks({
    raw: async (ctx) => {
      await import('node:fs/promises').then(({ writeFile }) => writeFile(ctx.outputs['raw'] ?? '', 'x'));
      return answer as TaskResult;
    },
  });
  const { failures } = await rig.build([], { builtins, force: true });
  const record = loadJournal(rig.path('.pipeline/journal')).successes.get('raw');
  return { rig, failures, origins: record?.origins };
}

describe('a target', () => {
  it('records where its outputs came from', async () => {
    const { origins, failures } = await built({
      origins: { raw: [{ url: 'http://me:p@example.org/x?token=1', bytes: 1 }] },
    });
    expect({ origins, failures }).toEqual({
      origins: { raw: [{ url: 'http://example.org/x?token=***', bytes: 1 }] },
      failures: {},
    });
  });

  it.each([
    [{ raw: 'https://example.org' }, '{"raw":"https://example.org"}'],
    [{ raw: [{ url: 'no address' }] }, '{"raw":[{"url":"no address"}]}'],
    [
      { raw: [{ url: 'https://example.org', bytes: '1' }] },
      '{"raw":[{"url":"https://example.org","bytes":"1"}]}',
    ],
    [
      { raw: [{ url: 'https://example.org', fetchedAt: 1 }] },
      '{"raw":[{"url":"https://example.org","fetchedAt":1}]}',
    ],
  ])('fails when its task gives %j as origins', async (origins, shown) => {
    const { failures } = await built({ origins });
    expect(failures['raw']?.message).toBe(
      `raw: what its task has returned is no result: "origins" must be a map of lists such as { zip: [{ url: "https://…", checksum: "…" }] }, got ${shown}`,
    );
  });

  it('keeps the time of a download when it finds its bytes in place later', async () => {
    const fetched = { url: 'https://example.org/x', checksum: 'c', fetchedAt: '2024-01-01T00:00:00.000Z' };
    const { rig } = await built({ origins: { raw: [fetched] } });
    const again = await built(
      { origins: { raw: [{ url: 'https://mirror.example/x', checksum: 'c' }] } },
      rig,
    );
    expect(again.origins).toEqual({ raw: [fetched] });
  });
});
