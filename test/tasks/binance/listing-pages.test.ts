import { describe, expect, it } from 'vitest';
import type { PageAnswer, PageQuery } from '../../../tasks/binance/listing-pages.ts';
import { listObjects } from '../../../tasks/binance/listing-pages.ts';
import { readListingPage } from '../../../tasks/binance/listing-xml.ts';
import { pageXml } from './s3.ts';

describe('a page of a listing', () => {
  it('gives keys, sizes, ETags without quotes, times and prefixes, in whatever order and spacing', () => {
    const body = `<?xml version="1.0"?>
      <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <Contents><Size> 12 </Size><ETag>&#34;e&#x34;&quot;</ETag><Key>a/b&amp;c.zip</Key>
          <LastModified>2021-01-02T03:04:05.000Z</LastModified><Owner><ID>x</ID></Owner></Contents>
        <CommonPrefixes><Prefix>a/sub/</Prefix></CommonPrefixes>
        <IsTruncated>false</IsTruncated>
      </ListBucketResult>`;
    expect(readListingPage(body)).toEqual({
      ok: true,
      page: {
        objects: [{ key: 'a/b&c.zip', size: 12, etag: 'e4', lastModified: '2021-01-02T03:04:05.000Z' }],
        prefixes: ['a/sub/'],
        next: undefined,
      },
    });
  });

  it('goes on at NextMarker, or at the greatest key or prefix where there is none', () => {
    expect(readListingPage(pageXml(['a', 'b'], { truncated: true, next: 'bb' }))).toMatchObject({
      page: { next: 'bb' },
    });
    expect(readListingPage(pageXml(['a', 'b'], { truncated: true }))).toMatchObject({ page: { next: 'b' } });
    const withPrefix = pageXml(['a'], { truncated: true }).replace(
      '<Contents>',
      '<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes><Contents>',
    );
    expect(readListingPage(withPrefix)).toMatchObject({ page: { next: 'c/' } });
  });

  it.each([
    ['<html><body>hello', 'an HTML page, where a ListBucketResult was expected', undefined],
    ['  <!DOCTYPE HTML PUBLIC "x">', 'an HTML page, where a ListBucketResult was expected', undefined],
    ['', 'no well-formed XML: there is no element at line 1, column 1', undefined],
    ['{"a":1}', 'no well-formed XML: text "{\\"a\\":1}" outside the root at line 1, column 1', undefined],
    [
      '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
      'no well-formed XML: "<!DOCTYPE x [<!ENTITY a \\"aaaa\\"><!ENTITY …" is refused at line 1, column 1',
      undefined,
    ],
    [
      '<Error><Code>NoSuchBucket</Code><Message>It is not there</Message></Error>',
      'the error NoSuchBucket: It is not there',
      'NoSuchBucket',
    ],
    ['<Other/>', '<Other>, where <ListBucketResult> was expected', undefined],
    [
      '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
      'a truncated page with neither keys nor <NextMarker>',
      undefined,
    ],
    [
      '<ListBucketResult><NextMarker>b</NextMarker></ListBucketResult>',
      'a <ListBucketResult> without <IsTruncated>',
      undefined,
    ],
    [
      '<ListBucketResult><IsTruncated>yes</IsTruncated></ListBucketResult>',
      '<IsTruncated> "yes", where true or false was expected',
      undefined,
    ],
    [
      '<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>',
      '<Contents> number 1 without <Key>',
      undefined,
    ],
    [
      '<ListBucketResult><Contents><Key>k</Key><Size>1e3</Size></Contents></ListBucketResult>',
      '<Size> "1e3" of k, where a number of bytes was expected',
      undefined,
    ],
    [
      '<ListBucketResult><Contents><Key>k</Key><Size>1</Size><LastModified>now</LastModified></Contents></ListBucketResult>',
      '<LastModified> "now" of k, where a UTC time was expected',
      undefined,
    ],
    [
      '<ListBucketResult><CommonPrefixes/></ListBucketResult>',
      'a <CommonPrefixes> without <Prefix>',
      undefined,
    ],
  ])('%s is refused', (body, message, code) => {
    expect(readListingPage(body)).toEqual({ ok: false, message, ...(code === undefined ? {} : { code }) });
  });
});

