/**
 * Adds to package-lock.json the optional platform packages that its makers name and the lock lacks. A registry
 * mirror that keeps the binaries of some platforms only makes `npm install` leave the others out without a word,
 * and `npm ci` then refuses the lock, even where none of them would be installed. Run after each change of
 * dependencies; changes nothing when the lock is whole.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { byCodeUnit } from '../src/engine/json.ts';

interface Entry {
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const FILE = 'package-lock.json';
const lock = JSON.parse(readFileSync(FILE, 'utf8')) as { packages: Record<string, Entry> };

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const own = `${path}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (path === '' || own in lock.packages || hoisted in lock.packages) continue;
    const platform = platformOf(name);
    // Without an operating system in its name it may be wanted everywhere: better no lock than a wrong one.
    if (platform === undefined)
      throw new Error(`${FILE}: ${path} wants ${name}@${version}, which the lock lacks`);
    lock.packages[hoisted] = { version, ...platform, ...(dev ? { dev } : {}), optional: true } as Entry;
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => byCodeUnit(a, b)));
writeFileSync(FILE, `${JSON.stringify(lock, undefined, 2)}\n`);

/** Platform packages are named after what they are for: `…-linux-arm64-musl`. */
function platformOf(name: string): { os: string[]; cpu?: string[]; libc?: string[] } | undefined {
  const os = /android|openharmony|darwin|freebsd|linux|win32/.exec(name)?.[0];
  if (os === undefined) return undefined;
  const cpu = /arm64|x64|ia32|riscv64|s390x|ppc64|arm/.exec(name)?.[0];
  const libc =
    os !== 'linux' ? undefined : /musl/.test(name) ? 'musl' : /gnu/.test(name) ? 'glibc' : undefined;
  return { os: [os], ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc: [libc] } : {}) };
}
