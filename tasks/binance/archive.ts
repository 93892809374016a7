/**
 * Task: one ZIP of the archive, which gets its name only when its length is the listed one, its SHA-256 that
 * of the sidecar, and its one member whole (docs/DOMAIN.md §1: checksums have been right while the file was
 * truncated, and wrong while it was right). A file that is in place and matches is adopted; one that a
 * republished file replaces is kept.
 */
import { rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { defineTask, outputPath, sha256File } from '../../src/engine/task.ts';
import type { HttpOptions } from '../lib/http.ts';
import { download, getText } from '../lib/http.ts';
import type { Read } from '../lib/settings.ts';
import { baseUrlSchema, limitsSchema, networkSchema, readSettings } from '../lib/settings.ts';
import { readOnlyMember } from '../lib/zip.ts';
import { parseChecksum } from './checksum.ts';
import type { InPlace } from './in-place.ts';
import { inPlace, keepRevision, linkOrCopy } from './in-place.ts';
import { addressOf, CHECKSUM_SUFFIX, fileName, memberName, SYMBOL_FORM } from './layout.ts';
import type { Entry } from './listing-file.ts';
import { entrySchema } from './listing-file.ts';
import { spanOf } from './time-keys.ts';

const MAX_CHECKSUM_BYTES = 4_096;

const paramsSchema = z.strictObject({
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string().regex(/^\w+$/),
  file: z.string().refine((key) => spanOf(key) !== undefined, { error: 'expected a month or a day' }),
});

const settingsSchema = z.looseObject({
  archive_url: baseUrlSchema,
  limits: limitsSchema,
  network: networkSchema,
});
type Settings = z.output<typeof settingsSchema>;
type Context = TaskContext<z.output<typeof paramsSchema>>;

/** What one run is about. */
interface Wanted {
  readonly entry: Entry;
  readonly name: string;
  readonly url: string;
  /** The final path, relative to the workspace: what messages call the file. */
  readonly shown: string;
  readonly settings: Settings;
}

export default defineTask({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const read = wantedBy(ctx);
    if (!read.ok) return { failed: read.failure };
    const wanted = read.value;
    const sha256 = await publishedDigest(ctx, wanted);
    if (!sha256.ok) return { failed: sha256.failure };

    const path = outputPath(ctx, 'zip');
    const old = await inPlace(join(ctx.workspace, wanted.shown), ctx.signal);
    // An earlier attempt may have left a link to the file in place: writing through it would damage that file.
    await rm(path, { force: true });
    // The sidecar may be older than the ZIP: of another length than the listed one, the file is not the listed one.
    const adopted = old !== undefined && old.sha256 === sha256.value && old.size === wanted.entry.size;
    const failure = adopted ? await adopt(ctx, old, path) : await fetchZip(ctx, wanted, sha256.value, path);
    const { max_zip_bytes: maxZipBytes, max_csv_bytes: maxMemberBytes } = wanted.settings.limits;
    const expected = { member: memberName(wanted.name), display: wanted.shown };
    const member = (): ReturnType<typeof readOnlyMember> =>
      readOnlyMember(path, expected, { maxZipBytes, maxMemberBytes });
    if (failure !== undefined) return { failed: await located(failure, member, wanted.shown) };

    const whole = await member();
    if (!whole.ok) return { failed: publishedBroken(whole.failure, wanted.url) };
    if (old !== undefined && old.sha256 !== sha256.value) {
      ctx.log(`kept what was in place as ${basename(await keepRevision(old))}`);
    }
    return undefined;
  },
});

function wantedBy(ctx: Context): Read<Wanted> {
  const settings = readSettings(settingsSchema, ctx.settings);
  if (!settings.ok) return settings;
  const name = fileName(ctx.params, ctx.params.file);
  const entry = entrySchema.safeParse(ctx.values['entry']);
  if (!entry.success || basename(entry.data.key) !== name) {
    const given = JSON.stringify(ctx.values['entry'] ?? null);
    const message = `${ctx.target}: the entry is ${given}: expected key, size, etag and lastModified of ${name}`;
    return { ok: false, failure: { code: 'entry-invalid', message, hint: 'build sources again' } };
  }
  const shown = ctx.finalOutputs['zip'];
  if (shown === undefined) throw new Error(`${ctx.target}: the rule declares no output "zip"`);
  const url = addressOf(settings.value.archive_url, entry.data.key);
  return { ok: true, value: { entry: entry.data, name, url, shown, settings: settings.value } };
}

