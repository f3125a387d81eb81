/**
 * How a command ends when it cannot do its job: one line on stderr, and an exit code scripts can rely on. With --json the
 * line is a document with a code.
 */

/** The work was understood but failed. */
export const EXIT_FAILURE = 1;
/** The command line, a file or a setting is wrong: repeating the command will not help. */
export const EXIT_BAD_INPUT = 2;

/** A refusal of the one catalogue, as `--json` prints it. */
export interface FailureDocument {
  readonly code: string;
  readonly detail: string;
  readonly cure?: string | undefined;
}

interface FailureOptions extends ErrorOptions {
  readonly document?: FailureDocument;
}

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;
  readonly document: FailureDocument;

  constructor(message: string, exitCode: number = EXIT_FAILURE, options: FailureOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
    this.document = options.document ?? documentOf(message, exitCode);
  }
}

/** Of a failure that no operation has refused. */
export function documentOf(message: string, exitCode: number): FailureDocument {
  return { code: exitCode === EXIT_BAD_INPUT ? 'bad_input' : 'failed', detail: message };
}

export function badInput(message: string, options?: FailureOptions): CommandFailure {
  return new CommandFailure(message, EXIT_BAD_INPUT, options);
}
