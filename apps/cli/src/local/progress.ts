/**
 * Shows the steps of a long command: "[3/9] building the console ... 14 s". On a terminal the line counts
 * on; elsewhere it is repeated now and then, so that a log shows life without being flooded.
 */
import { printableLine, progressOutput } from '../output.ts';

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Lets a step say what it does just now, such as a download. */
export type Note = (what: string) => void;

const TERMINAL_EVERY_MS = 1_000;
const LOG_EVERY_MS = 5_000;

export class Progress {
  readonly #total: number;
  readonly #output: ProgressOutput;
  #done = 0;

  constructor(total: number, output: ProgressOutput = progressOutput) {
    this.#total = total;
    this.#output = output;
  }

  async step<T>(title: string, work: (note: Note) => Promise<T>): Promise<T> {
    this.#done += 1;
    const prefix = `[${this.#done}/${this.#total}] ${title}`;
    const startedMs = Date.now();
    let note = '';
    const seconds = () => ((Date.now() - startedMs) / 1000).toFixed(0);
    const show = () => this.#line(`${prefix}${note} ... ${seconds()} s`, this.#output.isTTY !== true);
    if (this.#output.isTTY) show();
    const timer = setInterval(show, this.#output.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS);
    try {
      const result = await work((what) => {
        note = `: ${what}`;
        if (this.#output.isTTY) show();
      });
      this.#line(`${prefix} ... ${seconds()} s`, true);
      return result;
    } catch (error) {
      this.#line(`${prefix} ... failed after ${seconds()} s`, true);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  #line(text: string, complete: boolean): void {
    const clear = this.#output.isTTY ? '\r\u001b[K' : '';
    this.#output.write(`${clear}${printableLine(text)}${complete ? '\n' : ''}`);
  }
}
