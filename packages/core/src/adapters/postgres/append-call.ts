/**
 * How an append travels: arrays over the groups and over the events there (sql/append.sql), one JSON of
 * arrays back. The groups go in the order of their shardlets, which is the order rows are locked in. An
 * event that is twice in a group goes once; its second place shares the fate of the first.
 */
import type { AppendGroup, AppendReply, DuplicateOutcome } from '../../hosts/index.ts';
import { EDGE_CLOCK_TOLERANCE_MICROS, framePosition, ID_FIELD, splitFrames } from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';
import { comparePositions, contains, type Position } from '../../keyspace/index.ts';
import { byteaArray, int7ByteArray, int8Array } from './binary-array.ts';

/** What the function `append` answers; arrays over groups or, where said, over the events concerned. */
export type AppendAnswer = PlainAnswer | FullAnswer;

/** Everything was stored. */
interface PlainAnswer {
  readonly plain: true;
  readonly lastSeqs: readonly number[];
  readonly firstTimes: readonly number[];
  readonly counts: readonly number[];
  readonly verdicts?: undefined;
}

interface FullAnswer {
  readonly plain: boolean;
  readonly now: number;
  readonly verdicts: readonly ('appended' | 'stale' | 'outside' | 'ahead' | 'tooManyIds')[];
  /** null where nothing was found */
  readonly epochs: readonly (number | null)[];
  readonly modes: readonly ('open' | 'sealed' | 'shadow' | 'ready' | 'dropped' | null)[];
  /** [from.hi, from.lo, to.hi, to.lo] of a replica that an event is outside of */
  readonly ranges: readonly (readonly [number, number, number, number] | null)[] | null;
  readonly lastSeqs: readonly number[];
  readonly firstTimes: readonly number[];
  readonly counts: readonly number[];
  /** numbers of events, from 1, in the order of look-up */
  readonly duplicates: readonly number[] | null;
  readonly duplicateOrigins: readonly number[] | null;
  readonly duplicateSeqs: readonly (number | null)[] | null;
  readonly duplicateTimes: readonly (number | null)[] | null;
  readonly expired: readonly number[] | null;
}

interface Outgoing {
  readonly group: AppendGroup;
  /** where its reply belongs */
  readonly at: number;
  readonly frames: readonly Uint8Array[];
  /** for each frame the first place of the same event */
  readonly firstPlace: readonly number[];
}

export class AppendCall {
  private readonly outgoing: readonly Outgoing[];
  /** of each event sent: the index of its group in `outgoing`, and its index in that group */
  private readonly groupOf: number[] = [];
  private readonly indexOf: number[] = [];
  private readonly frames: Uint8Array[] = [];

  constructor(groups: readonly AppendGroup[]) {
    const shardlets = new Set(groups.map((group) => group.shardlet));
    invariant(shardlets.size === groups.length, 'an append names each shardlet once');
    this.outgoing = groups.map(outgoing).sort((a, b) => a.group.shardlet - b.group.shardlet);
    this.outgoing.forEach((each, g) => {
      each.frames.forEach((frame, index) => {
        if (each.firstPlace[index] !== index) return;
        this.groupOf.push(g);
        this.indexOf.push(index);
        this.frames.push(frame);
      });
    });
  }

  args(idsPerSetMax: number, expectPlain: boolean): unknown[] {
    const of = (value: (each: AppendGroup) => number) => int8Array(this.outgoing.map((o) => value(o.group)));
    const lowest = this.outgoing.map((each) => extreme(each.frames, -1));
    const highest = this.outgoing.map((each) => extreme(each.frames, 1));
    const { counts, sizes, places } = this.tally();
    return [
      of((group) => group.shardlet),
      of((group) => group.epoch),
      of((group) => group.edgeTs),
      of((group) => group.tokenTs),
      of((group) => group.dedup.windowMicros),
      of((group) => group.dedup.leadMicros),
      int8Array(lowest.map((position) => position.hi)),
      int8Array(lowest.map((position) => position.lo)),
      int8Array(highest.map((position) => position.hi)),
      int8Array(highest.map((position) => position.lo)),
      int8Array(counts),
      int8Array(sizes),
      int8Array(this.groupOf.map((g) => g + 1)),
      int8Array(places),
      int7ByteArray(this.frames, ID_FIELD.from),
      byteaArray(this.frames),
      this.idTimes(),
      EDGE_CLOCK_TOLERANCE_MICROS,
      idsPerSetMax,
      expectPlain,
    ];
  }

  replies(answer: AppendAnswer): AppendReply[] {
    return answer.verdicts === undefined ? this.plainReplies(answer) : this.fullReplies(answer);
  }

  private plainReplies(answer: PlainAnswer): AppendReply[] {
    const replies: AppendReply[] = [];
    this.outgoing.forEach((each, g) => {
      replies[each.at] = appended(each, g, answer, [], []);
    });
    return replies;
  }

