/** `pipeline lineage`, as people and scripts see it. */
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/engine/hash.ts';
import { fakeTasks } from '../fake-task.ts';
import { eventsIn } from '../openlineage.ts';
import { Rig } from '../rig.ts';
import type { Ran } from './cli.ts';
import { cli } from './cli.ts';

const FILES = {
  'pipeline.yaml': `version: 1
configs: [config.yaml]
dimensions:
  symbol: \${symbols}
  month: { every: month, from: "2024-01-01T00:00:00Z" }
as_of: "2024-03-31T23:59:00Z"
rules:
  raw: { for: [symbol], source: true, task: raw, out: { raw: "raw/\${symbol}.json" } }
  text: { for: [symbol, month], in: { raw: { rule: raw, pointer: "/\${month}" }, note: notes.txt }, task: text, out: { text: "text/\${symbol}-\${month}.txt" } }
  table: { in: { texts: { rule: text } }, out: { table: table.csv }, run: "cat \${in.texts} > \${out.table}" }
`,
  'config.yaml': 'symbols: [a, b]\n',
  'notes.txt': 'note\n',
};

const tasks = (suffix = ''): ReturnType<typeof fakeTasks> =>
  fakeTasks({
    raw: ({ partition, outputs }) => {
      const { symbol = '' } = partition.keys;
      const months = ['2024-01', '2024-02', '2024-03'].map((month) => [month, symbol + month]);
      writeFileSync(outputs['raw'] ?? '', JSON.stringify(Object.fromEntries(months)));
      const origin = {
        url: `https://me:hunter2@example.org/${symbol}.json?page=1&apikey=hunter2`,
        revision: '"v1"',
        modified: '2024-04-01T00:00:00.000Z',
        checksum: 'c0ffee',
        bytes: 1500,
        fetchedAt: '2024-04-02T00:00:00.000Z',
      };
      return { origins: { raw: [origin] } };
    },
    text: {
      source: suffix,
      run: ({ values, outputs }) => writeFileSync(outputs['text'] ?? '', `${values['raw']}${suffix}`),
    },
  });

let rig: Rig;
beforeEach(async () => {
  rig = new Rig(FILES, { builtins: tasks() });
  const { result, failures } = await rig.build();
  expect({ result, failures }).toEqual({ result: 'built', failures: {} });
});

const lineage = (...args: readonly string[]): Promise<Ran> => cli(['-C', rig.dir, 'lineage', ...args]);

/** Times are of the moment. */
const timeless = (text: string): string =>
  text.replace(/recorded \d{4}-\d\d-\d\dT[\d:.]+Z/g, 'recorded NOW').replaceAll(rig.dir, '/work');

