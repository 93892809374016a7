import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { readRecord } from '../../../src/engine/lineage/made.ts';
import { RecordIndex } from '../../../src/engine/lineage/record-index.ts';
import { findSubject } from '../../../src/engine/lineage/subject.ts';
import type { Directions, Lineage } from '../../../src/engine/lineage/trace.ts';
import { trace } from '../../../src/engine/lineage/trace.ts';
import type { OrphanRecord, SuccessRecord } from '../../../src/engine/state/record.ts';
import { record } from './records.ts';

const BOTH: Directions = { up: true, down: true };

function lineage(
  records: readonly SuccessRecord[],
  text: string,
  directions: Directions = BOTH,
  failed: readonly string[] = [],
  orphans: readonly OrphanRecord[] = [],
): Lineage {
  const index = new RecordIndex(records, failed, orphans);
  const found = findSubject(index, text, [text]);
  if (!found.ok) throw new Error(`${found.message}\n${found.hint}`);
  return trace(index, found.subject, directions);
}

/** `relation target`, in order. */
const told = ({ targets }: Lineage): readonly string[] =>
  targets.map(({ relation, target }) => `${relation} ${target}`);

const CHAIN = [
  record({ target: 'total', reads: ['parts b/1.out', 'parts b/2.out'] }),
  record({ target: 'b/1', reads: ['in a.out#/1', 'note notes.txt'] }),
  record({ target: 'b/2', reads: ['in a.out#/2', 'note notes.txt'] }),
  record({ target: 'a', reads: ['in in/a.txt'] }),
];

