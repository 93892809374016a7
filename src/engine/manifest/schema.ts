/**
 * The shape of pipeline.yaml, in zod: for checking and for the JSON schema that editors complete from. A value
 * may be `${…}` wherever the type allows it; what it then stands for is checked by the same small schemas
 * (`fields.ts`).
 */
import { z } from 'zod';
import { fields, name, orReference, reference, ruleName, scalar, text } from './fields.ts';

const listDimension = fields.keys.describe('Keys in the order in which they are reported.');

const calendarDimension = z
  .strictObject(
    {
      every: fields.every.describe('Length of a partition.'),
      from: text('a time, YYYY-MM-DDTHH:MM:SSZ').describe(
        'First instant, e.g. "2024-01-01T00:00:00Z", or a date.',
      ),
      to: z
        .string({ error: 'a time, YYYY-MM-DDTHH:MM:SSZ' })
        .nullable()
        .optional()
        .describe(
          'Last minute that counts, included; a date means its last minute. Default and null: the as-of.',
        ),
    },
    { error: 'a map' },
  )
  .describe('Stretches of time.');

const dynamicDimension = z
  .strictObject(
    {
      of: name.optional().describe('The dimension whose every key has its own set of keys.'),
      keys: z
        .strictObject(
          {
            rule: ruleName.describe('The rule whose output holds the keys.'),
            output: name.optional().describe('Which of its outputs; needed when it has several.'),
            pointer: text('a JSON pointer such as /files').describe(
              'JSON pointer to the map whose keys are meant.',
            ),
          },
          { error: 'a map with "rule" and "pointer"' },
        )
        .describe('Where the keys come from.'),
    },
    { error: 'a map' },
  )
  .describe('Keys that are known once a rule is built.');

const dimensions = z.record(
  name,
  z.union([listDimension, reference, calendarDimension, dynamicDimension], {
    error: 'a list of keys or a map',
  }),
  { error: 'a map of dimensions' },
);

/** For dimensions that the config holds: where they are named there stands a reference. */
export const dimensionsSchema = z.object({ dimensions });

const inputCommon = {
  pointer: text('a JSON pointer such as /files')
    .optional()
    .describe('JSON pointer: only the value found there counts, not the whole file.'),
  optional: z
    .boolean({ error: 'true or false' })
    .optional()
    .describe('An absent input does not make the target absent.'),
  failed: z
    .enum(['block', 'omit'], { error: 'block or omit' })
    .optional()
    .describe('omit: members that failed are left out of the fan-in. Default: block.'),
};

const whereValue = z.union([scalar, z.array(scalar)], { error: 'a key, a range A..B, or a list of these' });

const ruleInput = z
  .strictObject(
    {
      rule: ruleName.describe('The rule that makes this input.'),
      output: name.optional().describe('Which of its outputs; needed when it has several.'),
      where: z
        .record(name, whereValue, { error: 'a map of dimensions' })
        .optional()
        .describe('Narrows dimensions of that rule to a key, a range A..B, or a list of these.'),
      offset: z
        .record(name, z.int({ error: 'a whole number' }), { error: 'a map of dimensions' })
        .optional()
        .describe('Shifts time dimensions of that rule, e.g. { month: -1 }.'),
      ...inputCommon,
    },
    { error: 'a map with "rule" or "path"' },
  )
  .describe('What another rule makes.');

const pathInput = z
  .strictObject(
    { path: text('a path').describe('Path, glob, or file#/json/pointer, in the workspace.'), ...inputCommon },
    { error: 'a map with "rule" or "path"' },
  )
  .describe('A path with options.');

const input = z.union(
  [text('a path').describe('Path, glob, or file#/json/pointer, in the workspace.'), ruleInput, pathInput],
  { error: 'a path, or a map with "rule" or "path"' },
);

const openMap = (error: string) => orReference(z.record(z.string(), z.unknown(), { error }));

