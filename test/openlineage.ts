/** Whether events are what OpenLineage 2-0-2 asks of them, by the schema beside this file, which says so in our words. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const schema = z.fromJSONSchema(
  JSON.parse(readFileSync(new URL('schemas/openlineage-run-event.json', import.meta.url), 'utf8')),
);

export interface Event {
  readonly eventType: string;
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Readonly<Record<string, object>> };
  readonly job: { readonly namespace: string; readonly name: string };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Of one event: empty when it is valid. */
export function problemsOf(event: unknown): readonly string[] {
  const { error } = schema.safeParse(event);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

/** The events of JSON lines, all of them valid. */
export function eventsIn(text: string): readonly Event[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const event: unknown = JSON.parse(line);
      const problems = problemsOf(event);
      if (problems.length > 0) throw new Error(`no event of OpenLineage: ${problems.join('; ')}: ${line}`);
      return event as Event;
    });
}
