/** Who waits for whom, as counts: which targets may go on when another settles. Knows no states and no targets. */
export class Waiting {
  readonly #pending: number[] = [];
  readonly #dependents: (number[] | undefined)[] = [];

  /** Whether there is anything to wait for; `needs` are those that have not settled yet, each once. */
  add(index: number, needs: readonly number[]): boolean {
    this.#pending[index] = needs.length;
    for (const need of needs) {
      const dependents = this.#dependents[need];
      if (dependents) dependents.push(index);
      else this.#dependents[need] = [index];
    }
    return needs.length > 0;
  }

  /** Those that waited for nothing but this one. */
  release(index: number): readonly number[] {
    const dependents = this.#dependents[index] ?? [];
    this.#dependents[index] = undefined;
    return dependents.filter((dependent) => {
      const left = (this.#pending[dependent] ?? 1) - 1;
      this.#pending[dependent] = left;
      return left === 0;
    });
  }
}
