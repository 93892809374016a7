/**
 * Which hosts have told this machine to stay away, and until when: one small file a host, seen by every process of
 * this user before its next request. It sends nothing and knows no exchange.
 */
import type { Stats } from 'node:fs';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';

const DAY = 86_400_000;
const FIRST_BAN = 120_000;
/** Weight is counted by the minute. */
const PAUSE = 60_000;
/** The longest there is (docs/DOMAIN.md §3). */
const LONGEST_BAN = 3 * DAY;
/** So soon after the end of a ban another one is one more, however short it was. */
const SOON = 3_600_000;
/** A file from so far ahead is no matter of a clock that is being set. */
const TICK = 1_000;

const schema = z.strictObject({
  version: z.literal(1),
  since: z.int(),
  /** Epoch milliseconds. */
  until: z.int(),
  /** 418: nothing may be sent. 429: a pause. */
  status: z.union([z.literal(418), z.literal(429)]),
  reason: z.string(),
});

export type Ban = Omit<z.output<typeof schema>, 'version'>;

/** What was read last, by path: as long as the file is the same one it is not read again. */
const seen = new Map<string, { readonly stamp: string; readonly ban: Ban | undefined }>();
/** Where the file cannot be written, this process at least knows. */
const unwritten = new Map<string, Ban>();
let complained = false;

/** `host` with its port, where it has one. */
export function banFile(host: string): string {
  return join(stateFolder(), 'pipeline', 'hosts', `${host.replace(/[^A-Za-z0-9.-]/g, '_')}.json`);
}

function stateFolder(): string {
  const given = process.env['XDG_STATE_HOME'];
  if (given !== undefined && isAbsolute(given)) return given;
  const home = homeFolder();
  if (home !== undefined) return join(home, '.local', 'state');
  return join(tmpdir(), `state-of-${process.getuid?.() ?? 'user'}`);
}

/** A container's user may have none: without `HOME`, and without a line in the list of users. */
function homeFolder(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/** What lasts at `now`. To be asked before every request: it costs a stat. */
export function activeBan(host: string, now: number): Ban | undefined {
  const ban = later(known(host, now), unwritten.get(host));
  return ban !== undefined && ban.until > now ? ban : undefined;
}

export interface Refusal {
  readonly status: Ban['status'];
  /**
   * Of `Retry-After`. Without it a pause lasts a minute and a ban two, or twice as long as the one before where it
   * comes again.
   */
  readonly waitMs: number | undefined;
  readonly reason: string;
}

/** Remembers a refusal for all processes, and gives what lasts now: a longer ban that is known already stays. */
export function recordBan(
  host: string,
  { status, waitMs, reason }: Refusal,
  { now, log }: { readonly now: number; log(line: string): void },
): Ban {
  const before = later(known(host, now), unwritten.get(host));
  const lasting = before !== undefined && before.until > now ? before : undefined;
  // Several requests under way learn of one ban: that is no repetition.
  if (waitMs === undefined && lasting?.status === 418) return lasting;
  const length = Math.min(waitMs ?? (status === 429 ? PAUSE : lengthAfter(before, now)), LONGEST_BAN);
  const fresh: Ban = { since: now, until: Math.ceil(now + length), status, reason };
  if (lasting !== undefined && outlasts(lasting, fresh)) return lasting;
  const failed = write(banFile(host), fresh);
  if (failed === undefined) unwritten.delete(host);
  else {
    unwritten.set(host, fresh);
    if (!complained)
      log(`${banFile(host)} cannot be written (${failed}): other processes will not know of the ban`);
    complained = true;
  }
  return fresh;
}

/** The host has answered as usual: what it said before is over. */
export function hostAnswered(host: string, now: number): void {
  const path = banFile(host);
  const ban = seen.get(path)?.ban;
  if (ban !== undefined && ban.until <= now && stampOf(path) === seen.get(path)?.stamp) remove(path);
  if ((unwritten.get(host)?.until ?? Number.POSITIVE_INFINITY) <= now) unwritten.delete(host);
}

/** A ban is more than a pause; of two alike the one that ends later counts. */
function outlasts(lasting: Ban, fresh: Ban): boolean {
  return lasting.status === fresh.status ? lasting.until >= fresh.until : lasting.status === 418;
}

function later(a: Ban | undefined, b: Ban | undefined): Ban | undefined {
  return a === undefined || (b !== undefined && b.until > a.until) ? b : a;
}

/** A ban that follows soon on another, before anything was answered in between, is twice as long. */
function lengthAfter(before: Ban | undefined, now: number): number {
  if (before?.status !== 418) return FIRST_BAN;
  const length = before.until - before.since;
  return now - before.until <= Math.max(length, SOON) ? 2 * length : FIRST_BAN;
}

/** What the file says, be it over or not; a damaged one, or one that cannot be true or is old, says nothing. */
function known(host: string, now: number): Ban | undefined {
  const path = banFile(host);
  const stamp = stampOf(path);
  if (stamp === undefined) {
    seen.delete(path);
    return undefined;
  }
  let entry = seen.get(path);
  if (entry?.stamp !== stamp) {
    entry = { stamp, ban: read(path) };
    seen.set(path, entry);
  }
  const { ban } = entry;
  if (ban === undefined) return undefined;
  if (ban.until - ban.since > LONGEST_BAN || now - ban.until > LONGEST_BAN) {
    remove(path);
    return undefined;
  }
  if (ban.since <= now + TICK) return ban;
  // The clock has been set back since. How much of the ban is over nobody knows: none of it, to be safe.
  const redated: Ban = { ...ban, since: now, until: now + ban.until - ban.since };
  seen.set(path, { stamp, ban: redated });
  write(path, redated);
  return redated;
}

/** Each write is a new file, so that its inode tells it from the one before in the same tick. */
function stampOf(path: string): string | undefined {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a folder on the way that cannot be entered holds nothing for us
  }
  return stats === undefined ? undefined : `${stats.ino}/${stats.size}/${stats.mtimeMs}/${stats.ctimeMs}`;
}

function read(path: string): Ban | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The code of the error where it cannot be written. */
function write(path: string, ban: Ban): string | undefined {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, `${JSON.stringify({ version: 1, ...ban })}\n`);
    renameSync(temporary, path);
    return undefined;
  } catch (thrown) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Nor can it be removed: it was never made.
    }
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  }
}

function remove(path: string): void {
  seen.delete(path);
  try {
    rmSync(path, { force: true });
  } catch {
    // It is over all the same.
  }
}
