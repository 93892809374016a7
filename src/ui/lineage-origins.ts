/**
 * Where bytes came from, in few lines: addresses that differ in the keys of their targets are one, with `*` in the
 * place of what differs. Pure.
 */
import { formatBytes } from './amounts.ts';
import type { DrawnOrigin, DrawnTarget } from './lineage-groups.ts';
import { keyOf } from './target-name.ts';

export interface OriginGroup {
  /** An address, `*` for what differs. */
  readonly url: string;
  readonly origins: readonly DrawnOrigin[];
}

export function originsIn(members: readonly DrawnTarget[]): readonly OriginGroup[] {
  const alike = new Map<string, { parts: readonly string[]; origins: DrawnOrigin[] }>();
  const single = members.length === 1;
  for (const { target, outputs } of members) {
    const keys = single ? [] : keyOf(target).split('/');
    for (const origin of outputs.flatMap(({ origins = [] }) => origins)) {
      const { place, parts } = taken(origin.url, keys);
      const key = single ? origin.url : `${place} ${parts.length}`;
      const known = alike.get(key);
      if (known === undefined) alike.set(key, { parts: [place, ...parts], origins: [origin] });
      else {
        known.parts = known.parts.map((part, at) =>
          at === 0 || parts[at - 1] === part ? part : starred(part),
        );
        known.origins.push(origin);
      }
    }
  }
  return [...alike.values()].map(({ parts, origins }) => ({ url: addressOf(parts, origins), origins }));
}

function addressOf([place = '', ...query]: readonly string[], origins: readonly DrawnOrigin[]): string {
  const [only, ...others] = origins;
  if (only !== undefined && others.length === 0) return only.url;
  return query.length === 0 ? place : `${place}?${query.join('&')}`;
}

/** The address without its query, and the query's parameters, keys of the target replaced in both. */
function taken(url: string, keys: readonly string[]): { place: string; parts: readonly string[] } {
  const cut = url.indexOf('?');
  const place = cut < 0 ? url : url.slice(0, cut);
  const parts = cut < 0 ? [] : url.slice(cut + 1).split('&');
  const open = (text: string): string => keys.reduce(withoutKey, text);
  return { place: open(place), parts: parts.map(open) };
}

function starred(parameter: string): string {
  return `${parameter.split('=', 1)[0]}=*`;
}

/** `2021-03` goes from `X-15m-2021-03.zip`, as `X` does, but not from `2021-03-05`. */
function withoutKey(text: string, key: string): string {
  if (key === '' || !text.includes(key)) return text;
  const escaped = key.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return text.replace(
    new RegExp(`(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9]|-\\d\\d(?![A-Za-z0-9]))`, 'g'),
    '*',
  );
}

/** What else there is to say of them, in words: of one all but its checksum, of several when they came. */
export function describeOrigins(origins: readonly DrawnOrigin[]): string {
  const [first] = origins;
  if (origins.length === 1 && first !== undefined) return describeOne(first);
  const times = origins.flatMap(({ fetchedAt }) => fetchedAt ?? []).sort();
  const without = origins.length - times.length;
  const [earliest, latest] = [times[0], times.at(-1)];
  const between = earliest === latest ? earliest : `${earliest}..${latest}`;
  return [
    ...(earliest === undefined ? [] : [`fetched ${between}`]),
    ...(without === 0 ? [] : [`${without} ${ADOPTED}`]),
  ].join(', ');
}

const ADOPTED = 'found in place: no time of download';

function describeOne({ revision, modified, bytes, fetchedAt, file }: DrawnOrigin): string {
  return [
    ...(revision === undefined ? [] : [`revision ${revision}`]),
    ...(modified === undefined ? [] : [`modified ${modified}`]),
    ...(bytes === undefined ? [] : [formatBytes(bytes)]),
    fetchedAt === undefined ? ADOPTED : `fetched ${fetchedAt}`,
    ...(file === undefined ? [] : [`kept as ${file}`]),
  ].join(', ');
}
