/** `pipeline notify`: what would be told now, or a message that tries whether anybody can be told. Neither builds anything. */
import { loadNotify, monitoringOf } from '../compose.ts';
import { readNote } from '../engine/state/notes.ts';
import { openForReading } from '../engine/state/workspace-state.ts';
import { printable } from '../ui/printable.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, printJson } from './io.ts';
import { NOTE } from './monitoring.ts';
import type { Options } from './options.ts';
import { readReported } from './reported.ts';
import type { Common, OpenWorkspace } from './workspace.ts';
import { openWorkspace } from './workspace.ts';

/** `dryRun`: what would be sent for the present state is printed, and nothing sent. `test`: all are sent a test message. */
export async function notify(common: Common, options: Options, io: Io): Promise<ExitCode> {
  const [dryRun, test] = [options['dryRun'] === true, options['test'] === true];
  if (dryRun === test)
    throw new UsageError(
      dryRun ? '--dry-run contradicts --test' : 'notify tells nobody by itself: `pipeline build` does',
      'say --dry-run to see what would be told now, or --test to send a test message',
    );
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  if (monitoringOf(opened.manifest.config).hooks.length === 0) {
    complain(io, 'nobody is to be told of anything', 'name webhooks in the section `notify` of the config');
    return EXIT.failed;
  }
  return test ? sendTest(opened, common, io) : printNews(opened, common, io);
}

async function printNews(opened: OpenWorkspace, common: Common, io: Io): Promise<ExitCode> {
  const { readKnown, tellingsOf } = await loadNotify();
  const { workspace, manifest } = opened;
  const { failures } = openForReading(workspace).loaded;
  const state = {
    reported: await readReported(opened),
    failures: [...failures.values()].map(({ target, failure: { code, message } }) => ({
      target,
      code,
      message,
      host: undefined,
    })),
    now: io.now(),
  };
  const known = readKnown(readNote(workspace, NOTE));
  const tellings = tellingsOf(monitoringOf(manifest.config).hooks, io.env, known, state);
  if (common.json) {
    const shown = tellings.map(({ address, news, body }) => ({
      method: 'POST',
      host: address.ok ? address.host : null,
      on: news.occasions,
      body: body === undefined ? null : JSON.parse(body),
      ...(address.ok ? {} : { trouble: address.reason }),
    }));
    printJson(io, shown);
    return EXIT.done;
  }
  const blocks = tellings.map(({ label, address, news, body }) => {
    const trouble = address.ok ? '' : `\n  = ${printable(address.reason)}`;
    if (body === undefined) return `${printable(label)}: nothing new to tell${trouble}`;
    const text = JSON.stringify(JSON.parse(body), undefined, 2);
    return `POST ${printable(label)}: ${news.occasions.join(', ')}${trouble}\n${text}`;
  });
  io.stdout.write(`${blocks.join('\n\n')}\n`);
  return EXIT.done;
}

async function sendTest({ workspace, manifest }: OpenWorkspace, common: Common, io: Io): Promise<ExitCode> {
  const { addressOf, deliver, labelOf, testBody } = await loadNotify();
  const { hooks, caFile } = monitoringOf(manifest.config);
  const results = await Promise.all(
    hooks.map(async (hook) => {
      const address = addressOf(hook.to, io.env);
      const options = { workspace, signal: io.signal, caFile };
      const trouble = address.ok ? await deliver(address, testBody(hook.format), options) : address.reason;
      return { label: labelOf(hook, address), host: address.ok ? address.host : null, trouble };
    }),
  );
  if (common.json)
    printJson(
      io,
      results.map(({ host, trouble = null }) => ({ host, trouble })),
    );
  for (const { label, trouble } of results) {
    if (trouble !== undefined) complain(io, `a test message was not taken: ${trouble}`);
    else if (!common.json) io.stdout.write(`told ${printable(label)}\n`);
  }
  if (io.signal.aborted) return EXIT.interrupted;
  return results.some(({ trouble }) => trouble !== undefined) ? EXIT.failed : EXIT.done;
}
