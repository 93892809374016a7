/**
 * Stands between a program and `node:fs`: counts the steps by which a workspace changes (each write twice: half of it,
 * then the rest), and at one of them ends the process, cuts its power or takes its disk space. The program knows nothing of
 * it; whoever starts it says what is to happen in `CRASH`. Imports of `node:fs` by name see what it puts there.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { drawsOf } from '../../../tasks/binance/emulator/prng.ts';
import { DurableDisk } from './durable.ts';
import type { Fault } from './fault.ts';
import { faultOf } from './fault.ts';

const real = { ...fs };
const given = faultOf(process.env['CRASH']);
/** Nothing is put in place without one: these functions are not called then. */
const fault: Fault = given ?? { kind: 'kill', folder: '', at: 0 };
const disk = fault.kind === 'power' ? new DurableDisk(fault.folder) : undefined;

let steps = 0;
/** Files of the workspace that are open for writing. */
const open = new Set<number>();

/** How many steps there were: what `at` can be. */
export const stepsTaken = (): number => steps;

function inside(path: fs.PathLike): boolean {
  const absolute = resolve(String(path));
  return absolute === fault.folder || absolute.startsWith(`${fault.folder}/`);
}

/** `takesRoom`: a disk that is full refuses it. */
function step(call: string, takesRoom: boolean): void {
  steps++;
  if (fault.kind === 'full') {
    const now = fault.forGood ? steps >= fault.at : steps === fault.at;
    if (!now || !takesRoom) return;
    throw Object.assign(new Error(`ENOSPC: no space left on device, ${call}`), {
      code: 'ENOSPC',
      errno: -28,
      syscall: call,
    });
  }
  if (steps !== fault.at) return;
  disk?.cutPower(fault.kind === 'power' && fault.seed !== undefined ? drawsOf(fault.seed) : undefined);
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function writes(flags: fs.OpenMode | undefined): boolean {
  return typeof flags === 'number'
    ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
    : /[wa+]/.test(flags ?? 'r');
}

const openSync: typeof fs.openSync = (path, flags, mode) => {
  const counts = inside(path) && writes(flags);
  if (counts) step('open', true);
  const fd = real.openSync(path, flags, mode);
  if (counts) open.add(fd);
  return fd;
};

const closeSync: typeof fs.closeSync = (fd) => {
  open.delete(fd);
  real.closeSync(fd);
};

/** Half first: whoever is ended in between leaves half of it. */
function writeAll(fd: number, bytes: Uint8Array): number {
  const half = bytes.length >> 1;
  for (const part of [bytes.subarray(0, half), bytes.subarray(half)]) {
    if (part.length === 0) continue;
    step('write', true);
    for (let done = 0; done < part.length; ) done += real.writeSync(fd, part, done);
  }
  return bytes.length;
}

/** With a position, an offset or options in any of their forms, as `node:fs` has them. */
function writeSync(fd: number, data: string | NodeJS.ArrayBufferView, ...more: unknown[]): number {
  const [offset = 0, length, position] = more;
  const plain = typeof data !== 'string' && typeof offset === 'number' && typeof position !== 'number';
  if (!open.has(fd) || !plain) {
    if (open.has(fd)) step('write', true);
    return Reflect.apply(real.writeSync, fs, [fd, data, ...more]);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return writeAll(fd, bytes.subarray(offset, typeof length === 'number' ? offset + length : undefined));
}

function fsyncSync(fd: number): void {
  if (isInside(fd)) step('fsync', false);
  real.fsyncSync(fd);
  disk?.flushed(fd);
}

/** At once, so that steps come in the same order each time. */
function fsync(fd: number, done: (failed: NodeJS.ErrnoException | null) => void): void {
  let failed: NodeJS.ErrnoException | null = null;
  try {
    fsyncSync(fd);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    failed = thrown;
  }
  process.nextTick(done, failed);
}

function isInside(fd: number): boolean {
  return open.has(fd) || inside(real.readlinkSync(`/proc/self/fd/${fd}`));
}

function ftruncateSync(fd: number, length?: number | null): void {
  if (open.has(fd)) step('ftruncate', false);
  real.ftruncateSync(fd, length ?? undefined);
}

function bytesOf(
  data: string | NodeJS.ArrayBufferView,
  encoding: BufferEncoding | null | undefined,
): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding ?? 'utf8');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

type WriteOptions = { encoding?: BufferEncoding | null; mode?: fs.Mode; flag?: string; flush?: boolean };

function put(
  path: fs.PathOrFileDescriptor,
  data: string | NodeJS.ArrayBufferView,
  given: BufferEncoding | WriteOptions | null | undefined,
  usual: string,
): void {
  const {
    encoding,
    mode = 0o666,
    flag = usual,
    flush = false,
  } = typeof given === 'string' ? { encoding: given } : (given ?? {});
  const fd = typeof path === 'number' ? path : openSync(path, flag, mode);
  try {
    writeAll(fd, bytesOf(data, encoding));
    if (flush) fsyncSync(fd);
  } finally {
    if (fd !== path) closeSync(fd);
  }
}

/** A file descriptor, or a path outside: nothing of ours. */
function foreign(path: fs.PathOrFileDescriptor): boolean {
  return typeof path === 'number' ? !open.has(path) : !inside(path);
}

const writeFileSync: typeof fs.writeFileSync = (path, data, options) =>
  foreign(path) ? real.writeFileSync(path, data, options) : put(path, data, options as WriteOptions, 'w');

const appendFileSync: typeof fs.appendFileSync = (path, data, options) =>
  foreign(path)
    ? real.appendFileSync(path, data, options)
    : put(path, data as Uint8Array, options as WriteOptions, 'a');

const copyFileSync: typeof fs.copyFileSync = (from, to, mode = 0) => {
  if (!inside(to)) return real.copyFileSync(from, to, mode);
  const flag = (mode & fs.constants.COPYFILE_EXCL) === 0 ? 'w' : 'wx';
  put(String(to), real.readFileSync(from), { flag, mode: real.statSync(from).mode & 0o777 }, flag);
};

function mkdirSync(
  path: fs.PathLike,
  options?: fs.MakeDirectoryOptions | fs.Mode | null,
): string | undefined {
  const recursive = typeof options === 'object' && options?.recursive === true;
  if (!inside(path) || !recursive) {
    if (inside(path)) step('mkdir', true);
    return real.mkdirSync(path, options as fs.MakeDirectoryOptions);
  }
  const missing: string[] = [];
  for (let here = resolve(String(path)); !exists(here); here = dirname(here)) missing.unshift(here);
  for (const [at, folder] of missing.entries()) {
    step('mkdir', true);
    // The recursive call for the errors that it throws.
    if (at < missing.length - 1) real.mkdirSync(folder, { recursive: true });
  }
  real.mkdirSync(path, options);
  return missing[0];
}

/** Anything at all, also a link to nowhere. */
function exists(path: string): boolean {
  try {
    real.lstatSync(path);
    return true;
  } catch (thrown) {
    // What lies below a file cannot be made; the call itself says so.
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT');
  }
}

const rmSync: typeof fs.rmSync = (path, options = {}) => {
  const there = inside(path) ? real.lstatSync(path, { throwIfNoEntry: false }) : undefined;
  if (there === undefined || (there.isDirectory() && options?.recursive !== true))
    return real.rmSync(path, options);
  removeAll(resolve(String(path)), there);
};

function removeAll(path: string, stat: fs.Stats): void {
  if (stat.isDirectory()) {
    for (const name of real.readdirSync(path)) {
      const here = join(path, name);
      const there = real.lstatSync(here, { throwIfNoEntry: false });
      if (there !== undefined) removeAll(here, there);
    }
    step('rmdir', false);
    real.rmdirSync(path);
  } else {
    step('unlink', false);
    real.unlinkSync(path);
  }
}

/** Changes one thing at the last of its paths. */
function counted<A extends unknown[], R>(
  call: string,
  act: (...args: A) => R,
  takesRoom = false,
): (...args: A) => R {
  return (...args) => {
    if (args.slice(0, 2).some((each) => typeof each === 'string' && inside(each))) step(call, takesRoom);
    return act(...args);
  };
}

const patched = {
  openSync,
  closeSync,
  writeSync,
  fsync,
  fsyncSync,
  fdatasyncSync: fsyncSync,
  ftruncateSync,
  writeFileSync,
  appendFileSync,
  copyFileSync,
  mkdirSync,
  rmSync,
  renameSync: counted('rename', real.renameSync),
  linkSync: counted('link', real.linkSync, true),
  symlinkSync: counted('symlink', real.symlinkSync, true),
  unlinkSync: counted('unlink', real.unlinkSync),
  rmdirSync: counted('rmdir', real.rmdirSync),
  chmodSync: counted('chmod', real.chmodSync),
  utimesSync: counted('utimes', real.utimesSync),
};

/** The promises of the same calls. */
function promised<A extends unknown[], R>(act: (...args: A) => R): (...args: A) => Promise<R> {
  return async (...args) => act(...args);
}

const patchedPromises = {
  writeFile: promised(writeFileSync),
  appendFile: promised(appendFileSync),
  copyFile: promised(copyFileSync),
  mkdir: promised(mkdirSync),
  rm: promised(rmSync),
  rename: promised(patched.renameSync),
  link: promised(patched.linkSync),
  symlink: promised(patched.symlinkSync),
  unlink: promised(patched.unlinkSync),
  rmdir: promised(patched.rmdirSync),
  chmod: promised(patched.chmodSync),
};

if (given !== undefined) {
  Object.assign(fs, patched);
  Object.assign(fs.promises, patchedPromises);
  syncBuiltinESMExports();
}
