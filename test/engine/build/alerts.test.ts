/** What a task has to say of outputs that are whole: told by every build that finds them, and nothing hangs on it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readHistory } from '../../../src/engine/state/history.ts';
import { isRecord } from '../../../src/engine/state/record.ts';
import type { Alert } from '../../../src/engine/task.ts';
import type { Built } from '../../rig.ts';
import { Rig } from '../../rig.ts';

const LOW: Alert = { level: 'critical', code: 'coverage', message: 'less than 0.95' };
const LATE: Alert = { level: 'warning', code: 'lag', message: 'more than 48h' };

/** A task that alarms as said.json says under the number that the config gives. */
const FILES = {
  'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  judge: { in: { said: said.json }, out: { text: judged.txt }, task: ./judge.mjs, params: { said: "\${said}" } }
  read: { in: { text: { rule: judge } }, out: { text: read.txt }, run: "cat \${in.text} > \${out.text}" }
`,
  'config.yaml': 'said: 1\n',
  'said.json': JSON.stringify({ 1: [LOW, LATE], 2: [] }),
  'judge.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
export default { version: 1, run(ctx) {
  writeFileSync(ctx.outputs.text, 'judged ' + ctx.params.said);
  return { alerts: JSON.parse(readFileSync(ctx.inputs.said, 'utf8'))[ctx.params.said] };
} };
`,
};

function told({ events }: Built): unknown {
  const finished = events.filter((event) => event.type === 'target-finished');
  return finished.map(({ target, outcome, alerts }) => [target, outcome, alerts]);
}

function counted({ events }: Built): unknown {
  const last = events.at(-1);
  return last?.type === 'build-finished' ? last.alerts : undefined;
}

describe('alerts', () => {
  it('are told when the target runs, and again by each build that finds it fresh', async () => {
    const rig = new Rig(FILES);
    const first = await rig.build();
    expect(told(first)).toEqual([
      ['judge', 'executed', [LOW, LATE]],
      ['read', 'executed', undefined],
    ]);
    expect(counted(first)).toEqual({ critical: 1, warning: 1 });
    const again = await rig.build();
    expect(told(again)).toEqual([
      ['judge', 'fresh', [LOW, LATE]],
      ['read', 'fresh', undefined],
    ]);
    expect(counted(again)).toEqual({ critical: 1, warning: 1 });
  });

  it('are told of what is part of the build alone', async () => {
    const rig = new Rig({
      ...FILES,
      'pipeline.yaml': `${FILES['pipeline.yaml']}  apart: { out: { text: apart.txt }, run: "echo > \${out.text}" }\n`,
    });
    await rig.build();
    expect(counted(await rig.build('apart'))).toEqual({ critical: 0, warning: 0 });
  });

  it('go with another result, and come back with the one that is restored', async () => {
    const rig = new Rig(FILES);
    await rig.build();
    rig.write('config.yaml', 'said: 2\n');
    const good = await rig.build();
    expect(told(good)).toEqual([
      ['judge', 'executed', undefined],
      ['read', 'executed', undefined],
    ]);
    expect(counted(await rig.build())).toEqual({ critical: 0, warning: 0 });
    rig.write('config.yaml', 'said: 1\n');
    expect(told(await rig.build())).toEqual([
      ['judge', 'restored', [LOW, LATE]],
      ['read', 'restored', undefined],
    ]);
    expect(told(await rig.build())).toEqual([
      ['judge', 'fresh', [LOW, LATE]],
      ['read', 'fresh', undefined],
    ]);
  });

  it('are no part of what dependents hang on: with the same bytes they stay fresh', async () => {
    const rig = new Rig(FILES);
    await rig.build();
    rig.write('said.json', JSON.stringify({ 1: [LATE] }));
    const built = await rig.build();
    expect(told(built)).toEqual([
      ['judge', 'executed', [LATE]],
      ['read', 'fresh', undefined],
    ]);
    expect(counted(await rig.build())).toEqual({ critical: 0, warning: 1 });
  });

  it('are read from records as they were written, and a record without them is one as well', async () => {
    const rig = new Rig(FILES);
    await rig.build();
    const journal = rig.path('.pipeline/journal');
    const text = readFileSync(journal, 'latin1');
    expect(text).toContain('"alerts":[{"level":"critical","code":"coverage","message":"less than 0.95"}');
    expect(text.match(/"alerts"/g)).toHaveLength(1);
    const record = {
      kind: 'success',
      target: 'judge',
      fingerprint: '0',
      parts: [],
      outputs: [],
      discovered: [],
      finishedAt: '2024-01-01T00:00:00.000Z',
      seconds: 0,
    };
    expect(isRecord(record)).toBe(true);
    expect(isRecord({ ...record, alerts: [LOW] })).toBe(true);
    expect(isRecord({ ...record, alerts: [{ ...LOW, level: 'info' }] })).toBe(false);
    expect(isRecord({ ...record, alerts: [{ level: 'critical', code: 'x' }] })).toBe(false);
    expect(isRecord({ ...record, alerts: 'bad' })).toBe(false);
  });

  it('stand in the history of builds, where idle ones are one line as long as they say the same', async () => {
    const rig = new Rig(FILES);
    await rig.build();
    await rig.build();
    await rig.build();
    const { runs } = readHistory(rig.dir);
    expect(runs.map(({ builds, alerts, moreAlerts }) => [builds, alerts?.length, moreAlerts])).toEqual([
      [1, 2, 0],
      [2, 2, 0],
    ]);
    expect(runs[0]?.alerts?.[0]).toEqual({ target: 'judge', ...LOW });
    rig.write('config.yaml', 'said: 2\n');
    await rig.build();
    expect(readHistory(rig.dir).runs.at(-1)).not.toHaveProperty('alerts');
  });

  it('hold what the contract names and no more, however much a task says', async () => {
    const rig = new Rig(FILES);
    rig.write('said.json', JSON.stringify({ 1: [{ ...LOW, at: '/home/x', more: [1] }] }));
    expect(told(await rig.build())).toEqual([
      ['judge', 'executed', [LOW]],
      ['read', 'executed', undefined],
    ]);
    writeFileSync(rig.path('said.json'), JSON.stringify({ 1: [{ ...LOW, level: 'fatal' }] }));
    const bad = await rig.build();
    expect(bad.failures['judge']?.code).toBe('task-answer');
    expect(counted(bad)).toEqual({ critical: 0, warning: 0 });
  });

  it('of outputs that are not all that they should be are told beside the failure', async () => {
    const rig = new Rig({
      ...FILES,
      'judge.mjs': `import { writeFileSync } from 'node:fs';
export default { version: 1, run(ctx) {
  writeFileSync(ctx.outputs.text, 'half');
  return { alerts: [${JSON.stringify(LOW)}], incomplete: { code: 'half', message: 'only half' } };
} };
`,
    });
    expect(told(await rig.build())).toEqual([
      ['judge', 'failed', [LOW]],
      ['read', 'executed', undefined],
    ]);
  });
});
