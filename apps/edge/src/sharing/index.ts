export { type CappedStream, Flushing } from './flushing.ts';
export { LivingEdges } from './living-edges.ts';
export { AWAY, type SharableRedis, SharedRedis } from './shared-redis.ts';
