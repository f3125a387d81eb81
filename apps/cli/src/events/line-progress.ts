/** One line about how far a command is: rewritten in place on a terminal, now and then elsewhere. */
import { printable, printableLine } from '../output.ts';

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 5_000;

export class LineProgress {
  private readonly output: ProgressOutput;
  private shownAtMs = performance.now();
  private isLineOpen = false;

  constructor(output: ProgressOutput) {
    this.output = output;
  }

  show(line: () => string): void {
    const everyMs = this.output.isTTY === true ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
    if (performance.now() - this.shownAtMs < everyMs) return;
    this.shownAtMs = performance.now();
    const shown = printableLine(line());
    if (this.output.isTTY === true) this.output.write(`\r\u001b[K${shown}`);
    else this.output.write(`${shown}\n`);
    this.isLineOpen = this.output.isTTY === true;
  }

  /** Something that stays on the screen. */
  interrupt(line: string): void {
    this.end();
    this.output.write(`${printable(line)}\n`);
  }

  end(): void {
    if (this.isLineOpen) this.output.write('\r\u001b[K');
    this.isLineOpen = false;
  }
}
