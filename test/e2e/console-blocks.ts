/**
 * Commands and their output as a page of docs shows them: blocks fenced as `console`, in which a line after `$ ` is a
 * command, lines after `> ` go on with it, and all else is what it prints. `…` stands for any text in a line, alone in a
 * line for any lines. A comment `<!-- test: WORDS -->` is for who runs the page. Reads text; runs nothing.
 */
export type Step =
  | { readonly kind: 'note'; readonly line: number; readonly words: readonly string[] }
  | {
      readonly kind: 'command';
      readonly line: number;
      readonly command: string;
      readonly expected: readonly string[];
    };

const ANYTHING = '…';

export function stepsIn(markdown: string): readonly Step[] {
  const steps: Step[] = [];
  let open: { line: number; command: string; expected: string[] } | undefined;
  let within = false;
  const close = (): void => {
    if (open !== undefined) steps.push({ kind: 'command', ...open });
    open = undefined;
  };
  for (const [at, text] of markdown.split('\n').entries()) {
    if (text.startsWith('```')) {
      close();
      within = text === '```console';
    } else if (!within) {
      const [, words] = /^<!-- test: (.*) -->$/.exec(text) ?? [];
      if (words !== undefined) steps.push({ kind: 'note', line: at + 1, words: words.split(' ') });
    } else if (text.startsWith('$ ')) {
      close();
      open = { line: at + 1, command: text.slice(2), expected: [] };
    } else if (text.startsWith('> ') && open !== undefined && open.expected.length === 0)
      open.command += `\n${text.slice(2)}`;
    else open?.expected.push(text);
  }
  close();
  return steps;
}

/** What of the output is not as the page shows it; undefined: it is. */
export function difference(output: string, expected: readonly string[]): string | undefined {
  const shown = output.trimEnd() === '' ? [] : output.trimEnd().split('\n').map(plain);
  const wanted = expected.map(plain);
  const pattern = wanted
    .map((line) =>
      line === ANYTHING ? '(?:[^\\n]*\\n)*' : `${line.split(ANYTHING).map(literally).join('[^\\n]*')}\\n`,
    )
    .join('');
  const text = shown.map((line) => `${line}\n`).join('');
  if (new RegExp(`^${pattern}$`).test(text)) return undefined;
  const missing = wanted.find((line) => line !== ANYTHING && !shown.some((each) => matches(each, line)));
  const first =
    missing === undefined ? 'the lines come in another order, or there are more' : `no line is "${missing}"`;
  return `${first}; printed was:\n${shown.join('\n')}`;
}

function matches(line: string, wanted: string): boolean {
  return new RegExp(`^${wanted.split(ANYTHING).map(literally).join('.*')}$`).test(line);
}

/** Columns are as wide as what stands in them. */
function plain(line: string): string {
  return line.trim().replaceAll(/ {2,}/g, '  ');
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
