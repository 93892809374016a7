/**
 * Where outputs came from, as it is recorded: what the task has said, without secrets, and of an output that is still
 * the same content what was known of it before. It asks nobody, and decides nothing that a build rests on.
 */
import type { Digest } from '../hash.ts';
import type { OutputFact, SuccessRecord } from '../state/record.ts';
import type { Origin, TaskDone } from '../task.ts';
import { withinWorkspace } from './learnt.ts';

type Origins = NonNullable<SuccessRecord['origins']>;

/** Names of parameters whose values nobody else should read. */
const SECRET_NAME =
  /key|token|secret|sign|^sig$|passw|passphrase|^pass$|^pwd?$|hmac|auth|credential|session|cookie|jwt|^code$|^x-/i;
const HIDDEN = '***';

export interface Written {
  readonly outputs: readonly OutputFact[];
  readonly workspace: string;
}

/** Names of outputs that the rule does not have are left out, and so are outputs of which nothing is known. */
export function originsOf(
  { origins = {} }: TaskDone,
  { outputs, workspace }: Written,
  previous: SuccessRecord | undefined,
): Pick<SuccessRecord, 'origins'> {
  const known = outputs.flatMap(({ name, digest }): [string, readonly Origin[]][] => {
    const before = wasContent(previous, name, digest) ? (previous?.origins?.[name] ?? []) : [];
    const given = Object.hasOwn(origins, name) ? origins[name] : undefined;
    const list = given?.map((origin) => sinceBefore(recorded(origin, workspace), before)) ?? before;
    return list.length === 0 ? [] : [[name, list]];
  });
  return known.length === 0 ? {} : { origins: Object.fromEntries(known) satisfies Origins };
}

function wasContent(previous: SuccessRecord | undefined, name: string, digest: Digest): boolean {
  return previous?.outputs.some((output) => output.name === name && output.digest === digest) ?? false;
}

/** Bytes that were in place came from where they came from, and when: whoever publishes them now as well. */
function sinceBefore(origin: Origin, before: readonly Origin[]): Origin {
  const old = before.find(
    ({ checksum, file, fetchedAt }) =>
      fetchedAt !== undefined &&
      checksum === origin.checksum &&
      file === origin.file &&
      (checksum !== undefined || file !== undefined) &&
      (origin.fetchedAt === undefined || origin.fetchedAt === fetchedAt),
  );
  return old?.fetchedAt === undefined ? origin : { ...origin, url: old.url, fetchedAt: old.fetchedAt };
}

/** Only what the contract names: a module of a user may have put anything beside it. */
function recorded(
  { url, revision, modified, checksum, bytes, fetchedAt, file }: Origin,
  workspace: string,
): Origin {
  return {
    url: publicUrl(url),
    ...(revision === undefined ? {} : { revision }),
    ...(modified === undefined ? {} : { modified }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(fetchedAt === undefined ? {} : { fetchedAt }),
    ...(file === undefined ? {} : { file: withinWorkspace({ workspace }, file) }),
  };
}

/** Without user, password and fragment, and with `***` for values of parameters that are named like secrets. */
export function publicUrl(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  url.hash = '';
  const secret = [...new Set(url.searchParams.keys())].filter((name) => SECRET_NAME.test(name));
  for (const name of secret) url.searchParams.set(name, HIDDEN);
  return url.href;
}
