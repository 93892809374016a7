/**
 * Numbers from a seed: 32-bit integer arithmetic only, so that every machine draws the same ones.
 * It knows nothing of what is drawn. Not for secrets.
 */

/** FNV-1a with a final mix: one well-spread 32-bit number per text. */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A uniform whole number of 0 … n − 1. */
export type Draw = (n: number) => number;

/** sfc32, its state filled from the text. */
export function drawsOf(text: string): Draw {
  let a = hash32(`${text}#a`);
  let b = hash32(`${text}#b`);
  let c = hash32(`${text}#c`);
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  // n stays below 2^32, so the product below 2^64 loses only bits that the floor drops: exact on every
  // machine.
  return (n) => Math.floor((next() / 0x1_0000_0000) * n);
}
