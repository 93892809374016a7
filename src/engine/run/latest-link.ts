/** The link `latest` beside the folders of runs. Knows neither targets nor how their outputs are put in place. */
import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { PlaceTaken } from './place-taken.ts';

/**
 * `latest` points at the folder of the last run: beside it, or above a folder that is called `runs`
 * (`reports/latest` → `reports/runs/2025-02-28-95db2d73`). Swapped by rename; does nothing when it points there
 * already. `final` is any absolute output path below the run's folder.
 */
export function pointLatest(final: string, runId: string): void {
  const at = final.indexOf(`/${runId}/`);
  if (at < 0) return;
  const above = final.slice(0, at);
  const home = basename(above) === 'runs' ? dirname(above) : above;
  const goal = relative(home, join(above, runId));
  const link = join(home, 'latest');
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(link) === goal) return;
  if (there !== undefined && !there.isSymbolicLink()) {
    const kind = there.isDirectory() ? 'a folder' : 'a file';
    const message = `${link} is ${kind}, and the link to the last run has that name: move it away`;
    throw new PlaceTaken(there.isDirectory() ? 'EISDIR' : 'ENOTDIR', message);
  }
  const temporary = join(home, '.latest.partial');
  rmSync(temporary, { force: true });
  symlinkSync(goal, temporary);
  renameSync(temporary, link);
}
