/**
 * A plug-in for Stryker that leaves out most functions, by a draw that can be repeated: all mutants of the engine take a
 * night, a sample tells much the same in an hour or two. MUTATION_SAMPLE=N keeps one function in N, MUTATION_SEED draws.
 */
import { createHash } from 'node:crypto';
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

const EVERY = Number(process.env.MUTATION_SAMPLE ?? 1);
const SEED = process.env.MUTATION_SEED ?? '1';

if (EVERY > 1) process.stderr.write(`mutants of one function in ${EVERY}, MUTATION_SEED=${SEED}\n`);

/** Functions and methods that are declared, and whatever else stands by itself in a file: what they hold goes with them. */
function isUnit(path) {
  return (
    path.isClassMethod() || path.isClassPrivateMethod() || (path.parentPath?.isProgram() && !isOfUnits(path))
  );
}

function isOfUnits(path) {
  return (
    path.isClassDeclaration() ||
    (path.isExportNamedDeclaration() && path.get('declaration').isClassDeclaration())
  );
}

function isDrawn(path) {
  const { start } = path.node.loc ?? {};
  const file = path.hub?.file?.opts?.filename?.replace(/^.*\/src\//, '') ?? '';
  const place = `${SEED} ${file} ${start?.line}`;
  return createHash('sha256').update(place).digest().readUInt32BE(0) % EVERY === 0;
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'sample', {
    shouldIgnore: (path) => (EVERY > 1 && isUnit(path) && !isDrawn(path) ? 'not in the sample' : undefined),
  }),
];
