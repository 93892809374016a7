import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os, { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Refusal } from '../../../../tasks/lib/hosts/bans.ts';
import { activeBan, banFile, hostAnswered, recordBan } from '../../../../tasks/lib/hosts/bans.ts';
import { scratch } from '../../context.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOW = Date.UTC(2024, 1, 4, 12);

let state: string;
let host: string;
let serial = 0;

beforeEach(() => {
  state = scratch();
  vi.stubEnv('XDG_STATE_HOME', state);
  // What a process has seen it remembers: each test has a host of its own.
  host = `api-${++serial}.example:8443`;
});

afterEach(() => vi.unstubAllEnvs());

const lines: string[] = [];
const record = (refusal: Partial<Refusal>, now = NOW) =>
  recordBan(
    host,
    { status: 418, waitMs: undefined, reason: 'too much', ...refusal },
    { now, log: (line) => lines.push(line) },
  );

function put(text: string): void {
  mkdirSync(dirname(banFile(host)), { recursive: true });
  writeFileSync(banFile(host), text);
}

const file = (changes: object): string =>
  JSON.stringify({ version: 1, since: NOW, until: NOW + MINUTE, status: 418, reason: 'r', ...changes });

describe('a ban', () => {
  it('stands in a file of its host in the state folder of the user, and is read from there', () => {
    expect(banFile('fapi.binance.com')).toBe(`${state}/pipeline/hosts/fapi.binance.com.json`);
    expect(banFile('[::1]:80')).toBe(`${state}/pipeline/hosts/___1__80.json`);
    record({ waitMs: 5 * MINUTE });
    expect(JSON.parse(readFileSync(banFile(host), 'utf8'))).toEqual({
      version: 1,
      since: NOW,
      until: NOW + 5 * MINUTE,
      status: 418,
      reason: 'too much',
    });
    expect(readdirSync(dirname(banFile(host)))).toHaveLength(1);
    expect(activeBan(host, NOW + 5 * MINUTE - 1)).toMatchObject({ status: 418, until: NOW + 5 * MINUTE });
    expect(activeBan(host, NOW + 5 * MINUTE)).toBeUndefined();
    expect(activeBan('other.example', NOW)).toBeUndefined();
  });

  it('of another process is seen at once, as is its end', () => {
    expect(activeBan(host, NOW)).toBeUndefined();
    put(file({}));
    expect(activeBan(host, NOW)).toMatchObject({ until: NOW + MINUTE });
    put(file({ until: NOW + 2 * MINUTE, reason: 'another one' }));
    expect(activeBan(host, NOW)).toMatchObject({ until: NOW + 2 * MINUTE });
  });

  it('without a time lasts two minutes, and twice as long each time it comes again, up to three days', () => {
    let now = NOW;
    const lengths: number[] = [];
    for (let again = 0; again < 14; again++) {
      const { until } = record({}, now);
      lengths.push((until - now) / MINUTE);
      now = until + 1_000;
    }
    expect(lengths).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4320, 4320]);
  });

  it('that several requests under way meet is one', () => {
    record({});
    expect(record({}, NOW + 100).until).toBe(NOW + 2 * MINUTE);
    expect(record({ waitMs: 10 * MINUTE }, NOW + 200).until).toBe(NOW + 200 + 10 * MINUTE);
    expect(record({ waitMs: MINUTE }, NOW + 300).until).toBe(NOW + 200 + 10 * MINUTE);
  });

  it('is forgotten when the host answers again: the next one is the first', () => {
    record({});
    const later = NOW + 3 * MINUTE;
    expect(activeBan(host, later)).toBeUndefined();
    expect(existsSync(banFile(host))).toBe(true);
    hostAnswered(host, later);
    expect(existsSync(banFile(host))).toBe(false);
    expect(record({}, later).until).toBe(later + 2 * MINUTE);
  });

  it('is not forgotten while it lasts, nor when another process has written a new one', () => {
    record({});
    hostAnswered(host, NOW + MINUTE);
    expect(activeBan(host, NOW + MINUTE)).toBeDefined();
    const later = NOW + 3 * MINUTE;
    expect(activeBan(host, later)).toBeUndefined();
    put(file({ since: later, until: later + MINUTE }));
    hostAnswered(host, later);
    expect(activeBan(host, later)).toBeDefined();
  });

  it('is more than a pause: a pause does not end it, and it replaces one', () => {
    record({ status: 429, waitMs: 30 * MINUTE });
    expect(record({ waitMs: 5 * MINUTE })).toMatchObject({ status: 418, until: NOW + 5 * MINUTE });
    expect(record({ status: 429, waitMs: 60 * MINUTE })).toMatchObject({ status: 418 });
  });

  it('is no longer than three days, whatever was asked for', () => {
    expect(record({ waitMs: 90 * DAY }).until).toBe(NOW + 3 * DAY);
  });
});

