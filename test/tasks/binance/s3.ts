/** A bucket for tests: answers listings of its keys page by page, as S3 does with a delimiter, a prefix and a marker. */
import { byCodeUnit } from '../../../src/engine/task.ts';
import type { Handler } from '../server.ts';

export interface BucketOptions {
  /** Keys a page. */
  readonly pageSize?: number;
  /** S3 leaves NextMarker out of listings without a delimiter; some servers always do. */
  readonly nextMarker?: boolean;
}

export function listingHandler(
  keys: readonly string[],
  { pageSize = 1_000, nextMarker = true }: BucketOptions = {},
): Handler {
  const sorted = [...keys].sort(byCodeUnit);
  return (request, response) => {
    const query = new URL(request.url ?? '', 'http://bucket').searchParams;
    const prefix = query.get('prefix') ?? '';
    const marker = query.get('marker') ?? '';
    const found = sorted.filter((key) => key.startsWith(prefix) && key > marker);
    const page = found.slice(0, pageSize);
    const truncated = found.length > page.length;
    response.setHeader('content-type', 'application/xml');
    response.end(
      pageXml(page, { truncated, ...(truncated && nextMarker ? { next: page.at(-1) ?? '' } : {}) }),
    );
  };
}

export function pageXml(
  keys: readonly string[],
  how: { readonly truncated?: boolean; readonly next?: string } = {},
): string {
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2024-02-02T03:04:05.000Z</LastModified>` +
      `<ETag>&quot;${key.length}&quot;</ETag><Size>${1_000 + key.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>data.binance.vision</Name>',
    how.next === undefined ? '' : `<NextMarker>${how.next}</NextMarker>`,
    `<MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter><IsTruncated>${how.truncated ?? false}</IsTruncated>`,
    ...contents,
    '</ListBucketResult>',
  ].join('');
}

/** ZIP and sidecar. */
export function withSidecars(keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => [key, `${key}.CHECKSUM`]);
}
