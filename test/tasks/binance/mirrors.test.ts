import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TaskFailure } from '../../../src/engine/task.ts';
import { archiveUrlsSchema, failureOfAll, MirrorHealth } from '../../../tasks/binance/mirrors.ts';
import type { HttpFailure } from '../../../tasks/lib/http.ts';
import { scratch } from '../context.ts';

const [A, B, C] = ['https://a/x', 'https://b', 'https://c:1/y'] as const;
const unreached: TaskFailure = { code: 'http-connect', message: 'no', transient: true };
const NOON = Date.parse('2024-01-02T12:00:00Z');

/** Times pass together; what is told of bans stays among those who share the folder. */
function at(state = scratch()) {
  vi.stubEnv('XDG_STATE_HOME', state);
  onTestFinished(() => void vi.unstubAllEnvs());
  let passed = 0;
  const lines: string[] = [];
  const health = new MirrorHealth({ tick: () => 1_000 + passed, clock: () => NOON + passed });
  return {
    state,
    lines,
    inTurn: (urls: readonly string[]) => health.inTurn(urls),
    hold: (url: string) => health.hold(url),
    givenUp: (url: string) => health.givenUp(url),
    worked: (url: string) => health.worked(url),
    failed: (url: string, failure: TaskFailure, answer: Partial<HttpFailure> = {}): void =>
      health.failed(url, { ok: false, failure, ...answer }, (line) => lines.push(line)),
    pass: (ms: number): void => {
      passed += ms;
    },
  };
}

describe('the addresses of the archive', () => {
  it('are one or several', () => {
    expect(archiveUrlsSchema.parse(A)).toEqual([A]);
    expect(archiveUrlsSchema.parse([A, B])).toEqual([A, B]);
    expect(archiveUrlsSchema.safeParse([]).error?.issues.map(({ message }) => message)).toEqual([
      'expected at least one address',
    ]);
    expect(archiveUrlsSchema.safeParse([A, 'ftp://x']).error?.issues).toMatchObject([{ path: [1] }]);
    expect(archiveUrlsSchema.safeParse(undefined).success).toBe(false);
  });
});

describe('the turn', () => {
  it('is the given one', () => {
    expect(at().inTurn([B, A, C])).toEqual([B, A, C]);
  });

  it.each(['http-connect', 'http-dns', 'http-timeout', 'http-tls', 'http-proxy'])(
    'is last for a minute for who could not be reached (%s)',
    (code) => {
      const health = at();
      health.failed(A, { ...unreached, code });
      expect(health.inTurn([A, B, C])).toEqual([B, C, A]);
      health.pass(59_999);
      expect(health.inTurn([A, B, C])).toEqual([B, C, A]);
      health.pass(1);
      expect(health.inTurn([A, B, C])).toEqual([A, B, C]);
    },
  );

  it('is the old one again once it has answered', () => {
    const health = at();
    health.failed(A, unreached);
    health.worked(A);
    expect(health.inTurn([A, B])).toEqual([A, B]);
  });

  it.each(['http-server-error', 'http-cut', 'http-not-found'])('stays for who answered with %s', (code) => {
    const health = at();
    health.failed(A, { ...unreached, code });
    expect(health.inTurn([A, B])).toEqual([A, B]);
  });

  it('comes for all when none could be reached', () => {
    const health = at();
    health.failed(A, unreached);
    health.failed(B, unreached);
    expect(health.inTurn([A, B])).toEqual([A, B]);
  });
});