/** The SHA-256 that the sidecar states. */
async function publishedDigest(ctx: Context, { url, name, settings }: Wanted): Promise<Read<string>> {
  const address = url + CHECKSUM_SUFFIX;
  const answer = await getText(address, { ...askedBy(ctx, settings), maxBytes: MAX_CHECKSUM_BYTES });
  if (!answer.ok) {
    if (answer.status !== 404) return answer;
    const message = `${name} has no checksum: GET ${address} answered 404`;
    const hint =
      'an unverified file is never used; the publisher adds the sidecar as a rule soon: build again later';
    return { ok: false, failure: { code: 'checksum-missing', message, hint } };
  }
  const parsed = parseChecksum(answer.text, name);
  if (parsed.ok) return { ok: true, value: parsed.sha256 };
  const hint = 'the publisher or a proxy serves something else under this address: build again later';
  return {
    ok: false,
    failure: { code: 'checksum-malformed', message: `${address} ${parsed.message}`, hint },
  };
}

async function adopt(ctx: Context, old: InPlace, path: string): Promise<undefined> {
  await linkOrCopy(old.path, path);
  ctx.log(`adopted the file in place: its SHA-256 ${old.sha256} is the published one`);
}

/** Downloads, and compares length and digest. */
async function fetchZip(
  ctx: Context,
  wanted: Wanted,
  sha256: string,
  path: string,
): Promise<TaskFailure | undefined> {
  const { url, shown, entry, settings } = wanted;
  const answer = await download(url, path, {
    ...askedBy(ctx, settings),
    maxBytes: settings.limits.max_zip_bytes,
    limitName: 'limits.max_zip_bytes',
    onProgress: (done, total) => ctx.progress(done, total ?? entry.size, 'bytes'),
  });
  if (!answer.ok) {
    if (answer.status !== 404) return answer.failure;
    const message = `${shown} is listed but not served: GET ${url} answered 404`;
    const hint = 'the publisher may be replacing it: build again later, with --refresh if the listing is old';
    return { code: 'archive-gone', message, hint, transient: true };
  }
  const { size } = await stat(path);
  if (size !== entry.size) {
    const message = `${shown}: ${url} gave ${size} bytes: expected ${entry.size}, the listed size`;
    const hint =
      'cut short on the way, or replaced since it was listed: build again, with --refresh if it stays';
    return { code: 'archive-size', message, hint, transient: true };
  }
  const actual = await sha256File(path, ctx.signal);
  if (actual === sha256) return undefined;
  const message = `${shown}: ${url} has the SHA-256 ${actual}: expected ${sha256}, as its CHECKSUM says`;
  const hint =
    'damaged on the way, or ZIP and CHECKSUM do not belong together at the publisher: build again later';
  return { code: 'archive-checksum', message, hint, transient: true };
}

/**
 * A wrong digest says that something is wrong, the ZIP itself where: if its member is damaged, the message tells
 * the member and the byte; if it is whole, the sidecar is the suspect.
 */
async function located(
  failure: TaskFailure,
  member: () => ReturnType<typeof readOnlyMember>,
  shown: string,
): Promise<TaskFailure> {
  if (failure.code !== 'archive-checksum') return failure;
  const whole = await member();
  const found = whole.ok ? 'the ZIP itself is whole' : whole.failure.message.replace(`${shown}: `, '');
  return { ...failure, message: `${failure.message}; ${found}` };
}

/** Right length and digest, and yet no good: removing the file would not help, so the reader's hint is replaced. */
function publishedBroken(failure: TaskFailure, url: string): TaskFailure {
  if (failure.code !== 'archive-corrupt') return failure;
  const message = `${failure.message}; ${url} is served like this, its CHECKSUM matches`;
  const hint = 'the publisher must replace the file: once the listing shows another one, it is fetched';
  return { ...failure, message, hint };
}

function askedBy(ctx: Context, settings: Settings): Omit<HttpOptions, 'maxBytes'> {
  return { signal: ctx.signal, workspace: ctx.workspace, settings: settings.network };
}
