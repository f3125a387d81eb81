/** How appends travel: packed headers and whole frames there, one flat list of numbers back (lua/append.lua). */
import type { AppendGroup, AppendReply, DuplicateOutcome } from '../../hosts/index.ts';
import { frameLength } from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';
import { staleReply } from './replies.ts';

/** shardlet, epoch, edge time, token, window, lead as doubles; one byte: are id times following? */
const HEADER_BYTES = 49;
const TRIMMED = -1;
const NO_TIME = -1;

export function encodeAppend(groups: readonly AppendGroup[]): Uint8Array[] {
  const headers = new Uint8Array(groups.length * HEADER_BYTES);
  const view = new DataView(headers.buffer);
  const args: Uint8Array[] = [headers];
  groups.forEach((group, i) => {
    writeHeader(view, i * HEADER_BYTES, group);
    args.push(group.frames);
    if (group.idTimes !== undefined) args.push(encodeTimes(group.idTimes));
  });
  return args;
}

function writeHeader(view: DataView, at: number, group: AppendGroup): void {
  view.setFloat64(at, group.shardlet);
  view.setFloat64(at + 8, group.epoch);
  view.setFloat64(at + 16, group.edgeTs);
  view.setFloat64(at + 24, group.tokenTs);
  view.setFloat64(at + 32, group.dedup.windowMicros);
  view.setFloat64(at + 40, group.dedup.leadMicros);
  view.setUint8(at + 48, group.idTimes === undefined ? 0 : 1);
}

function encodeTimes(times: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(times.length * 8);
  const view = new DataView(bytes.buffer);
  times.forEach((time, i) => {
    view.setFloat64(i * 8, time);
  });
  return bytes;
}

/** The functions inside Redis trust these, since an error half-way could not be undone there. */
export function insistOnWellFormed(groups: readonly AppendGroup[]): void {
  const shardlets = new Set(groups.map((group) => group.shardlet));
  invariant(shardlets.size === groups.length, 'an append names each shardlet once');
  for (const { frames, count, idTimes, shardlet } of groups) {
    let at = 0;
    let found = 0;
    for (; at < frames.length; found++) at += frameLength(frames, at);
    invariant(
      at === frames.length && found === count,
      `the frames for shardlet ${shardlet} are not ${count}`,
    );
    invariant(idTimes === undefined || idTimes.length === count, 'every event has an id time or none has');
  }
}

/** Walks the flat list: each kind of outcome knows how many numbers it takes. */
class NumberReader {
  private at = 0;
  private readonly numbers: readonly number[];

  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }

  next(): number {
    return this.numbers[this.at++]!;
  }

  times<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }
}

/** By the code that stands first; the order is that of lua/append.lua. */
const OUTCOMES: readonly ((reader: NumberReader) => AppendReply)[] = [
  readAppended,
  (reader) => staleReply(reader.next(), reader.next()),
  (reader) => ({ kind: 'outside', index: reader.next() }),
  (reader) => ({ kind: 'ahead', aheadMicros: reader.next() }),
  () => ({ kind: 'tooManyIds' }),
];

export function decodeAppend(reply: readonly number[], groups: number): AppendReply[] {
  const reader = new NumberReader(reply);
  return reader.times(groups, () => OUTCOMES[reader.next()]!(reader));
}

function readAppended(reader: NumberReader): AppendReply {
  const [firstSeq, firstTs, stored] = [reader.next(), reader.next(), reader.next()];
  const [duplicateCount, expiredCount] = [reader.next(), reader.next()];
  const duplicates = reader.times(duplicateCount, () => readDuplicate(reader));
  const expired = reader.times(expiredCount, () => reader.next());
  return { kind: 'appended', firstSeq, firstTs, stored, duplicates, expired };
}

function readDuplicate(reader: NumberReader): DuplicateOutcome {
  const [index, shardlet, seq, ts] = [reader.next(), reader.next(), reader.next(), reader.next()];
  return {
    index,
    shardlet,
    seq: seq === TRIMMED ? undefined : seq,
    ts: ts === NO_TIME ? undefined : ts,
  };
}
