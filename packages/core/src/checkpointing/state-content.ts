/**
 * Reads what the client library writes into a checkpoint, as far as a drill needs it: gzip of lines of JSON, a header and
 * then one entry for each key, `["key",value]`, or in a delta `["key"]` of a key that was deleted. The library writes the
 * format (`packages/client/src/processing/content.ts`), and its contract test holds this reader against it.
 *
 * Programs that use no library may store anything. That is not damage: such a content is compared with its digest alone.
 */
import type { KnownCheckpoint } from './records.ts';

export interface StateHeader {
  readonly kind: 'full' | 'delta';
  readonly shardlet: number;
  readonly seq: number;
  readonly epoch: number;
  readonly handlerVersion: string;
}

export type StateReading =
  | { readonly kind: 'read'; readonly header: StateHeader }
  /** nothing can be said of it: the format is another one, or it is too large to be unpacked here */
  | { readonly kind: 'unread'; readonly reason: string }
  | { readonly kind: 'damaged'; readonly reason: string };

/** `bytes` of the key with its value, as JSON; undefined: the key was deleted. `false`: it is enough. */
export type OnEntry = (key: string, bytes: number | undefined) => boolean;

/** A few kilobytes of gzip can unpack to gigabytes, and whoever drills serves others as well. */
const UNPACKED_BYTES_MAX = 1e9;
const FORMAT = 1;
const NEWLINE = 10;

export async function readState(
  content: Uint8Array<ArrayBuffer>,
  onEntry: OnEntry,
  unpackedBytesMax = UNPACKED_BYTES_MAX,
): Promise<StateReading> {
  const lines = new StateLines(onEntry);
  const unzipped = new Blob([content]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = unzipped.getReader();
  let unpacked = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const end = done ? lines.ended() : lines.take(value);
      if (end !== undefined) return end;
      unpacked += value?.length ?? 0;
      if (unpacked > unpackedBytesMax) return unread(`It unpacks to more than ${unpackedBytesMax} bytes.`);
    }
  } catch (error) {
    // an unzip that fails may say nothing
    return lines.failed((error instanceof Error && error.message) || 'it cannot be unpacked');
  } finally {
    // the rest of one that was left early
    reader.cancel().catch(() => {});
  }
}

/** What is wrong with a content that was read, beside what its row says; undefined: nothing. */
export function contradictionOf(row: KnownCheckpoint, header: StateHeader): string | undefined {
  const said: StateHeader = {
    kind: row.base === undefined ? 'full' : 'delta',
    ...{ shardlet: row.shardlet, seq: row.seq, epoch: row.epoch, handlerVersion: row.handlerVersion },
  };
  for (const name of Object.keys(said) as (keyof StateHeader)[])
    if (header[name] !== said[name]) return `its ${name} is ${header[name]}, and not ${said[name]}`;
  return undefined;
}

class StateLines {
  private readonly onEntry: OnEntry;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private header: StateHeader | undefined;
  private rest: Uint8Array[] = [];

  constructor(onEntry: OnEntry) {
    this.onEntry = onEntry;
  }

  /** Undefined: it goes on. */
  take(chunk: Uint8Array): StateReading | undefined {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.rest.push(chunk.subarray(from, end));
      const found = this.line(joined(this.rest));
      if (found !== undefined) return found;
      this.rest = [];
      from = end + 1;
    }
    if (from < chunk.length) this.rest.push(chunk.subarray(from));
    return undefined;
  }

  ended(): StateReading {
    if (this.header === undefined) return unread('It is not of the format of the client library.');
    if (this.rest.length > 0) return { kind: 'damaged', reason: 'its last line has no end' };
    return { kind: 'read', header: this.header };
  }

  /** What does not begin as the library writes is of somebody else. */
  failed(reason: string): StateReading {
    return this.header === undefined ? this.ended() : { kind: 'damaged', reason };
  }

  private line(bytes: Uint8Array): StateReading | undefined {
    const read: unknown = JSON.parse(this.decoder.decode(bytes));
    if (this.header === undefined) return this.start(read);
    if (!Array.isArray(read) || typeof read[0] !== 'string' || read.length > 2)
      return { kind: 'damaged', reason: 'a line is not an entry' };
    const isEnough = !this.onEntry(read[0], read.length === 1 ? undefined : bytes.length);
    return isEnough ? unread('It has more keys than a drill counts.') : undefined;
  }

  private start(read: unknown): StateReading | undefined {
    const header = read as StateHeader & { readonly v?: unknown };
    if (typeof read !== 'object' || read === null || header.v === undefined) return this.ended();
    if (header.v !== FORMAT)
      return unread(`It is of format ${String(header.v)}; this release reads ${FORMAT}.`);
    this.header = header;
    return undefined;
  }
}

function unread(reason: string): StateReading {
  return { kind: 'unread', reason };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
