import { execFileSync } from 'node:child_process';
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

  it('that is not there is nothing', () => {
    const env = {};
    expect(loadEnvFile(new Rig({}).dir, env)).toEqual([]);
    expect(env).toEqual({});
  });

  const warned = (rig: Rig): string =>
    formatDiagnostics(loadEnvFile(rig.dir, {}), { color: false, width: 80 });
  const NOT_A_FILE =
    'and no file: nothing of it counts\n  = put a file of NAME=value lines in its place, or move it away\n\n1 warning';

  it('that is a folder is named', () => {
    const rig = new Rig({});
    mkdirSync(rig.path('.env'));
    expect(warned(rig)).toBe(`warning: .env is a folder ${NOT_A_FILE}`);
  });

  it.skipIf(process.platform === 'win32')('that is a pipe is named, and not waited for', () => {
    const rig = new Rig({});
    execFileSync('mkfifo', [rig.path('.env')]);
    expect(warned(rig)).toBe(`warning: .env is a pipe or a device ${NOT_A_FILE}`);
  });

  it.skipIf(process.platform === 'win32')('that never ends is named', () => {
    const rig = new Rig({});
    symlinkSync('/dev/zero', rig.path('.env'));
    expect(warned(rig)).toBe(`warning: .env is a pipe or a device ${NOT_A_FILE}`);
  });

  it('that leads to nowhere is named', () => {
    const rig = new Rig({});
    symlinkSync('nowhere', rig.path('.env'));
    expect(warned(rig)).toBe(
      'warning: .env cannot be read (ENOENT): nothing of it counts\n  = make it readable for this user, or move it away\n\n1 warning',
    );
  });

  it('that is far too long is not read, and one of just the greatest length is', () => {
    const rig = new Rig({ '.env': `A=1\n#${'x'.repeat((1 << 20) - 5)}` });
    const env = {};
    expect(loadEnvFile(rig.dir, env)).toEqual([]);
    expect(env).toEqual({ A: '1' });
    rig.edit('.env', (text) => `${text}x`);
    expect(warned(rig)).toBe(
      `warning: .env has more than 1048576 bytes: nothing of it counts\n${FORM}\n\n1 warning`,
    );
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

  it.each([
    ['UTF-16', Buffer.from('A=1\n', 'utf16le')],
    ['Latin-1', Buffer.from('A=caf\u00e9\n', 'latin1')],
  ])('that is %s counts for nothing', (_, bytes) => {
    const rig = new Rig({});
    rig.write('.env', bytes);
    const env = {};
    expect(formatDiagnostics(loadEnvFile(rig.dir, env), { color: false, width: 80 })).toBe(
      `warning: .env is no text in UTF-8: nothing of it counts\n${FORM}\n\n1 warning`,
    );
    expect(env).toEqual({});
  });

  it('may have blanks wherever shells or people leave them', () => {
    const { env, printed } = loaded('export  A=1\nexport\tB = 2 # two\n\tC\t=\t"3\n4"\n');
    expect({ env, printed }).toEqual({ env: { A: '1', B: '2', C: '3\n4' }, printed: '' });
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
