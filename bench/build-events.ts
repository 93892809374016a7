/** What `pipeline --json build` says, as far as measurements ask. */
import { z } from 'zod';

const finished = z.object({ type: z.literal('target-finished'), target: z.string(), outcome: z.string() });
const ended = z.object({
  type: z.literal('build-finished'),
  executed: z.int(),
  fresh: z.int(),
  absent: z.int(),
});

export function endedOf(lines: string): z.output<typeof ended> {
  return ended.parse(JSON.parse(lines.trimEnd().split('\n').at(-1) ?? ''));
}

/** The targets whose tasks ran. */
export function executedIn(lines: string): readonly string[] {
  return lines.split('\n').flatMap((line) => {
    if (!line.includes('"executed"')) return [];
    const parsed = finished.safeParse(JSON.parse(line));
    return parsed.success && parsed.data.outcome === 'executed' ? [parsed.data.target] : [];
  });
}

const logged = z.object({
  counts: z.object({ executed: z.int() }),
  rules: z.array(z.object({ rule: z.string(), busySeconds: z.number() })),
});

export interface Logged {
  readonly executed: number;
  /** While at least one target of the rule ran. */
  readonly busy: Readonly<Record<string, number>>;
}

/** What `pipeline log last --json` says of a build that had something to do. */
export function loggedIn(text: string): Logged {
  const { counts, rules } = logged.parse(JSON.parse(text));
  return {
    executed: counts.executed,
    busy: Object.fromEntries(rules.map(({ rule, busySeconds }) => [rule, busySeconds])),
  };
}