describe('a hold', () => {
  const said: TaskFailure = { code: 'http-banned', message: 'GET x answered 418' };
  const banned = { status: 418, retryAfterMs: 120_000 };
  const limited: TaskFailure = { code: 'http-rate-limited', message: 'GET x answered 429' };

  it('lasts as long as the host said, for all of the host, and says what it said', () => {
    const health = at();
    expect(health.hold(A)).toBeUndefined();
    health.failed(A, said, banned);
    health.pass(30_500);
    expect(health.hold('https://a/other')).toEqual({
      code: 'http-banned',
      message:
        'a has banned this address until 2024-01-02T12:02:00Z, and nothing is sent there before: GET x answered 418',
      hint: 'build again then, or name a mirror in binance.archive_url; if it comes back, lower pools.network',
      transient: true,
      retryAfterMs: 89_500,
    });
    expect(health.hold(B)).toBeUndefined();
    health.pass(89_500);
    expect(health.hold(A)).toBeUndefined();
  });

  it('lasts longer once the host says so', () => {
    const health = at();
    health.failed(A, said, banned);
    health.failed(A, said, { status: 418, retryAfterMs: 600_000 });
    expect(health.hold(A)?.retryAfterMs).toBe(600_000);
  });

  it('lasts two minutes where a ban does not say how long', () => {
    const health = at();
    health.failed(A, said, { status: 418 });
    expect(health.hold(A)?.retryAfterMs).toBe(120_000);
  });

  it('is heeded by other processes of this machine', () => {
    const one = at();
    one.failed(A, said, banned);
    expect(at(one.state).hold(A)?.retryAfterMs).toBe(120_000);
    expect(one.lines).toEqual([]);
  });

  it('follows on a 429 only where it says how long', () => {
    const health = at();
    health.failed(A, limited, { status: 429 });
    expect(health.hold(A)).toBeUndefined();
    health.failed(A, limited, { status: 429, retryAfterMs: 5_000 });
    expect(health.hold(A)).toMatchObject({
      code: 'http-rate-limited',
      message: `a wants nothing to be asked until 2024-01-02T12:00:05Z, and nothing is sent there before: ${limited.message}`,
      retryAfterMs: 5_000,
    });
  });

  it('does not follow on a 503, which is a matter of the one file', () => {
    const health = at();
    const trouble = { status: 503, retryAfterMs: 5_000 };
    health.failed(A, { code: 'http-server-error', message: 'x' }, trouble);
    expect(health.hold(A)).toBeUndefined();
  });
});

describe('the failure of all', () => {
  it('is that of the only one, as it is', () => {
    expect(failureOfAll([unreached])).toBe(unreached);
  });

  it('is that of the first one, and waits for the first that may be asked again', () => {
    const final: TaskFailure = { code: 'x', message: 'no', hint: 'h', retryAfterMs: 1 };
    const slow: TaskFailure = { code: 'y', message: 'later', transient: true, retryAfterMs: 9_000 };
    const slower: TaskFailure = { ...slow, retryAfterMs: 10_000 };
    const said = { code: 'x', message: 'no; tried 3 mirrors', hint: 'h' };
    expect(failureOfAll([final, slower, slow])).toEqual({ ...said, transient: true, retryAfterMs: 9_000 });
    expect(failureOfAll([final, slow, unreached])).toEqual({ ...said, transient: true });
    expect(failureOfAll([final, final, final])).toEqual(said);
  });
});

describe('a host that cannot be reached', () => {
  /** Fails every half minute, for so long. */
  function silentFor(ms: number, health = at()) {
    health.failed(A, unreached);
    for (let passed = 30_000; passed <= ms; passed += 30_000) {
      health.pass(30_000);
      health.failed(A, unreached);
    }
    return health;
  }

  it('is asked for each file, for some minutes', () => {
    expect(silentFor(270_000).givenUp(A)).toBeUndefined();
  });

  it('is then left alone for a minute at a time: what is still wanted of it fails at once', () => {
    const health = silentFor(330_000);
    expect(health.givenUp(A)).toEqual({
      code: 'http-connect',
      message: 'a has not been reached for 5m, and is left alone for a minute: no',
    });
    expect(health.givenUp(B)).toBeUndefined();
    health.pass(60_000);
    expect(health.givenUp(A)).toBeUndefined();
    health.failed(A, unreached);
    expect(health.givenUp(A)?.message).toBe(
      'a has not been reached for 6m, and is left alone for a minute: no',
    );
  });

  it.each<[string, (health: ReturnType<typeof at>) => void]>([
    ['works', (health) => health.worked(A)],
    [
      'answers anything',
      (health) => health.failed(A, { ...unreached, code: 'http-status' }, { status: 500 }),
    ],
  ])('is asked again as soon as it %s', (_, answers) => {
    const health = silentFor(330_000);
    answers(health);
    expect(health.givenUp(A)).toBeUndefined();
    health.failed(A, unreached);
    expect(health.givenUp(A)).toBeUndefined();
  });

  it('is not said to be silent for a time in which nothing was asked', () => {
    const health = at();
    health.failed(A, unreached);
    health.pass(600_000);
    health.failed(A, unreached);
    expect(health.givenUp(A)).toBeUndefined();
  });
});
