/**
 * Bytes for counters: whole numbers of seven bits a byte, so that a zero costs one byte and a large count no
 * more than it needs, and nothing is rounded. Flushes and stored blocks are both written with it; what is
 * stored is compressed as well, by the adapter.
 */

const BYTES_AT_FIRST = 1_024;
const LOW_BITS = 0x7f;
const MORE = 0x80;
const BASE = 128;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ByteWriter {
  private bytes = new Uint8Array(BYTES_AT_FIRST);
  private length = 0;

  /** REQUIRES a whole number from 0 to 2^53 - 1. */
  uint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= BASE) {
      this.bytes[this.length++] = (rest % BASE) | MORE;
      rest = Math.floor(rest / BASE);
    }
    this.bytes[this.length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  text(text: string): void {
    const bytes = encoder.encode(text);
    this.uint(bytes.length);
    this.raw(bytes);
  }

  append(other: ByteWriter): void {
    this.raw(other.bytes.subarray(0, other.length));
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

/** @throws RangeError when the bytes end too early: they are not what was written */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  uint(): number {
    const first = this.bytes[this.at++];
    if (first === undefined) throw endedEarly();
    if (first < MORE) return first;
    let value = first & LOW_BITS;
    for (let scale = BASE; ; scale *= BASE) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw endedEarly();
      value += (byte & LOW_BITS) * scale;
      if (byte < MORE) return value;
    }
  }

  /** Passes over so many numbers. */
  skip(count: number): void {
    let at = this.at;
    for (let left = count; left > 0; left--) {
      while (this.bytes[at]! >= MORE) at++;
      if (++at > this.bytes.length) throw endedEarly();
    }
    this.at = at;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.raw(this.bytes.length - this.at);
  }

  raw(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw endedEarly();
    return this.bytes.subarray(this.at, (this.at += length));
  }

  text(): string {
    return decoder.decode(this.raw(this.uint()));
  }
}

function endedEarly(): RangeError {
  return new RangeError('the packed telemetry ends too early');
}
