/**
 * Hands what was profiled to the control Redis every ten seconds. Like the load, a flush that is lost makes a
 * gap in a picture: it is counted and never waited for.
 */
import {
  PROFILE_FIELD,
  PROFILE_STREAM_KEY,
  PROFILE_STREAM_LENGTH,
  type Profiler,
} from '@foreshard/core/profiling';

const FLUSH_MS = 10_000;

/** The one command it needs of the control Redis. */
export interface ProfileStream {
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

export class ProfileFlusher {
  private readonly profiler: Profiler;
  private readonly redis: ProfileStream;
  private readonly onLost: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(profiler: Profiler, redis: ProfileStream, onLost: () => void) {
    this.profiler = profiler;
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
    const profiles = this.profiler.flush();
    if (profiles === undefined) return;
    const length = PROFILE_STREAM_LENGTH;
    const packed = Buffer.from(profiles.pack());
    await this.redis
      .xadd(PROFILE_STREAM_KEY, 'MAXLEN', '~', length, '*', PROFILE_FIELD, packed)
      .catch(this.onLost);
  }
}
