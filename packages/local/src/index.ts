export { freePort } from './free-port.ts';
export type { LocalServer } from './local-server.ts';
export { createDatabase, type PostgresOptions, startPostgres } from './postgres.ts';
export { type RedisOptions, startRedis } from './redis.ts';
export { findRedis, findRedisTool } from './redis-programs.ts';
export { SetupFailure } from './setup-failure.ts';
