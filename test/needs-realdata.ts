/** Which test files read the publisher's own files, told by their imports, so that they can be left out without them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const IMPORTS = /from '(\.[^']+)'/g;

/** Relative to `root`, in the order of the folder. */
export function testsThatNeedRealdata(root: string): readonly string[] {
  const goal = resolve(root, 'test/realdata.ts');
  const known = new Map<string, boolean>();
  const needs = (file: string): boolean => {
    const before = known.get(file);
    if (before !== undefined) return before;
    known.set(file, file === goal);
    if (file === goal || !file.startsWith(resolve(root, 'test'))) return file === goal;
    // An import that stands in a text which a test writes leads nowhere.
    if (!existsSync(file)) return false;
    const imported = [...readFileSync(file, 'utf8').matchAll(IMPORTS)].map(([, path = '']) => path);
    const found = imported.some((path) => needs(resolve(dirname(file), path)));
    known.set(file, found);
    return found;
  };
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path}`)
    .filter((path) => needs(resolve(root, path)));
}