async function shown(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await lineage(...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return `\n${timeless(out)}`;
}

describe('lineage', () => {
  it('of a table goes up to the addresses that it came from', async () => {
    expect(await shown('table.csv')).toMatchInlineSnapshot(`
      "
      table.csv
        made by table, recorded NOW
        sha256 c073b1173165ddaa0710f5d40ad255d52fd6a5b70eb640b26f70816092659599

      made from
        raw a..b (2)
          https://example.org/*.json?page=1&apikey=*** (2)
            fetched 2024-04-02T00:00:00.000Z
        text a, b 2024-01..2024-03 (6)

      files that no rule makes
        notes.txt
          sha256 389ed6887e49a315f706f6c2b931b1dcf0d797c91437124f32eb98555c669758
      "
    `);
  });

  it('of a target goes both ways, in full for a single one', async () => {
    expect(await shown('text/a/2024-02')).toMatchInlineSnapshot(`
      "
      text/a/2024-02
        recorded NOW
        text/a-2024-02.txt  sha256 90bc6ce9b3616046f27df16769eec4abb59310082beb3062f632613108bab40b

      made from
        raw a
          https://example.org/a.json?page=1&apikey=***
            revision "v1", modified 2024-04-01T00:00:00.000Z, 1.5 kB, fetched 2024-04-02T00:00:00.000Z
            sha256 c0ffee

      files that no rule makes
        notes.txt
          sha256 389ed6887e49a315f706f6c2b931b1dcf0d797c91437124f32eb98555c669758

      went into
        table
      "
    `);
  });

  it('goes one way with --up or --down', async () => {
    expect(await shown('text/a/2024-02', '--up')).not.toContain('went into');
    expect(await shown('text/a/2024-02', '--down')).toMatchInlineSnapshot(`
      "
      text/a/2024-02
        recorded NOW
        text/a-2024-02.txt  sha256 90bc6ce9b3616046f27df16769eec4abb59310082beb3062f632613108bab40b

      went into
        table
      "
    `);
  });

  it('of a file that no rule makes says what it went into', async () => {
    expect(await shown('notes.txt')).toMatchInlineSnapshot(`
      "
      notes.txt
        no rule makes it
        sha256 389ed6887e49a315f706f6c2b931b1dcf0d797c91437124f32eb98555c669758

      went into
        text a, b 2024-01..2024-03 (6)
        table
      "
    `);
  });

  it('shows each target by itself with -v', async () => {
    const text = await shown('table', '-v');
    for (const symbol of ['a', 'b'])
      for (const month of ['2024-01', '2024-02', '2024-03'])
        expect(text).toContain(`  text/${symbol}/${month}\n`);
  });

  it('is drawn as a Mermaid chart', async () => {
    expect(await shown('table', '--format', 'mermaid')).toMatchInlineSnapshot(`
      "
      flowchart LR
        u0(["https://example.org/*.json?page=1#38;apikey=***"])
        f0[/"notes.txt"/]
        t0["raw a..b (2)"]
        t1["text a, b 2024-01..2024-03 (6)"]
        t2["table"]:::asked
        u0 --> t0
        t0 -- "raw" --> t1
        f0 -- "note" --> t1
        t1 -- "texts" --> t2
        classDef asked stroke-width:3px
      "
    `);
  });

  it('is whole in JSON, with digests, parameters and times', async () => {
    const { out } = await lineage('text/a/2024-02', '--json');
    expect(out).toBe((await lineage('text/a/2024-02', '--format', 'json')).out);
    const found = JSON.parse(out);
    expect(Object.keys(found)).toEqual(['of', 'targets', 'files']);
    const strip = JSON.parse(timeless(out), (key, value) =>
      key === 'finishedAt' || key === 'seconds' || key === 'fingerprint' || key === 'code'
        ? undefined
        : value,
    );
    expect(strip).toMatchInlineSnapshot(`
      {
        "files": [
          {
            "digests": [
              "389ed6887e49a315f706f6c2b931b1dcf0d797c91437124f32eb98555c669758",
            ],
            "path": "notes.txt",
          },
        ],
        "of": {
          "kind": "target",
          "name": "text/a/2024-02",
          "target": "text/a/2024-02",
        },
        "targets": [
          {
            "inputs": [],
            "leftOut": [],
            "outputs": [
              {
                "digest": "85d3ff528218c903245e749acdc9ee2163c2ad94d5ae41b40fdf0fc3792ae16c",
                "name": "raw",
                "origins": [
                  {
                    "bytes": 1500,
                    "checksum": "c0ffee",
                    "fetchedAt": "2024-04-02T00:00:00.000Z",
                    "modified": "2024-04-01T00:00:00.000Z",
                    "revision": ""v1"",
                    "url": "https://example.org/a.json?page=1&apikey=***",
                  },
                ],
                "path": "raw/a.json",
              },
            ],
            "params": [],
            "relation": "from",
            "rule": "raw",
            "target": "raw/a",
            "task": "raw",
          },
          {
            "inputs": [
              {
                "digest": "523e2180198f168408a0bfe9b2beb278acceec42f30966578a73cd18834c2f70",
                "input": "raw",
                "path": "raw/a.json",
                "pointer": "/2024-02",
                "target": "raw/a",
              },
              {
                "digest": "389ed6887e49a315f706f6c2b931b1dcf0d797c91437124f32eb98555c669758",
                "input": "note",
                "path": "notes.txt",
              },
            ],
            "leftOut": [],
            "outputs": [
              {
                "digest": "90bc6ce9b3616046f27df16769eec4abb59310082beb3062f632613108bab40b",
                "name": "text",
                "path": "text/a-2024-02.txt",
              },
            ],
            "params": [],
            "relation": "of",
            "rule": "text",
            "target": "text/a/2024-02",
            "task": "text",
          },
          {
            "inputs": [
              {
                "digest": "05242ef878d1209ad8a8100a4b1552e16c964bedbe79d2e1e5b62f4cb658fefd",
                "input": "texts",
                "path": "text/a-2024-01.txt",
                "target": "text/a/2024-01",
              },
              {
                "digest": "90bc6ce9b3616046f27df16769eec4abb59310082beb3062f632613108bab40b",
                "input": "texts",
                "path": "text/a-2024-02.txt",
                "target": "text/a/2024-02",
              },
              {
                "digest": "f5ff0d1bc35646d3e16db1439262bea6ab8dcf29542200f18eb495cdc13ea8d9",
                "input": "texts",
                "path": "text/a-2024-03.txt",
                "target": "text/a/2024-03",
              },
              {
                "digest": "fa466ae17cff5c1b83f66996bd9e64e57e91e089c79d932135af9b13efb7c510",
                "input": "texts",
                "path": "text/b-2024-01.txt",
                "target": "text/b/2024-01",
              },
              {
                "digest": "d5fe5c106b06057d23163dde36e70f8701b18ff1b0a80a887be3712621faed9c",
                "input": "texts",
                "path": "text/b-2024-02.txt",
                "target": "text/b/2024-02",
              },
              {
                "digest": "eda5ede8329eae5b078d15ea9db93ae86b9d9804bf8e133fe0e65959368944b6",
                "input": "texts",
                "path": "text/b-2024-03.txt",
                "target": "text/b/2024-03",
              },
            ],
            "leftOut": [],
            "outputs": [
              {
                "digest": "c073b1173165ddaa0710f5d40ad255d52fd6a5b70eb640b26f70816092659599",
                "name": "table",
                "path": "table.csv",
              },
            ],
            "params": [],
            "relation": "into",
            "rule": "table",
            "target": "table",
            "task": "cat \${in.texts} > \${out.table}",
          },
        ],
      }
    `);
    const [, text] = found.targets;
    expect(text.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(text.code).toMatch(/^[0-9a-f]{64}$/);
    expect(text.finishedAt).toMatch(/^\d{4}-.*Z$/);
  });

  it('is valid OpenLineage, connected by the names of its files', async () => {
    const events = eventsIn((await lineage('table', '--format', 'openlineage')).out);
    expect(events).toHaveLength(2 * 9);
    const ended = events.filter(({ eventType }) => eventType === 'COMPLETE');
    const made = new Map(ended.flatMap(({ job, outputs }) => outputs.map(({ name }) => [name, job.name])));
    const table = ended.find(({ job }) => job.name === 'table');
    expect(table?.inputs.map(({ name }) => made.get(name))).toEqual([
      'text/a/2024-01',
      'text/a/2024-02',
      'text/a/2024-03',
      'text/b/2024-01',
      'text/b/2024-02',
      'text/b/2024-03',
    ]);
    const raw = ended.find(({ job }) => job.name === 'raw/a');
    expect(raw?.inputs.map(({ namespace, name }) => namespace + name)).toEqual([
      'https://example.org/a.json?page=1&apikey=***',
    ]);
    expect(raw?.job.namespace).toBe(`file://${rig.dir}`);
  });

  it('holds no password, whatever the format', async () => {
    for (const format of ['text', 'json', 'mermaid', 'openlineage']) {
      const { out } = await lineage('raw/a', '--format', format, '-v');
      expect(out).toContain('example.org');
      expect(out).not.toMatch(/hunter2|me:/);
    }
    expect(rig.read('.pipeline/journal')).not.toContain('hunter2');
  });

  it('needs no manifest, changes nothing, and knows an output by any of its paths', async () => {
    symlinkSync('table.csv', rig.path('latest.csv'));
    const journal = rig.read('.pipeline/journal');
    rig.write('pipeline.yaml', 'version: broken\n');
    const expected = await shown('table.csv');
    for (const path of [rig.path('table.csv'), './table.csv', 'latest.csv'])
      expect(await shown(path)).toBe(expected);
    expect(rig.read('.pipeline/journal')).toBe(journal);
  });

  it('says so when a target was made of what has been made anew since', async () => {
    await rig.build('text/a/2024-02', { builtins: tasks(' again') });
    expect(await shown('table', '--up')).toContain('    of an earlier content of text/a-2024-02.txt\n');
  });

  const DIGEST = 'c073b1173165ddaa0710f5d40ad255d52fd6a5b70eb640b26f70816092659599';

  it('of a file that was edited in place says that these are not the bytes, and ends with 3', async () => {
    rig.write('table.csv', 'mine\n');
    const said = `what lies there now is ${sha256('mine\n')}, not what was made`;
    const text = await lineage('table.csv', '--down');
    expect({ ...text, out: timeless(text.out) }).toEqual({
      code: 3,
      out: `table.csv\n  ${said}\n  made by table, recorded NOW\n  sha256 ${DIGEST}\n`,
      err: '',
    });
    const json = await lineage('table.csv', '--json');
    expect([json.code, JSON.parse(json.out).inPlace]).toEqual([
      3,
      { state: 'other', path: 'table.csv', digest: sha256('mine\n') },
    ]);
    for (const format of ['mermaid', 'openlineage'])
      expect(await lineage('table.csv', '--format', format)).toMatchObject({
        code: 3,
        err: `warning: table.csv: ${said}\n`,
      });
    // Of the target the record is told, whatever lies there.
    expect((await lineage('table')).code).toBe(0);
    await rig.build();
    const again = await lineage('table.csv', '--json');
    expect([again.code, JSON.parse(again.out).inPlace]).toEqual([
      0,
      { state: 'recorded', path: 'table.csv' },
    ]);
  });

  it('of a source that has changed since says that nobody has read it as it is', async () => {
    rig.write('notes.txt', 'other\n');
    const { code, out } = await lineage('notes.txt');
    expect([code, out]).toEqual([
      3,
      expect.stringContaining(
        `notes.txt\n  what lies there now is ${sha256('other\n')}, not what was read\n  no rule makes it\n`,
      ),
    ]);
  });

  it('of a file that is gone or cannot be read says so', async () => {
    rig.remove('table.csv');
    const gone = await lineage('table.csv', '--down');
    expect([gone.code, timeless(gone.out)]).toEqual([
      0,
      `table.csv\n  nothing lies there now\n  made by table, recorded NOW\n  sha256 ${DIGEST}\n`,
    ]);
    execFileSync('mkfifo', [rig.path('table.csv')]);
    const { code, out } = await lineage('table.csv', '--down');
    expect([code, timeless(out)]).toEqual([
      3,
      `table.csv\n  what lies there now is not known: table.csv cannot be read: it is neither a file nor a folder\n  made by table, recorded NOW\n  sha256 ${DIGEST}\n`,
    ]);
  });

  it('of one file in a folder that was made whole looks at the folder', async () => {
    const folder = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  parts: { out: { parts: parts/ }, run: "echo 1 > ${out.parts}/1; echo 2 > ${out.parts}/2" }\n',
    });
    await folder.build();
    const ask = (path: string): Promise<Ran> => cli(['-C', folder.dir, 'lineage', path]);
    expect([(await ask('parts')).code, (await ask('parts/1')).code]).toEqual([0, 0]);
    folder.write('parts/2', 'mine');
    const { code, out } = await ask('parts/1');
    expect([code, out]).toEqual([
      3,
      expect.stringMatching(/^parts\/1\n {2}what lies in parts now is [0-9a-f]{64}, not what was made\n/),
    ]);
  });

  it('of an old revision that a task has kept finds by its content where it came from', async () => {
    const old = rig.read('raw/a.json');
    rig.write('raw/revisions/a.json', old);
    rig.edit('config.yaml', (text) => `${text}# a comment\n`);
    const raw: Parameters<typeof fakeTasks>[0][string] = ({ outputs }) =>
      writeFileSync(outputs['raw'] ?? '', '{"2024-01":"new","2024-02":"x","2024-03":"y"}');
    const builtins = new Map([...tasks(), ...fakeTasks({ raw })]);
    await rig.build([], { builtins, force: true });
    const hidden = (text: string): string => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z(?="|\n {4}https)/, 'NOW');
    const found = await lineage('raw/revisions/a.json');
    expect({ ...found, out: hidden(found.out) }).toEqual({
      code: 0,
      out: `raw/revisions/a.json
  sha256 ${sha256(old)}
  made by raw/a as raw/a.json, replaced in build 2, NOW
    https://example.org/a.json?page=1&apikey=***
      revision "v1", modified 2024-04-01T00:00:00.000Z, 1.5 kB, fetched 2024-04-02T00:00:00.000Z
      sha256 c0ffee
`,
      err: '',
    });
    const json = await lineage(rig.path('raw/revisions/a.json'), '--json');
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      0,
      {
        of: { kind: 'earlier', name: 'raw/revisions/a.json' },
        path: 'raw/revisions/a.json',
        digest: sha256(old),
        results: [{ target: 'raw/a', path: 'raw/a.json', replacedIn: 2, origins: [{ checksum: 'c0ffee' }] }],
      },
    ]);
    expect(await lineage('raw/revisions/a.json', '--format', 'mermaid')).toEqual({
      code: 2,
      out: '',
      err: 'error: raw/revisions/a.json is what an earlier run has made: of that only its origin is recorded\n  = leave out --format, or give json\n',
    });
    rig.write('raw/revisions/a.json', 'mine');
    expect((await lineage('raw/revisions/a.json')).code).toBe(2);
  });

  it('complains of what nobody knows, of many at once, and of a format that there is not', async () => {
    expect(await lineage('tabel')).toEqual({
      code: 2,
      out: '',
      err: 'error: no target of that name is recorded, and none has written or read such a file: "tabel"\n  = did you mean "table"?\n',
    });
    expect((await lineage('t\u001b[31m\u202e')).err).toContain('such a file: "t\\x1b[31m\\u202e"\n  = ');
    expect((await lineage('text')).err).toBe(
      'error: "text" is 6 targets, and lineage takes one, or a path\n  = give all its keys, e.g. text/a/2024-01\n',
    );
    expect(await lineage('table', '--format', 'dot')).toEqual({
      code: 2,
      out: '',
      err: 'error: --format dot: no such format\n  = formats: text, json, mermaid, openlineage\n',
    });
  });

  it('of a workspace where nothing was built says so', async () => {
    const empty = new Rig({ 'pipeline.yaml': 'version: 1\n' });
    expect(await cli(['-C', empty.dir, 'lineage', 'x'])).toEqual({
      code: 2,
      out: '',
      err: 'error: nothing has been built here yet\n  = run `pipeline build` first\n',
    });
    expect(empty.has('.pipeline')).toBe(false);
  });
});
