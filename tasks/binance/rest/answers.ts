/**
 * The stored answers of REST for one kind of bars: source files that are looked at before anything is asked, and
 * never lost. Each is replaced whole. It knows how answers lie in their folder, and neither gaps nor requests.
 */
import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TaskFailure } from '../../../src/engine/task.ts';
import { diskFailure, errorCode } from '../../lib/disk-failure.ts';
import type { Range } from '../../lib/ranges.ts';
import { common, countIn } from '../../lib/ranges.ts';
import type { Read } from '../../lib/settings.ts';
import type { Series } from '../layout.ts';
import type { Answer } from './answer-file.ts';
import { answerName, answerText, isWhole, parseAnswer, rangeOfName } from './answer-file.ts';
import { datable, rowsOf } from './rank.ts';
import { isLeftOver, writeWhole } from './whole-file.ts';

/** Answers that touch are joined into one file below so many bars: 1.5 MB or so. */
const MOST_BARS = 10_000;

export interface AnswersOptions {
  readonly workspace: string;
  readonly folder: string;
  readonly series: Series;
  /** Milliseconds. */
  readonly step: number;
  warn(line: string): void;
}

/** Neither: there is none (any more). */
interface Loaded {
  readonly answer?: Answer;
  readonly failure?: TaskFailure;
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
        const hint = 'make it a folder that this user may read and write';
        return { ok: false, failure: unreadable(relative(workspace, folder), code, hint) };
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

  /** Reads what overlaps these ranges. A failure where one cannot be read: what it says may be nowhere else. */
  async consult(ranges: readonly Range[]): Promise<TaskFailure | undefined> {
    for (const [name, range] of [...this.#names]) {
      if (common([range], ranges).length === 0) continue;
      const { answer, failure } = await this.#load(name);
      if (failure !== undefined) return failure;
      if (answer !== undefined) this.#used.add(name);
    }
    return undefined;
  }

  /**
   * Keeps an answer. Of an earlier one of the same range the rows stay that this one does not have. One without a
   * hole is joined with its neighbours without a hole, so that asking every few minutes leaves few files.
   */
  async add(given: Answer): Promise<TaskFailure | undefined> {
    const { step } = this.#options;
    const name = answerName(given);
    const { answer: old, failure: unread } = await this.#load(name);
    if (unread !== undefined) return unread;
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
        const { answer: neighbour } = await this.#load(name);
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

  async #load(name: string): Promise<Loaded> {
    const known = this.#read.get(name);
    const range = this.#names.get(name);
    if (known !== undefined) return { answer: known };
    if (range === undefined) return {};
    const { folder, series, step } = this.#options;
    let problem: string;
    try {
      const parsed = parseAnswer(await readFile(join(folder, name), 'utf8'), series, range, step);
      if (parsed.ok) {
        const answer = datable(parsed.answer, Date.now());
        this.#read.set(name, answer);
        return { answer };
      }
      problem = parsed.problem;
    } catch (thrown) {
      const code = errorCode(thrown);
      if (code === '') throw thrown;
      // A process of another workspace that keeps its answers here may have joined it with others just now.
      if (code === 'ENOENT') {
        this.#names.delete(name);
        return {};
      }
      if (code !== 'EISDIR') {
        return {
          failure: unreadable(this.#shown(name), code, 'make it readable for this user, or remove it'),
        };
      }
      problem = 'it is a folder';
    }
    this.#names.delete(name);
    await this.#setAside(name, problem);
    return {};
  }

  /** Out of the way, but kept: somebody may want to know what has become of it. */
  async #setAside(name: string, problem: string): Promise<void> {
    const { folder } = this.#options;
    let aside = `${name}.damaged`;
    for (let count = 2; await isThere(join(folder, aside)); count++) aside = `${name}.${count}.damaged`;
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
    try {
      await writeWhole(folder, name, text);
    } catch (thrown) {
      const written = { shown: this.#shown(name), path, needed: Buffer.byteLength(text) };
      const failure = diskFailure(thrown, written);
      if (failure === undefined) throw thrown;
      return failure;
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

function unreadable(shown: string, code: string, hint: string): TaskFailure {
  const message = `${shown} cannot be read (${code}): the answers of REST are kept there`;
  return { code: 'answers-unreadable', message, hint };
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Whether they overlap or, with a step, follow on each other. */
function touch(a: Range, b: Range, step: number): boolean {
  return a.first <= b.last + step && b.first <= a.last + step;
}

function sameMonth(a: Range, b: Range): boolean {
  const months = [a.first, a.last, b.first, b.last].map((ms) => new Date(ms).toISOString().slice(0, 7));
  return new Set(months).size === 1;
}
