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
import { type CappedStream, Flushing } from '../sharing/index.ts';

const FLUSH_MS = 10_000;

export function profileFlushing(profiler: Profiler, redis: CappedStream, onLost: () => void): Flushing {
  const flush = async () => {
    const profiles = profiler.flush();
    if (profiles === undefined) return;
    const length = PROFILE_STREAM_LENGTH;
    const packed = Buffer.from(profiles.pack());
    await redis.xadd(PROFILE_STREAM_KEY, 'MAXLEN', '~', length, '*', PROFILE_FIELD, packed).catch(onLost);
  };
  return new Flushing(flush, FLUSH_MS);
}
