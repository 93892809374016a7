/** Past results: found by fingerprint, told by the newest line, and worth no more than a build when they are lost. */
import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import type { SuccessRecord } from '../../../src/engine/state/record.ts';
import { PastResults } from '../../../src/engine/state/results.ts';
import { scratch } from './scratch.ts';

function record(target: string, fingerprint: string, text: string): SuccessRecord {
  return {
    kind: 'success',
    target,
    fingerprint: sha256(fingerprint),
    parts: [['task', 'run', 'x']],
    outputs: [{ name: 'text', path: `${target}.txt`, digest: sha256(text) }],
    discovered: [['learnt.txt', sha256('learnt')]],
    finishedAt: '2025-01-01T00:00:00.000Z',
    seconds: 1,
  };
}

function opened(folder: string): PastResults {
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  return new PastResults(join(folder, 'results'), join(folder, 'tmp', 'results'));
}

describe('a past result', () => {
  it('is found by target and fingerprint, in this process and in the next', () => {
    const folder = scratch();
    const first = opened(folder);
    first.add(record('a', 'f1', '1'), true, 7);
    const expected = {
      fingerprint: sha256('f1'),
      target: 'a',
      outputs: [{ name: 'text', path: 'a.txt', digest: sha256('1') }],
      discovered: [['learnt.txt', sha256('learnt')]],
      replacedIn: 7,
      restorable: true,
    };
    expect(first.find('a', sha256('f1'))).toMatchObject(expected);
    first.close();
    const next = opened(folder);
    expect(next.find('a', sha256('f1'))).toMatchObject(expected);
    expect(next.find('b', sha256('f1'))).toBeUndefined();
    expect(next.find('a', sha256('f2'))).toBeUndefined();
  });

  it('is the newest of its fingerprint', () => {
    const folder = scratch();
    const results = opened(folder);
    results.add(record('a', 'f', 'old'), true, 1);
    results.add(record('a', 'f', 'new'), false, 2);
    expect(results.find('a', sha256('f'))).toMatchObject({ restorable: false, replacedIn: 2 });
    results.close();
    // Nothing that there was is forgotten for it.
    expect(opened(folder).all()).toMatchObject([{ replacedIn: 1 }, { replacedIn: 2 }]);
  });

  it('is there or not when the file is cut at any byte, and the next one is whole', () => {
    const folder = scratch({ results: 'pipeline results 1\n' });
    const results = opened(folder);
    results.add(record('a', 'f1', '1'), true, 1);
    results.add(record('b', 'f2', '2'), true, 1);
    results.close();
    const whole = readFileSync(join(folder, 'results'));
    const [first, second] = [whole.indexOf(10) + 1, whole.indexOf(10, whole.indexOf(10) + 1) + 1];
    for (let length = 0; length <= whole.length; length++) {
      truncateSync(join(folder, 'results'), 0);
      writeFileSync(join(folder, 'results'), whole.subarray(0, length));
      const cut = opened(folder);
      expect([cut.find('a', sha256('f1')) !== undefined, cut.find('b', sha256('f2')) !== undefined]).toEqual([
        length >= second,
        length === whole.length,
      ]);
      cut.add(record('c', 'f3', '3'), true, 2);
      cut.close();
      const again = opened(folder);
      expect(again.find('c', sha256('f3'))).toMatchObject({ target: 'c' });
      expect(again.all()).toHaveLength(length < second ? 1 : length < whole.length ? 2 : 3);
      again.close();
    }
    expect(first).toBeGreaterThan(0);
  });

  it('whose line does not add up is not there', () => {
    const folder = scratch();
    const results = opened(folder);
    results.add(record('a', 'f1', '1'), true, 1);
    results.add(record('b', 'f2', '2'), true, 1);
    results.close();
    const text = readFileSync(join(folder, 'results'), 'utf8');
    writeFileSync(join(folder, 'results'), text.replace('"a.txt"', '"x.txt"'));
    const damaged = opened(folder);
    expect(damaged.find('a', sha256('f1'))).toBeUndefined();
    expect(damaged.find('b', sha256('f2'))).toMatchObject({ target: 'b' });
    expect(damaged.all()).toHaveLength(1);
  });

  it('is neither looked for nor noted in a file of another program, which stays as it is', () => {
    const folder = scratch({ results: 'pipeline results 2\nsomething else\n' });
    const results = opened(folder);
    results.add(record('a', 'f1', '1'), true, 1);
    results.markGone('a', 1);
    results.keepOnly([], new Map(), undefined);
    expect([results.find('a', sha256('f1')), results.all(), [...results.goneSince()]]).toEqual([
      undefined,
      [],
      [],
    ]);
    results.close();
    expect(readFileSync(join(folder, 'results'), 'utf8')).toBe('pipeline results 2\nsomething else\n');
  });

  it('that cannot be noted is as if it had never been', () => {
    const folder = scratch();
    mkdirSync(join(folder, 'tmp'));
    const results = new PastResults(join(folder, 'nowhere', 'results'), join(folder, 'tmp', 'results'));
    results.add(record('a', 'f1', '1'), true, 1);
    expect(results.find('a', sha256('f1'))).toBeUndefined();
  });

  it('stays with those that are to stay', () => {
    const folder = scratch();
    const results = opened(folder);
    for (const name of ['a', 'b', 'c']) results.add(record(name, name, name), true, 1);
    results.markGone('x', 3);
    results.markGone('y', 4);
    results.keepOnly(
      results.all().filter(({ target }) => target === 'b'),
      new Map([['y', 4]]),
      undefined,
    );
    expect(results.all()).toMatchObject([{ target: 'b' }]);
    results.add(record('d', 'd', 'd'), true, 2);
    results.close();
    const next = opened(folder);
    expect(next.all().map(({ target }) => target)).toEqual(['b', 'd']);
    expect([...next.goneSince()]).toEqual([['y', 4]]);
  });
});

