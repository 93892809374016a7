import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml } from '../../../tasks/lib/xml.ts';

describe('XML', () => {
  it('is read with its namespaces cut off, entities decoded and attributes dropped', () => {
    const source =
      '\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<!-- a > comment -->\n' +
      '<s3:R xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" a=\'1\'>\n <E t = "x">&quot;a&amp;b&quot; &#x20AC;&#65;</E><F/><G ></G >\n</s3:R>\n';
    expect(parseXml(source)).toEqual({
      ok: true,
      root: {
        name: 'R',
        text: '\n \n',
        children: [
          { name: 'E', text: '"a&b" €A', children: [] },
          { name: 'F', text: '', children: [] },
          { name: 'G', text: '', children: [] },
        ],
      },
    });
  });

  it.each([
    ['', 'there is no element at line 1, column 1'],
    ['nothing', 'text "nothing" outside the root at line 1, column 1'],
    ['<a></a>x', 'text "x" outside the root at line 1, column 8'],
    ['<a>\n<b></a>', '</a> where </b> was expected at line 2, column 4'],
    ['<a><b>', '<b> is never closed: the text ends at line 1, column 7'],
    ['</a>', '</a> closes nothing at line 1, column 1'],
    ['<a/><b/>', 'a second root, <b>, at line 1, column 5'],
    ['<a/><b></b>', 'a second root, <b>, at line 1, column 5'],
    [
      '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
      '"<!DOCTYPE a [<!ENTITY x \\"y\\">]><a>&x;</a>" is refused at line 1, column 1',
    ],
    ['<a><![CDATA[x]]></a>', '"<![CDATA[x]]></a>" is refused at line 1, column 4'],
    ['<a><?php x?></a>', '"<?php x?></a>" is refused at line 1, column 4'],
    ['<a b=c></a>', '"<a b=c></a>" is refused at line 1, column 1'],
    ['<a><!-- x</a>', 'a comment is never closed at line 1, column 4'],
    ['<a>&lol;</a>', 'unknown entity "&lol;" at line 1, column 4'],
    ['<a>&#0;</a>', 'unknown entity "&#0;" at line 1, column 4'],
    ['<a>&#xD800;</a>', 'unknown entity "&#xD800;" at line 1, column 4'],
    ['<a>&constructor;</a>', 'unknown entity "&constructor;" at line 1, column 4'],
    ['<a>x & y</a>', 'unknown entity "&" at line 1, column 6'],
    ['<a>'.repeat(17), '<a> is nested deeper than 16 at line 1, column 49'],
  ])('%j is refused with its place', (source, message) => {
    expect(parseXml(source)).toEqual({ ok: false, message });
  });

  it('gives back any text that was escaped', () => {
    const printable = fc
      .string({ unit: 'grapheme' })
      .map((text) => text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, ''));
    fc.assert(
      fc.property(printable, (text) => {
        const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
        expect(parseXml(`<a>${escaped}</a>`)).toEqual({ ok: true, root: { name: 'a', text, children: [] } });
      }),
    );
  });

  it('never throws, whatever it is given', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      'b',
      '<a>',
      '</a>',
      '&',
      '&lt;',
      ';',
      '"',
      '=',
      ' ',
      '<!--',
      '-->',
      '<?xml ',
      '?>',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        expect(typeof parseXml(parts.join('')).ok).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });

  it('of a prefix of a good document is never good', () => {
    const source = '<r><a>1&amp;2</a><b/></r>';
    for (let length = 0; length < source.length; length += 1)
      expect(parseXml(source.slice(0, length)).ok).toBe(false);
  });
});
