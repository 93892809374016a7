/**
 * Small workspaces with something of everything that a commit can do, and what happened to them before the build that
 * is going to break: recipes, a module, files and folders as outputs, a fan-in, an intermediate, a numbered run.
 */
import type { Rig } from '../../rig.ts';

type Files = Readonly<Record<string, string>>;

export interface Scenario {
  readonly name: string;
  /** One after the other, with a build behind each but the last. */
  readonly states: readonly [Files, ...Files[]];
  /** What somebody did to the outputs since. */
  readonly damage?: (rig: Rig) => void;
}

interface Places {
  readonly upper: string;
  readonly words: string;
  readonly count: string;
}

const PLACES: Places = {
  upper: 'out/upper/${part}.txt',
  words: 'out/words/${part}/',
  count: 'out/count/${part}.json',
};

/** Folders where files were, and files where folders were. */
const SWAPPED: Places = {
  upper: 'out/upper/${part}.txt/text',
  words: 'out/letters/${part}/',
  count: 'out/words/${part}',
};

const BY_MODULE = 'task: ./tasks/split.mjs';

/** The same in a process of its own, whose writes nobody counts. */
const BY_RECIPE = `run: >-
      for word in $$(cat \${in.text});
      do letter=\${out.words}/$$(printf %.1s $$word); mkdir -p $$letter; echo $$word and no more > $$letter/$$word; done;
      wc -w < \${in.text} > \${out.count}`;

function manifest({ upper, words, count }: Places, parts = '[a, b]', split = BY_RECIPE): string {
  return `version: 1
as_of: "2024-05-06T23:59:00Z"
dimensions:
  part: ${parts}
rules:
  upper:
    for: [part]
    in: { text: "in/\${part}.txt" }
    out: { text: "${upper}" }
    run: "tr a-z A-Z < \${in.text} > \${out.text}"
  split:
    for: [part]
    in: { text: { rule: upper } }
    out: { words: "${words}", count: "${count}" }
    ${split}
  sorted:
    intermediate: true
    in: { counts: { rule: split, output: count } }
    out: { text: cache/sorted.txt }
    run: "sort \${in.counts} > \${out.text}"
  report:
    in: { sorted: { rule: sorted }, more: in/more.txt }
    out: { csv: "reports/runs/\${run_id}/r.csv" }
    run: "cat \${in.sorted} \${in.more} > \${out.csv}"
`;
}

/** A file a word, in folders by its first letter, written in two steps. */
const SPLIT = `import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
export default {
  version: 1,
  run(ctx) {
    const words = readFileSync(ctx.inputs.text, 'utf8').trim().split(/\\s+/);
    for (const word of words) {
      const file = join(ctx.outputs.words, word[0], word.slice(0, 20));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, word);
      appendFileSync(file, ' and no more\\n');
    }
    writeFileSync(ctx.outputs.count, JSON.stringify({ [ctx.partition.keys.part]: words.length }) + '\\n');
  },
};
`;

const FIRST: Files = {
  'pipeline.yaml': manifest(PLACES),
  'in/a.txt': 'apple avocado\nbanana\n',
  'in/b.txt': 'cherry date\n',
  'in/more.txt': 'more\n',
};

/** Words come and go, and of one part nothing changes but how it is spelt. */
const SECOND: Files = { ...FIRST, 'in/a.txt': 'apple almond\ncherry plum\n', 'in/b.txt': 'Cherry dAte\n' };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a first build',
    states: [{ ...FIRST, 'pipeline.yaml': manifest(PLACES, '[a, b]', BY_MODULE), 'tasks/split.mjs': SPLIT }],
  },
  { name: 'a rebuild', states: [FIRST, SECOND] },
  { name: 'a rebuild of what was there before', states: [FIRST, SECOND, FIRST] },
  {
    name: 'a rebuild of outputs that were deleted and damaged',
    states: [FIRST, FIRST],
    damage: (rig) => {
      rig.remove('out/upper');
      rig.write('out/words/a/A/APPLE', 'mine');
      rig.remove('out/count/b.json');
      rig.remove('cache');
      rig.remove('reports/latest');
    },
  },
  {
    name: 'a build of rules that write elsewhere, folders where files were',
    states: [FIRST, { ...FIRST, 'pipeline.yaml': manifest(SWAPPED) }],
  },
  {
    name: 'a build after a part is gone, and came back with another text',
    states: [
      FIRST,
      { ...FIRST, 'pipeline.yaml': manifest(PLACES, '[a]') },
      { ...SECOND, 'pipeline.yaml': manifest(PLACES, '[b, a]') },
    ],
  },
];

/** Files so long that a kill, or a reader, would find them half-written. */
export function manyParts(version: number, parts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']): Files {
  const words = ['apple', 'banana', 'cherry', 'date', 'elder', 'fig', 'grape'];
  const inputs = parts.map((part, at) => {
    // Some parts are the same in two versions.
    const [first, second] = [(at + version) % 7, (at + (version >> 1)) % 7];
    const long = `${words[second] ?? ''}${'x'.repeat(200_000)}`;
    return [`in/${part}.txt`, `${words[first] ?? ''} ${long}\n`] as const;
  });
  return {
    'pipeline.yaml': manifest(PLACES, `[${parts.join(', ')}]`, BY_MODULE),
    'tasks/split.mjs': SPLIT,
    ...Object.fromEntries(inputs),
    'in/more.txt': `more ${version % 3}\n`,
  };
}
