/** Which minute is the last that counts: the command line's, the manifest's, or the default. It reads no clock. */
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { floorMinute, formatInstant, parseInstant } from './instant.ts';
import type { LoadOptions } from './model.ts';
import type { ScalarNode, YamlNode } from './node.ts';
import type { Report } from './report.ts';
import { describeValue } from './wording.ts';

export interface AsOfChoice {
  /** From the command line: nothing else is asked. */
  readonly fixed: number | undefined;
  /** The manifest's `as_of`. */
  readonly node: ScalarNode | undefined;
  /** Judges what the manifest's `as_of` stands for; null: not given. Undefined when it is wrong. */
  settle(written: Json, report: Report): number | undefined;
}

export function asOfChoice(node: YamlNode | undefined, { asOf, defaultAsOf, now }: LoadOptions): AsOfChoice {
  const scalar = node?.kind === 'scalar' ? node : undefined;
  const settle = (written: Json, report: Report): number | undefined => {
    if (written === null) return floorMinute(defaultAsOf);
    const time = typeof written === 'string' ? parseInstant(written) : undefined;
    const via = scalar !== undefined && scalar.value !== written ? `${scalar.value} = ` : '';
    if (time === undefined) {
      const hint = 'write the last minute that counts, in UTC, e.g. "2025-08-22T23:59:00Z"';
      report(
        error(
          `as_of must be a time YYYY-MM-DDTHH:MM:SSZ, got ${via}${describeValue(written)}`,
          scalar?.place,
          hint,
        ),
      );
      return undefined;
    }
    const minute = floorMinute(time);
    if (minute > now) {
      const message = `as_of ${via}${formatInstant(minute)} lies in the future: it is ${formatInstant(floorMinute(now))}`;
      report(error(message, scalar?.place, 'null stands for the last minute of yesterday'));
      return undefined;
    }
    return minute;
  };
  return { fixed: asOf === undefined ? undefined : floorMinute(asOf), node: scalar, settle };
}
