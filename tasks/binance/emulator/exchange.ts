/**
 * What the exchange makes of one request: which of its three interfaces is meant, what it weighs, which faults
 * meet it, and the true answer. It knows no sockets.
 */
import type { Market } from './calendar.ts';
import type { Clock } from './clock.ts';
import type { FaultBook, FaultKind } from './faults.ts';
import type { ListingOptions } from './listing.ts';
import { listingReply } from './listing.ts';
import { objectReply } from './objects.ts';
import type { Ask, Reply } from './reply.ts';
import { plain } from './reply.ts';
import { marketOf, restReply, weightOf } from './rest.ts';
import type { Store } from './store.ts';
import type { Moment } from './weight.ts';
import type { Meters } from './weights.ts';

export interface ExchangeParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly faults: FaultBook;
  readonly meters: Meters;
  readonly listing: ListingOptions & { readonly path: string };
}

/** What is settled as a request arrives, before anything befalls the answer. */
export interface Taken {
  readonly at: number;
  /** REST: the weight used in its minute, this request included. */
  readonly weight?: number;
  readonly met: readonly FaultKind[];
  /** The true answer to what was asked, or to what a fault made of it; called when it is due. */
  answer(ask: Ask): Reply;
}

export type Take = (ask: Ask, seenMs: number) => Taken;

export function exchangeOf(parts: ExchangeParts): Take {
  return (ask, seenMs) => {
    const moment = { now: parts.clock.now(), seenMs };
    const market = ask.malformed ? undefined : marketOf(ask.path);
    return market === undefined ? takeFile(parts, ask, moment) : takeRest(parts, ask, market, moment);
  };
}

function takeFile({ store, clock, faults, listing }: ExchangeParts, ask: Ask, moment: Moment): Taken {
  const answer = (asked: Ask): Reply => {
    if (asked.malformed) {
      return plain(400, `"${asked.target}" is no path with a query in percent-encoded UTF-8`);
    }
    const isListing = asked.path === listing.path;
    return (isListing ? listingReply : objectReply)(store, asked, clock.now(), listing);
  };
  return { at: moment.now, met: faults.meet(ask, moment.now), answer };
}

/** Weight is spent whatever befalls the answer; who is banned meets nothing else. */
function takeRest(parts: ExchangeParts, ask: Ask, market: Market, moment: Moment): Taken {
  const { store, clock, faults } = parts;
  const meter = parts.meters.of(market);
  const spent = meter.spend(weightOf(ask, market), moment);
  const met = spent.kind === 'banned' ? [] : faults.meet(ask, moment.now);
  const ban = met.find((fault) => fault.kind === 'ban');
  const verdict = ban === undefined ? spent : meter.draw(moment.now + ban.seconds * 1_000, moment);
  const { limit } = meter;
  return {
    at: moment.now,
    weight: verdict.used,
    met: ban === undefined ? met : [],
    answer: (asked) => restReply(store.sources, { ask: asked, market, now: clock.now(), verdict, limit }),
  };
}
