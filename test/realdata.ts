/** Where the publisher's own files lie: beside the checkout, for they are not ours to publish (CONTRIBUTING.md). */
import { fileURLToPath } from 'node:url';

export const REALDATA = new URL('../../shared/realdata/', import.meta.url);

/** Path of a real file, e.g. `spot/daily/BTCUSDT-1m-2020-01-01.zip`. */
export function realFile(path: string): string {
  return fileURLToPath(new URL(path, REALDATA));
}