describe('lineage', () => {
  it('goes up to the sources and down to all that was made of it, by rule as data flows', () => {
    expect(told(lineage(CHAIN, 'b/1'))).toEqual(['from a', 'of b/1', 'into total']);
    expect(told(lineage(CHAIN, 'total'))).toEqual(['from a', 'from b/1', 'from b/2', 'of total']);
    expect(told(lineage(CHAIN, 'a.out'))).toEqual(['of a', 'into b/1', 'into b/2', 'into total']);
  });

  it('goes one way only when asked to', () => {
    expect(told(lineage(CHAIN, 'b/1', { up: true, down: false }))).toEqual(['from a', 'of b/1']);
    expect(told(lineage(CHAIN, 'b/1', { up: false, down: true }))).toEqual(['of b/1', 'into total']);
  });

  it('names files that no rule makes with what was read of them, and no digest where only values were', () => {
    const records = [
      record({ target: 'x', reads: ['a in.txt', 'b in.json#/v', 'c in2.json', 'd in2.json#/v'] }),
    ];
    expect(lineage(records, 'x').files).toEqual([
      { path: 'in.json', digests: [] },
      { path: 'in.txt', digests: [sha256('in.txt')] },
      { path: 'in2.json', digests: [sha256('in2.json')] },
    ]);
  });

  it('of a file that no rule makes goes down from there', () => {
    const found = lineage(CHAIN, 'notes.txt');
    expect(found.of).toEqual({ kind: 'file', name: 'notes.txt' });
    expect(told(found)).toEqual(['into b/1', 'into b/2', 'into total']);
    expect(found.files).toEqual([{ path: 'notes.txt', digests: [sha256('notes.txt')] }]);
  });

  it('of one output leaves out who has read others of its target', () => {
    const records = [
      record({ target: 'm', writes: ['one', 'two'] }),
      record({ target: 'reads-one', reads: ['in one'] }),
      record({ target: 'reads-two', reads: ['in two'] }),
    ];
    expect(told(lineage(records, 'one'))).toEqual(['of m', 'into reads-one']);
    expect(told(lineage(records, 'm'))).toEqual(['of m', 'into reads-one', 'into reads-two']);
  });

  it('follows files in folders that are outputs', () => {
    const records = [
      record({ target: 'folder', writes: ['out/dir'] }),
      record({ target: 'whole', reads: ['in out/dir'] }),
      record({ target: 'part', reads: ['in out/dir/sub/x.csv'] }),
      record({ target: 'other', reads: ['in out/dirty'] }),
    ];
    expect(told(lineage(records, 'folder'))).toEqual(['of folder', 'into part', 'into whole']);
    expect(told(lineage(records, 'out/dir/sub/x.csv'))).toEqual(['of folder', 'into part', 'into whole']);
    expect(told(lineage(records, 'out/dir/y.csv'))).toEqual(['of folder', 'into whole']);
    expect(told(lineage(records, 'part'))).toEqual(['from folder', 'of part']);
  });

  it('says where a target was made of what its maker has since made anew', () => {
    const records = [
      record({ target: 'a', writes: ['a.out=new'] }),
      record({ target: 'b', reads: ['in a.out=old', 'key a.out=#/x'] }),
    ];
    const inputs = lineage(records, 'b').targets.find(({ target }) => target === 'b')?.inputs;
    expect(inputs?.[0]).toEqual({
      input: 'in',
      path: 'a.out',
      digest: sha256('old'),
      target: 'a',
      earlier: true,
    });
  });

  it('names who has made what was read where several have written the path, whoever did so first or last', () => {
    const [alpha, beta] = ['alpha', 'beta'].map((target) =>
      record({ target, reads: [`in ${target}.txt`], writes: [`p=${target}`] }),
    ) as [SuccessRecord, SuccessRecord];
    const reader = record({ target: 'reader', reads: ['in p=alpha'] });
    const after = lineage([beta, alpha, reader], 'reader');
    expect(told(after)).toEqual(['from alpha', 'of reader']);
    expect(after.targets.at(-1)?.inputs).toEqual([
      { input: 'in', path: 'p', digest: sha256('alpha'), target: 'alpha' },
    ]);
    const before = lineage([alpha, beta, reader], 'reader');
    expect(told(before)).toEqual(['from alpha', 'of reader']);
    expect(before.files.map(({ path }) => path)).toEqual(['alpha.txt']);
    expect(before.targets.at(-1)?.inputs).toEqual([
      { input: 'in', path: 'p', digest: sha256('alpha'), target: 'alpha', earlier: true },
    ]);
    expect(told(lineage([alpha, beta, reader], 'alpha'))).toEqual(['of alpha', 'into reader']);
    expect(told(lineage([alpha, beta, reader], 'beta'))).toEqual(['of beta']);
    expect(told(lineage([alpha, beta, reader], 'p'))).toEqual(['of beta', 'into reader']);
  });

  it('takes who wrote a path last for the maker of what nobody has recorded', () => {
    const records = [
      record({ target: 'one', writes: ['p=1'] }),
      record({ target: 'two', writes: ['p=2'] }),
      record({ target: 'three', writes: ['p=3'] }),
      record({ target: 'reader', reads: ['in p=0', 'value p#/x'] }),
    ];
    expect(told(lineage(records, 'reader'))).toEqual(['from three', 'of reader']);
    expect(lineage(records, 'reader').targets.at(-1)?.inputs).toEqual([
      { input: 'in', path: 'p', digest: sha256('0'), target: 'three', earlier: true },
      { input: 'value', path: 'p', pointer: '/x', digest: sha256('p#/x'), target: 'three' },
    ]);
  });

  it('marks where other targets of the rule lie between two that it lists', () => {
    const months = ['2024-01', '2024-02', '2024-03', '2024-04'];
    const records = [
      ...months.map((month) => record({ target: `m/a/${month}` })),
      record({ target: 'sum', reads: ['in m/a/2024-01.out', 'in m/a/2024-02.out', 'in m/a/2024-04.out'] }),
    ];
    const apart = lineage(records, 'sum').targets.map(({ target, apart }) => [target, apart ?? false]);
    expect(apart).toEqual([
      ['m/a/2024-01', false],
      ['m/a/2024-02', false],
      ['m/a/2024-04', true],
      ['sum', false],
    ]);
    // Also where one of them has never come to anything.
    const without = records.filter(({ target }) => target !== 'm/a/2024-03');
    const marked = (failed: readonly string[]): readonly string[] =>
      lineage(without, 'sum', BOTH, failed).targets.flatMap(({ target, apart }) => (apart ? [target] : []));
    expect(marked(['m/a/2024-03'])).toEqual(['m/a/2024-04']);
    expect(marked([])).toEqual([]);
  });

  it('says who was left out and why', () => {
    const base = record({ target: 'sum', reads: ['in a.out'] });
    const parts = [
      ...base.parts,
      ['input', 'in m/2024-02', 'absent: not published yet'],
      ['failed', 'in m/2024-03', 'archive-corrupt archive/2024-03'],
      ['input', 'note notes.txt', 'none'],
    ] as const;
    expect(lineage([{ ...base, parts }], 'sum').targets[0]?.leftOut).toEqual([
      { input: 'in', target: 'm/2024-02', reason: 'not published yet', state: 'absent' },
      { input: 'in', target: 'm/2024-03', reason: 'archive-corrupt archive/2024-03', state: 'failed' },
    ]);
  });

  it('ends when records of different times go round in a circle', () => {
    const records = [
      record({ target: 'a', reads: ['in b.out'] }),
      record({ target: 'b', reads: ['in a.out'] }),
    ];
    expect(told(lineage(records, 'a'))).toEqual(['of a', 'from b']);
  });

  it('reaches just what a walk from target to target reaches, in any graph', () => {
    const graph = fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(graph, fc.nat(11), (reads, pick) => {
        // A target reads only from those before it.
        const edges = reads.map((each, at) => each.filter((from) => from < at));
        const records = edges.map((from, at) =>
          record({ target: `r${at}`, reads: from.map((each) => `in r${each}.out`) }),
        );
        const start = pick % reads.length;
        const walk = (next: (at: number) => readonly number[]): ReadonlySet<string> => {
          const reached = new Set<string>();
          const visit = (at: number): void =>
            next(at).forEach((each) => {
              reached.add(`r${each}`);
              visit(each);
            });
          visit(start);
          return reached;
        };
        const found = lineage(records, `r${start}`);
        const of = (relation: string): ReadonlySet<string> =>
          new Set(found.targets.flatMap((each) => (each.relation === relation ? [each.target] : [])));
        expect(of('from')).toEqual(walk((at) => edges[at] ?? []));
        expect(of('into')).toEqual(
          walk((at) => edges.flatMap((from, to) => (from.includes(at) ? [to] : []))),
        );
        // Nobody stands before one that it was made of.
        const position = new Map(found.targets.map(({ target }, at) => [target, at]));
        for (const { target, inputs } of found.targets)
          for (const { target: maker = '' } of inputs)
            expect(position.get(maker) ?? -1).toBeLessThan(position.get(target) ?? -1);
      }),
    );
  });
});

