/** How far a replay is: a bar with rate and time left on a terminal, a plain line every few seconds elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import { printable, printableLine, progressOutput } from '../output.ts';

const LOG_EVERY_MS = 5_000;
/** Of the average, so that the rate follows what happens now without trembling. */
const RATE_WEIGHT = 0.3;
const RATE_EVERY_MS = 1_000;

export class ReplayProgress {
  private readonly label: string;
  private readonly total: number | undefined;
  private readonly output: NodeJS.WriteStream;
  private readonly bar: SingleBar | undefined;
  private rate: number | undefined;
  private measured: { readonly value: number; readonly atMs: number };
  private loggedAtMs = performance.now();

  /** `total` undefined: it is not known how much there is. */
  constructor(label: string, start: number, total: number | undefined, output = progressOutput) {
    this.label = printableLine(label);
    this.total = total;
    this.output = output;
    this.measured = { value: start, atMs: performance.now() };
    if (!output.isTTY || total === undefined) return;
    const format = `${this.label} {bar} {percentage}% | {value}/{total} | {rate} | {left}`;
    this.bar = new SingleBar({ format, hideCursor: true, stream: output }, Presets.shades_classic);
    this.bar.start(total, start, { rate: '', left: '' });
  }

  show(value: number): void {
    const nowMs = performance.now();
    this.measure(value, nowMs);
    if (this.bar !== undefined) this.bar.update(value, { rate: this.rateText(), left: this.leftText(value) });
    else if (nowMs - this.loggedAtMs >= LOG_EVERY_MS) {
      this.loggedAtMs = nowMs;
      this.output.write(`${this.line(value)}\n`);
    }
  }

  /** Something that stays on the screen. */
  note(text: string): void {
    const shown = `${printable(text)}\n`;
    this.output.write(this.bar === undefined ? shown : `\r\u001b[K${shown}`);
  }

  end(): void {
    this.bar?.stop();
  }

  private measure(value: number, nowMs: number): void {
    const passedMs = nowMs - this.measured.atMs;
    if (passedMs < RATE_EVERY_MS) return;
    const latest = ((value - this.measured.value) / passedMs) * 1_000;
    this.rate = this.rate === undefined ? latest : this.rate + RATE_WEIGHT * (latest - this.rate);
    this.measured = { value, atMs: nowMs };
  }

  private line(value: number): string {
    const of = this.total === undefined ? '' : `/${this.total} (${Math.floor((100 * value) / this.total)}%)`;
    return [`${this.label}: ${value}${of}`, this.rateText(), this.leftText(value)].filter(Boolean).join(', ');
  }

  private rateText(): string {
    return this.rate === undefined ? '' : `${Math.round(this.rate)} events/s`;
  }

  private leftText(value: number): string {
    if (this.rate === undefined || this.rate <= 0 || this.total === undefined) return '';
    return `${durationText((this.total - value) / this.rate)} left`;
  }
}

export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
