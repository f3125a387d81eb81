/**
 * Hands the load of each shardlet to the control Redis once a second. A flush that is lost makes a gap in a
 * picture, so it is counted and never waited for.
 */
import { LOAD_STREAM_KEY, LOAD_STREAM_LENGTH, type LoadCounters } from '@foreshard/core/telemetry';

const FLUSH_MS = 1_000;

/** The one command it needs of the control Redis. */
export interface LoadStream {
  xadd(
    key: string,
    maxlen: 'MAXLEN',
    about: '~',
    length: number,
    id: '*',
    field: string,
    value: string,
  ): Promise<unknown>;
}

export class LoadFlusher {
  private readonly counters: LoadCounters;
  private readonly redis: LoadStream;
  private readonly edgeId: string;
  private readonly onLost: () => void;
  private timer: NodeJS.Timeout | undefined;
  private secondBegan = Date.now();

  constructor(counters: LoadCounters, redis: LoadStream, edgeId: string, onLost: () => void) {
    this.counters = counters;
    this.redis = redis;
    this.edgeId = edgeId;
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
    const flush = this.counters.flush(this.edgeId, this.secondBegan);
    this.secondBegan = Date.now();
    if (flush === undefined) return;
    try {
      await this.redis.xadd(
        LOAD_STREAM_KEY,
        'MAXLEN',
        '~',
        LOAD_STREAM_LENGTH,
        '*',
        'flush',
        JSON.stringify(flush),
      );
    } catch {
      this.onLost();
    }
  }
}
