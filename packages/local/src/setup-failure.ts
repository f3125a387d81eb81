/** Something this machine lacks or refuses: the message names it, `cure` says what to do about it. */
export class SetupFailure extends Error {
  override readonly name = 'SetupFailure';
  readonly cure: string;
  /** the last lines of a log that say more; may be empty */
  readonly details: string;

  constructor(message: string, cure: string, options: ErrorOptions & { details?: string } = {}) {
    super(message, options);
    this.cure = cure;
    this.details = options.details ?? '';
  }
}
