/** Something this machine lacks or refuses: the message names it, `cure` says what to do about it. */
export class SetupFailure extends Error {
  override readonly name = 'SetupFailure';
  readonly cure: string;

  constructor(message: string, cure: string, options?: ErrorOptions) {
    super(message, options);
    this.cure = cure;
  }
}
