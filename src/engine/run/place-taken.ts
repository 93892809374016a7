/** The one way to say that a place is not free for an output. Looks at no disk. */

/** What stands where an output goes is not for a build to replace. `code` as the file system would have it. */
export class PlaceTaken extends Error {
  readonly code: string;

  constructor(code: 'EISDIR' | 'ENOTDIR', message: string) {
    super(message);
    this.code = code;
  }
}
