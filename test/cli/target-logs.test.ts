import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { cli } from './cli.ts';

const MANIFEST = `version: 1
dimensions: { month: { every: month, from: "2024-01-01T00:00:00Z" } }
as_of: "2024-02-29T23:59:00Z"
rules:
  one: { for: [month], in: { text: in.txt }, out: { text: "out/\${month}.txt" }, run: "seq 1 30; cat \${in.text} > \${out.text}; test ! -s \${in.text}" }
`;

const LOG = '.pipeline/logs/one/2024-01.log';

describe('the log of a failed target', () => {
  it('is named by build, status, why and log, for as long as it is that of the failure', async () => {
    const rig = new Rig({ 'pipeline.yaml': MANIFEST, 'in.txt': 'trouble\n' });
    const run = (...args: readonly string[]) => cli(['-C', rig.dir, ...args]);
    const built = await run('build', '-j', '1');
    expect(built.code).toBe(1);
    expect(`${built.out}${built.err}`).toContain(`\n  | 30\n  whole log: ${LOG}\n`);
    expect((await run('status')).out).toContain(`\n    log: ${LOG}\n`);
    expect((await run('status', 'one/2024-01')).out).toContain(`\n    log: ${LOG}\n`);
    expect((await run('why', 'one/2024-01')).out).toContain(`\n  log of its last run: ${LOG}\n`);
    expect(JSON.parse((await run('why', 'one/2024-01', '--json')).out)).toMatchObject({ log: LOG });
    expect((await run('log', '1')).out).toContain(`\n  whole log: ${LOG}\n`);

    rig.write('in.txt', '');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await run('build')).code).toBe(0);
    expect((await run('log', '1')).out).not.toContain('whole log');
    expect((await run('status')).out).not.toContain('log');
    expect((await run('why', 'one/2024-01')).out).toContain(`\n  log of its last run: ${LOG}\n`);
  });
});
