/**
 * Arrays in PostgreSQL's binary format. As text an array of frames doubles in size and is parsed byte by
 * byte on the server; so it is copied. A parameter that is a Buffer is sent as binary by pg.
 */
const OID_INT8 = 20;
const OID_BYTEA = 17;
const HEADER_BYTES = 20;
const EMPTY_HEADER_BYTES = 12;
const TWO_32 = 0x1_0000_0000;

export function int8Array(values: ArrayLike<number>): Buffer {
  const out = withHeader(OID_INT8, values.length, values.length * 12);
  for (let i = 0; i < values.length; i++) {
    const at = HEADER_BYTES + 12 * i;
    const value = values[i]!;
    const high = Math.floor(value / TWO_32);
    out.writeInt32BE(8, at);
    out.writeInt32BE(high, at + 4);
    out.writeUInt32BE(value - high * TWO_32, at + 8);
  }
  return out;
}

/** Numbers of 56 bits, which are too long for a double, as the 7 bytes they have at `at` in each chunk. */
export function int7ByteArray(chunks: readonly Uint8Array[], at: number): Buffer {
  const out = withHeader(OID_INT8, chunks.length, chunks.length * 12);
  chunks.forEach((chunk, i) => {
    const to = HEADER_BYTES + 12 * i;
    out.writeInt32BE(8, to);
    out[to + 4] = 0;
    out.set(chunk.subarray(at, at + 7), to + 5);
  });
  return out;
}

export function byteaArray(chunks: readonly Uint8Array[]): Buffer {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length + 4, 0);
  const out = withHeader(OID_BYTEA, chunks.length, bytes);
  let at = HEADER_BYTES;
  for (const chunk of chunks) {
    out.writeInt32BE(chunk.length, at);
    out.set(chunk, at + 4);
    at += chunk.length + 4;
  }
  return out;
}

function withHeader(elementType: number, length: number, bodyBytes: number): Buffer {
  const out = Buffer.allocUnsafe(length === 0 ? EMPTY_HEADER_BYTES : HEADER_BYTES + bodyBytes);
  out.writeInt32BE(length === 0 ? 0 : 1, 0); // dimensions
  out.writeInt32BE(0, 4); // no nulls
  out.writeInt32BE(elementType, 8);
  if (length === 0) return out;
  out.writeInt32BE(length, 12);
  out.writeInt32BE(1, 16); // indices begin at 1
  return out;
}
