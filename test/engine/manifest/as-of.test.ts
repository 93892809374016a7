import { describe, expect, it } from 'vitest';
import { loaded, mistakes, RULE, YESTERDAY } from './workspace.ts';

const files = (asOf: string, config = '') => ({
  'pipeline.yaml': `version: 1\nconfigs: [c.yaml]\nas_of: ${asOf}\n${RULE}`,
  'c.yaml': config,
});
const iso = (time: number): string => new Date(time).toISOString();

describe('the as-of of a manifest', () => {
  it('is the default when none is given, or null, or a name of the schema that nothing sets', () => {
    const configSchema = { check: () => [], complete: <T>(config: T): T => config, known: ['history.end'] };
    expect(loaded(`version: 1\n${RULE}`).asOf).toBe(YESTERDAY);
    expect(loaded(files('null')).asOf).toBe(YESTERDAY);
    expect(loaded(files('${end}', 'end: null\n')).asOf).toBe(YESTERDAY);
    expect(loaded(files('${history.end}'), { configSchema }).asOf).toBe(YESTERDAY);
  });

  it('is its own, floored to the minute, with or without seconds', () => {
    expect(iso(loaded(files('2024-03-31T23:59:59Z')).asOf)).toBe('2024-03-31T23:59:00.000Z');
    expect(iso(loaded(files('${end}', 'end: 2024-03-31T23:59Z\n')).asOf)).toBe('2024-03-31T23:59:00.000Z');
  });

  it("gives way to the command line's", () => {
    expect(iso(loaded(files('2024-03-31T23:59Z'), { asOf: Date.UTC(2023, 0, 1, 0, 0, 5) }).asOf)).toBe(
      '2023-01-01T00:00:00.000Z',
    );
  });

  it('may be this minute', () => {
    expect(iso(loaded(files('2024-06-15T12:00:59Z')).asOf)).toBe('2024-06-15T12:00:00.000Z');
  });

  it('is not in the future', () => {
    expect(mistakes(files('${end}', 'end: 2024-06-15T12:01:00Z\n'))).toMatchInlineSnapshot(`
      "
      error: as_of \${end} = 2024-06-15T12:01:00Z lies in the future: it is 2024-06-15T12:00:00Z
       --> pipeline.yaml:3:8
        |
      3 | as_of: \${end}
        |        ^^^^^^
        = null stands for the last minute of yesterday

      1 error
      "
    `);
  });

  it('is a time', () => {
    expect(mistakes(files('2024-02-30T00:00Z'))).toMatchInlineSnapshot(`
      "
      error: as_of must be a time YYYY-MM-DDTHH:MM:SSZ, got "2024-02-30T00:00Z"
       --> pipeline.yaml:3:8
        |
      3 | as_of: 2024-02-30T00:00Z
        |        ^^^^^^^^^^^^^^^^^
        = write the last minute that counts, in UTC, e.g. "2025-08-22T23:59:00Z"

      1 error
      "
    `);
    expect(mistakes(files('${end}', 'end: [1]\n'))).toMatchInlineSnapshot(`
      "
      error: as_of must be a time YYYY-MM-DDTHH:MM:SSZ, got \${end} = a list
       --> pipeline.yaml:3:8
        |
      3 | as_of: \${end}
        |        ^^^^^^
        = write the last minute that counts, in UTC, e.g. "2025-08-22T23:59:00Z"

      1 error
      "
    `);
  });

  it('does not hang on itself', () => {
    expect(mistakes(files('${end}', 'end: ${as_of}\n'))).toMatchInlineSnapshot(`
      "
      error: config values refer to each other in a circle: end → as_of → end
       --> pipeline.yaml:3:8
        |
      3 | as_of: \${end}
        |        ^^^^^^
        = write one of them out

      1 error
      "
    `);
  });

  it('is read as ${as_of}', () => {
    const manifest = loaded(
      `version: 1\nas_of: 2024-03-31T23:59Z\n${RULE}    params: { as_of: "\${as_of}" }\n`,
    );
    expect(manifest.rules.get('hello')?.params).toEqual([
      ['as_of', { kind: 'value', value: '2024-03-31T23:59:00Z' }],
    ]);
  });
});