describe('notes of past results', () => {
  const whole = { damaged: 0, lostBefore: undefined };
  /** One result, in a file that tells since when it does. */
  function noted(folder: string): Buffer {
    const results = opened(folder);
    results.add(record('a', 'f1', '1'), false, 2);
    results.close();
    return readFileSync(join(folder, 'results'));
  }

  it('that were begun anew say so, and since when', () => {
    const folder = scratch();
    const before = Date.now();
    const results = opened(folder);
    const { lostBefore = 0 } = results.health();
    expect(lostBefore).toBeGreaterThanOrEqual(before);
    results.close();
    expect(opened(folder).health()).toEqual({ damaged: 0, lostBefore });
    noted(folder);
    expect(opened(folder).health()).toEqual({ damaged: 0, lostBefore });
  });

  it('of an earlier version of this program, which said nothing of it, are whole', () => {
    const folder = scratch({ results: 'pipeline results 1\n' });
    expect(opened(folder).health()).toEqual(whole);
    noted(folder);
    expect(opened(folder).health()).toEqual(whole);
  });

  it('that were cut short at any byte say so until they are written anew, and what follows keeps it', () => {
    const folder = scratch({ results: 'pipeline results 1\n' });
    const bytes = noted(folder);
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(join(folder, 'results'), bytes.subarray(0, length));
      const cut = opened(folder);
      const between = length === 0 || length === 'pipeline results 1\n'.length;
      expect([length, cut.health().damaged]).toEqual([length, between ? 0 : 1]);
      cut.add(record('b', 'f2', '2'), true, 3);
      cut.close();
      const { damaged, lostBefore } = opened(folder).health();
      expect([length, damaged, lostBefore !== undefined]).toEqual([
        length,
        0,
        length !== 'pipeline results 1\n'.length,
      ]);
    }
  });

  it('that were damaged in any byte say so, or are another program’s', () => {
    const folder = scratch({ results: 'pipeline results 1\n' });
    const bytes = noted(folder);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      writeFileSync(join(folder, 'results'), flipped);
      const ask = (): number => opened(folder).health().damaged;
      if (at < 'pipeline results 1\n'.length) expect(ask).toThrow('results:1: expected "pipeline results 1"');
      else expect([at, ask()]).toEqual([at, 1]);
    }
  });

  it('of another version are not read, and it is said what to do', () => {
    const folder = scratch({ results: 'pipeline results 2\nsomething else\n' });
    expect(() => opened(folder).health()).toThrow(
      `${folder}/results:1: written by a newer pipeline (results version 2, this one reads 1): use that version, or move the file away to begin new ones`,
    );
  });

  it('warn of what cannot be made again and could not be noted, each once', () => {
    const folder = scratch();
    mkdirSync(join(folder, 'tmp'));
    const path = join(folder, 'nowhere', 'results');
    const results = new PastResults(path, join(folder, 'tmp', 'results'));
    results.add(record('a', 'f1', '1'), true, 1);
    expect(results.takeWarnings()).toEqual([]);
    results.add(record('a', 'f1', '1'), false, 1);
    expect(results.takeWarnings()).toEqual([
      `${path}: what a had made before could not be noted: \`pipeline gc\` keeps what it does not know until enough builds were made`,
    ]);
    expect(results.takeWarnings()).toEqual([]);
    // As soon as there is room again it is noted that something is missing.
    mkdirSync(join(folder, 'nowhere'));
    writeFileSync(path, 'pipeline results 1\n');
    results.close();
    expect(opened(join(folder, 'nowhere')).health().lostBefore).toBeDefined();
  });
});

describe('a target that is gone', () => {
  it('is so since the build that noticed, until it is there again', () => {
    const folder = scratch();
    const results = opened(folder);
    results.markGone('a', 3);
    results.markGone('b/1', 4);
    results.markGone('a', 0);
    expect([...results.goneSince()]).toEqual([['b/1', 4]]);
    results.close();
    appendFileSync(join(folder, 'results'), '00000000 9 {"gone":"z"}\n');
    expect([...opened(folder).goneSince()]).toEqual([['b/1', 4]]);
  });
});
