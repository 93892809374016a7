/** All that stands in a workspace, but for what builds keep to themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Disk } from './disk.ts';

/** State, the side channels of tasks, and what the lockfile is. */
const ASIDE = /^(\.pipeline|\.runs|pipeline\.lock|\.gitattributes)/;

export function diskOf(dir: string): Disk {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  for (const top of readdirSync(dir, { withFileTypes: true })) {
    if (ASIDE.test(top.name)) continue;
    if (top.isFile()) files.set(top.name, readFileSync(join(dir, top.name), 'utf8'));
    if (!top.isDirectory()) continue;
    folders.add(top.name);
    for (const entry of readdirSync(join(dir, top.name), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name).slice(dir.length + 1);
      if (entry.isDirectory()) folders.add(path);
      else files.set(path, readFileSync(join(dir, path), 'utf8'));
    }
  }
  return new Disk(files, folders);
}
