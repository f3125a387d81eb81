export { type CappedStream, Flushing } from './flushing.ts';
export { AWAY, type SharableRedis, SharedRedis } from './shared-redis.ts';
