/**
 * `npm run bench [-- PART…] [--json] [--repeats N]`: ours beside its peers, in one run, turn by turn. Prints one
 * line a measurement, or with --json one object. What a part measures stands in its own file.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DownloadResult } from './download.ts';
import { benchDownload } from './download.ts';
import type { RestResult } from './rest.ts';
import { benchRest } from './rest.ts';

type Result = DownloadResult | RestResult;

const project = dirname(dirname(fileURLToPath(import.meta.url)));

const PARTS: Readonly<Record<string, (repeats: number) => Promise<readonly Result[]>>> = {
  download: (repeats) => benchDownload(project, repeats),
  rest: () => benchRest(project),
};

const args = process.argv.slice(2);
const json = args.includes('--json');
const at = args.indexOf('--repeats');
const repeats = at === -1 ? 7 : Number(args[at + 1]);
const names = args.filter((each, index) => !each.startsWith('--') && (at === -1 || index !== at + 1));
const unknown = names.find((name) => PARTS[name] === undefined);
if (unknown !== undefined || !Number.isInteger(repeats) || repeats < 1) {
  const problem = unknown === undefined ? '--repeats wants a whole number from 1' : `no part "${unknown}"`;
  throw new Error(`${problem}: npm run bench -- [${Object.keys(PARTS).join('|')}] [--json] [--repeats N]`);
}
for (const [name, measure] of Object.entries(PARTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  for (const result of await measure(repeats))
    process.stdout.write(`${json ? JSON.stringify(result) : lineOf(result)}\n`);
}

function lineOf(result: Result): string {
  switch (result.part) {
    case 'download': {
      const { server, files, megabytes, seconds, ratio_to_curl: ratio } = result;
      const curl = seconds.curl === null ? 'no curl here' : `curl ${seconds.curl.toFixed(2)} s`;
      const beside = ratio === null ? '' : `, ${ratio.toFixed(2)} of curl's speed`;
      return `download, ${server}: ${files} files of ${megabytes} MB: ours ${seconds.ours.toFixed(2)} s, ${curl}${beside}`;
    }
    case 'rest': {
      const { seconds, calls, refused, used_share: share } = result;
      return `rest: ${calls} calls in ${seconds.toFixed(1)} s, ${refused} refused, ${(share * 100).toFixed(1)} % of the limit used in whole minutes`;
    }
  }
}
