/** How far a backup, its verification or a restore is. It knows neither what is done with files nor who is told. */

export interface Progress {
  /** Done. */
  readonly files: number;
  readonly ofFiles: number;
  readonly bytes: number;
  readonly ofBytes: number;
}

/** To be called with each of the files when it is done. */
export function counting<F extends { readonly size: number }>(
  all: readonly F[],
  on: (progress: Progress) => void,
): (file: F) => void {
  const ofBytes = all.reduce((sum, { size }) => sum + size, 0);
  let [files, bytes] = [0, 0];
  return ({ size }) => {
    files++;
    bytes += size;
    on({ files, ofFiles: all.length, bytes, ofBytes });
  };
}
