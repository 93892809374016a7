/** `build --openlineage`: to a file, to an address, and what becomes of events that nobody takes. */
import type * as NodeFs from 'node:fs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fileSink } from '../../src/cli/event-sink.ts';
import { eventsIn } from '../openlineage.ts';
import { Rig } from '../rig.ts';
import type { Handler } from '../tasks/server.ts';
import { serve } from '../tasks/server.ts';
import type { Ran } from './cli.ts';
import { cli, lines } from './cli.ts';

const disk = vi.hoisted((): { roomFor: number | undefined } => ({ roomFor: undefined }));

/** Lets a test run out of room in the middle of a line: what still fits is written, and said to be. */
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof NodeFs>();
  const writeSync = (fd: number, data: Uint8Array | string, offset = 0): number => {
    const bytes = Buffer.from(data);
    if (disk.roomFor === undefined) return actual.writeSync(fd, bytes, offset);
    if (disk.roomFor === 0)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const done = actual.writeSync(fd, bytes, offset, Math.min(bytes.length - offset, disk.roomFor));
    disk.roomFor -= done;
    return done;
  };
  return { ...actual, writeSync };
});

const FILES = {
  'pipeline.yaml': `version: 1
rules:
  one: { in: { a: in.txt }, out: { one: one.txt }, run: "cat \${in.a} > \${out.one}" }
  two: { in: { one: one.txt }, out: { two: two.txt }, run: "cat \${in.one} > \${out.two}" }
`,
  'in.txt': 'one\n',
};

const build = (rig: Rig, where: string, env: Record<string, string> = {}): Promise<Ran> =>
  cli(['-C', rig.dir, '-q', 'build', '--openlineage', where], { env, cwd: rig.dir });

const summary = (text: string): readonly string[] =>
  eventsIn(text).map(({ eventType, job }) => `${eventType} ${job.name}`);

const ALL = ['START build', 'START one', 'COMPLETE one', 'START two', 'COMPLETE two', 'COMPLETE build'];

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('build --openlineage FILE', () => {
  it('adds a line for each event, and none for a build with nothing to do', async () => {
    const rig = new Rig(FILES);
    expect(await build(rig, 'events.jsonl')).toEqual({ code: 0, out: '', err: '' });
    const first = rig.read('events.jsonl');
    expect(summary(first)).toEqual(ALL);
    await build(rig, 'events.jsonl');
    expect(rig.read('events.jsonl')).toBe(first);
    rig.write('in.txt', 'two\n');
    await build(rig, 'events.jsonl');
    expect(rig.read('events.jsonl').startsWith(first)).toBe(true);
    expect(summary(rig.read('events.jsonl'))).toEqual([...ALL, ...ALL]);
    const [run, again] = eventsIn(rig.read('events.jsonl')).filter(({ job }) => job.name === 'build');
    expect(run?.run.runId).toBe(again?.run.runId);
  });

  it('names files by their absolute paths, with the versions that were read and written', async () => {
    const rig = new Rig(FILES);
    await build(rig, 'events.jsonl', { OPENLINEAGE_NAMESPACE: 'mine' });
    const end = eventsIn(rig.read('events.jsonl')).find(
      ({ eventType, job }) => eventType === 'COMPLETE' && job.name === 'two',
    );
    expect(end?.job.namespace).toBe('mine');
    expect(end?.inputs.map(({ namespace, name }) => [namespace, name])).toEqual([
      ['file', rig.path('one.txt')],
    ]);
    expect(end?.outputs[0]?.facets['version']?.['datasetVersion']).toBe(
      end?.inputs[0]?.facets['version']?.['datasetVersion'],
    );
  });

  it('tells of a failure', async () => {
    const rig = new Rig(FILES);
    rig.edit('pipeline.yaml', (text) => text.replace('cat ${in.one} >', 'exit 3; cat ${in.one} >'));
    expect((await build(rig, 'events.jsonl')).code).toBe(1);
    expect(summary(rig.read('events.jsonl'))).toEqual([...ALL.slice(0, 4), 'FAIL two', 'FAIL build']);
  });

  it('tells of what an interrupt has ended', async () => {
    const rig = new Rig(FILES);
    rig.edit('pipeline.yaml', (text) =>
      text.replace('cat ${in.one} >', 'touch begun; sleep 60; cat ${in.one} >'),
    );
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (rig.has('begun')) controller.abort();
    }, 5);
    const { code } = await cli(['-C', rig.dir, '-q', 'build', '--openlineage', rig.path('events.jsonl')], {
      signal: controller.signal,
    });
    clearInterval(watch);
    expect(code).toBe(130);
    expect(summary(rig.read('events.jsonl'))).toEqual([...ALL.slice(0, 4), 'ABORT two', 'ABORT build']);
  });

  it('leaves the events of build --json as they are', async () => {
    const rig = new Rig(FILES);
    const { out } = await cli([
      '-C',
      rig.dir,
      '-q',
      '--json',
      'build',
      '--openlineage',
      rig.path('events.jsonl'),
    ]);
    const ends = lines(out).filter(({ type }) => type === 'target-finished');
    expect(ends.map((end) => Object.keys(end))).toEqual([
      ['type', 'target', 'outcome', 'reasons', 'seconds'],
      ['type', 'target', 'outcome', 'reasons', 'seconds'],
    ]);
  });

  it('ends a line first that an earlier build could not write whole', async () => {
    const rig = new Rig({ ...FILES, 'events.jsonl': '{"eventType":"COMP' });
    await build(rig, 'events.jsonl');
    const [torn, ...events] = rig.read('events.jsonl').split('\n');
    expect(torn).toBe('{"eventType":"COMP');
    expect(summary(events.join('\n'))).toEqual(ALL);
  });

  it('counts the event that found no room for its end, and writes none behind it', async () => {
    const rig = new Rig(FILES);
    disk.roomFor = 1_500;
    onTestFinished(() => {
      disk.roomFor = undefined;
    });
    const sink = fileSink('events.jsonl', rig.dir);
    for (const letter of ['a', 'b', 'c']) sink.send(JSON.stringify({ text: letter.repeat(1_000) }));
    expect(await sink.close()).toBe(
      '--openlineage events.jsonl: 2 events were not written: ENOSPC: no space left on device, write',
    );
    expect(rig.read('events.jsonl')).toHaveLength(1_500);
  });

  it.each(['pipeline.lock', './pipeline.yaml', '.pipeline/journal', 'pipeline.lock.d/one'])(
    'refuses %s, which is the build’s own',
    async (name) => {
      const rig = new Rig(FILES);
      await build(rig, 'events.jsonl');
      const before = rig.files('.');
      const { code, err } = await build(rig, rig.path(name));
      expect({ code, err }).toEqual({
        code: 2,
        err: `error: --openlineage ${rig.path(name)}: this file is the build's own\n  = name another file, e.g. events.ndjson\n`,
      });
      expect(rig.files('.')).toEqual(before);
    },
  );

  it('is a usage error where there is no such folder, and nothing is built', async () => {
    const rig = new Rig(FILES);
    const { code, err } = await build(rig, 'no/such/events.jsonl');
    expect(code).toBe(2);
    expect(err).toContain('--openlineage no/such/events.jsonl cannot be written to: ENOENT');
    expect(rig.has('one.txt')).toBe(false);
  });
});

