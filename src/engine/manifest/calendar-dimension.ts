/** A calendar dimension: its step and its edges. It cuts no partitions. */
import { error } from '../diagnostic.ts';
import { fields } from './fields.ts';
import { floorMinute, formatInstant, MINUTE, parseDate, parseInstant } from './instant.ts';
import type { Dimension } from './model.ts';
import type { Entry, YamlNode } from './node.ts';
import { childOf } from './node.ts';
import { closedField, closedJson } from './open.ts';
import type { Scope, Values } from './scope.ts';
import { topScope } from './scope.ts';
import { describeValue } from './wording.ts';

const DAY = 1_440 * MINUTE;

export function readCalendar(
  { key: name, keyPlace: place, value: node }: Entry,
  values: Values,
): Dimension | undefined {
  const scope = topScope(values, `dimension "${name}"`);
  const every = closedField(childOf(node, 'every'), fields.every, `"every" of dimension "${name}"`, scope);
  const fromNode = childOf(node, 'from');
  const toNode = childOf(node, 'to');
  const from = fromNode && readEdge(fromNode, 'from', name, scope);
  const to = toNode ? readEdge(toNode, 'to', name, scope) : { time: undefined, whole: MINUTE };
  if (every === undefined || from === undefined || to === undefined) return undefined;
  if (from.time === undefined) {
    const hint = 'write the first instant, in UTC, e.g. "2024-01-01T00:00:00Z"';
    scope.report(
      error(`"from" of dimension "${name}" must be a time, got nothing (null)`, fromNode?.place, hint),
    );
    return undefined;
  }
  const last = to.time ?? values.asOf;
  if (last === undefined) return undefined;
  if (from.time > last) {
    const until = to.time === undefined ? 'the as-of' : '"to"';
    const message = `"from" of dimension "${name}" (${formatInstant(from.time)}) is after ${until} (${formatInstant(last)})`;
    const related =
      to.time === undefined || !toNode ? [] : [{ message: 'it ends here', place: toNode.place }];
    scope.report({ ...error(message, fromNode?.place, 'the first instant comes before the last'), related });
    return undefined;
  }
  return { name, place, kind: 'calendar', every, from: from.time, to: floorMinute(last) + to.whole };
}

interface Edge {
  /** Undefined for null. */
  readonly time: number | undefined;
  /** How much of it counts when it is the end: its minute, or its day. */
  readonly whole: number;
}

function readEdge(node: YamlNode, key: 'from' | 'to', name: string, scope: Scope): Edge | undefined {
  const value = closedJson(node, scope);
  if (value === undefined) return undefined;
  if (value === null) return { time: undefined, whole: MINUTE };
  if (typeof value === 'string') {
    const time = parseInstant(value);
    if (time !== undefined) return { time, whole: MINUTE };
    const day = parseDate(value);
    if (day !== undefined) return { time: day, whole: DAY };
  }
  const via = node.kind === 'scalar' && node.value !== value ? `${node.value} = ` : '';
  const message = `"${key}" of dimension "${name}" must be a time YYYY-MM-DDTHH:MM:SSZ, got ${via}${describeValue(value)}`;
  scope.report(error(message, node.place, 'write it in UTC, e.g. "2024-01-01T00:00:00Z"'));
  return undefined;
}
