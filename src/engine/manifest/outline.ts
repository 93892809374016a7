/** What each rule declares by name, read before anything is checked: what other declarations refer to. */
import type { Place } from '../diagnostic.ts';
import type { YamlNode } from './node.ts';
import { entriesOf, entryOf, itemsOf, textOf } from './node.ts';

export interface RuleOutline {
  readonly name: string;
  readonly place: Place;
  /** Undefined when it is not a list of names, which was reported. */
  readonly for: readonly string[] | undefined;
  readonly outputs: readonly string[] | undefined;
}

/** `root`: the manifest as read, mistakes and all, so that one mistake does not make a second. */
export function outlineRules(root: YamlNode): ReadonlyMap<string, RuleOutline> {
  const rules = entryOf(root, 'rules')?.value;
  return new Map(
    entriesOf(rules).map(({ key, keyPlace, value }) => {
      const dimensions = entryOf(value, 'for')?.value;
      const names = itemsOf(dimensions).map(textOf);
      const sound = dimensions === undefined || (dimensions.kind === 'list' && !names.includes(undefined));
      const out = entryOf(value, 'out')?.value;
      return [
        key,
        {
          name: key,
          place: keyPlace,
          for: value.kind === 'map' && sound ? names.filter((name) => name !== undefined) : undefined,
          outputs: out?.kind === 'map' ? out.entries.map((entry) => entry.key) : undefined,
        },
      ];
    }),
  );
}
