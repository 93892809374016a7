import { describe, expect, it } from 'vitest';
import type { Place } from '../../src/engine/diagnostic.ts';
import { error, warning } from '../../src/engine/diagnostic.ts';
import { formatDiagnostics } from '../../src/ui/diagnostic-printer.ts';

const place = (text: string, column: number, length: number, line = 12): Place => ({
  file: 'pipeline.yaml',
  line,
  column,
  length,
  text,
});
const print = (...diagnostics: Parameters<typeof formatDiagnostics>[0]) =>
  formatDiagnostics(diagnostics, { color: false, width: 60 });

describe('diagnostics in print', () => {
  it('underline the text and end with their number', () => {
    const one = error(
      'unknown key "tsak" in rule "upper"',
      place('    tsak: ./x.ts', 5, 4),
      'did you mean "task"?',
    );
    expect(print(one)).toBe(
      [
        'error: unknown key "tsak" in rule "upper"',
        '  --> pipeline.yaml:12:5',
        '   |',
        '12 |     tsak: ./x.ts',
        '   |     ^^^^',
        '   = did you mean "task"?',
        '',
        '1 error',
      ].join('\n'),
    );
    expect(print(one, warning('idle'), one).split('\n').at(-1)).toBe('2 errors, 1 warning');
    expect(print()).toBe('');
  });

  it('hide user and password of a URL, with every column where it was', () => {
    const line = 'archive_url: "http://me:s3cret@host/x" # oops';
    expect(print(error('no such host', place(line, 15, 24)))).toBe(
      [
        'error: no such host',
        '  --> pipeline.yaml:12:15',
        '   |',
        '12 | archive_url: "http://*********@host/x" # oops',
        '   |               ^^^^^^^^^^^^^^^^^^^^^^^^',
        '',
        '1 error',
      ].join('\n'),
    );
  });

  it.each([
    ['rest_url: https://h/x?token=s3cret', 'rest_url: https://h/x?************'],
    ['rest_url: "https://me:s3/cret@h"', 'rest_url: "https://**********@h"'],
    ['rest_url: me:s3cret@h', 'rest_url: me:******@h'],
    ['- { url: "https://h/s3cret", on: [failed] }', '- { url: "****************", on: [failed] }'],
    ['- { url: htps:/h/s3cret}', '- { url: **************}'],
    ["  url_env: 'https://h/s3cret'", "  url_env: '****************'"],
    ['notify=[{"url":"https://h/s3cret"}]', 'notify=[{"url":"****************"}]'],
    ['- urll: https://h/s3cret', '- urll: ****************'],
    ['notify: https://h/s3cret # x', 'notify: https://h/****** # x'],
    ['- [http://h/s3cret, x]', '- [http://h/******, x]'],
    ['rest_url: "https://h/api"', 'rest_url: "https://h/api"'],
    ['key: value', 'key: value'],
  ])('hide what may be a secret in %s', (line, shown) => {
    expect(print(error('no such host', place(line, 1, 3))).split('\n')[3]).toBe(`12 | ${shown}`);
  });

  it('are short without a place', () => {
    expect(print(warning('nothing to do', undefined, 'add a rule'))).toBe(
      'warning: nothing to do\n  = add a rule\n\n1 warning',
    );
  });

  it('have other declarations as notes, in one margin', () => {
    const related = [{ message: 'first here', place: place('x: 1', 1, 1, 7) }, { message: 'no place' }];
    expect(print({ ...error('twice', place('x: 2', 1, 1, 1234)), related })).toBe(
      [
        'error: twice',
        '    --> pipeline.yaml:1234:1',
        '     |',
        '1234 | x: 2',
        '     | ^',
        'note: first here',
        '    --> pipeline.yaml:7:1',
        '     |',
        '   7 | x: 1',
        '     | ^',
        'note: no place',
        '',
        '1 error',
      ].join('\n'),
    );
  });

  it('crop long lines around the text', () => {
    const line = `${'a'.repeat(100)}BAD${'b'.repeat(100)}`;
    const shown = print(error('x', place(line, 101, 3))).split('\n');
    expect(shown[3]).toHaveLength(60);
    expect(shown[3]).toMatch(/^12 \| …a+BADb+…$/);
    expect(shown[4]?.indexOf('^^^')).toBe(shown[3]?.indexOf('BAD'));
    expect(print(error('x', place(line, 1, 3))).split('\n')[3]).toMatch(/^12 \| a+…$/);
    expect(print(error('x', place(line, 204, 1))).split('\n')[3]).toMatch(/^12 \| …b+$/);
    expect(print(error('x', place('c'.repeat(300), 101, 150))).split('\n')[4]).toMatch(/^ {3}\| {2}\^{53}$/);
  });

  it('show controls as escapes and a tab as one space, and still point at the text', () => {
    const shown = print(error('bad \u001b[31m', place('\ta\u001b[2J\u202e BAD', 9, 3))).split('\n');
    expect(shown[0]).toBe('error: bad \\x1b[31m');
    expect(shown[3]).toBe('12 |  a\\x1b[2J\\u202e BAD');
    expect(shown[4]?.indexOf('^^^')).toBe(shown[3]?.indexOf('BAD'));
  });

  it('point at the end of a line where something is missing', () => {
    expect(
      print(error('x', place('a: [', 5, 1)))
        .split('\n')
        .slice(3, 5),
    ).toEqual(['12 | a: [', '   |     ^']);
    expect(
      print(error('x', place('', 1, 1)))
        .split('\n')
        .slice(3, 5),
    ).toEqual(['12 |', '   | ^']);
  });

  it('colour severity, mark and margin, and nothing when colours are off', () => {
    const text = formatDiagnostics([error('x', place('BAD', 1, 3))], { color: true, width: 60 });
    expect(text).toContain('\u001b[31m');
    expect(text.replaceAll(/\u001b\[\d+m/g, '')).toBe(print(error('x', place('BAD', 1, 3))));
  });
});
