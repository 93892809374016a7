/** Notes: small documents that commands keep between builds. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/engine/json.ts';
import { readNote, writeNote } from '../../../src/engine/state/notes.ts';
import { messageOf, scratch } from './scratch.ts';

const fileOf = (workspace: string): string => join(workspace, '.pipeline/notes/told.json');

describe('a note', () => {
  it('comes back as it was written, and leaves nothing beside it', () => {
    const workspace = scratch();
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const document: Json = JSON.parse(JSON.stringify(value));
        writeNote(workspace, 'told', document);
        expect(readNote(workspace, 'told')).toEqual(document);
      }),
      { numRuns: 20 },
    );
    expect(readdirSync(dirname(fileOf(workspace)))).toEqual(['told.json']);
  });

  it('is none where nobody has written it', () => {
    const workspace = scratch();
    expect(readNote(workspace, 'told')).toBeUndefined();
    writeNote(workspace, 'other', 1);
    expect(readNote(workspace, 'told')).toBeUndefined();
  });

  it('is none where it is damaged, and is written anew', () => {
    const workspace = scratch();
    mkdirSync(dirname(fileOf(workspace)), { recursive: true });
    for (const damaged of ['', '{"version":', '\0\0']) {
      writeFileSync(fileOf(workspace), damaged);
      expect(readNote(workspace, 'told')).toBeUndefined();
    }
    writeNote(workspace, 'told', { version: 1 });
    expect(readNote(workspace, 'told')).toEqual({ version: 1 });
  });

  it('stays as it was where another one cannot be put in its place', () => {
    const workspace = scratch();
    writeNote(workspace, 'told', 1);
    // A folder stands where the temporary file would go.
    mkdirSync(`${fileOf(workspace)}.${process.pid}.tmp`);
    writeFileSync(`${fileOf(workspace)}.${process.pid}.tmp/full`, '');
    expect(messageOf(() => writeNote(workspace, 'told', 2))).toContain('EISDIR');
    expect(readFileSync(fileOf(workspace), 'utf8')).toBe('1\n');
  });

  it('has a name that leads nowhere else', () => {
    for (const name of ['../journal', 'a/b', '', '.', 'A'])
      expect(messageOf(() => readNote(scratch(), name))).toBe(`${JSON.stringify(name)} is no name of a note`);
  });
});
