/** What was built and is absent now: its old outputs are nobody's any more, and it is told why and until when. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { orphansOf } from '../../../src/engine/orphans.ts';
import type { SuccessRecord } from '../../../src/engine/state/record.ts';
import { openForReading } from '../../../src/engine/state/workspace-state.ts';
import { survey } from '../../../src/engine/status.ts';
import type { TaskResult } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

/** A source that answers as it is told to, and what is made of it; `all` does without what is absent. */
function publishing(refresh = ''): {
  readonly rig: Rig;
  answer: (of: string, result: TaskResult) => void;
  found: (now?: string) => ReturnType<typeof look>;
} {
  const answers = new Map<string, TaskResult>();
  const builtins = fakeTasks({
    ask: (ctx) => {
      const result = answers.get(String(ctx.partition.keys['s']));
      if (result === undefined) writeFileSync(String(ctx.outputs['text']), String(ctx.partition.keys['s']));
      return result;
    },
    copy: (ctx) => writeFileSync(String(ctx.outputs['text']), readFileSync(String(ctx.inputs['text']))),
  });
  const rig = new Rig(
    {
      'pipeline.yaml': `version: 1
dimensions: { s: [a, b] }
rules:
  ask: { for: [s], in: { switch: "in/\${s}.txt" }, out: { text: "asked/\${s}.txt" }, task: ask${refresh} }
  copy: { for: [s], in: { text: { rule: ask } }, out: { text: "copies/\${run_id}/\${s}.txt" }, task: copy }
  more: { for: [s], in: { text: { rule: copy } }, out: { text: "more/\${s}.txt" }, task: copy }
  all: { in: { texts: { rule: ask } }, out: { text: all.txt }, run: "cat \${in.texts} > \${out.text}" }
`,
      'in/a.txt': '1',
      'in/b.txt': '1',
    },
    { builtins },
  );
  return {
    rig,
    answer: (of, result) => {
      if (result === undefined) answers.delete(of);
      else answers.set(of, result);
      rig.edit(`in/${of}.txt`, (text) => `${text}1`);
    },
    found: (now) => look(rig, builtins, now),
  };
}

async function look(rig: Rig, builtins: Parameters<typeof survey>[0]['builtins'], now?: string) {
  const manifest = rig.load({ builtins });
  if (typeof manifest === 'string') throw new Error(manifest);
  const found = await survey({
    workspace: rig.dir,
    manifest,
    builtins,
    selectors: [],
    between: undefined,
    force: false,
    refresh: false,
    now: now === undefined ? Date.now() : Date.parse(now),
  });
  if (found.kind === 'invalid') throw new Error('the request was wrong');
  return {
    orphans: orphansOf(found.session).map(({ path, target }) => `${path} of ${target}`),
    absent: Object.fromEntries(
      found.targets.flatMap(({ target, absent }) => (absent === undefined ? [] : [[target, absent]])),
    ),
  };
}

function recorded(rig: Rig, target: string): SuccessRecord | undefined {
  return openForReading(rig.dir).loaded.successes.get(target);
}

describe('outputs of a target that is absent now', () => {
  it('are orphans, and so are those of all that is absent for want of it', async () => {
    const { rig, answer, found } = publishing();
    await rig.build();
    expect((await found()).orphans).toEqual([]);
    answer('a', { absent: 'not published' });
    const { outcomes } = await rig.build();
    expect(outcomes).toMatchObject({
      'ask/a': 'absent',
      'copy/a': 'absent',
      'more/a': 'absent',
      all: 'executed',
    });
    const [copy = ''] = rig.files('copies').filter((path) => path.endsWith('a.txt'));
    expect((await found()).orphans).toEqual([
      'asked/a.txt of ask/a',
      `${copy} of copy/a`,
      'more/a.txt of more/a',
    ]);
  });

  it('are its own again when it is there again, and the user keeps what he has edited', async () => {
    const { rig, answer, found } = publishing();
    await rig.build();
    answer('a', { absent: 'not published' });
    await rig.build();
    rig.write('more/a.txt', 'mine');
    expect((await found()).orphans).toHaveLength(2);
    answer('a', undefined);
    await rig.build();
    expect((await found()).orphans).toEqual([]);
    expect(rig.read('more/a.txt')).toBe('a');
  });

  it('are none where it failed, or is to be asked anew: the last good ones stay', async () => {
    const { rig, answer, found } = publishing();
    await rig.build();
    answer('a', { failed: { code: 'busy', message: 'no answer' } });
    expect((await rig.build()).outcomes).toMatchObject({ 'ask/a': 'failed', 'copy/a': 'blocked' });
    expect((await found()).orphans).toEqual([]);
    answer('a', { absent: 'not published' });
    expect((await found()).orphans).toEqual([]);
  });
});

describe('what is absent', () => {
  it('is told with its reason, and with when it is asked again if that is to be', async () => {
    const { rig, answer, found } = publishing();
    answer('a', { absent: 'not published' });
    answer('b', { absent: 'not yet there', recheckAfter: 86_400_000 });
    await rig.build();
    const { absent } = await found();
    const again = recorded(rig, 'ask/b')?.absent?.recheckAt ?? 'never';
    expect(absent).toEqual({
      'ask/a': { reason: 'not published' },
      'copy/a': { reason: 'not published' },
      'more/a': { reason: 'not published' },
      'ask/b': { reason: 'not yet there', recheckAt: again },
      'copy/b': { reason: 'not yet there' },
      'more/b': { reason: 'not yet there' },
    });
  });

  it('is asked again when its rule is to be refreshed, should that come first', async () => {
    const { rig, answer, found } = publishing(', refresh: { after: 1h }');
    answer('a', { absent: 'not published' });
    answer('b', { absent: 'not yet there', recheckAfter: 60_000 });
    await rig.build();
    const { absent } = await found();
    const asked = Date.parse(recorded(rig, 'ask/a')?.finishedAt ?? '');
    expect(absent['ask/a']?.recheckAt).toBe(new Date(asked + 3_600_000).toISOString());
    expect(absent['ask/b']?.recheckAt).toBe(recorded(rig, 'ask/b')?.absent?.recheckAt);
  });
});
