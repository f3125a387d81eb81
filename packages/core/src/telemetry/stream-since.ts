/**
 * Since when a stream has been observed. The topology store does not tell when a stream was made, and edges tell
 * about time, not about streams; so the roll-up notes the first minute in which the topology store, or an edge, knew
 * the stream. Before it nothing is known: not no load.
 */
import { type BlockKey, type BlockReader, type BlockTransaction, LIVE } from './block-store.ts';
import { MINUTE_MS } from './levels.ts';
import { ByteReader, ByteWriter } from './packing.ts';

/** One row a stream, at no time of its own. */
const AT_MS = 0;

function keyOf(stream: number): BlockKey {
  return { stream, level: 'minute', part: 'since', startMs: AT_MS, source: LIVE };
}

/** A late flush may move it back. */
export async function noteSince(tx: BlockTransaction, stream: number, minuteMs: number): Promise<void> {
  const known = await tx.get(keyOf(stream));
  if (known !== undefined && unpacked(known) <= minuteMs) return;
  const out = new ByteWriter();
  out.uint(minuteMs / MINUTE_MS);
  await tx.put(keyOf(stream), out.finish());
}

/** Undefined when the stream was never observed. */
export async function readSince(store: BlockReader, stream: number): Promise<number | undefined> {
  const [row] = await store.read({
    ...{ stream, level: 'minute', parts: ['since'] },
    ...{ fromMs: AT_MS, toMs: AT_MS + 1 },
  });
  return row === undefined ? undefined : unpacked(row.bytes);
}

function unpacked(bytes: Uint8Array): number {
  return new ByteReader(bytes).uint() * MINUTE_MS;
}
