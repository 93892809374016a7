/**
 * How the dimensions of two rules relate, by the rules alone: the static half of the law of inputs. It knows no
 * keys, so that a task sees one shape of input whatever the data.
 */
import type { Dimension, Every, Rule, Template } from '../manifest/model.ts';
import type { RuleInput } from './member.ts';

/** What an input says of one dimension of its producer. */
export interface Relation {
  readonly dimension: Dimension;
  /**
   * `agrees`: both have it, and the keys are the same. `named`: both have it, and `where` says which key is meant
   * in place of the consumer's own. `free`: the consumer lacks it; the keys that nest with its time, or all.
   */
  readonly kind: 'agrees' | 'named' | 'free';
  /** Narrows it when present. */
  readonly where: readonly Template[] | undefined;
  readonly shift: number;
  /** Whether more than one key may be meant. */
  readonly many: boolean;
}

/** One for each dimension of the producer, in its order. */
export function relationsOf(
  dimensions: ReadonlyMap<string, Dimension>,
  consumer: Rule,
  producer: Rule,
  input: RuleInput,
): readonly Relation[] {
  return producer.for.map((name): Relation => {
    const dimension = dimensions.get(name);
    if (dimension === undefined) throw new Error(`no dimension "${name}"`);
    const shared = consumer.for.includes(name);
    const where = input.where.find((each) => each.dimension === name)?.keys;
    const kind = !shared ? 'free' : where === undefined ? 'agrees' : 'named';
    return {
      dimension,
      kind,
      where,
      shift: input.offset.find((each) => each.dimension === name)?.by ?? 0,
      many:
        kind !== 'agrees' &&
        !namesOneKey(where) &&
        !(kind === 'free' && holdsAll(dimension, consumer, dimensions)),
    };
  });
}

function namesOneKey(where: readonly Template[] | undefined): boolean {
  return where?.length === 1 && where.every((template) => !mayBeRange(template));
}

/** By its literal text: what a key brings in makes no range. */
export function mayBeRange({ parts }: Template): boolean {
  return parts.some((part) => typeof part === 'string' && part.includes('..'));
}

/** Each time of the consumer lies within one partition of this calendar: an hour within its day. */
function holdsAll(theirs: Dimension, consumer: Rule, dimensions: ReadonlyMap<string, Dimension>): boolean {
  if (theirs.kind !== 'calendar') return false;
  return consumer.for.some((own) => {
    const ours = dimensions.get(own);
    return ours?.kind === 'calendar' && FINENESS[ours.every] <= FINENESS[theirs.every];
  });
}

const FINENESS: Readonly<Record<Every, number>> = { hour: 0, day: 1, week: 2, month: 3, year: 4 };

export function isCoarser(a: Every, b: Every): boolean {
  return FINENESS[a] > FINENESS[b];
}

/** Weeks end within months and years: neither holds the other. */
export function straddles(a: Every, b: Every): boolean {
  const long = (every: Every): boolean => every === 'month' || every === 'year';
  return (a === 'week' && long(b)) || (b === 'week' && long(a));
}
