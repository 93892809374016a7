/** `pipeline init DIR`: a workspace of one's own, from the manifest and configs that ship with the tool. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { templateFile } from '../compose.ts';
import { LOCK_FOLDER, LOCKFILE } from '../engine/state/lockfile-shards.ts';
import { STATE_FOLDER } from '../engine/state/workspace-state.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { schemaText } from './schema.ts';

const FILES = [
  'pipeline.yaml',
  'configs/base.yaml',
  'configs/data.history.yaml',
  'configs/quality.yaml',
  'configs/halts.yaml',
] as const;
const SCHEMA = 'configs/pipeline.schema.json';

const GITIGNORE = `data/\nreports/\n${STATE_FOLDER}/\n`;

/** Lines of both sides of a merge are kept; of two that contradict each other, the next build says which is right. */
export const GITATTRIBUTES = `${LOCKFILE} text eol=lf merge=union\n${LOCK_FOLDER}/** text eol=lf merge=union\n`;

export function init(directory: string, io: Io): ExitCode {
  const folder = resolve(io.cwd, directory);
  const inTheWay = FILES.find((file) => existsSync(join(folder, file)));
  if (inTheWay !== undefined) {
    throw new UsageError(
      `${directory} holds a ${inTheWay} already: nothing was written`,
      'name another folder',
    );
  }
  writeWorkspace(folder, new Map());
  io.stdout.write(
    `${[
      `workspace written to ${directory}`,
      `  ${join(directory, 'configs/data.history.yaml')}  symbols, interval, since when`,
      `  ${join(directory, 'configs/base.yaml')}          where files lie and bytes come from`,
      `  ${join(directory, 'configs/quality.yaml')}       what is expected of the data, and when to alarm`,
      `  ${join(directory, 'configs/halts.yaml')}         when the exchange stood still`,
      `next: pipeline -C ${directory} build`,
    ].join('\n')}\n`,
  );
  return EXIT.done;
}

/** `changed`: other texts for some of the files, and files beyond them. Existing files are overwritten. */
export function writeWorkspace(folder: string, changed: ReadonlyMap<string, string>): void {
  const texts = new Map<string, string>(FILES.map((file) => [file, templateFile(file)]));
  if (!existsSync(join(folder, '.gitignore'))) texts.set('.gitignore', GITIGNORE);
  if (!existsSync(join(folder, '.gitattributes'))) texts.set('.gitattributes', GITATTRIBUTES);
  texts.set(SCHEMA, schemaText());
  for (const [file, text] of changed) texts.set(file, text);
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}