  private fullReplies(answer: FullAnswer): AppendReply[] {
    const duplicates = this.outgoing.map((): DuplicateOutcome[] => []);
    answer.duplicates?.forEach((event, i) => {
      const shardlet = answer.duplicateOrigins![i]!;
      const seq = answer.duplicateSeqs![i] ?? undefined;
      const ts = answer.duplicateTimes![i] ?? undefined;
      duplicates[this.groupOf[event - 1]!]!.push({ index: this.indexOf[event - 1]!, shardlet, seq, ts });
    });
    const expired = this.outgoing.map((): number[] => []);
    for (const event of answer.expired ?? [])
      expired[this.groupOf[event - 1]!]!.push(this.indexOf[event - 1]!);
    const replies: AppendReply[] = [];
    this.outgoing.forEach((each, g) => {
      replies[each.at] = replyOf(each, g, answer, duplicates[g]!, expired[g]!);
    });
    return replies;
  }

  private tally() {
    const counts = this.outgoing.map(() => 0);
    const sizes = this.outgoing.map(() => 0);
    const places = this.groupOf.map((g, event) => {
      sizes[g]! += this.frames[event]!.length;
      return ++counts[g]!;
    });
    return { counts, sizes, places };
  }

  private idTimes(): Buffer | null {
    if (this.outgoing.every((each) => each.group.idTimes === undefined)) return null;
    const timeOf = (g: number, event: number) => this.outgoing[g]!.group.idTimes?.[this.indexOf[event]!] ?? 0;
    return int8Array(this.groupOf.map(timeOf));
  }
}

function outgoing(group: AppendGroup, at: number): Outgoing {
  const frames = splitFrames(group.frames);
  invariant(frames.length === group.count, 'a group counts its frames');
  return { group, at, frames, firstPlace: firstPlaces(frames) };
}

/** Key hash and identity as a string; by way of a Buffer, which is faster than char by char. */
function identityOf(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset + 4, 20).toString('latin1');
}

function firstPlaces(frames: readonly Uint8Array[]): number[] {
  if (frames.length === 1) return [0];
  const places = new Map<string, number>();
  return frames.map((frame, index) => {
    const identity = identityOf(frame);
    const place = places.get(identity);
    if (place === undefined) places.set(identity, index);
    return place ?? index;
  });
}

/** The lowest (sign -1) or highest (1) position; of no frames one that is inside of every range. */
function extreme(frames: readonly Uint8Array[], sign: number): Position {
  let found: Position | undefined;
  for (const frame of frames) {
    const position = framePosition(frame);
    if (found === undefined || comparePositions(position, found) * sign > 0) found = position;
  }
  return found ?? (sign < 0 ? { hi: 0x1_0000_0000, lo: 0 } : { hi: -1, lo: 0 });
}

function replyOf(
  each: Outgoing,
  g: number,
  answer: FullAnswer,
  duplicates: DuplicateOutcome[],
  expired: number[],
): AppendReply {
  const verdict = answer.verdicts[g]!;
  switch (verdict) {
    case 'stale':
      return { kind: 'stale', epoch: answer.epochs[g] ?? 0, mode: answer.modes[g] ?? 'absent' };
    case 'outside':
      return { kind: 'outside', index: firstOutside(each, answer.ranges![g]!) };
    case 'ahead':
      return {
        kind: 'ahead',
        aheadMicros: each.group.tokenTs - answer.now - EDGE_CLOCK_TOLERANCE_MICROS,
      };
    case 'tooManyIds':
      return { kind: 'tooManyIds' };
    case 'appended':
      return appended(each, g, answer, duplicates, expired);
  }
}

function firstOutside(each: Outgoing, [fromHi, fromLo, toHi, toLo]: readonly number[]): number {
  const range = { from: { hi: fromHi!, lo: fromLo! }, to: { hi: toHi!, lo: toLo! } };
  return each.frames.findIndex((frame) => !contains(range, framePosition(frame)));
}

/** Puts the repeats inside the group back: each shares the fate of its first place. */
function appended(
  each: Outgoing,
  g: number,
  answer: AppendAnswer,
  duplicates: DuplicateOutcome[],
  expired: number[],
): AppendReply {
  const firstSeq = answer.lastSeqs[g]! + 1;
  const stored = answer.counts[g]!;
  const firstTs = answer.firstTimes[g]!;
  const reply = { kind: 'appended', firstSeq, firstTs, stored } as const;
  if (each.firstPlace.every((place, index) => place === index)) return { ...reply, duplicates, expired };

  const known = new Map(duplicates.map((duplicate) => [duplicate.index, duplicate]));
  const refused = new Set(expired);
  let nextSeq = firstSeq;
  const seqs = new Map<number, number>();
  const all: DuplicateOutcome[] = [];
  const allExpired: number[] = [];
  each.firstPlace.forEach((place, index) => {
    const duplicate = known.get(place);
    if (duplicate !== undefined) all.push({ ...duplicate, index });
    else if (refused.has(place)) allExpired.push(index);
    else if (place === index) seqs.set(index, nextSeq++);
    else {
      const seq = seqs.get(place)!;
      all.push({ index, shardlet: each.group.shardlet, seq, ts: firstTs + seq - firstSeq });
    }
  });
  return { ...reply, duplicates: all, expired: allExpired };
}
