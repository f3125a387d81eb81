export { redisEngine } from './engine.ts';
export { redisFacts, redisLibraries } from './questions.ts';
export type { RedisHostOptions } from './redis-connection.ts';
export { connectRedisHost } from './redis-host.ts';
export { UnsuitableServer } from './server-facts.ts';