const rule = z.strictObject(
  {
    for: z
      .array(name, { error: 'a list of dimensions' })
      .optional()
      .describe('Dimensions: one target for each combination of their keys. Without it there is one target.'),
    in: z.record(name, input, { error: 'a map of inputs' }).optional().describe('Inputs by name.'),
    out: z
      .record(name, text('a path'), { error: 'a map of outputs' })
      .describe('Outputs by name: paths in the workspace; a final / makes a directory.'),
    run: text('a shell command')
      .optional()
      .describe('Shell recipe with ${in.NAME}, ${out.NAME}, ${params.NAME}.'),
    task: text('the name of a task or a path such as ./tasks/total.ts')
      .optional()
      .describe('A built-in task, or a module beside the manifest, e.g. ./tasks/total.ts.'),
    params: openMap('a map').optional().describe('Values for the task; a change rebuilds.'),
    settings: openMap('a map')
      .optional()
      .describe('Values for the task that never cause a rebuild, e.g. URLs.'),
    pool: name.optional().describe('The pool that bounds how many run at once. Default: cpu.'),
    retries: orReference(fields.retries)
      .optional()
      .describe('Further tries after a transient failure. Default: 0.'),
    timeout: orReference(fields.duration).optional().describe('Longest run of one target, e.g. 10m.'),
    deadline: orReference(fields.duration)
      .optional()
      .describe('No further try of a target begins so long after its first one did, e.g. 15m.'),
    disk: z
      .strictObject(
        {
          input: name.describe('A keyed input of the rule.'),
          pointer: text('a JSON pointer such as /size').describe('JSON pointer to the bytes in its value.'),
        },
        { error: 'a map such as { input: entry, pointer: /size }' },
      )
      .optional()
      .describe(
        'How many bytes a run writes: a build that would fill the disk says so before it starts them.',
      ),
    partitions: z
      .enum(['closed', 'open', 'all'], { error: 'one of closed, open, all' })
      .optional()
      .describe(
        'Which partitions in time are built: those that ended, those that did not, or all (default).',
      ),
    refresh: z
      .strictObject(
        {
          after: orReference(fields.duration).describe('Asked again after so long, e.g. 1h.'),
          sweep: orReference(fields.duration)
            .optional()
            .describe('Looks at all there is after so long, not only at what is new. Default: each time.'),
        },
        { error: 'a map such as { after: 1h }' },
      )
      .optional()
      .describe('Makes the rule volatile: its answer may change with time.'),
    source: z.boolean({ error: 'true or false' }).optional().describe('Brings bytes in from outside.'),
    intermediate: z
      .boolean({ error: 'true or false' })
      .optional()
      .describe('Its outputs may be missing while all that was made of them is fresh.'),
    leaves: z
      .array(text('a path or a glob'), { error: 'a list of paths or globs' })
      .optional()
      .describe(
        'Paths or globs of files that its task leaves beside its outputs: `gc` removes those that neither the lockfile nor a recent build names.',
      ),
    default: z
      .boolean({ error: 'true or false' })
      .optional()
      .describe('Built when nothing is selected. Default: true.'),
  },
  { error: 'a map' },
);

export const manifestSchema = z.strictObject(
  {
    version: z
      .literal(1, { error: '1, the version that this program reads' })
      .describe('Version of this format: 1.'),
    configs: z
      .array(text('a path'), { error: 'a list of paths' })
      .optional()
      .describe('Config files, merged in order: a later one wins. ${a.b} reads a value.'),
    as_of: z
      .string({ error: 'a time, YYYY-MM-DDTHH:MM:SSZ, or null' })
      .nullable()
      .optional()
      .describe('The last minute that counts, e.g. "2025-08-22T23:59:00Z". null: not pinned.'),
    dimensions: dimensions.optional().describe('What rules are repeated over.'),
    pools: orReference(z.record(name, orReference(fields.poolSize), { error: 'a map of pools' }))
      .optional()
      .describe('How many targets of a pool run at once: a number, or auto (one per core).'),
    aliases: z
      .record(
        name,
        z.union([fields.selector, z.array(fields.selector)], { error: 'a selector or a list of selectors' }),
        {
          error: 'a map of aliases',
        },
      )
      .optional()
      .describe('Short names for selectors.'),
    rules: z.record(name, rule, { error: 'a map of rules' }).describe('What is made, of what, and how.'),
  },
  { error: 'a map' },
);

/** Valid keys of each kind of map, in the order in which they are listed to the user. */
export const validKeys = {
  manifest: Object.keys(manifestSchema.shape),
  rule: Object.keys(rule.shape),
  ruleInput: Object.keys(ruleInput.shape),
  pathInput: Object.keys(pathInput.shape),
  calendar: Object.keys(calendarDimension.shape),
  dynamic: Object.keys(dynamicDimension.shape),
  keys: ['rule', 'output', 'pointer'],
  refresh: ['after', 'sweep'],
  disk: ['input', 'pointer'],
};
