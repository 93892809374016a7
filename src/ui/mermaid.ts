/** Labels of Mermaid charts, which are HTML or, in backticks, Markdown. */
import { printable } from './printable.ts';

export function quoted(text: string): string {
  return `"${printable(text).replace(/[#"&<>`]/g, (char) => `#${char.charCodeAt(0)};`)}"`;
}
