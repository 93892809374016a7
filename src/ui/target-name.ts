/** The parts of a target's name, `bars/BTCUSDT/2024-01`. Knows nothing of rules and dimensions but the slash between them. */

/** The rule of a target: `bars` of `bars/BTCUSDT/2024-01`. */
export function ruleOf(target: string): string {
  const slash = target.indexOf('/');
  return slash < 0 ? target : target.slice(0, slash);
}

/** The partition key of a target, empty when its rule has no dimensions: `BTCUSDT/2024-01`. */
export function keyOf(target: string): string {
  const slash = target.indexOf('/');
  return slash < 0 ? '' : target.slice(slash + 1);
}
