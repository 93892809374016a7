import { describe, expect, it } from 'vitest';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

function recipe(run: string, more = ''): Rig {
  return new Rig({
    'pipeline.yaml': `version: 1
rules:
  one: { in: { text: in.txt }, out: { text: out.txt }, run: "${run}"${more} }
`,
    'in.txt': '1\n',
  });
}

const LOG = '.pipeline/logs/one.log';
const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at));

describe('the log of a target', () => {
  it('is kept whole where the failure shows only its end, and the failure says where', async () => {
    const rig = recipe('seq 1 50; exit 3');
    const { failures } = await rig.build();
    expect(failures['one']).toEqual({
      code: 'recipe-failed',
      message: 'the recipe ended with exit code 3: seq 1 50; exit 3',
      log: numbers(31, 50),
      logPath: LOG,
    });
    expect(rig.read(LOG)).toBe(`${numbers(1, 50).join('\n')}\n`);
    expect(await rig.status()).toEqual([
      {
        target: 'one',
        state: 'failed',
        reasons: [{ kind: 'failed', name: 'recipe-failed', is: failures['one']?.message }],
        log: LOG,
      },
    ]);
  });

  it('is named by no failure that shows all of it, and kept all the same', async () => {
    const rig = recipe('seq 1 20; exit 3');
    const { failures } = await rig.build();
    expect(failures['one']?.log).toEqual(numbers(1, 20));
    expect(failures['one']).not.toHaveProperty('logPath');
    expect(rig.read(LOG)).toBe(`${numbers(1, 20).join('\n')}\n`);
  });

  it('is kept of a success, until the target runs again', async () => {
    const rig = recipe('cat ${in.text} > ${out.text}; cat ${in.text} >&2');
    await rig.build();
    expect(rig.read(LOG)).toBe('1\n');
    rig.write('in.txt', '2\n');
    await rig.build();
    expect(rig.read(LOG)).toBe('2\n');
    await rig.build();
    expect(rig.read(LOG)).toBe('2\n');
    rig.write('in.txt', '');
    await rig.build();
    expect(rig.has(LOG)).toBe(false);
    expect(await rig.status()).toEqual([{ target: 'one', state: 'fresh', reasons: [] }]);
  });

  it('holds every try, and why there was another', async () => {
    const rig = recipe('echo trying; exit 1', ', retries: 2');
    const { failures } = await rig.build();
    const tried = 'the recipe ended with exit code 1: echo trying; exit 1';
    expect(rig.read(LOG)).toBe(
      `trying\n[try 1 failed: ${tried}]\ntrying\n[try 2 failed: ${tried}]\ntrying\n`,
    );
    expect(failures['one']).toMatchObject({ log: ['trying'], logPath: LOG });
  });

  it('lies below the logs whatever its keys are', async () => {
    const builtins = fakeTasks({
      talk: (ctx) => {
        ctx.log(`I am ${ctx.target}`);
        return { absent: 'nothing there' };
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml': `version: 1
dimensions: { name: ["ä", "a b", ".x", "A.log"] }
rules:
  one: { for: [name], out: { text: "out/x\${name}x.txt" }, task: talk }
`,
      },
      { builtins },
    );
    const built = await rig.build();
    expect(built.diagnostics).toBe('');
    expect(rig.files('.pipeline/logs')).toEqual([
      '.pipeline/logs/one/%2Ex.log',
      '.pipeline/logs/one/%C3%A4.log',
      '.pipeline/logs/one/A%2Elog.log',
      '.pipeline/logs/one/a%20b.log',
    ]);
    expect(rig.read('.pipeline/logs/one/%2Ex.log')).toBe('I am one/.x\n');
  });
});
