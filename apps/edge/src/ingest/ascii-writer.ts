/**
 * An ASCII text laid down byte by byte. A large answer has six short pieces an event; joined as strings they
 * are most of the garbage that an edge makes.
 */
const ZERO = 0x30;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;
/** Below it remainders are those of 32-bit integers, which are faster by far. */
const SMALL = 1e8;
const SMALL_DIGITS = 8;
/** of 2^53 - 1 */
const DIGITS_MAX = 16;

export class AsciiWriter {
  private bytes: Buffer;
  private length = 0;

  constructor(bytesExpected: number) {
    this.bytes = Buffer.allocUnsafe(bytesExpected);
  }

  /** REQUIRES ASCII. */
  piece(piece: Uint8Array): void {
    this.reserve(piece.length);
    const { bytes, length } = this;
    for (let i = 0; i < piece.length; i++) bytes[length + i] = piece[i]!;
    this.length += piece.length;
  }

  /** REQUIRES ASCII. */
  text(text: string): void {
    this.reserve(text.length);
    this.length += this.bytes.write(text, this.length, 'latin1');
  }

  /** Between quotes as it is; `false`, and nothing is written, where JSON wants other characters or it is not ASCII. */
  plainText(text: string): boolean {
    this.reserve(text.length + 2);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < SPACE || code >= DELETE || code === QUOTE || code === BACKSLASH) return false;
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.length = at;
    return true;
  }

  /** REQUIRES a whole number from 0 to 2^53 - 1. */
  integer(value: number): void {
    this.reserve(DIGITS_MAX);
    if (value < SMALL) this.digits(value, digitsOf(value));
    else {
      const high = Math.floor(value / SMALL);
      this.integer(high);
      this.digits(value - high * SMALL, SMALL_DIGITS);
    }
  }

  finish(): string {
    return this.bytes.toString('latin1', 0, this.length);
  }

  private digits(value: number, count: number): void {
    const { bytes, length } = this;
    for (let at = length + count - 1, rest = value; at >= length; at--) {
      const higher = (rest / 10) | 0;
      bytes[at] = ZERO + rest - higher * 10;
      rest = higher;
    }
    this.length += count;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

function digitsOf(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}
