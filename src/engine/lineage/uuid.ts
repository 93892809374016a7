/** Names of runs that are the same for the same text, as UUIDs of version 8 (RFC 9562 §5.8: the bits are ours to choose). */
import { sha256 } from '../hash.ts';

export function uuidOf(text: string): string {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
