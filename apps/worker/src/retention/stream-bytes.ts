/**
 * The time up to which a stream has to go so that the rest fits its limit in bytes. Hosts tell how many bytes
 * a shardlet holds, not how they are spread over time; so the first guess takes them as spread evenly, and
 * each round asks the hosts which seq belongs to the guess, and how many bytes lie below it. What only an even
 * spread would tell is never believed: after a burst and a pause all of the stream would go.
 */
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { type BytesByTime, bytesCutoff, excessBytes, totalUpTo, withPoint } from '@foreshard/core/retention';
import type { Shardlet, StreamSettings } from '@foreshard/core/topology';

/** Halves the span often enough to find a second of bytes within years; even loads need two or three. */
const ROUNDS_MAX = 64;
/** of what has to go, or of the limit: what is left of it goes the next time */
const TOLERANCE = { excess: 0.01, limit: 0.001 };
/** Host calls at once: enough to fill a pipeline. */
const CALLS_AT_ONCE = 64;

interface BytesBelow {
  readonly seq: number;
  readonly bytes: number;
}

interface Held {
  readonly shardlet: Shardlet;
  readonly bytes: number;
  /** bytes below a seq, ascending; from the first record to past the last one */
  readonly below: readonly BytesBelow[];
  readonly byTime: BytesByTime;
}

/**
 * 0 when nothing has to go. Shardlets that do not answer are left out; when one falls silent meanwhile, nothing goes.
 * `latest`: no event that is newer may go, whatever the limit, so nobody is asked about these.
 */
export async function streamBytesCutoff(
  stream: StreamSettings,
  shardlets: readonly Shardlet[],
  hostOf: (shardlet: Shardlet) => EventHost,
  latest: number,
): Promise<number> {
  const { retentionBytes } = stream;
  if (retentionBytes === null) return 0;
  const held = await each(shardlets, (s) => measure(s, hostOf(s)));
  const excess = excessBytes(
    stream,
    held.reduce((sum, h) => sum + h.bytes, 0),
  );
  const slack = Math.max(excess * TOLERANCE.excess, retentionBytes * TOLERANCE.limit);
  return excess <= slack ? 0 : cutoffFor(excess, slack, held, hostOf, latest);
}

/** Only a time up to which, by the seqs that hosts have told of it, no more than `excess` lies. */
async function cutoffFor(
  excess: number,
  slack: number,
  measured: readonly Held[],
  hostOf: (shardlet: Shardlet) => EventHost,
  latest: number,
): Promise<number> {
  let held = measured;
  let [under, bytesUnder] = [0, 0];
  let over = latest + 1;
  for (let round = 0; round < ROUNDS_MAX && over - under > 1 && excess - bytesUnder > slack; round++) {
    const guess = round === 0 ? latest : guessed(round, excess, held, under, over);
    const asked = held.length;
    held = await each(held, (h) => sharpen(h, guess, hostOf(h.shardlet)));
    if (held.length < asked) return 0;
    const bytes = totalUpTo(
      held.map((h) => h.byTime),
      guess,
    );
    if (bytes > excess) over = Math.min(over, guess);
    else if (guess > under) [under, bytesUnder] = [guess, bytes];
  }
  return under;
}

/** Every other time the middle: where nearly all bytes came at once, guesses by even spread hardly come closer. */
function guessed(round: number, excess: number, held: readonly Held[], under: number, over: number): number {
  const byTimes = held.map((h) => h.byTime);
  if (round % 2 === 1) return Math.min(bytesCutoff(byTimes, excess), over - 1);
  const first = byTimes.reduce((least, { points }) => Math.min(least, points[0]!.ts), over);
  return Math.floor((Math.max(under, first) + over) / 2);
}

async function measure(shardlet: Shardlet, host: EventHost): Promise<Held | undefined> {
  const found = await host.describe(shardlet.id);
  if ('kind' in found || found.lastSeq < found.firstSeq) return undefined;
  const { firstSeq, lastSeq, bytes, last } = found;
  const read = await host.read(shardlet.id, firstSeq, 0, { maxRecords: 1, maxBytes: 1 });
  if (read.kind !== 'records' || read.records.length === 0) return undefined;
  const points = [
    { ts: read.records[0]!.ts - 1, bytes: 0 },
    { ts: last, bytes },
  ];
  const below = [
    { seq: firstSeq, bytes: 0 },
    { seq: lastSeq + 1, bytes },
  ];
  return { shardlet, bytes, below, byTime: { points } };
}

async function sharpen(held: Held, ts: number, host: EventHost): Promise<Held | undefined> {
  const found = await host.seek(held.shardlet.id, ts);
  if (found.kind !== 'seq') return undefined;
  // what came since it was measured is not counted
  const seq = Math.min(found.seq, held.below.at(-1)!.seq);
  const bytes = await bytesBelow(held, seq, host);
  if (bytes === undefined) return undefined;
  const below = [...held.below.filter((b) => b.seq !== seq), { seq, bytes }].sort((a, b) => a.seq - b.seq);
  return { ...held, below, byTime: withPoint(held.byTime, ts, bytes) };
}

/**
 * Counted from the nearer place that is known: an engine may have to look at each record between, so all rounds
 * together look at about as many records as the shardlet has. Undefined when some were trimmed meanwhile.
 */
async function bytesBelow(
  { shardlet, below }: Held,
  seq: number,
  host: EventHost,
): Promise<number | undefined> {
  const above = below.find((b) => b.seq >= seq)!;
  if (above.seq === seq) return above.bytes;
  const under = below.findLast((b) => b.seq < seq)!;
  const isNearer = seq - under.seq <= above.seq - seq;
  const [from, to] = isNearer ? [under.seq, seq - 1] : [seq, above.seq - 1];
  const reply = await host.bytesIn(shardlet.id, from, to);
  if (reply.kind !== 'bytes') return undefined;
  return isNearer ? under.bytes + reply.bytes : above.bytes - reply.bytes;
}

/** A few at a time; those whose host does not answer drop out. */
async function each<T, R>(items: readonly T[], call: (item: T) => Promise<R | undefined>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += CALLS_AT_ONCE) {
    const chunk = items.slice(at, at + CALLS_AT_ONCE).map(call);
    for (const end of await Promise.allSettled(chunk)) {
      if (end.status === 'fulfilled') {
        if (end.value !== undefined) results.push(end.value);
      } else if (!(end.reason instanceof HostUnreachable)) throw end.reason;
    }
  }
  return results;
}
