/**
 * Text from outside (task messages, log lines, file names) made safe for a terminal: whatever could move the
 * cursor, change a title or reverse the direction of writing is shown as an escape. Knows no layout.
 */

// C0, DEL and C1 controls, line and paragraph separators, marks and overrides of direction, lone surrogates.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text on one line, with every unsafe character written as `\n`, `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0);
    const digits = code.toString(16);
    return SHORT[char] ?? (code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`);
  });
}

/** The same for text of several lines: line ends part it, tabs become four spaces, a line end at the end adds no line. */
export function printableLines(text: string): string[] {
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  return lines.map((line) => printable(line.replaceAll('\t', '    ')));
}
