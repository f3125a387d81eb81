/**
 * State as bytes: numbers as they stand in memory (little-endian, as on every machine we run on), so that a state that was
 * restored continues exactly like the one that was saved, and equal states have equal bytes.
 */
import { invariant } from '../kernel/index.ts';
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';

export type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

export function writeNumbers(out: ByteWriter, numbers: Numbers): void {
  out.raw(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
}

/** Fills `numbers` with what was written from numbers of the same kind and count. */
export function readNumbers(input: ByteReader, numbers: Numbers): void {
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).set(input.raw(numbers.byteLength));
}

/** A size that must be what it was when the state was saved. */
export function checkSize(input: ByteReader, size: number, what: string): void {
  invariant(input.uint() === size, `the saved state has another ${what}`);
}
