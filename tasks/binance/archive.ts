/**
 * Task: one ZIP of the archive, which gets its name only when its length is the listed one, its SHA-256 that
 * of the sidecar, and its one member whole (docs/DOMAIN.md §1: checksums have been right while the file was
 * truncated, and wrong while it was right). A file that is in place and matches is adopted; one that a
 * republished file replaces is kept; one that is refused goes into quarantine.
 */
import { rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { z } from 'zod';
import type { Origin, TaskContext, TaskFailure, TaskResult } from '../../src/engine/task.ts';
import { defineTask, outputPath } from '../../src/engine/task.ts';
import { diskFailure, errorCode } from '../lib/disk-failure.ts';
import { moveFile, placeOf } from '../lib/partial.ts';
import type { Read } from '../lib/settings.ts';
import { limitsSchema, networkSchema, readSettings } from '../lib/settings.ts';
import type { Fetched, Refused, Wanted } from './fetch.ts';
import { clearPlace, fetchZip, memberOf } from './fetch.ts';
import { inPlace, keepRevision, linkOrCopy, revisionOf } from './in-place.ts';
import { fileName, SYMBOL_FORM } from './layout.ts';
import { entrySchema } from './listing-file.ts';
import { archiveUrlsSchema } from './mirrors.ts';
import { quarantine } from './quarantine.ts';
import { spanOf } from './time-keys.ts';

const paramsSchema = z.strictObject({
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string().regex(/^\w+$/),
  file: z.string().refine((key) => spanOf(key) !== undefined, { error: 'expected a month or a day' }),
});

const settingsSchema = z.looseObject({
  archive_url: archiveUrlsSchema,
  /** Folders, relative to the workspace: for what has come so far, and for what is refused. */
  partial: z.string().min(1),
  quarantine: z.string().min(1),
  limits: limitsSchema,
  network: networkSchema,
});
type Context = TaskContext<z.output<typeof paramsSchema>>;

/** What one run is about. */
interface Job extends Wanted {
  readonly quarantine: string;
}

export default defineTask({
  version: 1,
  // The locked file may have been kept.
  offline: true,
  params: paramsSchema,
  async run(ctx) {
    const read = jobOf(ctx);
    if (!read.ok) return { failed: read.failure };
    const path = outputPath(ctx, 'zip');
    try {
      return await bring(ctx, read.value, path);
    } catch (thrown) {
      const { shown, entry } = read.value;
      const at = pathIn(thrown) ?? path;
      // People know the output by the name it will have.
      const named = dirname(at) === dirname(path) ? shown : fromWorkspace(ctx.workspace, at);
      const failure = diskFailure(thrown, { shown: named, path: at, needed: entry.size });
      if (failure === undefined) throw thrown;
      return { failed: failure };
    }
  },
});

/** The file that a call of `fs` was about: where two were, the one that was to be made, unless the other is gone. */
function pathIn(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ('dest' in thrown && typeof thrown.dest === 'string' && errorCode(thrown) !== 'ENOENT')
    return thrown.dest;
  return 'path' in thrown && typeof thrown.path === 'string' ? thrown.path : undefined;
}

function fromWorkspace(workspace: string, path: string): string {
  const within = relative(workspace, path);
  return within.startsWith('..') || isAbsolute(within) ? path : within;
}

function jobOf(ctx: Context): Read<Job> {
  const settings = readSettings(settingsSchema, ctx.settings);
  if (!settings.ok) return settings;
  const { archive_url: urls, partial, quarantine: folder, limits, network } = settings.value;
  const name = fileName(ctx.params, ctx.params.file);
  const entry = entrySchema.safeParse(ctx.values['entry']);
  if (!entry.success || basename(entry.data.key) !== name) {
    const given = JSON.stringify(ctx.values['entry'] ?? null);
    const message = `${ctx.target}: the entry is ${given}: expected key, size, etag and lastModified of ${name}`;
    return { ok: false, failure: { code: 'entry-invalid', message, hint: 'build sources again' } };
  }
  const shown = ctx.finalOutputs['zip'];
  if (shown === undefined) throw new Error(`${ctx.target}: the rule declares no output "zip"`);
  const place = placeOf(ctx.workspace, partial, entry.data.key);
  const locked = ctx.expected['zip'];
  const job = { entry: entry.data, name, shown, urls, locked, place, limits, network, quarantine: folder };
  return { ok: true, value: job };
}

async function bring(ctx: Context, job: Job, path: string): Promise<TaskResult> {
  const old = await inPlace(resolve(ctx.workspace, job.shown), ctx.signal);
  // An earlier attempt may have left a link to the file in place: writing through it would damage that file.
  await rm(path, { force: true });
  const revision =
    job.locked === undefined
      ? undefined
      : await revisionOf(resolve(ctx.workspace, job.shown), job.locked, ctx.signal, (other) =>
          ctx.warn(
            `${fromWorkspace(ctx.workspace, other.path)} has the SHA-256 ${other.sha256}: it was damaged`,
          ),
        );
  if (revision !== undefined) {
    await linkOrCopy(revision, path);
    ctx.log(`adopted ${basename(revision)}: its SHA-256 is the locked one`);
    if (old !== undefined)
      ctx.log(`kept what was in place as ${basename(await keepRevision(old, ctx.signal))}`);
    return undefined;
  }
  if (ctx.offline) return { failed: offline(ctx, job) };
  // The sidecar may be older than the ZIP: of another length than the listed one, the file is not the listed one.
  const isThere = (sha256: string): boolean => old?.sha256 === sha256 && old.size === job.entry.size;
  const got = await fetchZip(ctx, job, isThere);
  if (got.kind === 'failed') return { failed: await refusal(ctx, job, got.failure, got.refused) };
  if (old !== undefined && got.kind === 'published') {
    await linkOrCopy(old.path, path);
    ctx.log(`adopted the file in place: its SHA-256 ${old.sha256} is the published one`);
  }
  const from = got.kind === 'fetched' ? got.path : path;
  const whole = await memberOf(job, from);
  if (!whole.ok) return { failed: await publishedBroken(ctx, job, whole.failure, { ...got, path: from }) };
  if (old !== undefined && old.sha256 !== got.sha256)
    ctx.log(`kept what was in place as ${basename(await keepRevision(old, ctx.signal))}`);
  if (got.kind === 'fetched') moveFile(got.path, path);
  clearPlace(job.place);
  return { origins: { zip: [originOf(job, got)] } };
}

function offline({ target }: Context, { shown, locked }: Job): TaskFailure {
  const kept = locked === undefined ? '' : `, and no kept file has the locked SHA-256 ${locked}`;
  return {
    code: 'offline',
    message: `${target}: ${shown} must be asked for, which --offline forbids${kept}`,
    hint: 'build once without --offline',
  };
}

function originOf({ entry }: Job, { kind, url, sha256 }: Exclude<Fetched, { kind: 'failed' }>): Origin {
  return {
    url,
    revision: entry.etag,
    modified: entry.lastModified,
    checksum: sha256,
    bytes: entry.size,
    ...(kind === 'fetched' ? { fetchedAt: new Date().toISOString() } : {}),
  };
}

/** Once no other try follows, what was refused is kept to be looked at. */
async function refusal(
  ctx: Context,
  job: Job,
  failure: TaskFailure,
  refused: Refused | undefined,
): Promise<TaskFailure> {
  if (refused === undefined) return failure;
  if (!ctx.isLastTry(failure)) {
    await rm(refused.path, { force: true });
    return failure;
  }
  const { path, failure: why, ...facts } = refused;
  const kept = await keep(ctx, job, path, { ...facts, code: why.code, message: why.message });
  return { ...failure, message: `${failure.message}; ${kept}` };
}

/** Right length and digest, and yet no good: removing the file would not help, so the reader's hint is replaced. */
async function publishedBroken(
  ctx: Context,
  job: Job,
  failure: TaskFailure,
  { path, url, sha256 }: { readonly path: string; readonly url: string; readonly sha256: string },
): Promise<TaskFailure> {
  if (failure.code !== 'archive-corrupt') return failure;
  const { code } = failure;
  const message = `${failure.message}; ${url} is served like this, its CHECKSUM matches`;
  const hint = 'the publisher must replace the file: once the listing shows another one, it is fetched';
  const member = failure.message.replace(`${job.shown}: `, '');
  const facts = { code, message, url, expected: sha256, actual: sha256, member };
  const kept = await keep(ctx, job, path, facts);
  clearPlace(job.place);
  return { code, message: `${message}; ${kept}`, hint };
}

interface Facts extends Pick<Refused, 'url' | 'expected' | 'actual' | 'member'> {
  readonly code: string;
  readonly message: string;
}

/** Says where, for the message. */
async function keep(ctx: Context, job: Job, path: string, facts: Facts): Promise<string> {
  const { symbol, interval } = ctx.params;
  const { code, message, url, expected, actual, member } = facts;
  const { size } = await stat(path);
  const reason = {
    target: ctx.target,
    file: job.shown,
    code,
    message,
    url,
    listed: job.entry,
    expected_sha256: expected,
    actual_sha256: actual,
    size,
    member: member ?? null,
  };
  const where = { workspace: ctx.workspace, folder: job.quarantine, symbol, interval };
  const kept = await quarantine(path, where, reason);
  await rm(path, { force: true });
  return kept;
}
