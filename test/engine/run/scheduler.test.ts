import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/engine/manifest/model.ts';
import { Code } from '../../../src/engine/run/code.ts';
import type { RunPlan } from '../../../src/engine/run/decide.ts';
import { Roots } from '../../../src/engine/run/roots.ts';
import type { Runner, RunResult } from '../../../src/engine/run/runner.ts';
import { schedule } from '../../../src/engine/run/scheduler.ts';
import { Session } from '../../../src/engine/run/session.ts';
import { loadJournal } from '../../../src/engine/state/journal.ts';
import { StatMemo } from '../../../src/engine/state/memo.ts';
import { loaded, workspace } from '../manifest/workspace.ts';

const TWO_AND_AFTER = `version: 1
as_of: 2024-01-01T00:00:00Z
rules:
  one: { out: { text: one.txt }, run: "one > \${out.text}" }
  two: { out: { text: two.txt }, run: "two > \${out.text}" }
  after: { in: { two: two.txt }, out: { text: after.txt }, run: "cat \${in.two} > \${out.text}" }
`;

/** Carries nothing out: each target has its outputs as soon as `lasts` says. */
class Pretended implements Runner {
  readonly ran: string[] = [];
  /** Decided and not over yet: now, and at most. */
  waiting = 0;
  most = 0;
  readonly #lasts: (rule: string) => Promise<void>;

  constructor(lasts: (rule: string) => Promise<void>) {
    this.#lasts = lasts;
  }

  expect(): void {
    this.waiting++;
    this.most = Math.max(this.most, this.waiting);
  }

  async run({ target, fingerprint, parts }: RunPlan): Promise<RunResult> {
    await this.#lasts(target.rule.name);
    this.waiting--;
    this.ran.push(target.rule.name);
    const record = {
      kind: 'success',
      target: target.id,
      fingerprint,
      parts,
      outputs: [{ name: 'text', path: `${target.rule.name}.txt`, digest: fingerprint }],
      discovered: [],
      finishedAt: '2024-01-01T00:00:00Z',
      seconds: 0,
    } as const;
    return {
      kind: 'settled',
      outcome: 'executed',
      settled: { state: 'executed', record, elided: false, reasons: [] },
    };
  }

  restore(): Promise<RunResult> {
    return Promise.resolve({ kind: 'again' });
  }
}

async function carriedOut(manifest: Manifest, folder: string, runner: Pretended): Promise<readonly string[]> {
  const memo = new StatMemo('', folder);
  const session = new Session(manifest, {
    workspace: folder,
    loaded: loadJournal(join(folder, 'none')),
    memo,
    code: new Code(new Map(), folder, memo),
    options: { dry: false, refresh: false, sweep: false, offline: false, force: () => false, now: 0 },
  });
  const roots = new Roots([...manifest.rules.values()].map((rule) => ({ rule, filter: () => true })));
  const signal = new AbortController().signal;
  await schedule(session, roots, { runner, jobs: 2, failFast: false, signal, emit: () => {} });
  return runner.ran;
}

describe('the loop', () => {
  it('goes on with what became ready, however close to each other two targets end', async () => {
    const folder = workspace({});
    const manifest = loaded(TWO_AND_AFTER);
    for (let one = 0; one < 12; one++)
      for (let two = 0; two < 12; two++) {
        // Both go on in one turn of the event loop, and end some steps of promises apart.
        const turn = new Promise<void>((resolve) => setImmediate(resolve));
        const steps: Readonly<Record<string, number>> = { one, two, after: 0 };
        const runner = new Pretended(async (rule) => {
          await turn;
          for (let step = steps[rule] ?? 0; step > 0; step--) await Promise.resolve();
        });
        expect([...(await carriedOut(manifest, folder, runner))].sort(), `${one} and ${two} steps`).toEqual([
          'after',
          'one',
          'two',
        ]);
      }
  });

  it('decides no more targets of a pool than are soon to run, and yet keeps every pool busy', async () => {
    const keys = Array.from({ length: 5_000 }, (_, at) => `k${at}`);
    const manifest = loaded(`version: 1
as_of: 2024-01-01T00:00:00Z
pools: { cpu: 1, slow: 1 }
dimensions: { key: ${JSON.stringify(keys)} }
rules:
  many: { for: [key], out: { text: "many/\${key}" }, run: "make > \${out.text}", pool: slow }
  other: { for: [key], out: { text: "other/\${key}" }, run: "make > \${out.text}" }
`);
    const runner = new Pretended(() => Promise.resolve());
    const ran = await carriedOut(manifest, workspace({}), runner);
    expect(ran.length).toBe(10_000);
    expect(runner.most).toBeLessThanOrEqual(2 * 2_000 + 2);
    expect(ran.slice(0, 4_000)).toContain('other');
    expect(ran.slice(0, 4_000)).toContain('many');
  });
});
