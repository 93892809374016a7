/** Quotes one word for /bin/sh. It knows nothing of templates. */

export function shellQuote(value: string): string {
  if (/^[A-Za-z0-9_\-./:=@%+,]+$/.test(value)) return value;
  return `'${value.replaceAll("'", "'\\''")}'`;
}
