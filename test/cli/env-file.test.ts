import { mkdirSync, symlinkSync } from 'node:fs';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadEnvFile, readEnv } from '../../src/cli/env-file.ts';
import { formatDiagnostics } from '../../src/ui/diagnostic-printer.ts';
import { Rig } from '../rig.ts';
import { cli } from './cli.ts';

const FORM = '  = expected NAME=value, perhaps in quotes, or a comment that begins with #';

function loaded(text: string, env: Record<string, string | undefined> = {}) {
  const rig = new Rig({ '.env': text });
  const warnings = loadEnvFile(rig.dir, env);
  return { env, printed: formatDiagnostics(warnings, { color: false, width: 80 }) };
}

describe('.env', () => {
  it('adds what is not set, and what is set wins, even when it is empty', () => {
    const text = '# secrets\nexport A=1\n\nB="two words" # said\nC=3\nD=4\n  E = \'x=y\'\n';
    expect(loaded(text, { C: 'set', D: '', F: undefined })).toEqual({
      env: { A: '1', B: 'two words', C: 'set', D: '', E: 'x=y', F: undefined },
      printed: '',
    });
  });

  it('may have values of several lines in quotes', () => {
    expect(loaded('KEY="-----BEGIN\nA=1\n-----END"\nNEXT=`a\nb`\n').env).toEqual({
      KEY: '-----BEGIN\nA=1\n-----END',
      NEXT: 'a\nb',
    });
  });

  it('that is not there is nothing, and so is a folder of that name', () => {
    const rig = new Rig({});
    const env = {};
    expect(loadEnvFile(rig.dir, env)).toEqual([]);
    mkdirSync(rig.path('.env'));
    expect(loadEnvFile(rig.dir, env)).toEqual([]);
    expect(env).toEqual({});
  });

  it('names the lines that are no assignments, shows none of them, and takes the others', () => {
    const { env, printed } = loaded('A=1\ngeheim\nB=2\n=geheim\n1C=geheim\nD="geheim\nE=3\n');
    expect(env).toEqual({ A: '1', B: '2', E: '3' });
    expect(printed).toBe(
      [2, 4, 5, 6]
        .map((line) => `warning: line ${line} of .env is no NAME=value: it does not count\n${FORM}\n\n`)
        .join('')
        .concat('4 warnings'),
    );
  });

  it('that is no text counts for nothing', () => {
    const { env, printed } = loaded(Buffer.from('A=1\n', 'utf16le').toString('latin1'));
    expect(env).toEqual({});
    expect(printed).toBe(`warning: .env is no text file: nothing of it counts\n${FORM}\n\n1 warning`);
  });

  it.skipIf(process.platform !== 'linux')('that cannot be read is named', () => {
    const rig = new Rig({});
    symlinkSync('/proc/self/mem', rig.path('.env'));
    expect(formatDiagnostics(loadEnvFile(rig.dir, {}), { color: false, width: 80 })).toBe(
      'warning: .env cannot be read (EIO): nothing of it counts\n  = make it readable for this user, or move it away\n\n1 warning',
    );
  });

  it('has the values that Node itself reads, wherever its lines are whole', () => {
    const value = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9:/@%+,. =-]{0,12}$/),
      fc
        .tuple(fc.constantFrom('"', "'", '`'), fc.stringMatching(/^[A-Za-z0-9 =#\n]{0,12}$/))
        .map(([q, text]) => q + text + q),
    );
    const line = fc.oneof(
      fc
        .tuple(fc.constantFrom('', 'export ', '  '), fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,4}$/), value)
        .map(([start, name, text]) => `${start}${name}=${text}`),
      fc.constant(''),
      fc.constant('# a=b'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join('\n');
        const { values, malformed } = readEnv(text);
        expect(malformed).toEqual([]);
        expect(Object.fromEntries(values)).toEqual({ ...parseEnv(`${text}\n`) });
      }),
    );
  });
});

describe('a command', () => {
  const MANIFEST = {
    'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, run: "echo 1 > ${out.text}" }\n',
  };

  it('reads .env of the workspace before anything else', async () => {
    const rig = new Rig({ ...MANIFEST, '.env': 'FORCE_COLOR=1\nTOKEN=geheim\n' });
    const env: Record<string, string | undefined> = { TOKEN: 'mine' };
    const { out } = await cli(['-C', rig.dir, 'status'], { env });
    expect(env).toEqual({ FORCE_COLOR: '1', TOKEN: 'mine' });
    expect(out).toContain('\x1b[');
  });

  it('says on stderr what is wrong with it, once, and goes on; quiet says nothing', async () => {
    const rig = new Rig({ ...MANIFEST, '.env': 'geheim\n' });
    const { code, err } = await cli(['-C', rig.dir, 'status']);
    expect({ code, err }).toEqual({
      code: 0,
      err: `warning: line 1 of .env is no NAME=value: it does not count\n${FORM}\n\n1 warning\n`,
    });
    expect((await cli(['-C', rig.dir, '-q', 'status'])).err).toBe('');
  });
});
