export { functionLibrary } from './function-library.ts';
export type { RedisHostOptions } from './redis-connection.ts';
export { connectRedisHost } from './redis-host.ts';
export { UnsuitableServer } from './server-facts.ts';
