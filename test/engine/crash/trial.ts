/** A scenario up to the build that breaks, and what must hold of the workspace right after that and after the next one. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { byCodeUnit } from '../../../src/engine/json.ts';
import { LOCKFILE } from '../../../src/engine/state/lockfile.ts';
import { openForReading, STATE_FOLDER } from '../../../src/engine/state/workspace-state.ts';
import { Rig } from '../../rig.ts';
import type { Scenario } from './scenarios.ts';

/** Content by path, of a link where it points to: all that is in a workspace but the private state. */
export type Picture = ReadonlyMap<string, string>;

/** Which contents there may be at each path. */
export class Known {
  readonly #contents = new Map<string, Set<string>>();

  constructor(...pictures: readonly Picture[]) {
    for (const picture of pictures) this.add(picture);
  }

  add(picture: Picture): void {
    for (const [path, content] of picture)
      this.#contents.set(path, (this.#contents.get(path) ?? new Set()).add(content));
  }

  has(path: string, content: string): boolean {
    return this.#contents.get(path)?.has(content) ?? false;
  }

  /** Each line of the text stands in one that is known, as in the lockfile of a build that had failures. */
  hasLines(path: string, content: string): boolean {
    const lines = new Set([...(this.#contents.get(path) ?? [])].flatMap((each) => each.split('\n')));
    return content.endsWith('\n') && content.split('\n').every((line) => lines.has(line));
  }
}

export interface Trial {
  readonly rig: Rig;
  /** What may be seen after the crash: what was there before, and what the build would have made of it. */
  readonly known: Known;
  /** Of what was there before, what no build takes away. */
  readonly kept: readonly string[];
  readonly clean: Picture;
  /** The build came to its end, and targets have failed: so, the lockfile lacks them. */
  readonly failed?: boolean;
  /** For messages. */
  readonly what: string;
}

export function pictureOf(folder: string, within = ''): Picture {
  const found = new Map<string, string>();
  for (const name of readdirSync(join(folder, within)).sort(byCodeUnit)) {
    const path = within === '' ? name : `${within}/${name}`;
    if (path === STATE_FOLDER) continue;
    const stat = lstatSync(join(folder, path));
    if (stat.isDirectory()) for (const [below, content] of pictureOf(folder, path)) found.set(below, content);
    else if (stat.isSymbolicLink()) found.set(path, `-> ${readlinkSync(join(folder, path))}`);
    else found.set(path, readFileSync(join(folder, path), 'latin1'));
  }
  return found;
}

/** Must be called within a test. */
export async function cleanBuild(scenario: Scenario): Promise<Picture> {
  const rig = new Rig(scenario.states.at(-1));
  expect((await rig.build()).failures).toEqual({});
  return pictureOf(rig.dir);
}

/** It has passed: hundreds of them would fill the disk before the test ends. */
export function discard({ rig }: Trial): void {
  rmSync(rig.dir, { recursive: true });
}

/** Up to the build that is to break. */
export async function ready(
  scenario: Scenario,
  clean: Picture,
  what: string,
  atFirst: (rig: Rig) => void = () => undefined,
): Promise<Trial> {
  const rig = new Rig();
  atFirst(rig);
  for (const [at, files] of scenario.states.entries()) {
    if (at > 0) expect((await rig.build()).failures).toEqual({});
    for (const [path, text] of Object.entries(files))
      if (!rig.has(path) || rig.read(path) !== text) rig.write(path, text);
  }
  scenario.damage?.(rig);
  const before = pictureOf(rig.dir);
  const kept = [...before.keys()].filter((path) => clean.has(path) && !isIntermediate(path));
  return { rig, known: new Known(before, clean), kept, clean, what: `${scenario.name}, ${what}` };
}

/** Its files may be gone at any time, or be taken away with what they were made of. */
export function isIntermediate(path: string): boolean {
  return path.startsWith('cache/');
}

/** What has been begun, under names that nobody reads, and that the next build takes up or away. */
const UNFINISHED = /^pipeline\.lock(\.d\/.*)?\.partial$|(^|\/)\.[^/]*\.partial$|(^|\/)\.pipeline-tmp-[^/]*\//;

/** Right after the crash: every file is an old one or a new one, whole, and what `status` calls fresh is right. */
export async function expectNothingHalfWritten(trial: Trial): Promise<void> {
  const { rig, known, kept, clean, failed = false, what } = trial;
  const seen = pictureOf(rig.dir);
  const isKnown = (path: string, content: string): boolean =>
    known.has(path, content) || (failed && path === LOCKFILE && known.hasLines(path, content));
  const wrong = [...seen].filter(([path, content]) => !UNFINISHED.test(path) && !isKnown(path, content));
  expect(wrong, `half-written: ${what}`).toEqual([]);
  expect(
    kept.filter((path) => !seen.has(path)),
    `gone: ${what}`,
  ).toEqual([]);
  const states = await rig.states();
  const { successes } = openForReading(rig.dir).loaded;
  for (const [target, state] of Object.entries(states)) {
    if (state !== 'fresh') continue;
    const paths = successes.get(target)?.outputs.map(({ path }) => path) ?? [];
    const of = (picture: Picture): readonly (readonly [string, string])[] =>
      [...picture].filter(
        ([path]) =>
          paths.some((each) => path === each || path.startsWith(`${each}/`)) &&
          !(isIntermediate(path) && !seen.has(path)),
      );
    expect(of(seen), `${target} is called fresh: ${what}`).toEqual(of(clean));
  }
}

/** The next build, without any flag, ends as a clean one, and leaves nothing behind but what was there before. */
export async function expectRecovery({ rig, known, clean, what }: Trial): Promise<void> {
  const { failures, diagnostics, result } = await rig.build();
  expect({ failures, diagnostics, result }, what).toEqual({ failures: {}, diagnostics: '', result: 'built' });
  const after = pictureOf(rig.dir);
  const wrong = [...clean]
    .filter(
      ([path, content]) => after.get(path) !== (isIntermediate(path) ? after.get(path) && content : content),
    )
    .map(([path]) => path);
  expect(wrong, `other than a clean build: ${what}`).toEqual([]);
  const extra = [...after].filter(([path, content]) => !clean.has(path) && !known.has(path, content));
  expect(extra, `left behind: ${what}`).toEqual([]);
  expect(temporary(rig), `temporary: ${what}`).toEqual([]);
  const { ran, events } = await rig.build();
  const told = events.filter(({ type }) => type === 'warning');
  expect({ ran, told }, `the build after the next: ${what}`).toEqual({ ran: [], told: [] });
  expect([...new Set(Object.values(await rig.states()))], what).toEqual(['fresh']);
}

function temporary(rig: Rig): readonly string[] {
  return rig
    .files(STATE_FOLDER)
    .filter((path) => /^\.pipeline\/(tmp\/|elsewhere)|partial|held-|\.\d+$/.test(path));
}

/** Blobs whose content is not what their name says. */
export function damagedBlobs(rig: Rig): readonly string[] {
  return rig.files(`${STATE_FOLDER}/store`).filter((path) => {
    const name = path.split('/').at(-1)?.replace(/\..*$/, '');
    return sha256(readFileSync(rig.path(path))) !== name;
  });
}
