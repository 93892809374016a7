/**
 * The stored answers of REST for one kind of bars: source files that are looked at before anything is asked, and
 * never lost. Each is replaced whole. It knows how answers lie in their folder, and neither gaps nor requests.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TaskFailure } from '../../../src/engine/task.ts';
import type { RestRow } from '../../bars/rest-rows.ts';
import { diskFailure, errorCode } from '../../lib/disk-failure.ts';
import type { Range } from '../../lib/ranges.ts';
import { common, countIn } from '../../lib/ranges.ts';
import type { Read } from '../../lib/settings.ts';
import type { Series } from '../layout.ts';
import type { Answer } from './answer-file.ts';
import { answerName, answerText, barOf, isWhole, parseAnswer, rangeOfName } from './answer-file.ts';

/** Answers that touch are joined into one file below so many bars: 1.5 MB or so. */
const MOST_BARS = 10_000;

const TEMPORARY = /^\..+\.(\d+)\.tmp$/;
/** What this process is writing: a temporary file of another name is what a crash left. */
const writing = new Set<string>();

export interface AnswersOptions {
  readonly workspace: string;
  readonly folder: string;
  readonly series: Series;
  /** Milliseconds. */
  readonly step: number;
  warn(line: string): void;
}

export class Answers {
  readonly #options: AnswersOptions;
  readonly #names: Map<string, Range>;
  readonly #read = new Map<string, Answer>();
  readonly #used = new Set<string>();

  private constructor(options: AnswersOptions, names: Map<string, Range>) {
    this.#options = options;
    this.#names = names;
  }

  /** Looks at the names in the folder once, and clears away what a crash has left. */
  static async in(options: AnswersOptions): Promise<Read<Answers>> {
    const { folder, workspace, step } = options;
    const names = new Map<string, Range>();
    try {
      for (const name of await readdir(folder)) {
        const range = rangeOfName(name, step);
        if (range !== undefined) names.set(name, range);
        else if (isLeftOver(folder, name)) await rm(join(folder, name), { force: true });
      }
    } catch (thrown) {
      const code = errorCode(thrown);
      if (code === '') throw thrown;
      if (code !== 'ENOENT') {
        const message = `${relative(workspace, folder)} cannot be read (${code}): the answers of REST are kept there`;
        const hint = 'make it a folder that this user may read and write';
        return { ok: false, failure: { code: 'answers-unreadable', message, hint } };
      }
    }
    return { ok: true, value: new Answers(options, names) };
  }

