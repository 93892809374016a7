/**
 * A watch in this process, by its command line: the JSON lines are taken in rounds, each up to the line that says that
 * it waits. What ran is counted by the recipes themselves, which write a line to `runs.log`.
 */
import { onTestFinished } from 'vitest';
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/program.ts';
import { Rig } from '../rig.ts';

export type Line = Readonly<Record<string, unknown>> & { readonly type: string };

/** What came between two waits. */
export interface Round {
  readonly lines: readonly Line[];
  /** The files that woke it, all builds of the round together. */
  readonly changed: readonly string[];
  /** What recipes wrote to `runs.log`, sorted. */
  readonly ran: readonly string[];
}

export class Watching {
  readonly #rig: Rig;
  readonly #abort = new AbortController();
  readonly #ended: Promise<number>;
  readonly #lines: Line[] = [];
  #taken = 0;
  #runs = 0;
  #heard: () => void = () => undefined;
  stderr = '';

  constructor(rig: Rig, args: readonly string[] = [], world: Partial<Io> = {}) {
    this.#rig = rig;
    let rest = '';
    const hear = (text: string): void => {
      const whole = `${rest}${text}`.split('\n');
      rest = whole.pop() ?? '';
      this.#lines.push(...whole.map((line) => JSON.parse(line) as Line));
      this.#heard();
    };
    this.#ended = run(['-C', rig.dir, '--json', 'watch', ...args], '0.0.0-test', {
      stdout: { write: hear, isTTY: false },
      stderr: { write: (text) => (this.stderr += text), isTTY: false },
      env: {},
      cwd: rig.dir,
      signal: this.#abort.signal,
      readerGone: new AbortController().signal,
      now: Date.now,
      ...world,
    }).finally(() => this.#heard());
    this.#ended.catch(() => undefined);
    onTestFinished(async () => void (await this.stop().catch(() => undefined)));
  }

  /** The first line of this type that has not been taken; what comes before it stays in the round. */
  async line(type: string, which: (line: Line) => boolean = () => true): Promise<Line> {
    let from = this.#taken;
    for (;;) {
      for (; from < this.#lines.length; from++) {
        const line = this.#lines[from];
        if (line?.type === type && which(line)) return line;
      }
      await this.#more();
    }
  }

  /** Everything up to the next line that says that it waits. */
  async round(): Promise<Round> {
    const last = await this.line('watch-waiting');
    const end = this.#lines.indexOf(last, this.#taken) + 1;
    const lines = this.#lines.slice(this.#taken, end);
    this.#taken = end;
    const changed = lines.flatMap((line) =>
      line.type === 'watch-changed' && Array.isArray(line['changed']) ? line['changed'].map(String) : [],
    );
    const log = this.#rig.has('runs.log') ? this.#rig.read('runs.log').split('\n').slice(0, -1) : [];
    const ran = log.slice(this.#runs).sort();
    this.#runs = log.length;
    return { lines, changed, ran };
  }

  /** As Ctrl-C would. Gives the exit code. */
  async stop(): Promise<number> {
    this.#abort.abort(new Error('interrupted by SIGINT'));
    return this.#ended;
  }

  async #more(): Promise<void> {
    const more = new Promise<'more'>((resolve) => {
      this.#heard = () => resolve('more');
    });
    const over = this.#ended.then((code) => {
      throw new Error(
        `the watch has ended with ${code}; it said ${JSON.stringify(this.#lines)}\n${this.stderr}`,
      );
    });
    await Promise.race([more, over]);
  }
}

export function types({ lines }: Round): readonly string[] {
  return lines.map(({ type }) => type).filter((type) => type !== 'targets-planned');
}

const COPY = 'echo copy-${symbol} >> runs.log; grep -v wrong ${in.text} > ${out.text}';
/** Two copies and their total; a copy fails of a line that says `wrong`, if there is no other. */
export const FILES = {
  'pipeline.yaml': `version: 1
configs: [configs/base.yaml]
dimensions:
  symbol: \${symbols}
rules:
  copy: { for: [symbol], in: { text: "in/\${symbol}.txt" }, out: { text: "out/\${symbol}.txt" }, run: "${COPY}" }
  total:
    in: { parts: { rule: copy, failed: omit } }
    out: { total: out/total.txt }
    params: { title: "\${title}" }
    run: "echo total >> runs.log; (echo \${params.title}; cat \${in.parts}) > \${out.total}"
`,
  'configs/base.yaml': 'symbols: [a, b]\ntitle: one\n',
  'in/a.txt': 'a1\n',
  'in/b.txt': 'b1\n',
};

/** Built once, and waiting. */
export async function begin(files: Readonly<Record<string, string>> = FILES, args: readonly string[] = []) {
  const rig = new Rig(files);
  const watching = new Watching(rig, args);
  return { rig, watching, first: await watching.round() };
}
