/**
 * The JSON of a page, put together from the bytes that are stored: an event is JSON already, so a page of
 * 10,000 is copied, not parsed and written anew.
 */
import { framePayload } from '@foreshard/core/hosts';

export interface PlacedRecord {
  readonly shard: number;
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  readonly frame: Uint8Array;
}

/** Names and four numbers of at most 16 digits. */
const BYTES_AROUND_EVENT = 160;

/**
 * `late`: so many records, from the first on, come after their place in the log. `rest`: the members after
 * `events`.
 */
export function pageBody(
  stream: string,
  records: readonly PlacedRecord[],
  late: number,
  rest: Readonly<Record<string, unknown>>,
): Buffer<ArrayBuffer> {
  const end = Buffer.from(`],${JSON.stringify(rest).slice(1)}`);
  const head = `{"stream":${JSON.stringify(stream)},"shard":`;
  let size = 16 + end.length;
  for (const { frame } of records) size += frame.length + head.length + BYTES_AROUND_EVENT;
  const body = Buffer.allocUnsafe(size);
  let at = body.write('{"events":[', 'latin1');
  for (const [i, record] of records.entries()) {
    if (i > 0) body[at++] = COMMA;
    at += body.write(head + placeOf(record, i < late), at, 'latin1');
    const payload = framePayload(record.frame);
    body.set(payload, at);
    at += payload.length;
    body[at++] = CLOSING_BRACE;
  }
  at += end.copy(body, at);
  return body.subarray(0, at);
}

/** One record by itself, as it stands in a page. */
export function recordJson(stream: string, record: PlacedRecord, isLate: boolean): Buffer {
  const head = `{"stream":${JSON.stringify(stream)},"shard":${placeOf(record, isLate)}`;
  return Buffer.concat([Buffer.from(head), framePayload(record.frame), Buffer.from('}')]);
}

const COMMA = 0x2c;
const CLOSING_BRACE = 0x7d;

function placeOf({ shard, shardlet, seq, ts }: PlacedRecord, isLate: boolean): string {
  const late = isLate ? ',"late":true' : '';
  return `${shard},"shardlet":${shardlet},"seq":${seq},"ts":${ts}${late},"event":`;
}
