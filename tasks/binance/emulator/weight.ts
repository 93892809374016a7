/**
 * The request weight of one market's REST interface, counted by the emulator's clock in windows of one minute,
 * and the bans of who does not heed it (docs/DOMAIN.md §3). It knows what is spent, not on what.
 */

const WINDOW = 60_000;
/** The first ban's length; each further one is twice as long, up to three days (docs/DOMAIN.md §3). */
const FIRST_BAN = 120_000;
const LONGEST_BAN = 3 * 86_400_000;
const GRACE = 250;

export interface WeightOptions {
  /** A minute. */
  readonly limit: number;
  /** How many refusals within one minute draw a ban (418). Default: none does. */
  readonly banAfter?: number;
  /**
   * How long after the first 418 of a ban requests still count as sent before anybody knew of it, in
   * milliseconds of the machine's clock. Default 250.
   */
  readonly graceMs?: number;
}

export type Verdict =
  | { readonly kind: 'allowed'; readonly used: number }
  | { readonly kind: 'refused'; readonly used: number; readonly retryAfter: number }
  | { readonly kind: 'banned'; readonly used: number; readonly retryAfter: number; readonly until: number };

/** When something happens: `now` by the emulator's clock, `seenMs` by one that nothing sets. */
export interface Moment {
  readonly now: number;
  readonly seenMs: number;
}

interface Tally {
  /** The most that was used in one window. */
  peak: number;
  /** How often 429 was answered. */
  refused: number;
  /** Requests that came while a ban lasted; the one that drew it is none of them. */
  refusedWhileBanned: number;
  /** Those of them that came when a 418 had long been answered. */
  unheeded: number;
}

const nothing = (): Tally => ({ peak: 0, refused: 0, refusedWhileBanned: 0, unheeded: 0 });

export class WeightCounter {
  readonly limit: number;
  readonly #banAfter: number;
  readonly #grace: number;
  #window = Number.NaN;
  #used = 0;
  #refusals = 0;
  #bans = 0;
  #bannedUntil = Number.NEGATIVE_INFINITY;
  /** When the first 418 of this ban was answered. */
  #toldMs: number | undefined;
  #tally = nothing();

  constructor(options: WeightOptions) {
    this.limit = options.limit;
    this.#banAfter = options.banAfter ?? Number.POSITIVE_INFINITY;
    this.#grace = options.graceMs ?? GRACE;
  }

  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  /** In the window of `now`. */
  used(now: number): number {
    return Math.floor(now / WINDOW) === this.#window ? this.#used : 0;
  }

  bannedUntil(now: number): number | undefined {
    return now < this.#bannedUntil ? this.#bannedUntil : undefined;
  }

  /**
   * Counts a request, refused ones too. `retryAfter` is in whole seconds, to the end of the window or of the
   * ban.
   */
  spend(weight: number, moment: Moment): Verdict {
    const { now, seenMs } = moment;
    const window = Math.floor(now / WINDOW);
    if (window !== this.#window) {
      this.#window = window;
      this.#used = 0;
      this.#refusals = 0;
    }
    this.#used += weight;
    const used = this.#used;
    this.#tally.peak = Math.max(this.#tally.peak, used);
    if (now < this.#bannedUntil) {
      this.#tally.refusedWhileBanned++;
      if (this.#toldMs !== undefined && seenMs > this.#toldMs + this.#grace) this.#tally.unheeded++;
      return this.#banned(moment);
    }
    if (used <= this.limit) return { kind: 'allowed', used };
    this.#refusals++;
    if (this.#refusals > this.#banAfter) {
      return this.draw(now + Math.min(FIRST_BAN * 2 ** this.#bans++, LONGEST_BAN), moment);
    }
    this.#tally.refused++;
    return { kind: 'refused', used, retryAfter: Math.ceil(((window + 1) * WINDOW - now) / 1_000) };
  }

  /** A ban that the request of this moment, counted already, brings about and learns of. */
  draw(until: number, moment: Moment): Verdict {
    this.ban(until);
    return this.#banned(moment);
  }

  /** A ban that nobody knows of yet. One that has passed already ends the one that lasts. */
  ban(until: number): void {
    this.#bannedUntil = until;
    this.#toldMs = undefined;
  }

  reset(): void {
    this.#window = Number.NaN;
    this.#used = 0;
    this.#refusals = 0;
    this.#bans = 0;
    this.ban(Number.NEGATIVE_INFINITY);
    this.#tally = nothing();
  }

  #banned({ now, seenMs }: Moment): Verdict {
    this.#toldMs ??= seenMs;
    const until = this.#bannedUntil;
    return { kind: 'banned', used: this.#used, retryAfter: Math.ceil((until - now) / 1_000), until };
  }
}
