/**
 * `verify`: makes what is selected again, in a scratch place from the recorded sources, and compares every digest with
 * the lockfile; so is what lies in place. Asks nobody, and changes nothing in the workspace. Knows no screen.
 */
import { setMaxListeners } from 'node:events';
import type { Diagnostic } from '../diagnostic.ts';
import type { Listener } from '../events.ts';
import { formatInstant } from '../manifest/instant.ts';
import type { Manifest } from '../manifest/model.ts';
import type { Builtins } from '../run/code.ts';
import { Code } from '../run/code.ts';
import type { PassOptions } from '../run/session.ts';
import { Session } from '../run/session.ts';
import { select, unmet } from '../select.ts';
import type { Lock } from '../state/lockfile.ts';
import { StatMemo } from '../state/memo.ts';
import { openForReading, openScratch } from '../state/workspace-state.ts';
import type { Span } from '../task.ts';
import { chosen } from './chosen.ts';
import type { Compared } from './compare-lines.ts';
import { compareLines } from './compare-lines.ts';
import type { Finding, Verified } from './finding.ts';
import { mirror } from './mirror.ts';
import { Rebuilt } from './outcome.ts';
import { buildInScratch } from './scratch-build.ts';
import { ScratchPlaces } from './scratch-places.ts';

/** `D`: how two files differ. */
export interface VerifyRequest<D> {
  /** Absolute, symbolic links resolved. */
  readonly workspace: string;
  /** With the as-of of the lockfile. */
  readonly manifest: Manifest;
  readonly lock: Lock;
  readonly builtins: Builtins;
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  /** Only so many of the selected targets, and all they need. */
  readonly sample: number | undefined;
  readonly jobs: number;
  readonly wait: boolean;
  readonly holder: string;
  readonly signal: AbortSignal;
  readonly emit: Listener;
  readonly now: number;
  /** Of the file in place, and the one that was made again; undefined: there is nothing to say. Both absolute. */
  readonly compare: (inPlace: string, rebuilt: string) => Promise<D | undefined>;
}

export type VerifyResult<D> =
  | ({ readonly kind: 'verified'; readonly interrupted: boolean } & Verified<D>)
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'locked'; readonly holder: string };

/** To tell what is meant by a selector, and what is a source: over the workspace itself. */
const DRY = (now: number): PassOptions => ({
  dry: true,
  refresh: false,
  sweep: false,
  offline: true,
  force: () => false,
  now,
});

/** Of so many files at most it is said how they differ. */
const MOST_COMPARED = 20;

export async function verify<D>(request: VerifyRequest<D>): Promise<VerifyResult<D>> {
  const { manifest, workspace, lock, signal, wait } = request;
  setMaxListeners(0, signal);
  let holder = '';
  const scratch = await openScratch(workspace, {
    holder: request.holder,
    wait,
    signal,
    onWaiting: (other) => {
      holder = other;
      if (wait) request.emit({ type: 'lock-waiting', holder: other });
    },
  });
  if (scratch === undefined) return { kind: 'locked', holder };
  try {
    const { loaded, memo } = openForReading(workspace);
    const code = new Code(request.builtins, workspace, memo);
    const probe = (): Session =>
      new Session(manifest, { workspace, loaded, memo, code, options: DRY(request.now) });
    const real = probe();
    const selection = await select(real, request, probe);
    if (!selection.ok) return { kind: 'invalid', diagnostics: selection.diagnostics };
    const narrow = request.selectors.length > 0 || request.between !== undefined;
    const roots = chosen({
      graph: real.graph,
      lock,
      roots: selection.value.roots,
      selected: narrow,
      sample: request.sample,
    });

    const places = new ScratchPlaces(workspace, scratch.folder, real.paths.outputs);
    mirror(real, lock, places);
    request.emit({
      type: 'build-started',
      asOf: formatInstant(manifest.asOf),
      dryRun: false,
      selectors: request.selectors,
      rules: [...manifest.rules.keys()],
    });
    const inPlace = new StatMemo('', workspace);
    const session = await buildInScratch({ ...request, code, loaded, places, inPlace, roots });
    if (signal.aborted) return interrupted();
    const missing = unmet(session, selection.value);
    if (missing.length > 0) return { kind: 'invalid', diagnostics: missing };
    const compared = await compareLines({
      lock,
      rebuilt: new Rebuilt(session, lock),
      inPlace,
      narrow: narrow || request.sample !== undefined,
      signal,
    });
    const findings = await withDifferences(request, compared, places);
    return { kind: 'verified', interrupted: false, ...compared, findings };
  } finally {
    await scratch.close();
  }
}

async function withDifferences<D>(
  { compare, signal }: VerifyRequest<D>,
  { findings }: Compared,
  places: ScratchPlaces,
): Promise<readonly Finding<D>[]> {
  const told: Finding<D>[] = [];
  let count = 0;
  for (const { madeAs, ...finding } of findings) {
    const { path, inPlace, rebuilt } = finding;
    const both = inPlace !== null && rebuilt !== null && inPlace !== rebuilt;
    if (both && count < MOST_COMPARED) {
      count++;
      signal.throwIfAborted();
      const difference = await compare(places.inPlace(path), places.of(madeAs));
      told.push(difference === undefined ? finding : { ...finding, difference });
    } else told.push(finding);
  }
  return told;
}

function interrupted<D>(): VerifyResult<D> {
  const counts = { read: 0, rebuilt: 0, compared: 0 };
  return { kind: 'verified', interrupted: true, findings: [], failures: [], unproven: [], counts };
}
