/**
 * Hands the load of each shardlet to the control Redis once a second, also when there was none: silence
 * would mean that nothing is known. A flush that is lost makes a gap in the record; it is counted here, its
 * missing number is seen by the worker, and it is never waited for.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  LOAD_FLUSH_FIELD,
  LOAD_STREAM_KEY,
  type LoadCounters,
  type LoadFlush,
  loadStreamLength,
  packFlushInTurns,
} from '@foreshard/core/telemetry';
import { type CappedStream, Flushing } from '../sharing/index.ts';

const FLUSH_MS = 1_000;
/** A Redis that answers slowly must not make the edge collect flushes: more than these are given up. */
const UNDER_WAY_MAX = 3;

export function loadFlushing(counters: LoadCounters, redis: CappedStream, onLost: () => void): Flushing {
  let secondStartMs = Date.now();
  let underWay = 0;
  const flush = async () => {
    const counted = counters.flush(secondStartMs);
    secondStartMs = Date.now();
    if (underWay >= UNDER_WAY_MAX) {
      onLost();
      return;
    }
    underWay++;
    try {
      const bytes = await packed(counted);
      counters.reuse(counted);
      const length = loadStreamLength(bytes.length);
      const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      await redis.xadd(LOAD_STREAM_KEY, 'MAXLEN', '~', length, '*', LOAD_FLUSH_FIELD, value);
    } catch {
      onLost();
    } finally {
      underWay--;
    }
  };
  return new Flushing(flush, FLUSH_MS);
}

async function packed(flush: LoadFlush): Promise<Uint8Array> {
  const packing = packFlushInTurns(flush);
  let turn = packing.next();
  while (turn.done !== true) {
    await nextTurn();
    turn = packing.next();
  }
  return turn.value;
}
