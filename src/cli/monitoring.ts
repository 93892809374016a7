/**
 * What a build leaves for those who watch over it: metrics, a summary for GitHub, messages to webhooks. A listener as
 * others are; nothing that goes wrong here changes what came of the build. It knows no formats.
 */
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Monitoring } from '../compose.ts';
import { loadIdleMetrics, loadMetrics, loadNotify, loadStepSummary, REPORTS } from '../compose.ts';
import type { BuildEvent } from '../engine/events.ts';
import type { Manifest } from '../engine/manifest/model.ts';
import { isMissing } from '../engine/state/files.ts';
import { readNote, writeNote } from '../engine/state/notes.ts';
import type { Reporter } from '../ui/listener.ts';
import type { RunFigures } from '../ui/run-figures.ts';
import { collectFigures } from '../ui/run-figures.ts';
import type { Io } from './io.ts';
import { remark } from './io.ts';
import type { Reported } from './reported.ts';
import { readReported, reportsKey } from './reported.ts';
import type { OpenWorkspace } from './workspace.ts';

/** The note that keeps what webhooks know. */
export const NOTE = 'notify';

export interface MonitorOptions {
  readonly wanted: Monitoring;
  /** Nobody is told anything over the network. */
  readonly offline: boolean;
}

export function createMonitor(opened: OpenWorkspace, { wanted, offline }: MonitorOptions, io: Io): Reporter {
  const stepSummary = io.env['GITHUB_STEP_SUMMARY'];
  const { metrics, hooks } = wanted;
  const figures = collectFigures(() => performance.now());
  const seen = new ReportsSeen(opened.manifest);
  return {
    listener: (event) => {
      figures.apply(event);
      seen.apply(event);
    },
    close: async () => {
      const run = figures.result();
      if (run === undefined) return;
      const reported = once(() => lastReported(opened, io));
      const about: About = { opened, wanted, run, summary: seen.summary, reported, io };
      if (metrics !== undefined)
        await attempt(io, `metrics ${metrics}`, () =>
          writeMetrics(resolve(opened.workspace, metrics), about),
        );
      if (stepSummary) await attempt(io, 'GITHUB_STEP_SUMMARY', () => addStepSummary(stepSummary, about));
      if (hooks.length > 0 && !offline && !io.signal.aborted)
        await attempt(io, 'notify', () => notify(about));
    },
  };
}

interface About {
  readonly opened: OpenWorkspace;
  readonly wanted: Monitoring;
  readonly run: RunFigures;
  /** Of the reports that were part of the build, relative to the workspace. */
  readonly summary: string | undefined;
  readonly reported: () => Promise<Reported | undefined>;
  readonly io: Io;
}

/** Where the build has put the summary of the reports, told by its events: no record need be read for it. */
class ReportsSeen {
  readonly #name: string | undefined;
  summary: string | undefined;

  constructor({ rules }: Manifest) {
    const parts = rules.get(REPORTS.rule)?.outputs.find(({ name }) => name === REPORTS.summary)
      ?.template.parts;
    const last = parts?.at(-1);
    this.#name = typeof last === 'string' ? basename(last) : undefined;
  }

  apply(event: BuildEvent): void {
    if (event.type !== 'target-finished' || event.rule !== REPORTS.rule) return;
    this.summary = event.outputs?.find((path) => basename(path) === this.#name) ?? this.summary;
  }
}

/** What throws is a warning. */
async function attempt(io: Io, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    remark(io, `${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** A build with nothing to do changes the time stamps of the text that is there, and loads no more than that takes. */
async function writeMetrics(
  path: string,
  { opened, wanted, run, summary, reported, io }: About,
): Promise<void> {
  const { workspace } = opened;
  const { idleText, succeededAt } = await loadIdleMetrics();
  const before = textAt(path);
  const endedAt = io.now() / 1000;
  if (run.idle && before !== undefined) {
    const key = summary === undefined ? undefined : reportsKey(workspace, summary);
    const text = idleText(before, { key, endedAt, seconds: run.seconds });
    if (text !== undefined) return replace(path, text, 'latin1');
  }
  const { lookAtMachine, metricsText } = await loadMetrics();
  const last = await reported();
  const text = await metricsText({
    run,
    // Who interrupts does not wait for folders to be counted.
    machine: await lookAtMachine(workspace, io.signal.aborted ? [] : wanted.folders),
    endedAt,
    succeededAt: run.ended === 'done' ? endedAt : succeededAt(before ?? ''),
    dataset: last?.document,
    key: last?.key,
  });
  replace(path, text, 'utf8');
}

/** Much of what is told is worth telling without the reports. */
async function lastReported(opened: OpenWorkspace, io: Io): Promise<Reported | undefined> {
  try {
    return await readReported(opened);
  } catch (thrown) {
    remark(
      io,
      `the last reports cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
    return undefined;
  }
}

async function addStepSummary(path: string, { run, reported }: About): Promise<void> {
  const { stepSummary } = await loadStepSummary();
  const last = await reported();
  appendFileSync(path, stepSummary({ run, document: last?.document, folder: last?.folder }));
}

async function notify({ opened, wanted, run, reported, io }: About): Promise<void> {
  const { deliver, noteOf, readKnown, tellingsOf } = await loadNotify();
  const { workspace } = opened;
  const { hooks, caFile } = wanted;
  const note = readNote(workspace, NOTE);
  const known = readKnown(note);
  const state = { reported: await reported(), failures: run.failures, now: io.now() };
  const tellings = tellingsOf(hooks, io.env, known, state);
  const failed = new Set<string>();
  await Promise.all(
    tellings.map(async ({ id, address, body }) => {
      if (body === undefined) return;
      const options = { workspace, signal: io.signal, caFile };
      const trouble = address.ok ? await deliver(address, body, options) : address.reason;
      if (trouble === undefined) return;
      failed.add(id);
      remark(io, `notify: nobody was told: ${trouble}`);
    }),
  );
  const after = noteOf(tellings, known, failed);
  if (JSON.stringify(after) !== JSON.stringify(note)) writeNote(workspace, NOTE, after);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Its bytes as characters, which costs no decoding: nothing but ASCII is looked for in it. */
function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/** Whole, for whoever reads it at that moment. Its temporary name ends otherwise: collectors read all that end in `.prom`. */
function replace(path: string, text: string, encoding: 'utf8' | 'latin1'): void {
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(temporary, text, encoding);
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}
