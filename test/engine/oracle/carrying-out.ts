/** One target of the reference run or restored: what comes of it, on the disk and in the records. Decides nothing. */
import type { Ask, Outcome } from './ask.ts';
import { LEARNT, paramsOf } from './basis.ts';
import type { Disk } from './disk.ts';
import type { Gathered, Settled } from './gathering.ts';
import type { Target } from './law.ts';
import { answer } from './meaning.ts';
import { contentOf, madeOf, put } from './putting.ts';
import type { Fact, Records, Success } from './records.ts';
import type { World } from './world.ts';
import { fill, outputsOf } from './world.ts';

export interface Site {
  readonly world: World;
  readonly disk: Disk;
  readonly records: Records;
  readonly ask: Ask;
}

export interface Ended {
  readonly outcome: Outcome;
  readonly settled: Settled;
}

/** `due`: the record of a target that runs for nothing but its age. */
export function runTask(
  { world, disk, records, ask }: Site,
  target: Target,
  { inputs }: Gathered,
  basis: string,
  due: Success | undefined,
): Ended {
  const { id, rule } = target;
  const fail = (code: string): Ended => {
    records.failures.set(id, basis);
    return { outcome: 'failed', settled: { state: 'failed', code, roots: [id] } };
  };
  const learnt = rule.learns ? disk.look(LEARNT) : undefined;
  const answered = answer({
    world,
    rule,
    target: id,
    partition: target.partition,
    params: paramsOf(world, target),
    inputs,
    learnt: learnt?.slice(1),
    outside: ask.outside,
    struck: ask.struck(id),
  });
  if (answered.kind === 'failed') return fail(answered.code);
  const known = { basis, learnt: undefined, part: false };
  if (answered.kind === 'absent') {
    const { reason } = answered;
    records.succeed(id, { ...known, outputs: [], absent: reason });
    return { outcome: 'absent', settled: { state: 'absent', reason } };
  }
  const placed = outputsOf(rule).map(({ name, template }) => {
    const made = answered.made[name];
    if (made === undefined) throw new Error(`${id} makes no "${name}"`);
    return { name, path: fill(template, target.partition.keys), made };
  });
  const outputs = placed.map(({ name, path, made }): Fact => ({ name, path, content: contentOf(made) }));
  const key = pastKey(id, basis, learnt);
  if (rule.make !== 'fetch') expectSameBytes(records, key, outputs);
  if (!put(disk, records, placed)) return fail('cannot-write');
  const { part } = answered;
  const record: Success = {
    basis,
    outputs,
    absent: undefined,
    learnt: rule.learns ? [LEARNT, learnt] : undefined,
    part,
  };
  records.succeed(id, record);
  if (!part && rule.make !== 'fetch') records.made.set(key, outputs);
  const same = due !== undefined && JSON.stringify(due.outputs) === JSON.stringify(outputs);
  const outcome = part ? 'failed' : same ? 'checked' : 'executed';
  return { outcome, settled: { state: 'here', record, elided: false } };
}

/** What came of the very same before. */
export function pastOf(
  { disk, records }: Site,
  { id, rule }: Target,
  basis: string,
): readonly Fact[] | undefined {
  return records.made.get(pastKey(id, basis, rule.learns ? disk.look(LEARNT) : undefined));
}

/**
 * In place again or, of an intermediate whose files nobody is about to read, perhaps only recorded: then what stands
 * there in its stead is removed.
 */
export function restore(
  { disk, records, ask }: Site,
  { id, rule }: Target,
  { basis, outputs, needed }: { basis: string; outputs: readonly Fact[]; needed: boolean },
): Ended {
  const elided = rule.intermediate && !needed && outputs.some(({ path }) => ask.isGone(path));
  const placed = outputs.map(({ path, content }) => ({ path, made: madeOf(content) }));
  if (!elided && !put(disk, records, placed)) throw new Error(`${id} was restored where there is no room`);
  for (const { path, content } of elided ? outputs : []) if (disk.look(path) !== content) disk.remove(path);
  const learnt = rule.learns ? ([LEARNT, disk.look(LEARNT)] as const) : undefined;
  const record: Success = { basis, outputs, absent: undefined, learnt, part: false };
  records.succeed(id, record);
  return { outcome: 'restored', settled: { state: 'here', record, elided } };
}

/** The reference holds itself to it: of the same basis the same bytes come. */
function expectSameBytes({ bytes }: Records, key: string, outputs: readonly Fact[]): void {
  const now = JSON.stringify(outputs);
  const before = bytes.get(key);
  if (before !== undefined && before !== now)
    throw new Error(`a task saw what does not count: ${key}: ${before} became ${now}`);
  bytes.set(key, now);
}

function pastKey(id: string, basis: string, learnt: string | undefined): string {
  return `${id} ${basis} ${learnt}`;
}
