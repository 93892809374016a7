/**
 * Whether what a task has answered is an answer at all. Modules of users need not be typed, and what they return goes
 * into records, events and the history. It says what is wrong and mends nothing.
 */
import type { TaskFailure } from '../task.ts';

interface Kind {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Kind = { holds: isText, expected: 'a text' };
const texts: Kind = { holds: isTexts, expected: 'a list of paths' };
const number: Kind = { holds: (value) => typeof value === 'number', expected: 'a number' };
const map: Kind = { holds: isMap, expected: 'a map' };
const failure: Kind = {
  holds: (value) =>
    isMap(value) &&
    isText(value['code']) &&
    isText(value['message']) &&
    (value['hint'] === undefined || isText(value['hint'])) &&
    (value['retryAfterMs'] === undefined || typeof value['retryAfterMs'] === 'number'),
  expected: 'a failure such as { code: "archive-corrupt", message: "…", hint: "…" }',
};

const ORIGIN_TEXTS = ['revision', 'modified', 'checksum', 'fetchedAt', 'file'];
const isOrigin = (value: unknown): boolean =>
  isMap(value) &&
  isText(value['url']) &&
  URL.canParse(value['url']) &&
  ORIGIN_TEXTS.every((name) => value[name] === undefined || isText(value[name])) &&
  (value['bytes'] === undefined || typeof value['bytes'] === 'number');
const origins: Kind = {
  holds: (value) =>
    isMap(value) && Object.values(value).every((list) => Array.isArray(list) && list.every(isOrigin)),
  expected: 'a map of lists such as { zip: [{ url: "https://…", checksum: "…" }] }',
};

const isAlert = (value: unknown): boolean =>
  isMap(value) &&
  (value['level'] === 'warning' || value['level'] === 'critical') &&
  isText(value['code']) &&
  isText(value['message']);
const alerts: Kind = {
  holds: (value) => Array.isArray(value) && value.every(isAlert),
  expected: 'a list of alerts such as { level: "critical", code: "coverage", message: "…" }',
};

/** Those that tell one answer from another by being there. */
const TELLING: readonly string[] = ['failed', 'absent'];

const MEMBERS: readonly (readonly [name: string, kind: Kind])[] = [
  ['failed', failure],
  ['absent', text],
  ['recheckAfter', number],
  ['discovered', texts],
  ['kept', texts],
  ['origins', origins],
  ['changes', map],
  ['alerts', alerts],
  ['incomplete', failure],
];

/** Undefined: it is one. */
export function noAnswer(target: string, answer: unknown): TaskFailure | undefined {
  if (answer === undefined || answer === null) return undefined;
  const problem = isMap(answer) ? problemIn(answer) : `expected nothing or a map, got ${shown(answer)}`;
  if (problem === undefined) return undefined;
  return {
    code: 'task-answer',
    message: `${target}: what its task has returned is no result: ${problem}`,
    hint: 'this is a bug of the task: `TaskResult` of `pipeline/task` says what it may return',
  };
}

function problemIn(answer: Readonly<Record<string, unknown>>): string | undefined {
  const there = (name: string): boolean =>
    TELLING.includes(name) ? name in answer : answer[name] !== undefined;
  const wrong = MEMBERS.find(([name, { holds }]) => there(name) && !holds(answer[name]));
  return wrong && `"${wrong[0]}" must be ${wrong[1].expected}, got ${shown(answer[wrong[0]])}`;
}

function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 80);
  } catch {
    return typeof value;
  }
}
