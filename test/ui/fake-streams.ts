/** Streams for tests: one that keeps what is written, and a small terminal that obeys the codes we use and no others. */

export interface Capture {
  readonly writes: string[];
  write(text: string): void;
  text(): string;
}

export function capture(): Capture {
  const writes: string[] = [];
  return { writes, write: (text) => void writes.push(text), text: () => writes.join('') };
}

export interface FakeTerminal extends Capture {
  columns: number;
  rows: number;
  /** What a user sees, scrolled-off lines included, without colours. */
  screen(): string[];
}

/** Throws on a line that would wrap and on any code that it does not know: both would spoil a real terminal. */
export function fakeTerminal(columns = 80, rows = 24): FakeTerminal {
  const writes: string[] = [];
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  const terminal: FakeTerminal = {
    columns,
    rows,
    writes,
    text: () => writes.join(''),
    screen: () => (lines.at(-1) === '' ? lines.slice(0, -1) : [...lines]),
    write: (text) => {
      writes.push(text);
      for (const [token] of text.matchAll(/\x1b\[\d*[A-Za-z]|\n|[^\x1b\n]+|\x1b/g)) obey(token);
    },
  };

  function obey(token: string): void {
    const [, digits = '', code] = /^\x1b\[(\d*)([A-Za-z])$/.exec(token) ?? [];
    const line = lines[row] ?? '';
    if (token === '\n') {
      row += 1;
      column = 0;
      lines[row] ??= '';
    } else if (code === undefined) put(token);
    else if (code === 'A') {
      row -= Number(digits);
      if (row < Math.max(0, lines.length - terminal.rows)) throw new Error('moved above the terminal');
    } else if (code === 'K') lines[row] = line.slice(0, column);
    else if (code === 'J') lines.splice(row, lines.length, line.slice(0, column));
    else if (code !== 'm') throw new Error(`unknown code ${JSON.stringify(token)}`);
  }

  function put(text: string): void {
    if (text.startsWith('\x1b')) throw new Error(`unknown code ${JSON.stringify(text)}`);
    const line = (lines[row] ?? '').padEnd(column);
    lines[row] = line.slice(0, column) + text + line.slice(column + text.length);
    column += text.length;
    if (column > terminal.columns) throw new Error(`line wraps: ${lines[row]}`);
  }
  return terminal;
}
