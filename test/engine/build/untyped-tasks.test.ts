/** Modules of users in plain JavaScript: what they return and say that no type would let through. */
import { describe, expect, it } from 'vitest';
import { readHistory } from '../../../src/engine/state/history.ts';
import { Rig } from '../../rig.ts';

/** One rule, whose module does this with `ctx` and has written its output. */
function rigWith(body: string): Rig {
  return new Rig({
    'pipeline.yaml':
      'version: 1\nrules:\n  ask: { out: { text: ask.txt }, task: ./ask.mjs, retries: 3 }\n  read: { in: { text: ask.txt }, out: { text: read.txt }, run: "cat ${in.text} > ${out.text}" }\n',
    'ask.mjs': `import { writeFileSync } from 'node:fs';
export default { version: 1, run(ctx) { writeFileSync(ctx.outputs.text, 'x'); ${body} } };
`,
  });
}

describe('what is no result', () => {
  const FAILURE = 'a failure such as { code: "archive-corrupt", message: "…", hint: "…" }';

  it.each([
    ['return "done"', 'expected nothing or a map, got "done"'],
    ['return []', 'expected nothing or a map, got []'],
    ['return { failed: { code: "x" } }', `"failed" must be ${FAILURE}, got {"code":"x"}`],
    ['return { failed: undefined }', `"failed" must be ${FAILURE}, got undefined`],
    [
      'return { failed: { code: "x", message: "y", hint: 5 } }',
      `"failed" must be ${FAILURE}, got {"code":"x","message":"y","hint":5}`,
    ],
    ['return { incomplete: new Error("no") }', `"incomplete" must be ${FAILURE}, got {}`],
    ['return { absent: true }', '"absent" must be a text, got true'],
    ['return { absent: undefined, recheckAfter: 1 }', '"absent" must be a text, got undefined'],
    ['return { recheckAfter: "1d" }', '"recheckAfter" must be a number, got "1d"'],
    ['return { discovered: "a.txt" }', '"discovered" must be a list of paths, got "a.txt"'],
    ['return { kept: [null] }', '"kept" must be a list of paths, got [null]'],
    ['return { kept: ["a", 1] }', '"kept" must be a list of paths, got ["a",1]'],
    ['return { changes: 5n }', '"changes" must be a map, got bigint'],
    [
      'return { alerts: [{ level: "info", code: "x", message: "y" }] }',
      '"alerts" must be a list of alerts such as { level: "critical", code: "coverage", message: "…" }, got [{"level":"info","code":"x","message":"y"}]',
    ],
  ])('fails its target alone, and is not tried again: %s', async (body, problem) => {
    const rig = rigWith(body);
    const { outcomes, failures, events } = await rig.build();
    expect(outcomes).toEqual({ ask: 'failed', read: 'blocked' });
    expect(failures['ask']).toEqual({
      code: 'task-answer',
      message: `ask: what its task has returned is no result: ${problem}`,
      hint: 'this is a bug of the task: `TaskResult` of `pipeline/task` says what it may return',
    });
    expect(events.filter(({ type }) => type === 'target-retry')).toEqual([]);
    expect((await rig.build()).events.filter(({ type }) => type === 'warning')).toEqual([]);
  });
});

describe('what is none of the amounts and texts that may be told', () => {
  it('is left out or spelt, and the history stays whole', async () => {
    const rig = rigWith(`
      ctx.progress(1.25, Number.NaN, 'bytes');
      for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -1, undefined, '5']) ctx.progress(odd, 3, 'bytes');
      ctx.log(undefined);
      ctx.warn({ toString: () => 'beware' });
      return null;`);
    const { outcomes, events } = await rig.build();
    expect(outcomes).toEqual({ ask: 'executed', read: 'executed' });
    const said = events.filter(({ type }) => /^target-(progress|log|warning)$/.test(type));
    expect(said).toEqual([
      { type: 'target-progress', target: 'ask', rule: 'ask', done: 1.25, unit: 'bytes' },
      { type: 'target-log', target: 'ask', line: 'undefined' },
      { type: 'target-warning', target: 'ask', message: 'beware' },
    ]);
    const { runs, remarks } = readHistory(rig.dir);
    expect([runs.length, remarks]).toEqual([1, []]);
  });
});
