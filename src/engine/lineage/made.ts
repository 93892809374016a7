/**
 * From the record of a target to what it was made of and what it made. It reads the parts of the fingerprint as
 * `parts.ts` and `gather.ts` name them, and knows no other record.
 */
import type { BuildEvent, Made, ReadFact, WroteFact } from '../events.ts';
import type { Part } from '../hash.ts';
import type { SuccessRecord } from '../state/record.ts';

/** Members of fan-ins and single inputs that were not there when it ran. */
export interface LeftOut {
  readonly input: string;
  readonly target: string;
  /** Of one that the publisher does not have: why. Of a failed one: its code and the targets at the root. */
  readonly reason: string;
  readonly state: 'absent' | 'failed';
}

export interface Read extends Made {
  readonly leftOut: readonly LeftOut[];
  /** `bars/normalize`, `./tasks/total.ts`; the recipe of a `run:` rule. */
  readonly task: string;
  /** The digest of the task's code, or its version; none of a recipe. */
  readonly code: string | undefined;
  /** As canonical JSON. */
  readonly params: readonly (readonly [name: string, value: string])[];
}

export function readRecord(record: SuccessRecord): Read {
  const inputs: ReadFact[] = [];
  const leftOut: LeftOut[] = [];
  const params: [string, string][] = [];
  let [task, code]: [string, string | undefined] = ['', undefined];
  let outputsNamed = false;
  for (const [kind, name, value] of record.parts) {
    switch (kind) {
      case 'task':
        task = value;
        break;
      case 'code':
        code = value;
        break;
      case 'param':
        if (name.startsWith('params.')) params.push([name.slice('params.'.length), value]);
        break;
      case 'output':
        outputsNamed = true;
        break;
      case 'failed': {
        const [input, target] = halves(name);
        leftOut.push({ input, target, reason: value, state: 'failed' });
        break;
      }
      case 'input': {
        // Partitions of a fan-in stand before the outputs, what was read stands after them.
        const read = outputsNamed || halves(name)[1] !== 'partitions' ? readFact(name, value) : undefined;
        if (read === undefined) break;
        if ('state' in read) leftOut.push(read);
        else inputs.push(read);
      }
    }
  }
  return {
    fingerprint: record.fingerprint,
    inputs: [...inputs, ...learnt(record)],
    outputs: written(record),
    leftOut,
    task,
    code,
    params,
  };
}

const ABSENT = 'absent: ';

/** Undefined for an optional input that nobody makes and that was not there. */
function readFact(name: string, value: Part[2]): ReadFact | LeftOut | undefined {
  const [input, rest] = halves(name);
  if (value === 'none') return undefined;
  if (value.startsWith(ABSENT))
    return { input, target: rest, reason: value.slice(ABSENT.length), state: 'absent' };
  const cut = rest.indexOf('#/');
  if (cut < 0) return { input, path: rest, digest: value };
  return { input, path: rest.slice(0, cut), pointer: rest.slice(cut + 1), digest: value };
}

/** Names of inputs have no spaces, paths may. */
function halves(name: string): readonly [string, string] {
  const space = name.indexOf(' ');
  return [name.slice(0, space), name.slice(space + 1)];
}

function learnt({ discovered, origins = {} }: SuccessRecord): readonly ReadFact[] {
  const all = Object.values(origins).flat();
  return discovered.map(([path, digest]) => {
    const kept = all.filter(({ file }) => file === path);
    return { path, digest, ...(kept.length === 0 ? {} : { origins: kept }) };
  });
}

function written({ outputs, origins = {} }: SuccessRecord): readonly WroteFact[] {
  return outputs.map(({ name, path, digest }) => {
    const from = Object.hasOwn(origins, name) ? origins[name] : undefined;
    return { name, path, digest, ...(from === undefined ? {} : { origins: from }) };
  });
}

/** The end of a target, with what it was made of where it has just been recorded. */
export function withMade(
  event: BuildEvent,
  recordOf: (target: string) => SuccessRecord | undefined,
): BuildEvent {
  if (event.type !== 'target-finished' || event.outputs === undefined) return event;
  switch (event.outcome) {
    case 'executed':
    case 'restored':
    case 'checked':
    // An incomplete one: a failure otherwise has no outputs.
    case 'failed': {
      const record = recordOf(event.target);
      if (record === undefined) return event;
      const { fingerprint, inputs, outputs } = readRecord(record);
      return { ...event, made: { fingerprint, inputs, outputs } };
    }
    case 'fresh':
    case 'absent':
    case 'blocked':
      return event;
  }
}
