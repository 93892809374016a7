/** Records as builds leave them, for tests that follow them. */
import { sha256 } from '../../../src/engine/hash.ts';
import type { SuccessRecord } from '../../../src/engine/state/record.ts';

export interface Made {
  readonly target: string;
  /** `name path` or `name path#/pointer`; the content of a path is its name unless given after `=`. */
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly more?: Partial<SuccessRecord>;
}

/** `path` or `path=content`. */
function withDigest(text: string): readonly [string, string] {
  const [path = '', content = path] = text.split('=');
  return [path, sha256(content)];
}

export function record({ target, reads = [], writes = [`${target}.out`], more }: Made): SuccessRecord {
  return {
    kind: 'success',
    target,
    fingerprint: sha256(target),
    parts: [
      ['task', 'task', 'some/task'],
      ['code', 'code', 'version 1'],
      ['param', 'symbol', 'a'],
      ['param', 'params.interval', '"1m"'],
      ['output', 'out', 'out/${symbol}'],
      ...reads.map((read) => {
        const [name, path] = [read.slice(0, read.indexOf(' ')), read.slice(read.indexOf(' ') + 1)];
        const [clean, digest] = withDigest(path);
        return ['input', `${name} ${clean}`, digest] as const;
      }),
    ],
    outputs: writes.map((each, at) => {
      const [path, digest] = withDigest(each);
      return { name: `out${at}`, path, digest: digest as SuccessRecord['fingerprint'] };
    }),
    discovered: [],
    finishedAt: '2024-04-01T00:00:00.000Z',
    seconds: 1.5,
    ...more,
  };
}
