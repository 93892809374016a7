/** Temporary folders serve one run after the other, but for what may have been left behind to work in them. */
import { describe, expect, it } from 'vitest';
import { Rig } from '../../rig.ts';

/** Each writes when the folder of its output was made; what it does before is given. */
const task = (before: string): string => `import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
export default {
  version: 1,
  run: async (ctx: { readonly target: string; readonly outputs: { readonly text: string } }): Promise<void> => {
    const { text } = ctx.outputs;
    const folder = dirname(text);
    const first = ctx.target.endsWith('/a');
    ${before}
    writeFileSync(text, String(statSync(folder).birthtimeMs));
    if (!first) await sleep(300);
  },
};
`;

function rigOf(before: string): Rig {
  return new Rig({
    'pipeline.yaml': `version: 1
configs: [config.yaml]
as_of: 2024-02-01T00:00:00Z
dimensions:
  key: \${keys}
rules:
  many:
    for: [key]
    out: { text: "out/\${key}/text" }
    task: ./many.ts
`,
    'config.yaml': 'keys: [a, b]\n',
    'many.ts': task(before),
  });
}

async function bornIn(rig: Rig): Promise<readonly string[]> {
  const { outcomes } = await rig.build([], { jobs: 1 });
  expect(outcomes).toEqual({ 'many/a': 'executed', 'many/b': 'executed' });
  return ['a', 'b'].map((key) => rig.read(`out/${key}/text`));
}

describe('the temporary folder of a module', () => {
  it('serves the next', async () => {
    const [one, other] = await bornIn(rigOf(''));
    expect(other).toBe(one);
  });

  it('goes with what its processes still do there', async () => {
    const rig = rigOf(`if (first) {
      const child = spawn('sleep 0.2; echo late > text', { shell: true, cwd: folder, stdio: 'ignore', detached: true });
      child.unref();
    }`);
    const [one, other] = await bornIn(rig);
    expect(other).toMatch(/^\d+(\.\d+)?$/);
    expect(other).not.toBe(one);
  });

  it('goes with what its threads still do there', async () => {
    const rig = rigOf(`if (first) new Worker('', { eval: true }).unref();`);
    const [one, other] = await bornIn(rig);
    expect(other).not.toBe(one);
  });
});
