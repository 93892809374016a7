/**
 * A first build of many targets that do next to nothing, on a disk with flushing on, beside ninja running `true` as many
 * times. What remains is what each tool spends on a target.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { endedOf } from './build-events.ts';
import { median } from './median.ts';
import type { Command } from './run.ts';
import { isThere, peakMbOf, pipelineIn, secondsOf, textOf } from './run.ts';

export interface ColdResult {
  readonly part: 'cold';
  readonly targets: number;
  readonly repeats: number;
  readonly seconds: { readonly build: number; readonly ninja: number | null };
  /** Our time ÷ theirs. */
  readonly ratio_to_ninja: number | null;
  readonly rss_mb: number | null;
}

export interface ColdOptions {
  readonly project: string;
  readonly repeats: number;
  readonly targets: number;
  readonly say: (line: string) => void;
}

/** A turn takes minutes where no page of the disk's is spared. */
const MOST_TURNS = 3;

export function benchCold({ project, repeats, targets, say }: ColdOptions): ColdResult {
  const disk = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    const names = Array.from({ length: targets }, (_, at) => `T${at}`);
    /** A new workspace each time: where many files have just been removed, ext4 is slow to make others for a minute. */
    const build = (turn: number | 'rss'): Command => {
      const ours = join(disk, `ours-${turn}`);
      mkdirSync(ours);
      writeFileSync(join(ours, 'pipeline.yaml'), MANIFEST);
      writeFileSync(join(ours, 'config.yaml'), `names: ${JSON.stringify(names)}\n`);
      writeFileSync(join(ours, 'touch.ts'), TOUCH);
      return pipelineIn(project, ours, '--quiet', 'build');
    };

    const folder = join(disk, 'ninja');
    mkdirSync(folder);
    const rule = 'rule true\n  command = true\n';
    writeFileSync(join(folder, 'build.ninja'), rule + names.map((name) => `build ${name}: true\n`).join(''));
    const args = ['-j', String(availableParallelism())];
    const ninja: Command | undefined = isThere('ninja') ? { program: 'ninja', args, cwd: folder } : undefined;
    if (ninja === undefined) say('ninja is not installed: left out');

    const own: number[] = [];
    const theirs: number[] = [];
    const times = Math.min(repeats, MOST_TURNS);
    for (let turn = 0; turn < times; turn++) {
      own.push(secondsOf(build(turn)));
      rmSync(join(folder, '.ninja_log'), { force: true });
      if (ninja !== undefined) theirs.push(secondsOf(ninja));
    }
    const { fresh } = endedOf(textOf(pipelineIn(project, join(disk, 'ours-0'), '--json', 'build')));
    if (fresh !== targets) throw new Error(`of ${targets} targets ${fresh} are fresh after their build`);
    const rss = peakMbOf(build('rss'));
    const seconds = { build: median(own), ninja: ninja === undefined ? null : median(theirs) };
    return {
      part: 'cold',
      targets,
      repeats: times,
      seconds,
      ratio_to_ninja: seconds.ninja === null ? null : seconds.build / seconds.ninja,
      rss_mb: rss,
    };
  } finally {
    rmSync(disk, { recursive: true, force: true });
  }
}

const MANIFEST = `version: 1
configs: [config.yaml]
as_of: "2024-01-01T00:00:00Z"
dimensions:
  name: \${names}
rules:
  touch:
    for: [name]
    out: { text: "out/\${name}" }
    task: ./touch.ts
`;

const TOUCH = `import { writeFileSync } from 'node:fs';

export default {
  version: 1,
  run: (ctx: { readonly outputs: { readonly text: string } }): void => writeFileSync(ctx.outputs.text, ''),
};
`;