  /** Those that were consulted or added and are there still. */
  get answers(): readonly Answer[] {
    return [...this.#used].flatMap((name) => this.#read.get(name) ?? []);
  }

  /** Their absolute paths. */
  get paths(): readonly string[] {
    return [...this.#used].map((name) => join(this.#options.folder, name));
  }

  /** Reads what overlaps these ranges. */
  async consult(ranges: readonly Range[]): Promise<void> {
    for (const [name, range] of [...this.#names]) {
      if (common([range], ranges).length > 0 && (await this.#load(name)) !== undefined) this.#used.add(name);
    }
  }

  /**
   * Keeps an answer. Of an earlier one of the same range the rows stay that this one does not have. One without a
   * hole is joined with its neighbours without a hole, so that asking every few minutes leaves few files.
   */
  async add(given: Answer): Promise<TaskFailure | undefined> {
    const { step } = this.#options;
    const name = answerName(given);
    const old = this.#names.has(name) ? await this.#load(name) : undefined;
    const answer = old === undefined ? given : { ...given, rows: rowsOf([old, given], step) };
    const neighbours = isWhole(answer, step) ? await this.#neighbours(answer) : [];
    const parts = [...neighbours, answer];
    const whole: Answer = {
      ...answer,
      first: Math.min(...parts.map(({ first }) => first)),
      last: Math.max(...parts.map(({ last }) => last)),
      rows: neighbours.length === 0 ? answer.rows : rowsOf(parts, step),
    };
    const failure = await this.#write(whole);
    if (failure !== undefined) return failure;
    // Only now: a crash in between leaves bars in two files, which is no harm.
    for (const part of neighbours) await this.#remove(answerName(part), answerName(whole));
    return undefined;
  }

  /** The answers of the same month that touch this one, or each other, have no hole, and fit into one file with it. */
  async #neighbours(answer: Answer): Promise<readonly Answer[]> {
    const { step } = this.#options;
    const found = new Map<string, Answer>();
    let bars: Range = { first: answer.first, last: answer.last };
    for (let before = -1; before < found.size; ) {
      before = found.size;
      for (const [name, range] of [...this.#names]) {
        if (name === answerName(answer) || found.has(name) || !touch(range, bars, step)) continue;
        const both = { first: Math.min(bars.first, range.first), last: Math.max(bars.last, range.last) };
        if (!sameMonth(range, answer) || countIn(both, step) >= MOST_BARS) continue;
        const neighbour = await this.#load(name);
        if (neighbour === undefined || !isWhole(neighbour, step)) continue;
        found.set(name, neighbour);
        bars = both;
      }
    }
    // A joined answer counts as asked for now: another one of its bars, asked for in between, would lose its rank.
    const others = [...this.#names].filter(([name]) => !found.has(name) && name !== answerName(answer));
    const contested = [...found.values()].some((each) => others.some(([, range]) => touch(range, each, 0)));
    return contested ? [] : [...found.values()];
  }

  async #load(name: string): Promise<Answer | undefined> {
    const known = this.#read.get(name);
    const range = this.#names.get(name);
    if (known !== undefined || range === undefined) return known;
    const { folder, series, step } = this.#options;
    let problem: string;
    try {
      const parsed = parseAnswer(await readFile(join(folder, name), 'utf8'), series, range, step);
      if (parsed.ok) {
        this.#read.set(name, parsed.answer);
        return parsed.answer;
      }
      problem = parsed.problem;
    } catch (thrown) {
      const code = errorCode(thrown);
      if (code === '') throw thrown;
      problem = `it cannot be read (${code})`;
    }
    this.#names.delete(name);
    await this.#setAside(name, problem);
    return undefined;
  }

  /** Out of the way, but kept: somebody may want to know what has become of it. */
  async #setAside(name: string, problem: string): Promise<void> {
    const { folder } = this.#options;
    const aside = `${name}.damaged`;
    const moved = await rename(join(folder, name), join(folder, aside)).then(
      () => `, and is kept as ${aside}`,
      () => '',
    );
    this.#options.warn(`${this.#shown(name)}: ${problem}: it counts as not there${moved}`);
  }

  async #write(answer: Answer): Promise<TaskFailure | undefined> {
    const { folder, series } = this.#options;
    const name = answerName(answer);
    const path = join(folder, name);
    const text = answerText(series, answer);
    const temporary = join(folder, `.${name}.${process.pid}.tmp`);
    writing.add(temporary);
    try {
      await mkdir(folder, { recursive: true });
      await flushed(temporary, 'w', (file) => file.writeFile(text));
      await rename(temporary, path);
      await flushed(folder, 'r');
    } catch (thrown) {
      await rm(temporary, { force: true }).catch(() => undefined);
      const written = { shown: this.#shown(name), path, needed: Buffer.byteLength(text) };
      const failure = diskFailure(thrown, written);
      if (failure === undefined) throw thrown;
      return failure;
    } finally {
      writing.delete(temporary);
    }
    this.#names.set(name, { first: answer.first, last: answer.last });
    this.#read.set(name, answer);
    this.#used.add(name);
    return undefined;
  }

  async #remove(name: string, replacedBy: string): Promise<void> {
    if (name === replacedBy) return;
    await rm(join(this.#options.folder, name), { force: true });
    this.#names.delete(name);
    this.#read.delete(name);
    this.#used.delete(name);
  }

  #shown(name: string): string {
    return relative(this.#options.workspace, join(this.#options.folder, name));
  }
}

/** The rows of several answers, one a bar: that of the answer that was asked for last. */
export function rowsOf(answers: readonly Answer[], step: number): readonly RestRow[] {
  const rows = new Map<number, RestRow>();
  for (const answer of inOrder(answers)) for (const row of answer.rows) rows.set(barOf(row, step), row);
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
}

/** From the one that was asked for first. */
export function inOrder(answers: readonly Answer[]): readonly Answer[] {
  return [...answers].sort((a, b) => a.askedAt - b.askedAt || a.first - b.first || a.last - b.last);
}

/** Whether they overlap or, with a step, follow on each other. */
function touch(a: Range, b: Range, step: number): boolean {
  return a.first <= b.last + step && b.first <= a.last + step;
}

function sameMonth(a: Range, b: Range): boolean {
  const months = [a.first, a.last, b.first, b.last].map((ms) => new Date(ms).toISOString().slice(0, 7));
  return new Set(months).size === 1;
}

function isLeftOver(folder: string, name: string): boolean {
  const pid = TEMPORARY.exec(name)?.[1];
  if (pid === undefined || writing.has(join(folder, name))) return false;
  return Number(pid) === process.pid || !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return errorCode(thrown) === 'EPERM';
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function flushed(path: string, flags: string, use?: (file: Handle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await use?.(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
