/**
 * The archive's `.CHECKSUM` files (docs/DOMAIN.md §1): 64 hex digits, two spaces, the file's name. Pure text;
 * it hashes nothing.
 */

export type ChecksumResult =
  /** Lower case. */
  | { readonly ok: true; readonly sha256: string }
  /** What is wrong: ends a sentence that names the file. */
  | { readonly ok: false; readonly message: string };

/**
 * Strict, but for what tools on other systems do to text: a byte order mark, a CR before the final newline,
 * upper-case digits, and the `*` by which sha256sum marks binary mode.
 */
export function parseChecksum(text: string, expectedName: string): ChecksumResult {
  const line = text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
  const expected = `expected 64 hex digits, two spaces and ${expectedName}`;
  const match = /^([0-9A-Fa-f]{64}) [ *]([^\s/\\]+)$/.exec(line);
  if (match === null) return { ok: false, message: `holds ${excerpt(line)}: ${expected}` };
  const [, digest = '', name = ''] = match;
  if (name !== expectedName) return { ok: false, message: `is for "${name}": ${expected}` };
  return { ok: true, sha256: digest.toLowerCase() };
}

function excerpt(text: string): string {
  if (text === '') return 'nothing';
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