describe('a pause', () => {
  it('of a time that is no whole number of milliseconds is seen by all', () => {
    expect(record({ status: 429, waitMs: 1_234.5 }).until).toBe(NOW + 1_235);
    expect(activeBan(host, NOW + 1_234)).toMatchObject({ status: 429, until: NOW + 1_235 });
  });

  it('without a time lasts a minute, and does not grow', () => {
    expect(record({ status: 429 }).until).toBe(NOW + MINUTE);
    expect(record({ status: 429 }, NOW + 2 * MINUTE).until).toBe(NOW + 3 * MINUTE);
  });
});

describe('a file of a ban', () => {
  it.each([
    ['is no JSON', '{"version":1,"since"'],
    ['is of another version', file({ version: 2 })],
    ['has no end', file({ until: 'tomorrow' })],
    ['is empty', ''],
  ])('that %s says nothing, and is replaced', (_, text) => {
    put(text);
    expect(activeBan(host, NOW)).toBeUndefined();
    record({ waitMs: MINUTE });
    expect(activeBan(host, NOW)).toMatchObject({ until: NOW + MINUTE });
  });

  it.each([
    ['lasts longer than any ban does', { until: NOW + 4 * DAY }],
    ['ends before it begins, and long ago', { since: NOW + DAY, until: NOW - 4 * DAY }],
    ['is over for days', { since: NOW - 9 * DAY, until: NOW - 8 * DAY }],
  ])('that %s is nonsense, and removed', (_, changes) => {
    put(file(changes));
    expect(activeBan(host, NOW)).toBeUndefined();
    expect(existsSync(banFile(host))).toBe(false);
  });
});

describe('a clock that is set back while a ban lasts', () => {
  it.each([1, 90, 3 * 24 * 60])(
    'by %i minutes does not end it, nor make it longer than it was',
    (minutes) => {
      record({ waitMs: 10 * MINUTE });
      const back = NOW - minutes * MINUTE;
      expect(activeBan(host, back)).toMatchObject({ status: 418, until: back + 10 * MINUTE });
      // Another process reads what stands in the file.
      expect(JSON.parse(readFileSync(banFile(host), 'utf8'))).toMatchObject({
        since: back,
        until: back + 10 * MINUTE,
      });
      expect(activeBan(host, back + 9 * MINUTE)).toMatchObject({ until: back + 10 * MINUTE });
      expect(activeBan(host, back + 10 * MINUTE)).toBeUndefined();
    },
  );

  it('lengthens it once, not with every look, where the file cannot be written', () => {
    put(file({ since: NOW + 60 * MINUTE, until: NOW + 62 * MINUTE }));
    mkdirSync(`${banFile(host)}.${process.pid}.tmp`);
    expect(activeBan(host, NOW)).toMatchObject({ until: NOW + 2 * MINUTE });
    expect(activeBan(host, NOW + MINUTE)).toMatchObject({ until: NOW + 2 * MINUTE });
    expect(activeBan(host, NOW + 2 * MINUTE)).toBeUndefined();
  });
});

describe('where the state folder cannot be written', () => {
  it('this process alone knows of a ban, and says so once', () => {
    // A file in the folder's place refuses root, too.
    writeFileSync(`${state}/pipeline`, '');
    record({ waitMs: MINUTE });
    record({ waitMs: 2 * MINUTE });
    expect(activeBan(host, NOW)).toMatchObject({ until: NOW + 2 * MINUTE });
    expect(lines).toEqual([
      `${banFile(host)} cannot be written (ENOTDIR): other processes will not know of the ban`,
    ]);
    expect(activeBan(host, NOW + 2 * MINUTE)).toBeUndefined();
    expect(statSync(`${state}/pipeline`).size).toBe(0);
  });
});

it('a state folder that is not absolute does not count, as the specification has it', () => {
  vi.stubEnv('XDG_STATE_HOME', 'here');
  vi.stubEnv('HOME', '/home/somebody');
  expect(banFile('a.b')).toBe('/home/somebody/.local/state/pipeline/hosts/a.b.json');
});

describe('a user without a home', () => {
  const own = join(tmpdir(), `state-of-${process.getuid?.()}`);

  it('has the state in the folder for temporary files, by number', () => {
    vi.stubEnv('XDG_STATE_HOME', undefined);
    vi.stubEnv('HOME', '');
    expect(banFile('a.b')).toBe(`${own}/pipeline/hosts/a.b.json`);
  });

  it('whom the system does not know either has it there, too', () => {
    vi.stubEnv('XDG_STATE_HOME', undefined);
    const unknown = vi.spyOn(os, 'homedir').mockImplementation(() => {
      throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)');
    });
    syncBuiltinESMExports();
    try {
      expect(banFile('a.b')).toBe(`${own}/pipeline/hosts/a.b.json`);
    } finally {
      unknown.mockRestore();
      syncBuiltinESMExports();
    }
  });
});
