/**
 * `npm run bench [-- PART…] [--json] [--repeats N]`: ours beside its peers, in one run, turn by turn. Prints one
 * line a measurement, or with --json one object. What a part measures stands in its own file.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DownloadResult } from './download.ts';
import { benchDownload } from './download.ts';
import type { JournalResult } from './journal.ts';
import { benchJournal } from './journal.ts';
import type { RestResult } from './rest.ts';
import { benchRest } from './rest.ts';

type Result = DownloadResult | RestResult | JournalResult;

const project = dirname(dirname(fileURLToPath(import.meta.url)));

const PARTS: Readonly<Record<string, (repeats: number) => Promise<readonly Result[]>>> = {
  download: (repeats) => benchDownload(project, repeats),
  rest: () => benchRest(project),
  journal: (repeats) => benchJournal(project, repeats),
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
    case 'journal': {
      const { records, megabytes, seconds } = result;
      const { load, facts, parts } = seconds;
      return `journal of ${records} records, ${megabytes} MB: loaded in ${load.toFixed(3)} s, facts read by ${facts.toFixed(2)} s, parts by ${parts.toFixed(2)} s`;
    }
    case 'no-op': {
      const { build, status } = result.seconds;
      return `nothing to do, ${result.targets} targets: build ${build.toFixed(2)} s, status ${status.toFixed(2)} s`;
    }
    case 'rest': {
      const { seconds, calls, refused, used_share: share } = result;
      return `rest: ${calls} calls in ${seconds.toFixed(1)} s, ${refused} refused, ${(share * 100).toFixed(1)} % of the limit used in whole minutes`;
    }
  }
}
