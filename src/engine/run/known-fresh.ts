/** Targets that stand as an earlier pass has found them: fresh, with nothing to say. Decides nothing. */
import { isNumbered } from '../graph/outputs.ts';
import type { Rule } from '../manifest/model.ts';
import type { Loaded } from '../state/journal.ts';
import type { SuccessRecord } from '../state/record.ts';
import type { Settled } from './settled.ts';

const NO_REASONS: readonly [] = [];

/** A class, since there may be a million of them: the record is parsed when somebody asks for it. */
export class KnownFresh {
  readonly state = 'fresh';
  readonly elided = false;
  readonly reasons = NO_REASONS;
  readonly #loaded: Loaded;
  readonly #id: string;

  constructor(loaded: Loaded, id: string) {
    this.#loaded = loaded;
    this.#id = id;
  }

  get record(): SuccessRecord {
    const record = this.#loaded.successes.get(this.#id);
    if (record === undefined) throw new Error(`${this.#id} stood, and there is no record of it`);
    return record;
  }
}

export function isKnownFresh(settled: Settled | undefined): boolean {
  return settled instanceof KnownFresh;
}

/** Targets of rules that are not many, or of which the run counts, are told of one by one. */
export function isToldAlone(rule: Rule): boolean {
  return rule.for.length === 0 || isNumbered(rule);
}
