/**
 * The time up to which a stream has to go so that the rest fits its limit in bytes. Hosts tell how many bytes
 * a shardlet holds, not how they are spread over time; so the first guess takes them as spread evenly, and
 * each round asks the hosts which seq belongs to the guess, which tells the bytes there much better.
 */
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { type BytesByTime, bytesCutoff, excessBytes, withPoint } from '@foreshard/core/migration';
import type { Shardlet, Stream } from '@foreshard/core/topology';

/** The error falls by the share that a guess was wrong by; three rounds leave less than a trim step. */
const ROUNDS = 3;
/** Host calls at once: enough to fill a pipeline. */
const CALLS_AT_ONCE = 64;

interface Held {
  readonly shardlet: Shardlet;
  readonly firstSeq: number;
  readonly records: number;
  readonly bytes: number;
  readonly byTime: BytesByTime;
}

/** 0 when nothing has to go. Shardlets that do not answer are left out. */
export async function streamBytesCutoff(
  stream: Stream,
  shardlets: readonly Shardlet[],
  hostOf: (shardlet: Shardlet) => EventHost,
): Promise<number> {
  if (stream.retentionBytes === null) return 0;
  let held = await each(shardlets, (s) => measure(s, hostOf(s)));
  const excess = excessBytes(
    stream,
    held.reduce((sum, h) => sum + h.bytes, 0),
  );
  if (excess === 0) return 0;
  for (let round = 0; round < ROUNDS; round++) {
    const guess = bytesCutoff(
      held.map((h) => h.byTime),
      excess,
    );
    held = await each(held, (h) => sharpen(h, guess, hostOf(h.shardlet)));
  }
  return bytesCutoff(
    held.map((h) => h.byTime),
    excess,
  );
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
  return { shardlet, firstSeq, records: lastSeq - firstSeq + 1, bytes, byTime: { points } };
}

async function sharpen(held: Held, ts: number, host: EventHost): Promise<Held | undefined> {
  const found = await host.seek(held.shardlet.id, ts);
  if (found.kind !== 'seq') return undefined;
  const share = (found.seq - held.firstSeq) / held.records;
  return { ...held, byTime: withPoint(held.byTime, ts, Math.floor(held.bytes * share)) };
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
