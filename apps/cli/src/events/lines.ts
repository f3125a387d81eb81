/**
 * The lines of a file of events, as bytes. What reads lines of text also ends them at U+2028 and U+2029, which
 * JSON allows inside a text, and puts U+FFFD in the place of bytes that are no UTF-8: another event than the
 * one in the file would be stored.
 */
const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** Without their newlines, and without a byte order mark at the beginning. */
export async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  const lineOf = (pieces: readonly Buffer[]): Buffer => {
    const line = Buffer.concat(pieces);
    const isMarked = isFirst && line.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    isFirst = false;
    return isMarked ? line.subarray(BYTE_ORDER_MARK.length) : line;
  };
  let partial: Buffer[] = [];
  for await (const bytes of input) {
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      yield lineOf([...partial, bytes.subarray(from, end)]);
      partial = [];
      from = end + 1;
    }
    if (from < bytes.length) partial.push(bytes.subarray(from));
  }
  if (partial.length > 0) yield lineOf(partial);
}