describe('a record', () => {
  it('tells the task, its code and its parameters', () => {
    const { task, code, params } = readRecord(record({ target: 'a' }));
    expect({ task, code, params }).toEqual({
      task: 'some/task',
      code: 'version 1',
      params: [['interval', '"1m"']],
    });
  });

  it('tells paths with spaces and hashes in them, and takes the digest of partitions for no file', () => {
    const base = record({ target: 'a', reads: ['in my dir/a#b.txt', 'in c#d/e.json#/x/y', 'in partitions'] });
    const [task, ...rest] = base.parts;
    const parts = [...(task ? [task] : []), ['input', 'in partitions', sha256('p')] as const, ...rest];
    expect(readRecord({ ...base, parts }).inputs.map(({ path, pointer }) => [path, pointer])).toEqual([
      ['my dir/a#b.txt', undefined],
      ['c#d/e.json', '/x/y'],
      ['partitions', undefined],
    ]);
  });

  it('tells of what was learnt and kept where it came from', () => {
    const origin = {
      url: 'https://example.org/k?a=1',
      fetchedAt: '2024-01-01T00:00:00.000Z',
      file: 'k/1.json',
    };
    const made = readRecord(
      record({
        target: 'a',
        more: {
          discovered: [
            ['k/1.json', sha256('1')],
            ['k/2.json', sha256('2')],
          ],
          origins: { out0: [origin] },
        },
      }),
    );
    expect(made.inputs).toEqual([
      { path: 'k/1.json', digest: sha256('1'), origins: [origin] },
      { path: 'k/2.json', digest: sha256('2') },
    ]);
    expect(made.outputs).toEqual([
      { name: 'out0', path: 'a.out', digest: sha256('a.out'), origins: [origin] },
    ]);
  });
});

describe('what lineage cannot be told of', () => {
  const complaint = (
    records: readonly SuccessRecord[],
    text: string,
    { failed = [], orphans = [] }: { failed?: readonly string[]; orphans?: readonly OrphanRecord[] } = {},
  ) => {
    const found = findSubject(new RecordIndex(records, failed, orphans), text, [text]);
    return found.ok ? 'found' : [found.message, found.hint];
  };

  it('is a name that nobody has, with the nearest one', () => {
    expect(complaint(CHAIN, 'totla')).toEqual([
      'no target of that name is recorded, and none has written or read such a file: "totla"',
      'did you mean "total"?',
    ]);
    expect(complaint([], 'x')).toEqual(['nothing has been built here yet', 'run `pipeline build` first']);
  });

  it('is a rule of several targets; of one target, it is that', () => {
    expect(complaint(CHAIN, 'b')).toEqual([
      '"b" is 2 targets, and lineage takes one, or a path',
      'give all its keys, e.g. b/1',
    ]);
    expect(complaint(CHAIN.slice(0, 2), 'b')).toBe('found');
  });

  it('is a target that has failed and has left nothing before', () => {
    expect(complaint(CHAIN, 'z', { failed: ['z', 'a'] })).toEqual([
      'z has failed, so nothing was made',
      'run `pipeline why z` for the reason',
    ]);
    expect(complaint(CHAIN, 'a', { failed: ['z', 'a'] })).toBe('found');
  });

  it('is a target that is absent, and a file of a run that is not the last', () => {
    const absent = record({ target: 'z', writes: [], more: { absent: { reason: 'not there' } } });
    expect(complaint([absent], 'z')).toEqual([
      'z is absent: the publisher has no such thing, so nothing was made',
      'run `pipeline why z` for the reason',
    ]);
    const orphan = { kind: 'orphan', target: 'reports', path: 'runs/1/r.csv', digest: sha256('') } as const;
    expect(complaint(CHAIN, 'runs/1/r.csv', { orphans: [orphan] })).toEqual([
      'runs/1/r.csv was written by an earlier run of reports, whose record is of a later one by now',
      'ask for the lineage of reports',
    ]);
  });
});
