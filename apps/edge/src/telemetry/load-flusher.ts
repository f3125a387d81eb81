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

const FLUSH_MS = 1_000;
/** A Redis that answers slowly must not make the edge collect flushes: more than these are given up. */
const UNDER_WAY_MAX = 3;

/** The one command it needs of the control Redis. */
export interface LoadStream {
  xadd(
    key: string,
    maxlen: 'MAXLEN',
    about: '~',
    length: number,
    id: '*',
    field: string,
    value: Buffer,
  ): Promise<unknown>;
}

export class LoadFlusher {
  private readonly counters: LoadCounters;
  private readonly redis: LoadStream;
  private readonly onLost: () => void;
  private timer: NodeJS.Timeout | undefined;
  private secondBegan = Date.now();
  private underWay = 0;

  constructor(counters: LoadCounters, redis: LoadStream, onLost: () => void) {
    this.counters = counters;
    this.redis = redis;
    this.onLost = onLost;
  }

  start(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  private async flush(): Promise<void> {
    const flush = this.counters.flush(this.secondBegan);
    this.secondBegan = Date.now();
    if (this.underWay >= UNDER_WAY_MAX) {
      this.onLost();
      return;
    }
    this.underWay++;
    try {
      const bytes = await packed(flush);
      this.counters.reuse(flush);
      const length = loadStreamLength(bytes.length);
      const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      await this.redis.xadd(LOAD_STREAM_KEY, 'MAXLEN', '~', length, '*', LOAD_FLUSH_FIELD, value);
    } catch {
      this.onLost();
    } finally {
      this.underWay--;
    }
  }
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