interface Sent {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

async function collector(answer: (sent: Sent) => number): Promise<{ url: string; sent: Sent[] }> {
  const sent: Sent[] = [];
  const handler: Handler = (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      const one = { path: request.url ?? '', authorization: request.headers.authorization, body };
      sent.push(one);
      response.writeHead(answer(one), { 'content-type': 'text/plain' }).end('well\n');
    });
  };
  return { url: (await serve(handler)).url, sent };
}

describe('build --openlineage URL', () => {
  it('sends each event in order, to the path that servers of OpenLineage have where none is given', async () => {
    const { url, sent } = await collector(() => 201);
    const rig = new Rig(FILES);
    expect(await build(rig, url, { OPENLINEAGE_API_KEY: 'k1' })).toEqual({ code: 0, out: '', err: '' });
    expect(summary(sent.map(({ body }) => body).join('\n'))).toEqual(ALL);
    expect(new Set(sent.map(({ path }) => path))).toEqual(new Set(['/api/v1/lineage']));
    expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer k1']));
  });

  it('takes the path and the user of the address', async () => {
    const { url, sent } = await collector(() => 200);
    const rig = new Rig(FILES);
    await build(rig, `${url.replace('//', '//me:p%40ss@')}/events?key=abc`);
    expect(new Set(sent.map(({ path }) => path))).toEqual(new Set(['/events?key=abc']));
    expect(sent[0]?.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('builds all the same where nobody takes them, says so once, and soon stops trying', async () => {
    const { url, sent } = await collector(() => 500);
    const rig = new Rig(FILES);
    const { code, err } = await build(rig, `${url}/lineage?key=hunter2`);
    expect({ code, built: rig.has('two.txt'), asked: sent.length }).toEqual({
      code: 0,
      built: true,
      asked: 3,
    });
    expect(err).toContain(`warning: --openlineage: 6 events were not sent: POST ${url}/lineage`);
    expect(err).not.toContain('hunter2');
    expect(err.match(/warning/g)).toHaveLength(1);
  });

  it('counts what one hiccup has lost', async () => {
    let first = true;
    const { url, sent } = await collector(() => {
      const status = first ? 503 : 200;
      first = false;
      return status;
    });
    const { code, err } = await build(new Rig(FILES), url);
    expect({ code, asked: sent.length }).toEqual({ code: 0, asked: 6 });
    expect(err).toContain('warning: --openlineage: 1 event was not sent: ');
  });

  it('builds all the same where nobody is', async () => {
    const rig = new Rig(FILES);
    const { code, err } = await build(rig, 'http://127.0.0.1:9/');
    expect({ code, built: rig.has('two.txt') }).toEqual({ code: 0, built: true });
    expect(err).toContain(
      'warning: --openlineage: 6 events were not sent: POST http://127.0.0.1:9/api/v1/lineage',
    );
  });

  it('is a usage error where it is no address', async () => {
    const { code, err } = await build(new Rig(FILES), 'http://');
    expect({ code, err }).toEqual({
      code: 2,
      err: 'error: --openlineage: no address\n  = write it as http://host:port or https://host/path\n',
    });
  });

  it('is a usage error that tells no password where one is not encoded', async () => {
    const rig = new Rig(FILES);
    const { code, err } = await build(rig, 'http://me:50%zz@127.0.0.1:1/');
    expect({ code, err }).toEqual({
      code: 2,
      err: 'error: --openlineage: user and password of the address are not percent-encoded\n  = write a percent sign as %25\n',
    });
    expect(rig.has('one.txt')).toBe(false);
  });
});
