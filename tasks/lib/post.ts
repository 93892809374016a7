/** Sends one JSON document to an address, once. It knows neither what it says nor what is there. */
import type { TaskFailure } from '../../src/engine/task.ts';
import { ask } from './http.ts';
import { networkSchema } from './settings.ts';

export interface PostOptions {
  readonly workspace: string;
  readonly signal: AbortSignal;
  readonly authorization?: string;
  /** PEM file of further certificate authorities, relative to the workspace. */
  readonly caFile?: string;
}

/** Nobody waits long for an answer that says no more than that it has come. */
const TIMES = { connect_timeout: '5s', headers_timeout: '10s', body_timeout: '10s' };
const MAX_BYTES = 1 << 20;

/** Undefined when it was taken. */
export async function postJson(
  url: string,
  body: string,
  { workspace, signal, authorization, caFile }: PostOptions,
): Promise<TaskFailure | undefined> {
  const options = {
    workspace,
    signal,
    settings: networkSchema.parse({ ...TIMES, ca_file: caFile }),
    maxBytes: MAX_BYTES,
  };
  const headers = {
    'content-type': 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
  };
  const answer = await ask<{ readonly ok: true }>(
    url,
    options,
    async ({ body: answered }) => {
      await answered.dump();
      return { ok: true };
    },
    { method: 'POST', body, headers, statuses: [200, 201, 202, 204] },
  );
  if (answer.ok) return undefined;
  return { ...answer.failure, message: answer.failure.message.replace(/^GET /, 'POST ') };
}
