/**
 * The arrows of the house (ARCHITECTURE.md). Imports run one way:
 *
 *   main → cli → compose → engine          tasks → engine/task (and nothing else of src)
 *          cli → ui → engine/{events,diagnostic,json}
 *
 * Type imports count: a type that leaks through a wall is a door in it. A rule here that turns out to be in the way is
 * changed together with ARCHITECTURE.md, with the reason. `npm run arrows` checks them, and so does `npm run check`.
 */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two rooms that need each other are one room.',
      severity: 'error',
      // A cycle of types alone cannot fail at run time, and `run/` uses two: a caller that knows its part's types.
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports is dead, but for entries.',
      severity: 'error',
      from: { orphan: true, pathNot: ['^src/main\\.ts$', '^scripts/'] },
      to: {},
    },
    {
      name: 'engine-knows-nobody',
      comment: 'The engine knows no market, no screen and no command line.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: ['^tasks/', '^src/(ui|cli|executors|stores)/', '^src/(main|compose)\\.ts$'] },
    },
    {
      name: 'engine-has-no-network',
      comment: 'Where bytes come from is a matter of tasks.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: ['^(node:)?(http|https|http2|tls|dgram)$', 'node_modules/undici'] },
    },
    {
      name: 'tasks-know-the-contract-only',
      comment: 'A task gets plain data and leaves files: of the engine it sees engine/task.ts alone.',
      severity: 'error',
      from: { path: '^tasks/' },
      to: { path: '^src/', pathNot: '^src/engine/task\\.ts$' },
    },
    {
      name: 'tasks-met-in-compose-only',
      comment:
        'compose.ts is the only file that knows both the engine and the tasks; thread.ts is its part for threads.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(compose|thread)\\.ts$' },
      to: { path: '^tasks/' },
    },
    {
      name: 'ui-is-a-listener',
      comment: 'The UI hears events and prints values; it can neither run nor look anything up.',
      severity: 'error',
      from: { path: '^src/ui/' },
      to: { path: '^src/', pathNot: ['^src/ui/', '^src/engine/(events|diagnostic|json)\\.ts$'] },
    },
    {
      name: 'main-is-thin',
      comment: 'main → cli, and the composition root for what belongs to the process.',
      severity: 'error',
      from: { path: '^src/main\\.ts$' },
      to: { path: '^src/', pathNot: ['^src/cli/', '^src/compose\\.ts$'] },
    },
    {
      name: 'state-is-owned',
      comment: 'Manifest and graph are pure: they neither read nor write what a build left.',
      severity: 'error',
      from: { path: '^src/engine/(manifest|graph)/' },
      to: { path: '^src/engine/(state|run)/' },
    },
    {
      name: 'state-runs-nothing',
      comment: 'The state folder keeps records; who runs targets knows it, not the other way round.',
      severity: 'error',
      from: { path: '^src/engine/state/' },
      to: { path: '^src/engine/(run|graph|manifest)/' },
    },
    {
      name: 'one-hasher',
      comment: 'What is hashed and how stands in one file, so that a fingerprint has one meaning.',
      severity: 'error',
      from: { path: '^(src|tasks)/', pathNot: '^src/engine/hash\\.ts$' },
      to: { path: '^(node:)?crypto$' },
    },
    {
      name: 'no-dev-dependencies-shipped',
      comment: 'What runs at the user must be installed at the user.',
      severity: 'error',
      from: { path: '^(src|tasks)/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'resolvable',
      comment: 'An import that does not resolve would make every other rule blind.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
