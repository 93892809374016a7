/**
 * A reader of Prometheus' text format, written from its description and without a look at what writes it:
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. It refuses what a server would, and
 * what `promtool check metrics` complains of as far as it concerns names, help and types.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line end');
  const families = new Map<string, { name: string; type?: string; help?: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let current = '';
  const familyOf = (name: string) => {
    const family = families.get(name) ?? { name, samples: [] };
    families.set(name, family);
    return family;
  };
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const fail = (what: string): never => {
      throw new Error(`line ${index + 1}: ${what}: ${line}`);
    };
    if (line.trim() === '') continue;
    const comment = /^#\s+(HELP|TYPE)\s+(\S+)(?:\s+(.*))?$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (NAME.exec(name)?.[0] !== name) fail('no name of a metric');
      const family = familyOf(name);
      if (family.samples.length > 0) fail('it comes after samples of its metric');
      current = name;
      if (kind === 'HELP') {
        if (family.help !== undefined) fail('a second HELP');
        if (rest === '') fail('a HELP that says nothing');
        family.help = rest;
      } else {
        if (family.type !== undefined) fail('a second TYPE');
        if (!TYPES.includes(rest)) fail('no type');
        family.type = rest;
      }
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = sampleOf(line, fail);
    const family = [...families.values()].find(({ name, type }) => belongs(sample.name, name, type));
    if (family === undefined) throw new Error(`line ${index + 1}: no TYPE before it: ${line}`);
    if (family.name !== current) fail('the samples of a metric are not together');
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(key)) fail('a second sample of the same series');
    seen.add(key);
    family.samples.push(sample);
  }
  return new Map(
    [...families.values()].map(({ name, type, help, samples }) => {
      if (type === undefined || help === undefined) throw new Error(`${name} has no TYPE or no HELP`);
      lint(name, type, samples);
      return [name, { name, type, help, samples }];
    }),
  );
}

function belongs(sample: string, name: string, type: string | undefined): boolean {
  if (sample === name) return true;
  const endings =
    type === 'histogram' ? ['_bucket', '_sum', '_count'] : type === 'summary' ? ['_sum', '_count'] : [];
  return endings.some((ending) => sample === `${name}${ending}`);
}

function sampleOf(line: string, fail: (what: string) => never): Sample {
  const name = NAME.exec(line)?.[0] ?? fail('no name of a metric');
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    while (!rest.startsWith('}')) {
      const label = LABEL.exec(rest)?.[0] ?? fail('no name of a label');
      const value =
        /^="((?:[^"\\]|\\["\\n])*)"/.exec(rest.slice(label.length)) ?? fail('no value of a label');
      if (Object.hasOwn(labels, label)) fail('the same label twice');
      labels[label] = (value[1] ?? '').replace(/\\(["\\n])/g, (_, char: string) =>
        char === 'n' ? '\n' : char,
      );
      rest = rest.slice(label.length + value[0].length);
      if (rest.startsWith(',')) rest = rest.slice(1);
      else if (!rest.startsWith('}')) fail('no comma between labels');
    }
    rest = rest.slice(1);
  }
  const value = /^ +(\S+)$/.exec(rest)?.[1] ?? fail('no value, or more than that');
  const number =
    value === '+Inf' ? Number.POSITIVE_INFINITY : value === '-Inf' ? Number.NEGATIVE_INFINITY : Number(value);
  if (Number.isNaN(number) && value !== 'NaN') fail('the value is no number');
  return { name, labels, value: number };
}

/** Of `promtool check metrics`: endings that say a type, units that are not base units, names of the wrong form. */
function lint(name: string, type: string, samples: readonly Sample[]): void {
  const complain = (what: string): never => {
    throw new Error(`${name}: ${what}`);
  };
  if (/[A-Z:]/.test(name)) complain('in lower case and without colons');
  if (type === 'counter' && !name.endsWith('_total')) complain('counters end in _total');
  if (type !== 'counter' && name.endsWith('_total')) complain('only counters end in _total');
  if (/_(sum|count|bucket)$/.test(name)) complain('an ending of histograms');
  if (/_(ms|milliseconds|minutes|hours|days|kilobytes|kb|mb|megabytes|percent)(_|$)/.test(name))
    complain('not in a base unit');
  if (type !== 'histogram') return;
  for (const { labels, value } of samples.filter((sample) => sample.name === `${name}_count`)) {
    const { le: _, ...others } = labels;
    const buckets = samples.filter(
      (sample) =>
        sample.name === `${name}_bucket` &&
        Object.entries(others).every(([key, is]) => sample.labels[key] === is),
    );
    const counts = buckets.map((bucket) => bucket.value);
    if (buckets.at(-1)?.labels['le'] !== '+Inf' || counts.at(-1) !== value)
      complain('the last bucket holds not all');
    if (counts.some((count, at) => count < (counts[at - 1] ?? 0))) complain('buckets do not add up');
  }
}

/** The value of a series. */
export function seriesOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  for (const { samples } of families.values()) {
    const sample = samples.find(
      (each) => each.name === name && JSON.stringify(Object.entries(each.labels).sort()) === wanted,
    );
    if (sample !== undefined) return sample.value;
  }
  return undefined;
}
