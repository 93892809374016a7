import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256File } from '../../../src/engine/task.ts';
import { parseChecksum } from '../../../tasks/binance/checksum.ts';
import { REALDATA } from '../../realdata.ts';

const real = new URL('spot/daily/', REALDATA);
const digest = '0123456789abcdef'.repeat(4);
const name = 'BTCUSDT-1m-2024-01.zip';

describe('a CHECKSUM file', () => {
  it('of the archive is read, and states the SHA-256 of its ZIP', async () => {
    const sidecars = readdirSync(real).filter((file) => file.endsWith('.CHECKSUM'));
    expect(sidecars.length).toBeGreaterThan(3);
    for (const sidecar of sidecars) {
      const zip = sidecar.replace('.CHECKSUM', '');
      const sha256 = await sha256File(new URL(zip, real).pathname);
      expect(parseChecksum(readFileSync(new URL(sidecar, real), 'utf8'), zip)).toEqual({ ok: true, sha256 });
    }
  });

  it('may have been through other systems: BOM, CRLF, upper case, binary mode', () => {
    for (const text of [
      `${digest}  ${name}`,
      `${digest}  ${name}\n`,
      `\uFEFF${digest}  ${name}\r\n`,
      `${digest.toUpperCase()}  ${name}\n`,
      `${digest} *${name}\n`,
    ]) {
      expect(parseChecksum(text, name)).toEqual({ ok: true, sha256: digest });
    }
  });

  const expected = `expected 64 hex digits, two spaces and ${name}`;
  it.each([
    ['', `holds nothing: ${expected}`],
    [`${digest}\n`, `holds "${digest}": ${expected}`],
    [`${digest} ${name}\n`, `holds "${digest} ${name}": ${expected}`],
    [`${digest.slice(1)}  ${name}`, `holds "${digest.slice(1)}  ${name}": ${expected}`],
    [`g${digest.slice(1)}  ${name}`, `holds "g${digest.slice(1)}  ${name}": ${expected}`],
    [`${digest}  ${name}\n\n`, `holds "${digest}  ${name}\\n": ${expected}`],
    [`${digest}  ../${name}\n`, `holds "${digest}  ../${name}": ${expected}`],
    [`${digest}  BTCUSDT-1m-2024-02.zip\n`, `is for "BTCUSDT-1m-2024-02.zip": ${expected}`],
    [
      '<!DOCTYPE html><html><head><title>Sign in</title></head><body>the wireless network of this hotel asks you to sign in</body>',
      `holds "<!DOCTYPE html><html><head><title>Sign in</title></head><body>the wireless network of this hotel ask…": ${expected}`,
    ],
  ])('%j is refused', (text, message) => {
    expect(parseChecksum(text, name)).toEqual({ ok: false, message });
  });

  it('with one character changed is refused or states another digest', () => {
    const text = `${digest}  ${name}\n`;
    const change = fc.tuple(fc.nat(text.length - 2), fc.string({ minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(change, ([at, character]) => {
        fc.pre(
          text[at] !== character &&
            !(at < 64 && text[at] === character.toLowerCase()) &&
            !(at === 65 && character === '*'),
        );
        expect(parseChecksum(text.slice(0, at) + character + text.slice(at + 1), name)).not.toEqual({
          ok: true,
          sha256: digest,
        });
      }),
    );
  });
});