describe('the pages of a listing', () => {
  const asking = (bodies: readonly string[], asked: PageQuery[] = []) => {
    let number = 0;
    return async (query: PageQuery): Promise<PageAnswer> => {
      asked.push(query);
      const body = bodies[Math.min(number, bodies.length - 1)] ?? '';
      number += 1;
      return { ok: true, body, url: `http://x/?page=${number}` };
    };
  };

  it('are followed to the last', async () => {
    const asked: PageQuery[] = [];
    const bodies = [
      pageXml(['a/1', 'a/2'], { truncated: true }),
      pageXml(['a/3'], { truncated: true, next: 'a/33' }),
      pageXml(['a/4']),
    ];
    const result = await listObjects({ prefix: 'a/', marker: 'a/0' }, asking(bodies, asked));
    expect(result.ok && result.objects.map(({ key }) => key)).toEqual(['a/1', 'a/2', 'a/3', 'a/4']);
    expect(asked.map(({ marker }) => marker)).toEqual(['a/0', 'a/2', 'a/33']);
  });

  const hint = 'check binance.listing_url: this is no listing of the archive';

  it('that go round in a circle are refused', async () => {
    const bodies = [pageXml(['a/1', 'a/2'], { truncated: true })];
    expect(await listObjects({ prefix: 'a/', marker: undefined }, asking(bodies))).toEqual({
      ok: false,
      failure: {
        code: 'listing-loop',
        message: 'GET http://x/?page=2 does not advance: the next page would start at a/2 again',
        hint,
      },
    });
  });

  it('that never end are refused', async () => {
    let number = 0;
    const endless = async (): Promise<PageAnswer> => {
      number += 1;
      return { ok: true, body: pageXml([`a/${1_000 + number}`], { truncated: true }), url: 'http://x/' };
    };
    expect(await listObjects({ prefix: 'a/', marker: undefined }, endless, 5)).toEqual({
      ok: false,
      failure: { code: 'listing-endless', message: 'the listing of a/ has more than 5 pages', hint },
    });
    expect(number).toBe(5);
  });

  it('that are repeated are refused, whatever they name as the next', async () => {
    const page = pageXml(['a/1', 'a/2'], { truncated: true, next: 'a/2' });
    expect(await listObjects({ prefix: 'a/', marker: undefined }, asking([page, page]))).toEqual({
      ok: false,
      failure: {
        code: 'listing-loop',
        message: 'GET http://x/?page=2 does not advance: the next page would start at a/2 again',
        hint,
      },
    });
  });

  it('that are cut anywhere are refused, and what came before is not taken for all', async () => {
    const first = pageXml(['a/1', 'a/2'], { truncated: true });
    const whole = pageXml(['a/3', 'a/4']);
    for (let length = 0; length < whole.length; length += 1) {
      const result = await listObjects(
        { prefix: 'a/', marker: undefined },
        asking([first, whole.slice(0, length)]),
      );
      expect(result).toMatchObject({ ok: false, failure: { code: 'listing-malformed', transient: true } });
    }
  });

  it('may hold folders, which are followed like keys', async () => {
    const folders = (from: number, truncated: boolean) =>
      pageXml([], { truncated }).replace(
        '</ListBucketResult>',
        [0, 1].map((n) => `<CommonPrefixes><Prefix>a/${from + n}/</Prefix></CommonPrefixes>`).join('') +
          '</ListBucketResult>',
      );
    const asked: PageQuery[] = [];
    const bodies = [folders(1, true), folders(3, false)];
    expect(await listObjects({ prefix: 'a/', marker: undefined }, asking(bodies, asked))).toEqual({
      ok: true,
      objects: [],
      prefixes: ['a/1/', 'a/2/', 'a/3/', 'a/4/'],
    });
    expect(asked[1]?.marker).toBe('a/2/');
    expect(await listObjects({ prefix: 'b/', marker: undefined }, asking([folders(1, false)]))).toMatchObject(
      {
        failure: { message: 'GET http://x/?page=1 answered with the key a/1/, which is outside the prefix' },
      },
    );
  });

  it('with keys of another folder are refused', async () => {
    expect(await listObjects({ prefix: 'a/', marker: undefined }, asking([pageXml(['a/1', 'b/1'])]))).toEqual(
      {
        ok: false,
        failure: {
          code: 'listing-malformed',
          message: 'GET http://x/?page=1 answered with the key b/1, which is outside the prefix',
          hint: 'check binance.listing_url and the proxy; if both are right, build again later',
          transient: true,
        },
      },
    );
  });

  it('of another prefix than the one that was asked for are refused, however empty', async () => {
    const page = (prefix: string): string =>
      pageXml([]).replace('<MaxKeys>', `<Prefix>${prefix}</Prefix><MaxKeys>`);
    const list = (prefix: string) =>
      listObjects({ prefix: 'a/&b/', marker: undefined }, asking([page(prefix)]));
    expect(await list('a/&amp;b/')).toEqual({ ok: true, objects: [], prefixes: [] });
    expect(await list('')).toEqual({
      ok: false,
      failure: {
        code: 'listing-malformed',
        message: 'GET http://x/?page=1 answered with the listing of the prefix ""',
        hint: 'check binance.listing_url and the proxy; if both are right, build again later',
        transient: true,
      },
    });
  });

  it('stop at the first failure, which is passed on', async () => {
    const failure = { code: 'http-cut', message: 'cut' };
    expect(
      await listObjects({ prefix: 'a/', marker: undefined }, async () => ({ ok: false, failure })),
    ).toEqual({ ok: false, failure });
  });
});
