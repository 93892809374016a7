/**
 * The request weight of one market's REST interface, counted by the emulator's clock in windows of one minute
 * (docs/DOMAIN.md §3). It knows what is spent, not on what.
 */

const WINDOW = 60_000;
/** The first ban's length; each further one is twice as long, up to three days (docs/DOMAIN.md §3). */
const FIRST_BAN = 120_000;
const LONGEST_BAN = 3 * 86_400_000;

export interface WeightOptions {
  /** A minute. */
  readonly limit: number;
  /** How many refusals within one minute draw a ban (418). Default: none does. */
  readonly banAfter?: number;
}

export type Verdict =
  | { readonly kind: 'allowed'; readonly used: number }
  | { readonly kind: 'refused'; readonly used: number; readonly retryAfter: number }
  | { readonly kind: 'banned'; readonly used: number; readonly retryAfter: number; readonly until: number };

export class WeightCounter {
  readonly #options: WeightOptions;
  #window = Number.NaN;
  #used = 0;
  #refusals = 0;
  #bans = 0;
  #bannedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: WeightOptions) {
    this.#options = options;
  }

  /**
   * Counts a request, refused ones too. `retryAfter` is in whole seconds, to the end of the window or of the
   * ban.
   */
  spend(weight: number, now: number): Verdict {
    const window = Math.floor(now / WINDOW);
    if (window !== this.#window) {
      this.#window = window;
      this.#used = 0;
      this.#refusals = 0;
    }
    this.#used += weight;
    const used = this.#used;
    if (now < this.#bannedUntil) return this.#banned(used, now);
    if (used <= this.#options.limit) return { kind: 'allowed', used };
    this.#refusals++;
    if (this.#refusals > (this.#options.banAfter ?? Number.POSITIVE_INFINITY)) {
      this.#bannedUntil = now + Math.min(FIRST_BAN * 2 ** this.#bans++, LONGEST_BAN);
      return this.#banned(used, now);
    }
    return { kind: 'refused', used, retryAfter: Math.ceil(((window + 1) * WINDOW - now) / 1_000) };
  }

  #banned(used: number, now: number): Verdict {
    const until = this.#bannedUntil;
    return { kind: 'banned', used, retryAfter: Math.ceil((until - now) / 1_000), until };
  }
}
