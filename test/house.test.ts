/** Rules of the house that no linter knows: words that may not stand in some rooms (ARCHITECTURE.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** `file:line: text` of every line in TypeScript files below these folders that the pattern matches. */
function linesWith(pattern: RegExp, folders: readonly string[], not: RegExp = /$^/): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((path) => path.endsWith('.ts') && !not.test(path))
      .flatMap((path) =>
        readFileSync(`${ROOT}/${path}`, 'utf8')
          .split('\n')
          .flatMap((text, at) => (pattern.test(text) ? [`${path}:${at + 1}: ${text.trim()}`] : [])),
      ),
  );
}

describe('the house', () => {
  it('has an engine that knows no market', () => {
    expect(linesWith(/binance|kline/i, ['src/engine'])).toEqual([]);
  });

  it('has one owner of the state folder', () => {
    expect(linesWith(/\.pipeline\b/, ['src', 'tasks'], /^src\/engine\/state\//)).toEqual([]);
  });

  it('ends by its exit code alone, which main sets', () => {
    expect(linesWith(/process\.exit\(/, ['src', 'tasks'])).toEqual([]);
    expect(linesWith(/process\.exitCode/, ['src', 'tasks'], /^src\/main\.ts$/)).toEqual([]);
  });

  it('has rooms that can be read at a sitting', () => {
    const long = ['src', 'tasks'].flatMap((folder) =>
      readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map(
          (name) =>
            [
              `${folder}/${name}`,
              readFileSync(`${ROOT}/${folder}/${name}`, 'utf8').split('\n').length,
            ] as const,
        )
        .filter(([, lines]) => lines > 320),
    );
    expect(long).toEqual([]);
  });

  it('opens each file by saying what it does', () => {
    const silent = linesWith(/^/, ['src', 'tasks']).filter(
      (line) => /^[^:]+:1: /.test(line) && !/^[^:]+:1: (\/\*\*|#!)/.test(line),
    );
    expect(silent).toEqual([]);
  });
});
