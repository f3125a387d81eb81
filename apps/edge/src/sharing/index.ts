export { AWAY, type SharableRedis, SharedRedis } from './shared-redis.ts';
