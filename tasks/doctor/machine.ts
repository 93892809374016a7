/** The version of Node and the room on the disk. It asks the system nothing itself: it is told, and judges. */
import type { Check } from './check.ts';
import { fail, ok, warn } from './check.ts';

/** `engines` as package.json says it: `>=20.12`. */
export function nodeCheck(version: string, engines: string): Check {
  const least = /^>=\s*(\d+(?:\.\d+){0,2})$/.exec(engines)?.[1];
  if (least === undefined) throw new Error(`engines.node is "${engines}": expected ">=" and a version`);
  if (compare(version, least) >= 0) return ok('node', `${version}, and ${least} or newer is needed`);
  return fail(
    'node',
    `${version}, but ${least} or newer is needed`,
    `install Node ${least} or newer, from nodejs.org or with nvm`,
  );
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const GB = 1e9;
const MB = 1e6;

/** docs/DOMAIN.md §1: a symbol's year of 1m bars is about 26 MB of ZIP. */
const ROOM =
  'free some space, or name another folder in `paths`; a symbol takes about 26 MB a year of 1m bars';

/** `where`: the folder as the config names it. */
export function diskCheck(name: string, where: string, freeBytes: number): Check {
  const detail = `${gigabytes(freeBytes)} free for ${where}`;
  if (freeBytes < 64 * MB) return fail(name, detail, ROOM);
  return freeBytes < GB ? warn(name, detail, ROOM) : ok(name, detail);
}

function gigabytes(bytes: number): string {
  return bytes < GB ? `${(bytes / MB).toFixed(0)} MB` : `${(bytes / GB).toFixed(1)} GB`;
}
