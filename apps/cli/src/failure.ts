/** How a command ends when it cannot do its job: one line on stderr, and an exit code scripts can rely on. */

/** The work was understood but failed. */
export const EXIT_FAILURE = 1;
/** The command line, a file or a setting is wrong: repeating the command will not help. */
export const EXIT_BAD_INPUT = 2;

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_FAILURE, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function badInput(message: string, options?: ErrorOptions): CommandFailure {
  return new CommandFailure(message, EXIT_BAD_INPUT, options);
}
