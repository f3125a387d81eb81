/** Cells as numbers: what is empty or says so is missing, anything else that is no number is an error. */
import { badInput } from '../failure.ts';

const MISSING = new Set(['', 'na', 'nan', 'null', 'none', '-']);

/** NaN for a missing value. */
export function numberIn(cell: string, where: () => string): number {
  const value = Number(cell);
  if (cell !== '' && Number.isFinite(value)) return value;
  const text = cell.trim();
  if (MISSING.has(text.toLowerCase())) return Number.NaN;
  const trimmed = Number(text);
  if (Number.isFinite(trimmed)) return trimmed;
  if (/^[-+]?inf(inity)?$/i.test(text)) throw badInput(`${where()}: infinite values cannot be forecast`);
  const cure = /^[-+]?\d[\d.,' ]*$/.test(text)
    ? 'write it with a point and without separators of thousands, such as 1234.5'
    : 'leave the cell empty where it is missing';
  throw badInput(`${where()}: "${text.slice(0, 40)}" is not a number; ${cure}`);
}

/** A growing list of numbers without a boxed value per row; ten million rows take 80 MB. */
export class NumberList {
  private items = new Float64Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = value;
  }

  toArray(): Float64Array {
    return this.items.slice(0, this.length);
  }
}
